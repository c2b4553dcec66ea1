//! Aggregator: each group once, with its own events and the first condition that held. The numbers of the tests are those of
//! the specification; number 15, groups that outlive a restart, waits for a journal.

mod bounds;
mod closing;
mod collected;
mod conditions;
mod conformance;
mod failures;
mod late;
mod memory;
mod oracle;
mod parts;

use crate::kit::{Choke, Collect};
use ringmain::contract::{Account, At, Balance, Fault, Flow, Halt, PartOf, Reason, Stage, Tick};
use ringmain::pattern::aggregator::{
    Aggregate, Aggregator, ClosedBy, Collected, Conditions, Duplicate, FoldFailure, Folded, Force, Full,
    Late, MemberAccount, Overfull, Parts, Pending, Policy, Store, Unbuildable, Unfinished, Weight,
};
use ringmain::ring::{CapacityError, Sequence};
use std::sync::Arc;
use std::time::Duration;

/// An event: a key, a number, and perhaps a place among parts. Key 0 is none.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Item {
    key: u32,
    n: i64,
    part: PartOf,
}

fn item(key: u32, n: i64) -> Item {
    Item { key, n, part: PartOf::default() }
}
fn part(key: u32, n: i64, index: u8, of: u8) -> Item {
    Item { key, n, part: PartOf { index, of } }
}
const fn nanos(n: u64) -> Duration {
    Duration::from_nanos(n)
}
const fn tick(n: u64) -> Tick {
    Tick::from_nanos(n)
}

/// A number that cannot be folded, and one on which the fold unwinds.
const BAD: i64 = -1;
const PANIC: i64 = -2;
const BAD_FAULT: Fault = Fault::new(13);

fn key(item: &Item) -> Option<u32> {
    (item.key != 0).then_some(item.key)
}
fn sum(sum: &mut i64, item: &Item) -> Result<(), Fault> {
    // Half way, so that a trace would be left if there were one.
    *sum += item.n;
    assert_ne!(item.n, PANIC, "the panic that the test asked for");
    if item.n == BAD { Err(BAD_FAULT) } else { Ok(()) }
}

type Key = fn(&Item) -> Option<u32>;
type Fold = fn(&mut i64, &Item) -> Result<(), Fault>;
type Sum = Aggregate<u32, i64>;
type Terms = Conditions<Item, i64>;

const POLICY: Policy = Policy {
    groups: 4,
    full: Full::RejectNew,
    late: Late::NewGroup,
    pending: Pending::NewEpoch,
    expired: Unfinished::EmitPartial,
    stopped: Unfinished::EmitPartial,
    failure: FoldFailure::SkipMessage,
};
const SIZE_3: Terms = Conditions { size: Some(3), ..Conditions::NONE };

/// A stage for sums, made of one for their copies.
#[derive(Clone)]
struct Copies<S>(S);

impl<S: for<'e> Stage<&'e mut Sum>> Stage<Aggregate<u32, &mut i64>> for Copies<S> {
    fn on_event(&mut self, sum: Aggregate<u32, &mut i64>, at: At) -> Flow {
        self.0.on_event(&mut sum.copied(), at)
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.0.on_batch_end(now)
    }
}

type Out = Copies<Choke<Collect<Sum>>>;

/// An aggregator of sums, what comes out of it, and its books.
struct Rig {
    stage: Aggregator<Item, u32, i64, Key, Fold, Folded, Out, Out>,
    out: Collect<Sum>,
    dead: Collect<Sum>,
    seq: Sequence,
    books: Books,
}

struct Books {
    account: Arc<Account>,
    members: Arc<MemberAccount>,
}

impl Books {
    /// Both lines balance. After the stage is dropped, nothing is held.
    fn check(&self) {
        let (balance, members) = (self.account.read(), self.members.read());
        assert_eq!(balance.check(), Ok(()), "{balance:?}");
        assert!(members.is_balanced(), "{members:?}");
        assert_eq!(members.folded, balance.folded);
    }
}

impl Rig {
    fn new(policy: Policy, conditions: Terms) -> Self {
        Self::over(policy, conditions, Collect::new(), Collect::new())
    }
    fn over(policy: Policy, conditions: Terms, dead: Collect<Sum>, out: Collect<Sum>) -> Self {
        Self::choked(policy, conditions, dead, out, 0)
    }
    fn choked(
        policy: Policy,
        conditions: Terms,
        dead: Collect<Sum>,
        out: Collect<Sum>,
        times: usize,
    ) -> Self {
        let (to_dead, next) = (Copies(Choke::new(0, dead.clone())), Copies(Choke::new(times, out.clone())));
        let stage = Aggregator::new(policy, conditions, key as Key, 0, sum as Fold, to_dead, next).unwrap();
        let books = Books { account: stage.account(), members: stage.member_account() };
        Self { stage, out, dead, seq: Sequence::ZERO, books }
    }
    /// Gives one event, once.
    fn give(&mut self, t: u64, item: Item) -> Flow {
        let flow = self.stage.on_event(&item, At { seq: self.seq, now: tick(t) });
        if flow != Err(Halt::Again) {
            self.seq = self.seq.plus(1);
        }
        flow
    }
    fn give_all(&mut self, t: u64, items: impl IntoIterator<Item = Item>) {
        items.into_iter().for_each(|item| assert_eq!(self.give(t, item), Ok(()), "{item:?}"));
    }
    fn end_turn(&mut self, t: u64) -> Flow {
        Stage::<&Item>::on_batch_end(&mut self.stage, tick(t))
    }
    /// What came out, as key, sum, size and cause.
    fn results(&self) -> Vec<(u32, i64, u64, ClosedBy)> {
        self.out.take().iter().map(told).collect()
    }
    fn letters(&self) -> Vec<(u32, i64, u64, ClosedBy)> {
        self.dead.take().iter().map(told).collect()
    }
    fn balance(&mut self) -> Balance {
        let _ = self.end_turn(0);
        self.books.account.read()
    }
    /// Drops the stage and returns the balanced books.
    fn close(self) -> (Balance, ringmain::pattern::aggregator::MemberBalance) {
        let Self { stage, books, .. } = self;
        drop(stage);
        books.check();
        let members = books.members.read();
        assert_eq!(members.held, 0);
        (books.account.read(), members)
    }
}

fn told(sum: &Sum) -> (u32, i64, u64, ClosedBy) {
    (sum.key, sum.value, sum.n, sum.closed_by)
}
