//! What the user declares: the states, what comes, and the one table that says what happens.

use super::{Late, Says, Then, Undo};
use crate::contract::{Fault, ReturnAddress};
use core::fmt::Debug;
use core::hash::Hash;

/// A closed list: every value, for the diagram and the checks of [`ProcessManager::new`](super::ProcessManager::new). What
/// `Debug` writes is the name in the diagram.
pub trait Listed: Copy + Eq + Debug + 'static {
    /// All of them, each once.
    const ALL: &'static [Self];
}

/// One kind of process. It is all in [`rule`](Self::rule): a `match` over state and kind of event, which the compiler
/// holds to be complete.
///
/// For a replay to come out the same, the methods look at nothing but what they are given.
pub trait Machine: Sized {
    /// What comes in. It is cloned only if it has to be held.
    type Event: Clone;
    /// What goes out.
    type Command;
    /// Which instance an event is for.
    type Key: Copy + Eq + Hash;
    /// Where an instance stands.
    type State: Listed;
    /// What an event is, as far as the table is concerned; also the names of the timers.
    type Kind: Listed;
    /// What an instance remembers beside its state. It is changed in a copy, so it should be small.
    type Data: Copy + Default;

    /// Where an instance stands that is not there yet. The kinds with a [`Rule::Do`] here begin one, with data by default;
    /// all others need one that is there.
    const INITIAL: Self::State;

    /// The instance that `event` is for.
    fn key(event: &Self::Event) -> Self::Key;
    /// What `event` is.
    fn kind(event: &Self::Event) -> Self::Kind;
    /// What happens when `kind` meets `state`. Always the same for the same two.
    fn rule(state: Self::State, kind: Self::Kind) -> Rule<Self>;

    /// Who sent `event`, a number less than [`SOURCES`](super::SOURCES), and its number there, which ascends from 1: one
    /// that is not larger than the last from there is a duplicate. Nothing: it is never one.
    fn identity(_event: &Self::Event) -> Option<(u8, u64)> {
        None
    }
    /// Where a reply to `event` goes: for [`Then::reply`] and [`Then::reply_to_originator`].
    fn reply_to(_event: &Self::Event) -> ReturnAddress {
        ReturnAddress::default()
    }
    /// Sends what undoes one step. It may be asked for the same step again, until the answer is there. Of what it says to
    /// `then`, only commands count.
    fn undo(&mut self, _undo: &Undo, _data: &Self::Data, _then: &mut Then<Self>) {}
    /// What `event` says about the step that is being undone, if it is about that.
    fn says(_event: &Self::Event) -> Option<Says> {
        None
    }
    /// An event of the way forward that came once its process was turned back, or had been: what it did has to be
    /// undone too, or it is of no account. `data` may be changed with it.
    fn late(&mut self, _event: &Self::Event, _data: &mut Self::Data) -> Late {
        Late::Error
    }
    /// A step cannot be undone and an operator is needed: tells somebody, by commands alone.
    fn stuck(&mut self, _undo: &Undo, _data: &Self::Data, _then: &mut Then<Self>) {}
    /// With [`Missing::Reply`](super::Missing::Reply): `event` is for an instance that is not there;
    /// answers it, by commands alone.
    fn missing(&mut self, _event: &Self::Event, _then: &mut Then<Self>) {}
}

/// Does one step of an instance: reads the event (nothing if it is a timer that came), changes the data, says what follows.
/// Data and consequences count if and only if it returns `Ok`.
pub type Handler<M> = fn(
    &mut M,
    &mut <M as Machine>::Data,
    Option<&<M as Machine>::Event>,
    &mut Then<M>,
) -> Result<Next<<M as Machine>::State>, Fault>;

/// What happens to an event in a state.
#[derive(Debug)]
pub enum Rule<M: Machine> {
    /// This is done, and leads to one of these.
    Do(Handler<M>, &'static [Next<M::State>]),
    /// Nothing; it is booked as filtered.
    Ignore,
    /// It waits until the instance is in another state. (A timer does not: that is an error.)
    Defer,
    /// It should not come here: rejected with [`Reason::NoRoute`](crate::contract::Reason::NoRoute).
    Error,
}

/// Where a step leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next<S> {
    /// To this state, which may be the same one.
    To(S),
    /// To the end: completed.
    Complete,
    /// Back: the steps done are undone, the last one first.
    Compensate,
}
