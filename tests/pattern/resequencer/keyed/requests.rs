//! What is missing is asked for, with its key.

use super::*;

/// 13.d12: a request says of which key it is.
#[test]
fn keyed_resequencer_12_what_is_asked_for_and_comes_again_leaves_no_gap() {
    let naks = Collect::new();
    let Rig { script, stage, out, account } = rig(TWO, 8, POLICY);
    let stage = stage.nak(nanos(10), 3, ByValue(naks.clone()));
    let mut rig = Rig { script, stage, out, account };
    let ask = |key, from, to| Keyed { key, item: Missing { from, to } };
    rig.at(0, [('a', 2)]);
    rig.at(4, [('b', 3)]);
    rig.at(9, []);
    assert_eq!(naks.take(), []);
    rig.at(10, []);
    assert_eq!(naks.take(), [ask('a', 1, 1)]);
    rig.at(14, []);
    assert_eq!(naks.take(), [ask('b', 1, 2)]);
    assert_eq!(rig.at(15, [('b', 1), ('a', 1)]), [event('b', 1), event('a', 1), event('a', 2)]);
    rig.at(24, []);
    assert_eq!(naks.take(), [ask('b', 2, 2)]);
    assert_eq!(rig.at(25, [('b', 2)]), [event('b', 2), event('b', 3)]);
    assert_eq!(rig.at(10_000, []), []);
    assert_eq!(naks.take(), []);
    rig.books(Balance { input: 5, generated: 3, out: 8, ..Balance::default() });
}

#[test]
fn a_request_that_finds_no_room_is_made_in_the_next_turn_and_one_that_nobody_hears_never_again() {
    let naks = Collect::with_capacity(1);
    let Rig { script, stage, out, account } = rig(TWO, 8, POLICY);
    let stage = stage.nak(nanos(1000), 1, ByValue(naks.clone()));
    let mut rig = Rig { script, stage, out, account };
    let ask = |key| Keyed { key, item: Missing { from: 1, to: 1 } };
    rig.at(0, [('a', 2), ('b', 2)]);
    assert_eq!(rig.at(1000, []), []);
    assert_eq!(naks.take(), [ask('a')]);
    rig.at(1001, []);
    assert_eq!(naks.take(), [ask('b')]);
    rig.books(Balance { input: 2, generated: 2, out: 2, held: 2, ..Balance::default() });
    assert_eq!(rig.at(1500, []), [gap('a', 1, 1), event('a', 2)]);
    assert_eq!(rig.at(1501, []), [gap('b', 1, 1), event('b', 2)]);

    // Nobody hears the request of a: then that of b is not waited for either, and the gap is due earlier.
    rig.at(2000, [('a', 4)]);
    rig.at(2900, [('b', 4)]);
    naks.close();
    assert_eq!(rig.at(3000, []), []);
    assert_eq!(rig.at(3399, []), []);
    assert_eq!(rig.at(3400, []), [gap('b', 3, 3), event('b', 4)]);
    assert_eq!(rig.at(3500, []), [gap('a', 3, 3), event('a', 4)]);
    rig.books(Balance { input: 4, generated: 7, out: 11, ..Balance::default() });
}
