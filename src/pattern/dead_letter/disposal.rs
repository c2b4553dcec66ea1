//! Where failures are judged and disposed of.

use super::breaker::Breaker;
use super::case::{Case, Ending, Next};
use super::shelf::Shelf;
use super::{Failure, Letter, Overflow, Remedy, Retry};
use crate::contract::{At, Fault, Flow, Halt, Ledger, Reason, Sink, Tick};
use crate::ring::Sequence;
use core::mem;

/// Where failures are dealt with, whatever the access.
#[derive(Debug)]
pub(super) struct Disposal<T, K> {
    origin: &'static str,
    overflow: Overflow<K>,
    pub(super) retry: Retry,
    pub(super) classify: fn(Fault) -> Remedy,
    pub(super) detail: Option<fn(&T, Fault, &mut [u8; 32])>,
    pub(super) hops: Option<Hops<T>>,
    pub(super) breaker: Breaker,
    pub(super) letters: K,
    /// What is to be tried later is put on a shelf; else it waits in hand.
    pub(super) aside: bool,
    /// The event in hand, if it has failed and comes again.
    in_hand: Option<Case>,
    /// The event in hand, if inner has seen it and had no room: what inner expects next.
    pub(super) shown: Option<Sequence>,
    pub(super) ledger: Ledger,
}

/// How many letters an event may be in, and how many it has been in.
#[derive(Debug)]
pub(super) struct Hops<T> {
    pub(super) limit: u8,
    pub(super) count: fn(&T) -> u8,
}

impl<T, K> Disposal<T, K> {
    pub(super) fn new(origin: &'static str, overflow: Overflow<K>, letters: K) -> Self {
        Self {
            origin,
            overflow,
            retry: Retry::NEVER,
            classify: Remedy::letter,
            detail: None,
            hops: None,
            breaker: Breaker::NEVER,
            letters,
            aside: false,
            in_hand: None,
            shown: None,
            ledger: Ledger::new(),
        }
    }

    /// Tries the event in hand until it succeeds, must wait (both `Ok`), or has to go elsewhere (`Err`). `one` is told
    /// whether the event was tried before, and this is another attempt.
    ///
    /// The case is out of hand while `one` runs: if that unwinds, the next event begins with nothing known.
    #[inline]
    pub(super) fn attempt(&mut self, at: At, one: impl FnMut(bool) -> Flow) -> Result<Flow, Case> {
        // Asked before it is taken: most events are new, and need no write. One that a stage outside gave up after
        // `Again` does not come back.
        let known = self.in_hand.is_some();
        let mut case =
            if known { self.in_hand.take().filter(|case| case.failure.seq == at.seq) } else { None };
        let mut shown = self.shown.is_some() && self.shown.take() == Some(at.seq);
        let tried = self.go(&mut case, &mut shown, at, one);
        if let Ok(Err(Halt::Again)) = tried {
            self.in_hand = case;
            self.shown = shown.then_some(at.seq);
        }
        tried
    }

    /// As `attempt`, of any event. `case` is what is known of it, `shown` says that inner expects it; both are brought
    /// up to date.
    #[inline]
    pub(super) fn go(
        &mut self,
        case: &mut Option<Case>,
        shown: &mut bool,
        at: At,
        mut one: impl FnMut(bool) -> Flow,
    ) -> Result<Flow, Case> {
        loop {
            if let Some(known) = *case {
                match known.next {
                    Next::Try(due) if due <= at.now => {}
                    Next::Try(_) if !self.aside => return Ok(Err(Halt::Again)),
                    _ => return Err(known),
                }
            }
            if !*shown && !self.breaker.lets(at.now) {
                return Ok(Err(Halt::Again));
            }
            match one(case.is_some() && !mem::take(shown)) {
                Err(Halt::Reject(fault)) => *case = Some(self.judge(*case, fault, at)),
                Err(Halt::Again) => {
                    *shown = true;
                    return Ok(Err(Halt::Again));
                }
                flow => {
                    self.breaker.succeeded();
                    return Ok(flow);
                }
            }
        }
    }

    #[cold]
    fn judge(&mut self, before: Option<Case>, fault: Fault, At { seq, now }: At) -> Case {
        let attempts = before.map_or(0, |case| case.failure.attempts).saturating_add(1);
        let first = before.map_or(now, |case| case.failure.first);
        let next = match (self.classify)(fault) {
            Remedy::Letter => Next::End(Ending::Letter(fault.reason)),
            Remedy::Drop => Next::End(Ending::Drop),
            Remedy::Halt => Next::End(Ending::LetterAndStop),
            Remedy::Retry => {
                self.breaker.failed(now);
                match self.retry.delay_after(attempts, seq.count()) {
                    Some(_) if now == Tick::MAX => Next::End(Ending::Letter(Reason::Shutdown)),
                    Some(delay) => Next::Try(now.after(delay)),
                    None => Next::End(Ending::Letter(Reason::AttemptsExhausted)),
                }
            }
        };
        Case { failure: Failure { seq, fault, attempts, first, last: now }, next }
    }
}

/// What waits on the shelf when the stage goes is lost, and counted.
impl<T, K> Drop for Disposal<T, K> {
    fn drop(&mut self) {
        for _ in 0..self.ledger.balance().held {
            self.ledger.dropped(Reason::Shutdown);
        }
        self.ledger.holds(0);
    }
}

impl<T: Clone, K: Sink<Event = Letter<T>>> Disposal<T, K> {
    /// What has to be said about `event` before it is tried: nothing, as a rule.
    #[inline]
    pub(super) fn ahead_of(&mut self, shelf: &mut Option<Shelf<T>>, event: &T, at: At) -> Option<Flow> {
        match shelf {
            Some(shelf) if shelf.concerns_others() => self.behind(shelf, event, at),
            _ => None,
        }
    }
    #[cold]
    fn behind(&mut self, shelf: &mut Shelf<T>, event: &T, at: At) -> Option<Flow> {
        if shelf.is_expected() {
            return Some(Err(Halt::Again));
        }
        if self.in_hand.is_some_and(|case| case.failure.seq == at.seq) {
            return None;
        }
        let key = shelf.parked(event)?;
        if shelf.park(event, key, at.seq) {
            self.took_aside(shelf);
            return Some(Ok(()));
        }
        Some(self.end_in_hand(
            Case::untried(None, Reason::TableFull, at),
            Ending::Letter(Reason::TableFull),
            event,
        ))
    }

    /// Finds the event in hand a place after an attempt that failed: on the shelf, or for good; or keeps its case in
    /// hand, if there is no room for the letter.
    #[cold]
    pub(super) fn dispose(&mut self, case: Case, shelf: &mut Option<Shelf<T>>, event: &T) -> Flow {
        let ending = match case.next {
            Next::End(ending) => ending,
            Next::Try(due) => {
                if let Some(shelf) = shelf
                    && shelf.keep(event, case.failure.seq, case, due)
                {
                    self.took_aside(shelf);
                    return Ok(());
                }
                Ending::Letter(Reason::TableFull)
            }
        };
        self.end_in_hand(case, ending, event)
    }
    fn took_aside(&mut self, shelf: &Shelf<T>) {
        self.ledger.took(1);
        self.ledger.holds(shelf.len());
    }
    fn end_in_hand(&mut self, case: Case, ending: Ending, event: &T) -> Flow {
        let flow = self.end(&case.failure, ending, event);
        if flow == Err(Halt::Again) {
            self.in_hand = Some(Case { next: Next::End(ending), ..case });
        } else {
            self.ledger.took(1);
        }
        flow
    }

    /// Disposes of an event that has failed for good. `Again` if there is no room for the letter; all else is booked.
    pub(super) fn end(&mut self, failure: &Failure, ending: Ending, event: &T) -> Flow {
        let (reason, after) = match ending {
            Ending::Drop => {
                self.ledger.dropped(failure.fault.reason);
                return Ok(());
            }
            Ending::LetterAndStop => (failure.fault.reason, Err(Halt::Stop)),
            Ending::Letter(reason) => (reason, Ok(())),
        };
        let hops = match &self.hops {
            None => 1,
            Some(Hops { limit, count }) => match count(event) {
                hops if hops >= *limit => {
                    self.ledger.dropped(Reason::LoopLimit);
                    return after;
                }
                hops => hops + 1,
            },
        };
        let mut put = self.write(failure, event, hops);
        if let (Err(Halt::Again), Overflow::DropOldest(make_room)) = (put, &self.overflow)
            && make_room(&mut self.letters)
        {
            // A letter comes back out of the box, and goes nowhere.
            self.ledger.generated(1);
            self.ledger.dropped(Reason::Evicted);
            put = self.write(failure, event, hops);
        }
        let (lost, flow) = match (put, &self.overflow) {
            (Ok(()), _) => {
                self.ledger.dead_lettered(reason);
                return after;
            }
            (Err(Halt::Again), Overflow::Block | Overflow::DropOldest(_)) => return Err(Halt::Again),
            (Err(Halt::Again), Overflow::DropNewest) => (Reason::RingFull, after),
            (Err(Halt::Again), Overflow::HaltStage) => (Reason::RingFull, Err(Halt::Stop)),
            (Err(Halt::Stop), Overflow::DropNewest | Overflow::DropOldest(_)) => (Reason::Shutdown, after),
            (Err(Halt::Stop), Overflow::Block | Overflow::HaltStage) => (Reason::Shutdown, Err(Halt::Stop)),
            (Err(Halt::Reject(fault)), _) => (fault.reason, after),
        };
        self.ledger.dropped(lost);
        flow
    }

    fn write(&mut self, failure: &Failure, event: &T, hops: u8) -> Flow {
        let (origin, detail) = (self.origin, self.detail);
        self.letters.fill(|letter| {
            letter.write(event, failure, origin, hops);
            if let Some(write) = detail {
                write(event, failure.fault, &mut letter.detail);
            }
            Ok(())
        })
    }
}
