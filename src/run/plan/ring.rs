//! The edges: who may be said to fill a ring and who to drain it, and the rings that this makes.

use super::{Plan, PlanError};
use crate::channel::{mpmc, mpsc, multicast, spsc};
use crate::pattern::{Origin, Reply, ReplyPorts, Request, RingClient, WhenFull, service};
use crate::ring::CapacityError;

/// What an agent does that finds a ring full. There is no default: each ring of a plan says it.
///
/// | it says         | the agent                              | written with                                                  |
/// |-----------------|----------------------------------------|---------------------------------------------------------------|
/// | `Block`         | stands still, its thread goes on       | `Halt::Again`: [`Forward`](crate::pattern::Forward), a [`Translator`](crate::pattern::Translator) into a ring, [`pattern::Overflow::Block`](crate::pattern::Overflow::Block), a full [`Park`](crate::pattern::Park), a [`Dispatch`](crate::pattern::Dispatch) without room |
/// | `BlockThread`   | stands still, and all of its thread    | [`overflow::Block`](crate::channel::overflow::Block), `offer_waiting`, `push_waiting` |
/// | `Reject`        | keeps the event and goes on            | `offer`, whose `Full` is handled; [`pattern::Refuse`](crate::pattern::Refuse) |
/// | `DropNewest`    | goes on                                | [`overflow::Shed`](crate::channel::overflow::Shed), [`pattern::Shed`](crate::pattern::Shed) |
/// | `DropOldest`    | goes on                                | [`overflow::Evict`](crate::channel::overflow::Evict), over `mpmc` |
/// | `DeadLetter`    | goes on, if the letters do             | [`overflow::OrDeadLetter`](crate::channel::overflow::OrDeadLetter), [`pattern::Divert`](crate::pattern::Divert) |
/// | `Conflate`      | goes on                                | [`overflow::Conflate`](crate::channel::overflow::Conflate)    |
/// | `Fail`          | ends                                   | [`pattern::Fail`](crate::pattern::Fail)                       |
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OnFull {
    /// It waits for room, turn after turn; other agents of its thread have theirs.
    Block,
    /// It waits for room inside of its turn, so that no other agent of its thread has one.
    BlockThread,
    /// It is refused, and does something else.
    Reject,
    /// The event is dropped, and counted.
    DropNewest,
    /// The oldest event is taken out. Of a ring whose events go to one of several consumers only.
    DropOldest,
    /// The event goes into the ring of this name. What happens when that is full, that ring says.
    DeadLetter(&'static str),
    /// The newest of each key waits aside.
    Conflate,
    /// It ends: a full ring means that something is broken.
    Fail,
}

impl OnFull {
    /// Whether an agent may stand still because of it.
    #[must_use]
    pub fn blocks(self) -> bool {
        matches!(self, Self::Block | Self::BlockThread)
    }
}

impl core::fmt::Display for OnFull {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Block => "block",
            Self::BlockThread => "block thread",
            Self::Reject => "reject",
            Self::DropNewest => "drop newest",
            Self::DropOldest => "drop oldest",
            Self::DeadLetter(letters) => return write!(f, "dead letter to {letters}"),
            Self::Conflate => "conflate",
            Self::Fail => "fail",
        })
    }
}

/// What an agent does that has asked a service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Asking {
    /// It answers those who asked it only when it has this answer, as a [`Proxy`](crate::pattern::Proxy) does.
    Waits,
    /// What it answers to others does not depend on this answer.
    GoesOn,
}

/// How a ring is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Spsc,
    Mpsc,
    Mpmc,
    Multicast,
    Requests(Asking),
    Replies,
}

impl core::fmt::Display for Kind {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Spsc => "spsc",
            Self::Mpsc => "mpsc",
            Self::Mpmc => "mpmc",
            Self::Multicast => "multicast",
            Self::Requests(_) => "requests",
            Self::Replies => "replies",
        })
    }
}

/// A ring that was made.
#[derive(Debug)]
pub(super) struct Ring {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) capacity: usize,
    /// Of the events in its slots.
    pub(super) bytes: usize,
    pub(super) on_full: OnFull,
    pub(super) from: Vec<String>,
    pub(super) to: Vec<Reader>,
}

/// An agent that drains a ring.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) name: String,
    /// Whom of the same ring it reads behind; the producers if nobody.
    pub(super) after: Vec<String>,
}

impl Reader {
    fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), after: Vec::new() }
    }
}

/// Those who fill a ring: `&str` is one, `[&str; N]` are several.
#[derive(Debug)]
#[must_use = "no ring is made before it has a kind"]
pub struct Fillers<'p, P> {
    pub(super) plan: &'p mut Plan,
    pub(super) from: P,
}

/// Those who fill a ring, and those who drain it.
#[derive(Debug)]
#[must_use = "no ring is made before it has a kind"]
pub struct Edge<'p, P, C> {
    plan: &'p mut Plan,
    from: P,
    to: C,
}

impl<'p, P> Fillers<'p, P> {
    /// Who drains it: the name of one agent, or an array of several that compete.
    pub fn to<C>(self, to: C) -> Edge<'p, P, C> {
        Edge { plan: self.plan, from: self.from, to }
    }
}

impl Fillers<'_, &str> {
    /// Takes over the ring that was declared: its nodes are the agents that drain it. Builds it.
    ///
    /// # Errors
    /// [`PlanError::Multicast`] if its graph cannot be built.
    pub fn multicast<T>(
        self,
        name: impl Into<String>,
        on_full: OnFull,
        ring: multicast::Multicast<T>,
    ) -> Result<multicast::Producer<T>, PlanError> {
        let name = name.into();
        self.plan.enter_multicast(&name, on_full, &[self.from], &ring);
        ring.build().map_err(|source| PlanError::Multicast { ring: name, source })
    }
}

impl<const N: usize> Fillers<'_, [&str; N]> {
    /// As for one agent: a producer for each.
    ///
    /// # Errors
    /// As for one agent.
    pub fn multicast<T>(
        self,
        name: impl Into<String>,
        on_full: OnFull,
        ring: multicast::Multicast<T, multicast::Many>,
    ) -> Result<[multicast::SharedProducer<T>; N], PlanError> {
        let name = name.into();
        self.plan.enter_multicast(&name, on_full, &self.from, &ring);
        let tx = ring.build().map_err(|source| PlanError::Multicast { ring: name, source })?;
        Ok(core::array::from_fn(|_| tx.clone()))
    }
}

impl Edge<'_, &str, &str> {
    /// Makes a ring of one producer and one consumer; see [`spsc::channel`].
    ///
    /// # Errors
    /// [`PlanError::Capacity`].
    pub fn spsc<T>(
        self,
        name: impl Into<String>,
        capacity: usize,
        on_full: OnFull,
        fill: impl FnMut() -> T,
    ) -> Result<(spsc::Producer<T>, spsc::Consumer<T>), PlanError> {
        let name = name.into();
        let ends = spsc::channel(capacity, fill).map_err(|source| refused(&name, source))?;
        self.plan.enter::<T>(name, Kind::Spsc, ends.0.capacity(), on_full, &[self.from], &[self.to]);
        Ok(ends)
    }
}

impl<const N: usize> Edge<'_, [&str; N], &str> {
    /// Makes a ring of several producers, one for each agent, and one consumer; see [`mpsc::channel`].
    ///
    /// # Errors
    /// [`PlanError::Capacity`].
    pub fn mpsc<T>(
        self,
        name: impl Into<String>,
        capacity: usize,
        on_full: OnFull,
        fill: impl FnMut() -> T,
    ) -> Result<([mpsc::Producer<T>; N], mpsc::Consumer<T>), PlanError> {
        let name = name.into();
        let (tx, rx) = mpsc::channel(capacity, fill).map_err(|source| refused(&name, source))?;
        self.plan.enter::<T>(name, Kind::Mpsc, rx.capacity(), on_full, &self.from, &[self.to]);
        Ok((core::array::from_fn(|_| tx.clone()), rx))
    }
    /// Makes the rings of a service that the first agents ask and the last one answers; see [`service`].
    ///
    /// A full request ring rejects. A full reply ring does as `replies` says, which is the same value that the
    /// [`Server`](crate::pattern::Server) is given. There is a ring of replies for each that asks.
    ///
    /// # Errors
    /// [`PlanError::Capacity`].
    #[expect(clippy::type_complexity, reason = "as in `service`")]
    pub fn service<Q: Default, A: Default>(
        self,
        name: impl Into<String>,
        outstanding: usize,
        asking: Asking,
        replies: WhenFull,
        origins: [Origin; N],
    ) -> Result<
        ([RingClient<Q, A>; N], mpsc::Consumer<Request<Q>>, ReplyPorts<spsc::Producer<Reply<A>>>),
        PlanError,
    > {
        let name = name.into();
        let ends = service(origins, outstanding).map_err(|source| refused(&name, source))?;
        let back = outstanding.next_power_of_two();
        let on_full = match replies {
            WhenFull::Block => OnFull::Block,
            WhenFull::DropReply => OnFull::DropNewest,
        };
        for who in self.from {
            let name = format!("{name}, replies to {who}");
            self.plan.enter::<Reply<A>>(name, Kind::Replies, back, on_full, &[self.to], &[who]);
        }
        let (kind, slots) = (Kind::Requests(asking), ends.1.capacity());
        self.plan.enter::<Request<Q>>(name, kind, slots, OnFull::Reject, &self.from, &[self.to]);
        Ok(ends)
    }
}

impl<const N: usize, const M: usize> Edge<'_, [&str; N], [&str; M]> {
    /// Makes a ring of several producers and several consumers that compete; see [`mpmc::channel`].
    ///
    /// # Errors
    /// [`PlanError::Capacity`].
    #[expect(clippy::type_complexity, reason = "two arrays of ends")]
    pub fn mpmc<T>(
        self,
        name: impl Into<String>,
        capacity: usize,
        on_full: OnFull,
        fill: impl FnMut() -> T,
    ) -> Result<([mpmc::Producer<T>; N], [mpmc::Consumer<T>; M]), PlanError> {
        let name = name.into();
        let (tx, rx) = mpmc::channel(capacity, fill).map_err(|source| refused(&name, source))?;
        self.plan.enter::<T>(name, Kind::Mpmc, tx.capacity(), on_full, &self.from, &self.to);
        Ok((core::array::from_fn(|_| tx.clone()), core::array::from_fn(|_| rx.clone())))
    }
}

fn refused(ring: &str, source: CapacityError) -> PlanError {
    PlanError::Capacity { ring: ring.to_owned(), source }
}

impl Plan {
    fn enter<T>(
        &mut self,
        name: String,
        kind: Kind,
        capacity: usize,
        on_full: OnFull,
        from: &[&str],
        to: &[&str],
    ) {
        let (from, to) = (owned(from), to.iter().map(|name| Reader::named(*name)).collect());
        self.rings.push(Ring { name, kind, capacity, bytes: capacity * size_of::<T>(), on_full, from, to });
    }
    fn enter_multicast<T, M: multicast::Mode>(
        &mut self,
        name: &str,
        on_full: OnFull,
        from: &[&str],
        ring: &multicast::Multicast<T, M>,
    ) {
        self.enter::<T>(name.to_owned(), Kind::Multicast, ring.capacity(), on_full, from, &[]);
        let nodes = ring.nodes().into_iter();
        let to = nodes.map(|node| Reader { name: node.name.to_owned(), after: owned(&node.after) });
        if let Some(ring) = self.rings.last_mut() {
            ring.to = to.collect();
        }
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}
