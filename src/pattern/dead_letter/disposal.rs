//! Where failures are judged and disposed of.

use super::{Failure, Letter, Overflow, Remedy, Retry};
use crate::contract::{At, Fault, Flow, Halt, Ledger, Reason, Sink, Tick};

/// Where failures are dealt with, whatever the access.
#[derive(Debug)]
pub(super) struct Disposal<T, K> {
    origin: &'static str,
    overflow: Overflow<K>,
    pub(super) retry: Retry,
    pub(super) classify: fn(Fault) -> Remedy,
    pub(super) detail: Option<fn(&T, Fault, &mut [u8; 32])>,
    pub(super) hops: Option<Hops<T>>,
    pub(super) letters: K,
    /// The event in hand, if it has failed and comes again.
    in_hand: Option<Case>,
    pub(super) ledger: Ledger,
}

/// How many letters an event may be in, and how many it has been in.
#[derive(Debug)]
pub(super) struct Hops<T> {
    pub(super) limit: u8,
    pub(super) count: fn(&T) -> u8,
}

/// What is known of an event that has failed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case {
    failure: Failure,
    next: Next,
}

/// What is to be done with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Next {
    /// Try it at this time.
    Try(Tick),
    /// Write a letter, counted under this reason.
    Letter(Reason),
    /// Write a letter, then stop.
    LetterAndStop,
    Drop,
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
            letters,
            in_hand: None,
            ledger: Ledger::new(),
        }
    }

    /// Tries the event in hand until it succeeds, must wait (both `Ok`), or has failed for good (`Err`). `one` is told
    /// whether the event was tried before.
    ///
    /// The case is out of hand while `one` runs: if that unwinds, the next event begins with nothing known.
    #[inline]
    pub(super) fn attempt(&mut self, at: At, mut one: impl FnMut(bool) -> Flow) -> Result<Flow, Case> {
        // Asked before it is taken: most events are new, and need no write. One that a stage outside gave up after
        // `Again` does not come back.
        let known = self.in_hand.is_some();
        let mut in_hand =
            if known { self.in_hand.take().filter(|case| case.failure.seq == at.seq) } else { None };
        loop {
            if let Some(case) = in_hand {
                match case.next {
                    Next::Try(due) if due <= at.now => {}
                    Next::Try(_) => {
                        self.in_hand = in_hand;
                        return Ok(Err(Halt::Again));
                    }
                    _ => return Err(case),
                }
            }
            match one(in_hand.is_some()) {
                Err(Halt::Reject(fault)) => in_hand = Some(self.judge(in_hand, fault, at)),
                Err(Halt::Again) => {
                    self.in_hand = in_hand;
                    return Ok(Err(Halt::Again));
                }
                flow => return Ok(self.ledger.handed_on(flow)),
            }
        }
    }

    #[cold]
    fn judge(&self, before: Option<Case>, fault: Fault, At { seq, now }: At) -> Case {
        let attempts = before.map_or(0, |case| case.failure.attempts).saturating_add(1);
        let first = before.map_or(now, |case| case.failure.first);
        let next = match (self.classify)(fault) {
            Remedy::Letter => Next::Letter(fault.reason),
            Remedy::Drop => Next::Drop,
            Remedy::Halt => Next::LetterAndStop,
            Remedy::Retry => match self.retry.delay_after(attempts) {
                Some(_) if now == Tick::MAX => Next::Letter(Reason::Shutdown),
                Some(delay) => Next::Try(now.after(delay)),
                None => Next::Letter(Reason::AttemptsExhausted),
            },
        };
        Case { failure: Failure { seq, fault, attempts, first, last: now }, next }
    }
}

impl<T: Clone, K: Sink<Event = Letter<T>>> Disposal<T, K> {
    /// Disposes of an event that has failed for good; or keeps its case in hand, if there is no room for the letter.
    #[cold]
    pub(super) fn settle(&mut self, case: Case, event: &T) -> Flow {
        let (reason, after) = match case.next {
            Next::Drop => {
                self.lose(case.failure.fault.reason);
                return Ok(());
            }
            Next::LetterAndStop => (case.failure.fault.reason, Err(Halt::Stop)),
            Next::Letter(reason) => (reason, Ok(())),
            Next::Try(_) => (case.failure.fault.reason, Ok(())),
        };
        let hops = match &self.hops {
            None => 1,
            Some(Hops { limit, count }) => match count(event) {
                hops if hops >= *limit => {
                    self.lose(Reason::LoopLimit);
                    return after;
                }
                hops => hops + 1,
            },
        };
        let mut put = self.write(&case.failure, event, hops);
        if let (Err(Halt::Again), Overflow::DropOldest(make_room)) = (put, &self.overflow)
            && make_room(&mut self.letters)
        {
            // A letter comes back out of the box, and goes nowhere.
            self.ledger.generated(1);
            self.ledger.dropped(Reason::Evicted);
            put = self.write(&case.failure, event, hops);
        }
        match (put, &self.overflow) {
            (Ok(()), _) => {
                self.ledger.took(1);
                self.ledger.dead_lettered(reason);
                after
            }
            (Err(Halt::Again), Overflow::Block | Overflow::DropOldest(_)) => {
                self.in_hand = Some(case);
                Err(Halt::Again)
            }
            (Err(Halt::Again), Overflow::DropNewest) => {
                self.lose(Reason::RingFull);
                after
            }
            (Err(Halt::Again), Overflow::HaltStage) => {
                self.lose(Reason::RingFull);
                Err(Halt::Stop)
            }
            (Err(Halt::Stop), Overflow::DropNewest | Overflow::DropOldest(_)) => {
                self.lose(Reason::Shutdown);
                after
            }
            (Err(Halt::Stop), Overflow::Block | Overflow::HaltStage) => {
                self.lose(Reason::Shutdown);
                Err(Halt::Stop)
            }
            (Err(Halt::Reject(fault)), _) => {
                self.lose(fault.reason);
                after
            }
        }
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

    fn lose(&mut self, reason: Reason) {
        self.ledger.took(1);
        self.ledger.dropped(reason);
    }
}
