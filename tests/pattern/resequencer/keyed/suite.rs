//! The suite, over three keys whose numbers come turned round, with a place for each, or with too few.

use super::*;
use crate::kit::{Terms, conforms, turn};
use ringmain::pattern::resequencer::Apart;

/// The key is what is left over three, the number what goes in.
fn key(n: &u64) -> u64 {
    n % 3
}

macro_rules! suited {
    ($kit:ident, $keys:expr, $policy:expr, $every:expr) => {{
        let hazard = $kit.hazard();
        let key = move |n: &u64| {
            hazard.pass();
            key(n)
        };
        let events = $kit.leaf::<u64>();
        let gaps = ByValue($kit.leaf::<Keyed<u64, Missing>>());
        let next = Apart::new(gaps, $kit.leaf::<u64>(), events);
        let requests = ByValue($kit.leaf::<Keyed<u64, Missing>>());
        KeyedResequencer::new($keys, 8, $policy, key, |n: &u64| n / 3, u64::default, next)
            .unwrap()
            .nak($every, 1, requests)
            .ending_with(|n: &u64| *n >= 111)
    }};
}

const THREE: Keys = Keys { most: 3, full: TableFull::Reject };
const EVICTS: Keys = Keys { most: 2, full: TableFull::EvictOldest(Closing::Release) };
const LRU: Keys = Keys { most: 2, full: TableFull::EvictLru(Closing::Release) };
/// Time stands still in the suite until the script is over, so that it does for each event.
const BLOCKS: Keys = Keys { most: 2, full: TableFull::Block { idle: nanos(0), closing: Closing::Release } };
/// Begins with 1, as the others; what is missing at the end is given up.
const WITH_TIME: Policy = Policy { hole: Hole::Skip { after: nanos(4) }, ..POLICY };
/// Whoever comes back goes on with where he is.
const ANYWHERE: Policy = Policy { start: Start::FirstSeen, late: Late::Pass, ..POLICY };
/// What waited is in nobody's hands when it goes on, so its rejection stays here.
const HELD: Terms = Terms { reject_passes: false, ..Terms::STRICT };

fn in_order() -> impl Iterator<Item = u64> {
    3..=113
}
/// Groups of four numbers of each key, turned round.
fn turned_round() -> impl Iterator<Item = u64> {
    (0..9).flat_map(|group| (0..12).map(move |n| 3 + 12 * group + (11 - n)))
}

conforms!(mut keyed, in_order(), |kit| suited!(kit, THREE, WITH_TIME, nanos(2)));
conforms!(keyed_shown, in_order(), |kit| suited!(kit, THREE, WITH_TIME, nanos(2)));
conforms!(mut keyed_out_of_order, turned_round(), |kit| suited!(kit, THREE, POLICY, nanos(1000)), HELD);
conforms!(keyed_out_of_order_shown, turned_round(), |kit| suited!(kit, THREE, POLICY, nanos(1000)), HELD);
conforms!(mut keyed_evicts, turned_round(), |kit| suited!(kit, EVICTS, ANYWHERE, nanos(1000)));
conforms!(keyed_evicts_shown, turned_round(), |kit| suited!(kit, EVICTS, ANYWHERE, nanos(1000)));
conforms!(mut keyed_lru, turned_round(), |kit| suited!(kit, LRU, ANYWHERE, nanos(1000)));
conforms!(keyed_lru_shown, turned_round(), |kit| suited!(kit, LRU, ANYWHERE, nanos(1000)));
conforms!(mut keyed_blocks, turned_round(), |kit| suited!(kit, BLOCKS, ANYWHERE, nanos(1000)));
conforms!(keyed_blocks_shown, turned_round(), |kit| suited!(kit, BLOCKS, ANYWHERE, nanos(1000)));

/// The runs of the suite do what they are there for: keys are evicted, and end.
#[test]
fn in_the_runs_that_evict_keys_are_evicted() {
    let gaps = Collect::new();
    let next = Apart::new(ByValue(gaps.clone()), Nowhere, Nowhere);
    let stage = KeyedResequencer::new(LRU, 8, POLICY, key, |n: &u64| n / 3, u64::default, next);
    let mut stage = stage.unwrap().ending_with(|n: &u64| *n >= 111);
    let mut script = Script::new(turned_round());
    while script.consumed() < 108 {
        let _ = turn(&mut script, &mut stage, tick(1000));
    }
    assert!(gaps.len() > 10);
    let mut stage = KeyedResequencer::new(THREE, 8, WITH_TIME, key, |n: &u64| n / 3, u64::default, Nowhere)
        .unwrap()
        .ending_with(|n: &u64| *n >= 111);
    let mut script = Script::new(in_order());
    let _ = turn(&mut script, &mut stage, tick(1000));
    assert_eq!((script.consumed(), stage.keys()), (111, 0));
}
