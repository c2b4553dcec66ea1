//! The suite, with the policies that end the stage or hold up what comes, and with requests.
//!
//! In the suite time stands still until the script is over. So no number is missing for good where that would be the end
//! ([`Hole::Halt`]), or would hold up the rest until a time that does not come ([`Ahead::Block`]): the numbers come in
//! groups that are turned round, and within the window.

use super::*;
use crate::kit::turn;

/// What waited is in nobody's hands when it goes on, so its rejection stays here: the seventh of these that goes on.
const HELD: Terms = Terms { reject_passes: false, ..Terms::STRICT };
const HALTS: Policy = Policy { hole: Hole::Halt { after: nanos(500) }, ..POLICY };
const BLOCKS: Policy = Policy { ahead: Ahead::Block, ..HALTS };

fn turned_round(groups: u64) -> impl Iterator<Item = u64> {
    (0..groups).flat_map(|group| (1..=4).rev().map(move |n| 4 * group + n))
}

conforms!(mut halts, turned_round(25), |kit| suited!(kit, HALTS), HELD);
conforms!(halts_shown, turned_round(25), |kit| suited!(kit, HALTS), HELD);
conforms!(mut blocks, turned_round(25), |kit| suited!(kit, BLOCKS), HELD);
conforms!(blocks_shown, turned_round(25), |kit| suited!(kit, BLOCKS), HELD);

/// At the end two numbers are missing: each is asked for twice, when time goes on, and given up.
fn two_missing() -> impl Iterator<Item = u64> {
    (1..=80).chain([82, 84])
}
const ASKS: Policy = Policy { hole: Hole::Skip { after: nanos(2) }, ..POLICY };

conforms!(mut asks, two_missing(), |kit| suited!(kit, ASKS, nanos(2), 2));
conforms!(asks_shown, two_missing(), |kit| suited!(kit, ASKS, nanos(2), 2));
conforms!(asks_and_blocks, two_missing(), |kit| suited!(
    kit,
    Policy { ahead: Ahead::Block, ..ASKS },
    nanos(2),
    2
));

/// The ticks of the suite are enough: both numbers are asked for, twice.
#[test]
fn in_the_runs_that_ask_requests_are_made() {
    let (mut script, requests) = (Script::new(two_missing()), Collect::new());
    let next = |_: Ordered<&u64>, _: At| -> Flow { Ok(()) };
    let stage = Resequencer::new(8, ASKS, |n: &u64| *n, u64::default, next).unwrap();
    let mut stage = stage.nak(nanos(2), 2, ByValue(requests.clone()));
    for t in 0..64 {
        let _ = turn(&mut script, &mut stage, tick(1000 + t));
    }
    let asked = [81, 81, 83, 83].map(|n| Missing { from: n, to: n });
    assert_eq!(requests.events(), asked);
}
