//! Random events, chokes and retries against what has to come of them.

use super::{Picky, always, at, nanos};
use crate::kit::{Choke, Collect, Script};
use proptest::prelude::*;
use ringmain::contract::{End, Source};
use ringmain::pattern::{DeadLetter, Letter, Overflow, Retry};

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 4 } else { 256 }, failure_persistence: None,
        ..ProptestConfig::default() })]

    /// Every event is passed or is a letter, exactly once, in order, whatever is full.
    #[test]
    fn exactly_once(
        events in prop::collection::vec(0u64..40, 0..60),
        chokes in (0usize..4, 0usize..4),
        tries in 0u32..4,
        delay in 0u64..4,
    ) {
        let (good, bad) = (Collect::new(), Collect::new());
        let letters = Choke::new(chokes.0, bad.clone());
        let inner = Picky(Choke::new(chokes.1, good.clone()));
        let mut stage = DeadLetter::new("row", Overflow::Block, letters, inner)
            .retry(Retry::fixed(tries, nanos(delay)), always);
        let account = stage.account();
        let mut script = Script::new(events.clone());
        let mut now = 0;
        while script.drain(at(now), usize::MAX, &mut stage).end != Some(End::Closed) {
            now += 1;
            prop_assert!(now < 10_000);
        }
        drop(stage);
        let (fives, others): (Vec<u64>, Vec<u64>) = events.iter().partition(|n| n.is_multiple_of(5));
        prop_assert_eq!(good.events(), others);
        let letters: Vec<Letter<u64>> = bad.events();
        prop_assert!(letters.iter().all(|letter| letter.attempts == tries + 1));
        prop_assert!(letters.iter().map(|letter| letter.event).eq(fives));
        prop_assert_eq!(account.read().check(), Ok(()));
        prop_assert_eq!(account.read().input, events.len() as u64);
    }
}
