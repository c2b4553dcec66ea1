//! Where failures are judged and disposed of.

use super::breaker::Breaker;
use super::case::{Case, Ending, Next};
use super::shelf::Shelf;
use super::{Failure, Letter, Overflow, Remedy, Retry};
use crate::contract::{At, Fault, Flow, Halt, Ledger, Reason, Sink, Tick};
use crate::ring::Sequence;

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
    /// There is nothing to be asked before an event is tried, but that it is tried: the breaker has counted nothing, nothing
    /// is in hand, and no event has to wait for one on the shelf. False in doubt.
    pub(super) calm: bool,
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
            calm: true,
            aside: false,
            in_hand: None,
            shown: None,
            ledger: Ledger::new(),
        }
    }

    /// Says whether there is trouble, after what may have changed that.
    pub(super) fn calm_down(&mut self, shelf: &Option<Shelf<T>>) {
        self.calm = self.in_hand.is_none()
            && self.shown.is_none()
            && self.breaker.is_at_rest()
            && shelf.as_ref().is_none_or(|shelf| !shelf.concerns_others());
    }

    /// Tries an event until it succeeds, must wait (both `Ok`), or has to go elsewhere (`Err`). Its `first` attempt may be
    /// made already. `case` is what is known of it, `shown` says that inner expects it; both are brought up to date. `one`
    /// is told whether this is another attempt.
    #[inline]
    pub(super) fn go(
        &mut self,
        mut first: Option<Flow>,
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
            if first.is_none() && !self.breaker.lets(at.now) {
                return Ok(Err(Halt::Again));
            }
            let again = case.is_some() && !*shown;
            *shown = false;
            match first.take().unwrap_or_else(|| one(again)) {
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

    #[inline]
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
    /// Handles the event in hand. `one` tries it, and is told whether that is another attempt; `original` is what a letter
    /// or a place gets of it.
    #[inline]
    pub(super) fn handle<E>(
        &mut self,
        shelf: &mut Option<Shelf<T>>,
        mut event: E,
        at: At,
        mut one: impl FnMut(&mut E, bool) -> Flow,
        original: impl Fn(&E) -> &T,
    ) -> Flow {
        let mut first = None;
        if self.calm {
            match one(&mut event, false) {
                flow @ (Ok(()) | Err(Halt::Stop)) => return self.ledger.handed_on(flow),
                flow => first = Some(flow),
            }
        }
        self.handle_in_trouble(first, shelf, event, at, one, original)
    }
    /// `first` is what the first attempt of this turn came to, if it is made.
    ///
    /// The case is out of hand while `one` runs: if that unwinds, the next event begins with nothing known.
    #[inline(never)]
    fn handle_in_trouble<E>(
        &mut self,
        first: Option<Flow>,
        shelf: &mut Option<Shelf<T>>,
        mut event: E,
        at: At,
        mut one: impl FnMut(&mut E, bool) -> Flow,
        original: impl Fn(&E) -> &T,
    ) -> Flow {
        self.calm = false;
        if let (None, Some(shelf)) = (first, &mut *shelf)
            && let Some(flow) = self.behind(shelf, original(&event), at)
        {
            return flow;
        }
        // One that a stage outside gave up after `Again` does not come back.
        let mut case = self.in_hand.take().filter(|case| case.failure.seq == at.seq);
        let mut shown = self.shown.take() == Some(at.seq);
        let flow = match self.go(first, &mut case, &mut shown, at, |again| one(&mut event, again)) {
            Ok(Err(Halt::Again)) => {
                self.in_hand = case;
                self.shown = shown.then_some(at.seq);
                return Err(Halt::Again);
            }
            Ok(flow) => self.ledger.handed_on(flow),
            Err(case) => self.place(case, shelf, original(&event)),
        };
        self.calm_down(shelf);
        flow
    }
    /// What has to be said about `event` before it is tried, as others wait.
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
        let case = Case::untried(None, Reason::TableFull, at);
        Some(self.end_in_hand(case, Ending::Letter(Reason::TableFull), event))
    }

    /// Finds the event in hand a place after an attempt that failed: on the shelf, or for good; or keeps its case in
    /// hand, if there is no room for the letter.
    fn place(&mut self, case: Case, shelf: &mut Option<Shelf<T>>, event: &T) -> Flow {
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
