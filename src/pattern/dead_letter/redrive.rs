//! The way back: from a box of letters to where their events are tried anew.

use super::{Letter, LetterBox};
use crate::contract::{Account, At, Halt, Ledger, Sink, Tick};
use crate::pattern::{Criterion, RateLimit, Verdict};
use crate::ring::Sequence;
use crate::sync::Arc;
use core::fmt::{Debug, Formatter};

/// Sends the events of letters back, each of them at most so many times: to where they came from, or elsewhere.
///
/// An event that is sent back is one like any other: its attempts begin anew. How many letters it has been in it has to
/// carry itself, so `readdress` writes [`Letter::hops`] into it, and the channel is told to read that by
/// [`DeadLetter::hops`](super::DeadLetter::hops), with a limit above this one; else no event would ever be at its limit.
///
/// A letter goes out of the box when its event is in the sink, and only then: neither is ever without the other, and a
/// full or closed sink changes nothing. It puts events into a sink and never into a stage: so it does not recurse,
/// wherever the sink leads. Allocates its account, and nothing afterwards.
///
/// ```
/// use ringmain::channel::spsc;
/// use ringmain::contract::{Fault, Sink, SourceMut, Tick};
/// use ringmain::pattern::{Letter, LetterBox, RateLimit, Redrive};
/// use std::time::Duration;
///
/// let (back, mut orders) = spsc::channel(8, || 0u64)?;
/// let mut letters = LetterBox::new(8, || 0u64);
/// for n in [1, 2, 3] {
///     letters.offer(|letter| (letter.event, letter.hops, letter.fault) = (n, 1, Fault::new(n as u32 % 2)))?;
/// }
/// let mut redrive = Redrive::new(
///     2,
///     RateLimit::new(100, Duration::from_secs(1)),
///     |letter: &Letter<u64>| letter.fault == Fault::new(1),
///     |letter: &Letter<u64>, order: &mut u64| *order = letter.event,
///     back,
/// );
/// assert_eq!(redrive.redrive(&mut letters, Tick::ZERO).sent, 2);
/// assert_eq!([orders.pop()?, orders.pop()?], [1, 3]);
/// assert_eq!(letters.iter().next().unwrap().event, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Redrive<F, W, D> {
    limit: u8,
    rate: RateLimit,
    /// The rate has let one go that is not sent yet.
    let_go: bool,
    which: F,
    readdress: W,
    to: D,
    ledger: Ledger,
}

/// What a round came to.
#[must_use]
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Redriven {
    /// Events sent back.
    pub sent: usize,
    /// Letters, of those looked at, that are meant but were sent back as often as may be
    /// ([`Reason::LoopLimit`](crate::contract::Reason::LoopLimit)). They stay where they are.
    pub at_limit: usize,
    /// Why it ended before the last letter, if not because of the rate: the sink is full (`Again`), is closed (`Stop`), or
    /// rejects.
    pub end: Option<Halt>,
}

impl<F, W, D> Redrive<F, W, D> {
    /// Sends back the events of those letters that `which` says (by [`fault`](Letter::fault), by
    /// [`origin`](Letter::origin)), each up to `limit` times, no faster than `rate`. `readdress` makes the event of a
    /// letter, over what the sink's slot held.
    pub fn new<T>(limit: u8, rate: RateLimit, which: F, readdress: W, to: D) -> Self
    where
        F: FnMut(&Letter<T>) -> bool,
        W: FnMut(&Letter<T>, &mut D::Event),
        D: Sink,
    {
        Self { limit, rate, let_go: false, which, readdress, to, ledger: Ledger::new() }
    }
    /// One round over `letters`, oldest first, as far as the rate and the sink allow. Takes time for each letter, and for
    /// each that is sent as many moves as older ones stay.
    pub fn redrive<T>(&mut self, letters: &mut LetterBox<T>, now: Tick) -> Redriven
    where
        F: FnMut(&Letter<T>) -> bool,
        W: FnMut(&Letter<T>, &mut D::Event),
        D: Sink,
    {
        let mut round = Redriven::default();
        let mut stay = 0;
        while stay < letters.len() {
            let letter = letters.letter(stay);
            if !(self.which)(letter) {
                stay += 1;
                continue;
            }
            // The first letter was no redrive.
            if letter.hops > self.limit {
                round.at_limit += 1;
                stay += 1;
                continue;
            }
            self.let_go =
                self.let_go || self.rate.judge(letter, At { seq: Sequence::ZERO, now }) == Verdict::Keep;
            if !self.let_go {
                break;
            }
            let readdress = &mut self.readdress;
            let sent = self.to.fill(|event| {
                readdress(letter, event);
                Ok(())
            });
            if let Err(halt) = sent {
                round.end = Some(halt);
                break;
            }
            letters.remove(stay);
            self.let_go = false;
            round.sent += 1;
            self.ledger.took(1);
            self.ledger.passed(1);
        }
        self.ledger.publish();
        round
    }
    /// Its line of the books: each event sent is in and out.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.ledger.account()
    }
}

impl<F, W, D> Debug for Redrive<F, W, D> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Redrive")
            .field("limit", &self.limit)
            .field("rate", &self.rate)
            .field("ledger", &self.ledger)
            .finish_non_exhaustive()
    }
}
