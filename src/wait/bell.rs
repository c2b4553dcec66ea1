//! What wakes a sleeper: rung by those who make work for it, and dear only when it sleeps.
//!
//! The sleeper is a thread, or a task of an executor; how it is woken is its own affair.
//!
//! ```text
//!   sleeper                                ringer
//!   S1  asleep = true                      R1  publish (an event, room, the end)
//!   S2  fence                              R2  fence
//!   S3  one more turn: look at the ports   R3  asleep?  no: done
//!   S4  empty? sleep                       R4  yes: asleep = false, wake
//! ```
//!
//! No wake-up is lost. The two fences stand in one order that all threads agree on.
//! - S2 before R2: R3 sees S1, or something later. If it is `true`, this ringer wakes the sleeper, who must not miss that
//!   however early it comes: a thread has a token, which stays until it is taken. If it is `false`, somebody stored that
//!   after S1: another ringer, who wakes the sleeper, or the sleeper itself, who is awake. Either way S1 comes again
//!   before the next sleep, with a fence of its own, and the same two cases hold for that one.
//! - R2 before S2: S3 sees R1, and the turn is not empty.
//!
//! This is the only pair of its kind in the crate (Dekker's), and the only place outside `ring` that names a memory
//! ordering. The flag is `Relaxed`: what it says is ordered by the fences, and what the ringer published is handed over
//! by the port's own cursors.
//!
//! | who       | may                                                                              |
//! |-----------|----------------------------------------------------------------------------------|
//! | one [`Park`](super::Park), or one task | list itself, sleep, unlist itself: it owns the sleeping side |
//! | anybody   | ring; a clone of a [`Bell`] is the same bell                                     |
//!
//! | fence (SeqCst)          | pairs with            | what it rules out                                              |
//! |-------------------------|-----------------------|----------------------------------------------------------------|
//! | `list`                  | `Bell::ring`          | that the sleeper misses the event *and* the ringer the sleeper |
//!
//! Costs of a ring: a fence and a load if nobody sleeps; if somebody does, one ringer of all that come meanwhile takes a
//! lock, and makes a system call or calls the executor.

use super::Ringing;
use crate::sync::{Arc, AtomicBool, Ordering, fence};
use crossbeam_utils::CachePadded;

/// A handle of one sleeper's bell, made by [`Park::bell`](super::Park::bell).
///
/// It is level-triggered: a ring says "look again", not "here is one more", so rings may be merged and none has to be
/// answered. To ring before the sleeper is listed does nothing, because the turn that it makes then finds the work.
#[derive(Clone)]
pub struct Bell(Arc<Shared>);

struct Shared {
    /// The owner is asleep, or will be if its next turn is empty, and nobody has woken it yet. On a line of its own:
    /// every ringer reads it.
    asleep: CachePadded<AtomicBool>,
    /// Wakes the owner, or keeps it from falling asleep.
    wake: Box<dyn Fn() + Send + Sync>,
}

impl Bell {
    pub(super) fn new(wake: impl Fn() + Send + Sync + 'static) -> Self {
        let asleep = CachePadded::new(AtomicBool::new(false));
        Self(Arc::new(Shared { asleep, wake: Box::new(wake) }))
    }
    /// Wakes the owner if it sleeps. Call it after the thing that it has to see was published.
    ///
    /// Wait-free and without a system call if the owner is awake; else takes its lock for a moment and wakes it. No
    /// allocation.
    #[inline]
    pub fn ring(&self) {
        Self::ring_all(core::slice::from_ref(self));
    }
    /// Wraps a port so that it rings this bell: on a sink after it published, on a source after it made room, and on
    /// both when it is closed. See [`Ringing`].
    #[must_use]
    pub fn on<P>(&self, port: P) -> Ringing<P> {
        Ringing::new(port, [self])
    }
    /// As `ring` for each of them, with one fence.
    ///
    /// ordering: fence SeqCst [R2], pairs with the one in `list`; the flag Relaxed, as the fence orders it.
    #[inline]
    pub(super) fn ring_all(bells: &[Self]) {
        fence(Ordering::SeqCst);
        for bell in bells {
            if bell.0.asleep.load(Ordering::Relaxed) {
                bell.wake();
            }
        }
    }
    /// Of several ringers, one wakes. Relaxed: the lock of what it wakes by orders what follows.
    ///
    /// A ringer that comes too late writes nothing, so whoever finds the flag lowered by a ringer knows that this ringer
    /// wakes the sleeper.
    #[cold]
    fn wake(&self) {
        if self.0.asleep.compare_exchange(true, false, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            (self.0.wake)();
        }
    }
    /// Says that the owner sleeps if its next turn is empty.
    ///
    /// ordering: flag Relaxed, then fence SeqCst [S2], pairs with the one in `ring_all`.
    pub(super) fn list(&self) {
        self.0.asleep.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }
    /// Says that the owner is awake. Relaxed: a ringer that does not see it yet wakes in vain, and the next sleep ends at
    /// once.
    pub(super) fn unlist(&self) {
        self.0.asleep.store(false, Ordering::Relaxed);
    }
}

impl core::fmt::Debug for Bell {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Bell").field("asleep", &self.0.asleep).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{contract::Wait, wait::Park};

    #[test]
    fn who_rings_first_leaves_nothing_to_do_for_the_next() {
        let woken = Arc::new(crate::ring::Tally::new());
        let bell = Bell::new({
            let woken = woken.clone();
            move || woken.add(1)
        });
        for times in 1..3 {
            bell.list();
            bell.ring();
            bell.ring();
            assert_eq!(woken.get(), times);
        }
    }

    #[test]
    fn nobody_wakes_a_sleeper_that_is_gone_or_awake() {
        let mut park = Park::new().spins(0).yields(0);
        let bell = park.bell();
        let asleep = || bell.0.asleep.load(Ordering::Relaxed);
        park.idle();
        assert!(asleep());
        park.reset();
        assert!(!asleep());
        park.idle();
        drop(park);
        assert!(!asleep());
    }
}
