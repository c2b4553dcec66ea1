use crate::kit::{Collect, Script, Terms, conforms, turn};
use ringmain::contract::{Fault, Reason, Tick};
use ringmain::pattern::{RecipientList, Recipients};

conforms!(
    plain,
    1..=100u64,
    |kit| {
        let hazard = kit.hazard();
        let by_bits = move |n: &u64| {
            hazard.pass();
            (0..2).filter(|bit| n & 1 << bit != 0).fold(Recipients::NONE, Recipients::and)
        };
        RecipientList::new(by_bits, (kit.leaf::<u64>(), kit.leaf::<u64>()))
    },
    Terms { stop_ends: false, ..Terms::STRICT }
);

/// 6.d8: {0, 2} reaches those, {} has no route.
#[test]
fn content_router_8_a_recipient_list_reaches_those_named_and_says_when_nobody_is() {
    let [a, b, c] = [Collect::new(), Collect::new(), Collect::new()];
    let a_and_c_if_odd = |n: &u64| if n % 2 == 1 { Recipients::of([0, 2]) } else { Recipients::NONE };
    let mut list = RecipientList::new(a_and_c_if_odd, [a.clone(), b.clone(), c.clone()]);
    let account = list.account();
    let mut script = Script::new(1..=4u64);
    let mut faults = Vec::new();
    while script.consumed() < 4 {
        faults.extend(crate::kit::rejected(turn(&mut script, &mut list, Tick::ZERO)));
    }
    assert_eq!((a.events(), b.events(), c.events()), (vec![1, 3], vec![], vec![1, 3]));
    assert_eq!(faults, [Fault::of(Reason::NoRoute); 2]);
    let books = account.read();
    assert_eq!((books.folded, books.generated, books.out), (2, 4, 4));
    assert_eq!(books.dead_lettered[Reason::NoRoute], 2);
    assert_eq!(books.check(), Ok(()));
}

#[test]
fn recipient_list_ignores_a_number_that_is_no_branch() {
    let a = Collect::new();
    let mut list = RecipientList::new(|_: &u64| Recipients::of([0, 7, 64]), [a.clone()]);
    let _ = turn(&mut Script::new([5]), &mut list, Tick::ZERO);
    assert_eq!(a.events(), [5]);
}

#[test]
fn recipient_list_rejects_what_is_only_for_closed_branches() {
    let [a, b] = [Collect::new(), Collect::new()];
    let mut list = RecipientList::new(|n: &u64| Recipients::NONE.and(*n as usize), [a.clone(), b.clone()]);
    a.close();
    let mut script = Script::new([0, 0, 1]);
    let first = turn(&mut script, &mut list, Tick::ZERO);
    assert_eq!(
        crate::kit::rejected(first),
        Some(Fault::of(Reason::Closed)),
        "the second: the first found it closed"
    );
    let _ = turn(&mut script, &mut list, Tick::ZERO);
    assert_eq!(b.events(), [1]);
}
