//! How closely a consumer follows its producer.
//!
//! A consumer that is faster than its producer stands right behind it. Each look then takes the producer's cursor, and
//! each event the line of slots that is just being written, away from the producer's core: both sides wait for lines to
//! come and go, and an event costs ten times what it costs where they are a few lines apart. So a consumer whose looks
//! bring few events, time and again, tries to wait a moment before it looks behind an event, in which the producer gets
//! ahead; it goes on with that as long as its looks bring so many more events that it pays.
//!
//! ```text
//!  16 looks that brought few events           -> slip of one pause before each of the next 16
//!  they bring three times as many             -> the slip stays, and is judged again after 16 looks
//!  they do not, but it makes some difference  -> twice the slip, up to 16 pauses: a microsecond or two
//!  with the longest, half as many again       -> it stays, too
//!  none of these                              -> no slip, and the next trial comes later each time
//! ```
//!
//! What it costs: an event of a dense stream may be seen up to the slip later. A consumer that waits for single events
//! is not concerned: its first look behind an event finds nothing, and only first looks that find something count.

use crate::ring::Sequence;
use crate::sync;

/// What a follower has learnt from its looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Where a look found nothing last: looks from there again are a wait, and nothing holds them up.
    waits_at: Sequence,
    /// Looks from there, after the first.
    waits: u32,
    /// Looks until the next judgement.
    looks: u32,
    /// Where the follower stood at the last judgement.
    judged_at: Sequence,
    /// Pauses before a look that is not part of a wait.
    slip: u32,
    /// Events between two judgements when there was no slip.
    plain: u64,
    /// Judgements until the next trial.
    rest: u32,
    /// ... as many as that, if the next trial fails.
    next_rest: u32,
}

/// So many looks that are no part of a wait, and find something, make one judgement.
const LOOKS: u32 = 16;
/// Fewer events in so many looks are few: less than some lines of small events a look.
const FEW: u64 = 64 * LOOKS as u64;
/// The longest slip, in pauses.
const LONGEST: u32 = 16;
/// Judgements between two trials, at most.
const REST: u32 = 1 << 17;
/// A wait that takes more looks than that is for an event that comes alone.
const LONG_WAIT: u32 = 4;

impl Pace {
    pub(super) fn new(start: Sequence) -> Self {
        Self {
            // No look has found nothing yet, and `start` would say that one has.
            waits_at: start.minus(1),
            waits: 0,
            looks: LOOKS,
            judged_at: start,
            slip: 0,
            plain: 0,
            rest: 0,
            next_rest: 1,
        }
    }
    /// The follower is at `done`, and about to look; whether it waits there for long already.
    #[inline(always)]
    pub(super) fn before_look(&mut self, done: Sequence) -> bool {
        if done == self.waits_at {
            self.waits = self.waits.saturating_add(1);
            return self.waits > LONG_WAIT;
        }
        if self.slip != 0 {
            sync::pause(self.slip);
        }
        false
    }
    /// The look has `found` something, or not.
    #[inline(always)]
    pub(super) fn after_look(&mut self, done: Sequence, found: bool) {
        if done == self.waits_at {
            return;
        }
        if found {
            self.looks -= 1;
            if self.looks == 0 {
                *self = self.judged(done);
            }
        } else {
            self.waits_at = done;
            self.waits = 0;
        }
    }
    /// By value, so that the compiler can keep a follower in registers where it is at home.
    #[cold]
    #[inline(never)]
    fn judged(mut self, done: Sequence) -> Self {
        let found = done.since(self.judged_at);
        (self.judged_at, self.looks) = (done, LOOKS);
        if self.slip == 0 {
            if self.rest > 0 {
                self.rest -= 1;
            } else if found < FEW {
                (self.slip, self.plain) = (1, found);
            }
        } else if found != self.plain && found < FEW.min(3 * self.plain) && self.slip < LONGEST {
            self.slip *= 2;
        } else if 2 * found >= 3 * self.plain {
            self.next_rest = 1;
        } else {
            self.slip = 0;
            self.rest = self.next_rest;
            self.next_rest = (2 * self.next_rest).min(REST);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A follower before the wrap whose looks find `found(slip)` events each; the slip after so many judgements.
    fn slip_after(judgements: u32, found: impl Fn(u32) -> u64) -> u32 {
        let mut at = Sequence::ZERO.minus(1);
        let mut pace = Pace::new(at);
        for _ in 0..judgements * LOOKS {
            assert!(!pace.before_look(at));
            pace.after_look(at, true);
            at = at.plus(found(pace.slip));
        }
        pace.slip
    }

    #[test]
    fn a_slip_that_brings_events_grows_and_stays() {
        assert_eq!(slip_after(20, |slip| 3 + u64::from(slip)), 8);
        assert_eq!(slip_after(20, |slip| 3 + 100 * u64::from(slip)), 1);
        assert_eq!(slip_after(20, |slip| 20 + 3 * u64::from(slip)), LONGEST);
    }

    #[test]
    fn a_slip_that_brings_nothing_is_tried_ever_more_seldom() {
        let mut pace = Pace::new(Sequence::ZERO);
        let (mut at, mut slips) = (Sequence::ZERO, Vec::new());
        for judgement in 0..100 {
            for _ in 0..LOOKS {
                pace.after_look(at, true);
                at = at.next();
            }
            if pace.slip != 0 {
                slips.push(judgement);
            }
        }
        // The first one goes all the way up, because its first look was made before there was an event.
        assert_eq!(slips, [0, 1, 2, 3, 4, 7, 11, 17, 27, 45, 79]);
    }

    #[test]
    fn looks_that_bring_many_events_need_no_slip() {
        assert_eq!(slip_after(20, |_| 64), 0);
    }

    #[test]
    fn who_waits_for_single_events_is_not_held_up() {
        let mut at = Sequence::ZERO;
        let mut pace = Pace::new(at);
        for _ in 0..100 {
            assert!(!pace.before_look(at));
            pace.after_look(at, false);
            assert!((0..9).all(|wait| {
                pace.after_look(at, false);
                pace.before_look(at) == (wait >= LONG_WAIT)
            }));
            pace.after_look(at, true);
            at = at.next();
        }
        assert_eq!((pace.slip, pace.looks), (0, LOOKS));
    }
}
