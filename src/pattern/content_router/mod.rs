//! Content-based router: each event goes to the one branch that its content says.
//!
//! *Enterprise Integration Patterns* (Hohpe and Woolf), chapter 7, "Content-Based Router": it looks at the content of a
//! message, and puts it into one of several channels. [`RuleSwitch`] makes a "Dynamic Router" of it, and [`RecipientList`]
//! is that of the book.
//!
//! ```text
//!                           +--- 0 ---> stage
//!   event ---> selector ----+--- 1 ---> stage
//!                |          +--- 2 ---> stage
//!                +-- no such branch --> Reject(NoRoute)
//! ```
//!
//! | event                        | goes to           | in the books             |
//! |------------------------------|-------------------|--------------------------|
//! | its branch is open           | the branch        | `out`                    |
//! | no such branch               | `Reject(NoRoute)` | `dead_lettered[NoRoute]` |
//! | its branch said `Stop` once  | `Reject(Closed)`  | `dead_lettered[Closed]`  |
//!
//! # Options
//!
//! | selector                           | decides                                                         |
//! |------------------------------------|-----------------------------------------------------------------|
//! | a closure `\|event: &T\| -> usize` | as it likes; by a `match` on an enum, or a jump table, say       |
//! | [`Rules`]                          | the first rule that holds, in the order written, else a default |
//! | [`RuleSwitch`]                     | as another thread says, from a sequence number on               |
//!
//! | before a branch | when the branch is full            | in the books              | loses      | reorders |
//! |-----------------|------------------------------------|---------------------------|------------|----------|
//! | (nothing)       | the event waits, and all behind it, those of other branches too (head of line) | - | no | no   |
//! | [`Shed`]        | it is dropped                      | `dropped[RingFull]`       | yes        | no       |
//! | [`Refuse`]      | `Reject(RingFull)`                 | `dead_lettered[RingFull]` | no         | no       |
//! | [`Divert`]      | it goes to another stage, or waits | `out`                     | no         | yes      |
//! | [`Park`]        | up to `k` go aside, then waits     | `held`                    | at the end | no       |
//! | [`Fail`]        | the branch ends                    | `dropped[Poisoned]`       | that one   | no       |
//!
//! The rules of a router over an enum are a `match`, so a case without a branch is an error when compiling:
//! ```compile_fail,E0004
//! # use ringmain::{contract::each, pattern::ContentRouter};
//! enum Order { New(u64), Cancel(u64), Replace(u64) }
//!
//! let router = ContentRouter::new(
//!     |order: &Order| match order {
//!         Order::New(_) => 0,
//!         Order::Cancel(_) => 1,
//!     },
//!     (each(|_: &Order| ()), each(|_: &Order| ())),
//! );
//! ```
//!
//! A jump table is a closure that indexes an array: by `kind` or `topic` of a header, say. What a number means is data
//! then. A number outside of the table is a panic of the closure, as with any array; asked for by `get`, it is an event
//! without a route. A table of all 65,536 numbers has nothing outside.
//! ```
//! use ringmain::contract::{At, Fault, Flow, Halt, Message, Reason, Stage, Tick};
//! use ringmain::pattern::{Catch, ContentRouter, NO_ROUTE};
//! # use ringmain::ring::Sequence;
//!
//! /// The branch of each kind.
//! const TABLE: [usize; 4] = [0, 1, NO_ROUTE, 1];
//!
//! let indexed = |m: &Message<u64>| TABLE[usize::from(m.header.kind)];
//! let looked_up =
//!     |m: &Message<u64>| TABLE.get(usize::from(m.header.kind)).copied().unwrap_or(NO_ROUTE);
//! # fn handle(_: &Message<u64>, _: At) -> Flow { Ok(()) }
//! let mut indexed = Catch::new(ContentRouter::new(indexed, [handle; 2]));
//! let mut looked_up = ContentRouter::new(looked_up, [handle; 2]);
//!
//! let at = At { seq: Sequence::ZERO, now: Tick::ZERO };
//! let mut message = Message::default();
//! assert_eq!((indexed.on_event(&message, at), looked_up.on_event(&message, at)), (Ok(()), Ok(())));
//! let rejected = |reason| Err(Halt::Reject(Fault::of(reason)));
//! message.header.kind = 2;
//! assert_eq!(indexed.on_event(&message, at), rejected(Reason::NoRoute));
//! message.header.kind = 4;
//! assert_eq!(indexed.on_event(&message, at), rejected(Reason::Panic)); // without `Catch`: the pump ends
//! assert_eq!(looked_up.on_event(&message, at), rejected(Reason::NoRoute));
//! ```
//!
//! A branch that leads back to its own router must not wait for room ([`Refuse`] or [`Shed`] before it), and a
//! [`HopLimit`](super::HopLimit) before the router lets go of what would go round for ever.
//!
//! # Bounds
//!
//! Up to 64 branches. It holds nothing (gate), [`Park`] apart, which holds up to `k` copies for one branch: the event is
//! not changed, and order is kept within each branch. The choice is remembered for the event that comes again; the selector
//! is asked once for each event. The router ends (`Stop`) when no branch is open. A panic of a rule unwinds, and is a dead
//! letter under a [`Catch`](super::Catch): it is not a "no". Below a [`Shed`], a [`Refuse`] or a [`Divert`] an event may be
//! given up after `Again`: the stage there must not have begun with it (a [`Fanout`](super::Fanout) may have served one
//! branch).
//!
//! # Costs
//!
//! The selector, one jump, and a few additions for the books; no allocation after `new`, no copy. Wait-free if the stages
//! after are.
//!
//! | over a stage that does nothing              | ns   |
//! |---------------------------------------------|------|
//! | a `match`, 4 branches                       | 0.61 |
//! | an array of 4 function pointers as branches | 1.15 |
//! | [`Rules`] of 4 function pointers, 2.5 tried | 2.79 |
//! | a selector that is a function pointer       | 1.54 |
//! | ... behind a [`RuleSwitch`] that rests      | 1.63 |
//! | [`RecipientList`], 2 of 4                   | 1.57 |
//! | [`Shed`], never full                        | 0.33 |
//! | [`Park`], never full                        | 0.33 |
//!
//! Measured by `cargo bench -p ringmain --bench pattern -- 'content router'`: nanoseconds an event over the row named, from the
//! quickest sample of each in five rounds, as other work took its turns on the machine (an AMD EPYC, virtual), 24 November
//! 2026. A tenth of a nanosecond is noise.
//!
//! ```
//! use ringmain::contract::{At, Stage, Tick, each};
//! use ringmain::pattern::ContentRouter;
//! use ringmain::ring::Sequence;
//! use core::cell::Cell;
//!
//! enum Order { New(u64), Cancel(u64) }
//!
//! let (new, cancelled) = (Cell::new(0), Cell::new(0));
//! let mut router = ContentRouter::new(
//!     |order: &Order| match order {
//!         Order::New(_) => 0,
//!         Order::Cancel(_) => 1, // without this line it does not compile
//!     },
//!     (each(|_: &Order| new.set(new.get() + 1)), each(|_: &Order| cancelled.set(cancelled.get() + 1))),
//! );
//! let at = At { seq: Sequence::ZERO, now: Tick::ZERO };
//! router.on_event(&Order::New(7), at).unwrap();
//! router.on_event(&Order::Cancel(7), at).unwrap();
//! assert_eq!((new.get(), cancelled.get()), (1, 1));
//! ```
//!
//! # A scene
#![doc = concat!("```\n", include_str!("../../../examples/content_router.rs"), "```")]

mod branches;
mod overflow;
mod park;
mod recipient_list;
mod rule_switch;

pub use branches::{Branches, Open, Row};
pub use overflow::{Divert, Fail, Refuse, Shed};
pub use park::Park;
pub use recipient_list::{RecipientList, Recipients};
pub use rule_switch::{Change, RuleSwitch};

use crate::contract::{Account, At, Fault, Flow, Halt, Ledger, Reason, Stage, Tick};
use crate::ring::Sequence;
use crate::sync::Arc;
use core::fmt::{Debug, Formatter};
use core::ops::Deref;

/// What a selector says of an event that no branch is for.
pub const NO_ROUTE: usize = usize::MAX;

/// Sends each event to the one branch that its selector names.
pub struct ContentRouter<R, B> {
    select: R,
    branches: B,
    open: Open,
    /// The choice for the event that is to come again.
    chosen: Option<(Sequence, usize)>,
    ledger: Ledger,
}

/// Chooses a branch for events of type `T`. Every `FnMut(&T) -> usize` is one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not choose a branch for events of type `{T}`",
    note = "a closure `|event: &{T}| -> usize {{ ... }}` is a selector; annotate the event's type"
)]
pub trait Selector<T: ?Sized> {
    /// The number of the branch, from 0; [`NO_ROUTE`] for none. Asked once for each event.
    fn select(&mut self, event: &T, at: At) -> usize;

    /// Called at the end of each turn.
    #[inline]
    fn on_batch_end(&mut self) {}
}

impl<R, B> ContentRouter<R, B> {
    /// Routes by `select` to `branches`: a tuple of up to 8 stages, or an array of up to 64. Allocates the
    /// [`Account`].
    ///
    /// An array of 1 to 64 branches compiles, one of 0 or 65 does not:
    /// ```
    /// # use ringmain::{contract::{At, Flow}, pattern::ContentRouter};
    /// # let look = |_: &u64, _: At| -> Flow { Ok(()) };
    /// # let first = |_: &u64| 0;
    /// let _ = (ContentRouter::new(first, [look; 1]), ContentRouter::new(first, [look; 64]));
    /// ```
    /// ```compile_fail,E0080
    /// # use ringmain::{contract::{At, Flow}, pattern::ContentRouter};
    /// # let look = |_: &u64, _: At| -> Flow { Ok(()) };
    /// # let first = |_: &u64| 0;
    /// let _ = ContentRouter::new(first, [look; 0]);
    /// ```
    /// ```compile_fail,E0080
    /// # use ringmain::{contract::{At, Flow}, pattern::ContentRouter};
    /// # let look = |_: &u64, _: At| -> Flow { Ok(()) };
    /// # let first = |_: &u64| 0;
    /// let _ = ContentRouter::new(first, [look; 65]);
    /// ```
    pub fn new(select: R, branches: B) -> Self
    where
        B: Row,
    {
        Self { select, branches, open: Open::all::<B>(), chosen: None, ledger: Ledger::new() }
    }
    /// This stage's books.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.ledger.account()
    }

    /// The branch of an event that may be the one that was to come again.
    #[cold]
    fn chosen_before<T: ?Sized>(&mut self, event: &T, at: At) -> usize
    where
        R: Selector<T>,
    {
        match self.chosen.take() {
            Some((seq, branch)) if seq == at.seq => branch,
            _ => self.select.select(event, at),
        }
    }
}

impl<In, R, B> Stage<In> for ContentRouter<R, B>
where
    In: Deref,
    R: Selector<In::Target>,
    B: Branches<In>,
{
    #[inline]
    fn on_event(&mut self, event: In, at: At) -> Flow {
        let branch = match self.chosen {
            None => self.select.select(&event, at),
            Some(_) => self.chosen_before(&event, at),
        };
        if branch >= B::COUNT {
            return self.ledger.delivered(Err(Fault::of(Reason::NoRoute).into()));
        }
        if !self.open.has(branch) {
            return self.ledger.delivered(Err(Fault::of(Reason::Closed).into()));
        }
        match self.branches.on_branch(branch, event, at) {
            Err(Halt::Again) => {
                self.chosen = Some((at.seq, branch));
                Err(Halt::Again)
            }
            Err(Halt::Stop) => {
                self.open.close(branch);
                let rest = if self.open.is_empty() { Err(Halt::Stop) } else { Ok(()) };
                self.ledger.handed_on(rest)
            }
            flow => self.ledger.handed_on(flow),
        }
    }

    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.ledger.publish();
        self.select.on_batch_end();
        self.branches.on_batch_end(now, &mut self.open)
    }
}

impl<R, B> Debug for ContentRouter<R, B> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        let Self { open, chosen, ledger, .. } = self;
        let mut f = f.debug_struct("ContentRouter");
        f.field("open", open).field("chosen", chosen).field("ledger", ledger).finish_non_exhaustive()
    }
}

impl<T: ?Sized, F: FnMut(&T) -> usize> Selector<T> for F {
    #[inline]
    fn select(&mut self, event: &T, _: At) -> usize {
        self(event)
    }
}

/// Chooses by a list of rules: branch `i` for the first rule `i` that holds, in the order written.
///
/// ```
/// use ringmain::{contract::each, pattern::{ContentRouter, Rules}};
/// let small_or_large = ContentRouter::new(
///     Rules::new([|v: &u64| *v < 10, |v: &u64| *v < 100]).otherwise(2),
///     [each(|v: &u64| println!("{v}")); 3],
/// );
/// ```
#[derive(Clone, Debug)]
pub struct Rules<L> {
    list: L,
    otherwise: usize,
}

impl<L> Rules<L> {
    /// `list` is an array of predicates of one type (function pointers, say) or a tuple of up to 8 of any.
    /// What none of them holds for has no route, unless there is a [default](Self::otherwise).
    pub const fn new(list: L) -> Self {
        Self { list, otherwise: NO_ROUTE }
    }
    /// What no rule holds for goes to `branch`.
    #[must_use]
    pub fn otherwise(mut self, branch: usize) -> Self {
        self.otherwise = branch;
        self
    }
}

impl<T: ?Sized, L: RuleList<T>> Selector<T> for Rules<L> {
    #[inline]
    fn select(&mut self, event: &T, _: At) -> usize {
        self.list.first(event).unwrap_or(self.otherwise)
    }
}

/// Predicates in order: an array or a tuple of `FnMut(&T) -> bool`.
pub trait RuleList<T: ?Sized> {
    /// The number of the first that holds.
    fn first(&mut self, event: &T) -> Option<usize>;
}

impl<T: ?Sized, P: FnMut(&T) -> bool, const N: usize> RuleList<T> for [P; N] {
    #[inline]
    fn first(&mut self, event: &T) -> Option<usize> {
        self.iter_mut().position(|holds| holds(event))
    }
}

macro_rules! tuple_rules {
    ($($P:ident $i:tt),+) => {
        impl<T: ?Sized, $($P: FnMut(&T) -> bool),+> RuleList<T> for ($($P,)+) {
            #[inline]
            fn first(&mut self, event: &T) -> Option<usize> {
                $(if (self.$i)(event) {
                    return Some($i);
                })+
                None
            }
        }
    };
}
tuple_rules!(A 0);
tuple_rules!(A 0, B 1);
tuple_rules!(A 0, B 1, C 2);
tuple_rules!(A 0, B 1, C 2, D 3);
tuple_rules!(A 0, B 1, C 2, D 3, E 4);
tuple_rules!(A 0, B 1, C 2, D 3, E 4, F 5);
tuple_rules!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuple_rules!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
