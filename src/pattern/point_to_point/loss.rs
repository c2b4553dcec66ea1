//! What becomes of an event whose worker failed, or is gone.

use crate::contract::{Flow, Halt, Reason, Sink};
use crate::pattern::Letter;
use crate::pattern::dead_letter::Failure;

/// Says what becomes of an event that a worker did not do: [`AtMostOnce`] or [`Redeliver`].
pub trait Loss<T>: sealed::Sealed {
    /// What is to be done with `event`, which nobody has begun with if `failure` tells of no attempt. `anyone`: there is,
    /// or may come, a worker that it could go to.
    ///
    /// # Errors
    /// [`Halt::Again`] if it has to wait.
    #[doc(hidden)]
    fn fate(&mut self, event: &T, failure: &Failure, anyone: bool) -> Flow<Fate>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::AtMostOnce {}
    impl<L> Sealed for super::Redeliver<L> {}
}

#[doc(hidden)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It is delivered again.
    Redelivered,
    /// There is a letter.
    DeadLettered(Reason),
    /// It is given up.
    Dropped(Reason),
}

/// Each event is begun with once at most: what a worker rejects is dropped under the fault's reason, and what
/// it had when it died, under [`Reason::Closed`]. What one that [leaves in order](super::Worker) has not begun with goes
/// to another.
#[derive(Clone, Copy, Default, Debug)]
pub struct AtMostOnce;

impl<T> Loss<T> for AtMostOnce {
    fn fate(&mut self, _: &T, failure: &Failure, anyone: bool) -> Flow<Fate> {
        Ok(match failure.attempts {
            0 if anyone => Fate::Redelivered,
            _ => Fate::Dropped(failure.fault.reason),
        })
    }
}

/// Each event is delivered until a worker has done it, or so many attempts have failed; then it is a letter.
/// A worker may have done an event and gone before it said so: **at least once**.
///
/// | what happened                          | what comes of the event, while attempts are left               |
/// |----------------------------------------|----------------------------------------------------------------|
/// | a worker rejects it                    | delivered again, with one attempt more; perhaps to the same    |
/// | ... as [`Reason::NonRetryable`]        | a letter, under that reason                                    |
/// | its worker dies                        | delivered again, with one attempt more, **also if that worker had not begun with it** |
/// | its worker [leaves in order](super::Worker), and had not begun with it | delivered again, as the same attempt |
/// | no worker is left, and none can join   | a letter, under [`Reason::Closed`]                             |
///
/// So an event that its workers die of uses up attempts of those behind it, too: a
/// [`Catch`](crate::pattern::Catch) in each worker makes a failure of its own of it.
///
/// A letter whose attempts are used up has the fault of the last one, and is counted under
/// [`Reason::AttemptsExhausted`]. If the letter box is full the event waits, and those that are to be
/// delivered behind it; if that is closed the event is dropped, under [`Reason::Shutdown`].
#[derive(Debug)]
pub struct Redeliver<L> {
    origin: &'static str,
    attempts: u32,
    letters: L,
}

impl<L> Redeliver<L> {
    /// At most `attempts` deliveries of each event (0 is taken for 1), then a letter. `origin` is what the
    /// letters say they come from.
    #[must_use]
    pub const fn new(origin: &'static str, attempts: u32, letters: L) -> Self {
        Self { origin, attempts: if attempts == 0 { 1 } else { attempts }, letters }
    }
}

impl<T: Clone, L: Sink<Event = Letter<T>>> Loss<T> for Redeliver<L> {
    #[cold]
    fn fate(&mut self, event: &T, failure: &Failure, anyone: bool) -> Flow<Fate> {
        let reason = match failure.fault.reason {
            Reason::NonRetryable => Reason::NonRetryable,
            _ if failure.attempts >= self.attempts => Reason::AttemptsExhausted,
            _ if anyone => return Ok(Fate::Redelivered),
            _ => Reason::Closed,
        };
        let origin = self.origin;
        let written = self.letters.fill(|letter| {
            letter.write(event, failure, origin, 1);
            Ok(())
        });
        match written {
            Ok(()) => Ok(Fate::DeadLettered(reason)),
            Err(Halt::Again) => Err(Halt::Again),
            Err(Halt::Stop) => Ok(Fate::Dropped(Reason::Shutdown)),
            Err(Halt::Reject(fault)) => Ok(Fate::Dropped(fault.reason)),
        }
    }
}
