//! Where an answer lies until somebody asks for it by its ticket.

use super::{Answer, Client, Reply, Request, Ticket};
use crate::contract::{Account, Fault, Flow, Halt, Ledger, Reason, Sink, SourceMut, Tick};
use crate::sync::Arc;
use core::fmt::{Display, Formatter};
use core::mem;
use std::collections::VecDeque;

/// A [`Client`] whose answers are fetched one by one, by ticket, in any order. What comes for another ticket meanwhile is
/// kept here until that one is asked for, in at most as many places as it was built with.
///
/// Its books: an answer is `in` when it came out of the client, `out` when it was fetched, `held` until then, `filtered` if
/// it was [cancelled](Self::cancel), and `dropped[Shutdown]` if nobody fetched it. In those of the client it is told.
///
/// Costs, beside those of the client: an answer that is fetched is moved out of its slot, one that is kept is moved twice;
/// a look at each of those that are kept. Allocates the places, in [`new`](Self::new).
///
/// ```
/// use ringmain::contract::{Agent, Flow, Source, Tick};
/// use ringmain::pattern::{IfDead, Mailbox, NoAnswer, Origin, Outcome, Request, Responder, Server, WhenFull, service};
/// use std::time::Duration;
///
/// let ([client], requests, ports) = service([Origin::new(1)], 8)?;
/// let square = |request: &Request<u64>, answer: &mut u64| -> Flow {
///     *answer = request.body * request.body;
///     Ok(())
/// };
/// let responder = Responder::new(Origin::new(2), ports);
/// let mut server = requests.drive(Server::new(WhenFull::Block, IfDead::Drop, square, responder));
///
/// let (now, limit) = (Tick::ZERO, Duration::from_micros(50));
/// let mut mailbox = Mailbox::new(client, 8);
/// let three = mailbox.client_mut().request(now, limit, |n| *n = 3)?;
/// let four = mailbox.client_mut().request(now, limit, |n| *n = 4)?;
/// assert_eq!(mailbox.poll_reply(now, four), Err(NoAnswer::NotYet));
/// let _ = server.work(now);
/// assert_eq!(mailbox.poll_reply(now, four), Ok(Outcome::Reply(16)));
/// assert_eq!(mailbox.poll_reply(now, three), Ok(Outcome::Reply(9)));
/// assert_eq!(mailbox.poll_reply(now, three), Err(NoAnswer::Unknown));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Mailbox<A, Src, K> {
    client: Client<Src, K>,
    /// At most `places`, for which there is room; in the order they came.
    kept: VecDeque<(Ticket, Outcome<A>)>,
    places: usize,
    ledger: Ledger,
}

/// An [`Answer`] by value. All but a part are the last that is said of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome<A> {
    /// One part of the answer; more will come.
    Part(A),
    /// The answer, or the last part of it.
    Reply(A),
    /// The end of an answer in parts.
    End,
    /// The server could not, or there is no server any more ([`RESPONDER_GONE`](super::RESPONDER_GONE)).
    Fault(Fault),
    /// Its time is over.
    Timeout,
}

/// Why there is no answer to a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoAnswer {
    /// It is open, and nothing has come. May be stale at once.
    NotYet,
    /// The next answer is to another request, and all of the so many places are taken. It stays in the reply ring.
    Full {
        /// How many there are.
        places: usize,
    },
    /// The request is not open: its outcome was fetched, it was cancelled, or it is another client's. Stable.
    Unknown,
}

impl Display for NoAnswer {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NotYet => f.write_str("no answer yet: try again"),
            Self::Full { places } => {
                write!(
                    f,
                    "all {places} places hold answers to other requests: fetch one of them, or cancel it"
                )
            }
            Self::Unknown => {
                f.write_str("no such request is open: its outcome was told, or it was cancelled")
            }
        }
    }
}

impl core::error::Error for NoAnswer {}

impl<A: Default> Outcome<A> {
    /// The answer, taken out of its slot.
    fn of(answer: Answer<'_, A>) -> Self {
        match answer {
            Answer::Part(body) => Self::Part(mem::take(body)),
            Answer::Reply(body) => Self::Reply(mem::take(body)),
            Answer::End => Self::End,
            Answer::Fault(fault) => Self::Fault(fault),
            Answer::Timeout => Self::Timeout,
        }
    }
}

impl<A, Src, K> Mailbox<A, Src, K> {
    /// Keeps up to `places` answers of `client`. As many as it may have requests open are enough for answers of one
    /// message that are all fetched or cancelled; with 0, answers have to be fetched in the order they come. Allocates
    /// them, and the [`Account`].
    #[must_use]
    pub fn new(client: Client<Src, K>, places: usize) -> Self {
        Self { client, kept: VecDeque::with_capacity(places), places, ledger: Ledger::new() }
    }
    /// The client, to be asked.
    #[must_use]
    pub const fn client(&self) -> &Client<Src, K> {
        &self.client
    }
    /// The client, to make a request with. What its own [`poll`](Client::poll) tells is not kept here.
    #[must_use]
    pub const fn client_mut(&mut self) -> &mut Client<Src, K> {
        &mut self.client
    }
    /// How many answers are kept.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.kept.len()
    }
    /// Its line of the books. Published by each call.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.ledger.account()
    }
    /// Nobody will fetch the answer: what is kept of it is dropped, and an open request is
    /// [cancelled](Client::cancel). False if there was neither.
    pub fn cancel(&mut self, ticket: Ticket) -> bool {
        let before = self.kept.len();
        self.kept.retain(|(whose, _)| *whose != ticket);
        let dropped = before - self.kept.len();
        for _ in 0..dropped {
            self.ledger.filtered();
        }
        self.settle();
        self.client.cancel(ticket) || dropped > 0
    }
    fn fetch(&mut self, ticket: Ticket) -> Option<Outcome<A>> {
        let at = self.kept.iter().position(|(whose, _)| *whose == ticket)?;
        self.kept.remove(at).map(|(_, outcome)| outcome)
    }
    fn settle(&mut self) {
        self.ledger.holds(self.kept.len() as u64);
        self.ledger.publish();
    }
}

impl<Q, A, Src, K> Mailbox<A, Src, K>
where
    A: Default,
    Src: SourceMut<Event = Reply<A>>,
    K: Sink<Event = Request<Q>>,
{
    /// The next answer to that request: the one that is kept, or else as [`Client::poll`] finds it at `now`. No allocation;
    /// never blocks. It goes no further than to that answer; what comes before it is kept.
    ///
    /// # Errors
    /// [`NoAnswer`]. Nothing is lost then.
    pub fn poll_reply(&mut self, now: Tick, ticket: Ticket) -> Result<Outcome<A>, NoAnswer> {
        let mut found = self.fetch(ticket);
        let mut full = false;
        if found.is_none() {
            let Self { client, kept, places, ledger } = self;
            // What ends it early is what is said here.
            let _ = client.poll(now, |whose, answer| -> Flow {
                full = whose != ticket && kept.len() == *places;
                if found.is_some() || full {
                    return Err(Halt::Again);
                }
                ledger.took(1);
                match Outcome::of(answer) {
                    outcome if whose == ticket => found = Some(outcome),
                    outcome => kept.push_back((whose, outcome)),
                }
                Ok(())
            });
        }
        if found.is_some() {
            self.ledger.passed(1);
        }
        self.settle();
        found.ok_or_else(|| match self.client.deadline(ticket) {
            None => NoAnswer::Unknown,
            Some(_) if full => NoAnswer::Full { places: self.places },
            Some(_) => NoAnswer::NotYet,
        })
    }
}

impl<A, Src, K> Drop for Mailbox<A, Src, K> {
    /// Nobody fetches what is kept any more.
    fn drop(&mut self) {
        for _ in self.kept.drain(..) {
            self.ledger.dropped(Reason::Shutdown);
        }
        self.settle();
    }
}
