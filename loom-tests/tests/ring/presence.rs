//! Who sees that all are gone, sees what they did.

use super::common::outcomes;
use super::{look, start, two_fill};
use loom::sync::Arc;
use ringmain::ring::Presence;

/// Also what the one did who was not the last to leave.
#[test]
fn who_sees_the_end_sees_all() {
    outcomes("presence: the end", &[false, true], || {
        let presence = Arc::new(Presence::new(2));
        let (slots, threads) = two_fill(&presence, Presence::leave);
        let over = presence.is_over();
        if over {
            assert_eq!(slots.map(|slots| look(&slots, start())), [7, 7]);
        }
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert!(presence.is_over());
        over
    });
}
