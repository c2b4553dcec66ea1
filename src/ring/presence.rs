//! Whether anybody is still there.
//!
//! | read-modify-write (Release) | load (Acquire)        | what it hands over                    |
//! |-----------------------------|-----------------------|---------------------------------------|
//! | [`Presence::leave`] S7      | [`Presence::is_over`] | all that everybody who left did before |

use crate::sync::{AtomicUsize, Ordering};

/// How many are on one side of a channel. All operations are wait-free.
#[derive(Debug)]
pub struct Presence(AtomicUsize);

impl Presence {
    /// `count` are there.
    #[must_use]
    pub fn new(count: usize) -> Self {
        Self(AtomicUsize::new(count))
    }
    /// One of them goes.
    ///
    /// ordering: Release; pairs with the Acquire of `is_over`, also through those that leave later, as they only
    /// modify what this one wrote.
    pub fn leave(&self) {
        self.0.fetch_sub(1, Ordering::Release);
    }
    /// All of them are gone. `true` is stable.
    ///
    /// ordering: Acquire; pairs with the Release of `leave`, and takes over what they did.
    #[inline]
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.0.load(Ordering::Acquire) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_over_when_the_last_one_goes() {
        let presence = Presence::new(2);
        presence.leave();
        assert!(!presence.is_over());
        presence.leave();
        assert!(presence.is_over());
        assert!(Presence::new(0).is_over());
    }
}
