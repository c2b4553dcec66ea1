//! The second line of the books: what became of the members of the groups.

use crate::contract::{PerReason, Reason};
use crate::ring::Counter;
use crate::sync::Arc;

/// What became of the events that were folded into groups, at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct MemberBalance {
    /// They became part of a group: [`Balance::folded`](crate::contract::Balance::folded) of the same stage.
    pub folded: u64,
    /// Their group went on.
    pub emitted: u64,
    /// Their group was given up, or another part took their place; by reason.
    pub discarded: PerReason<u64>,
    /// Their group is open, or waits to go on.
    pub held: u64,
}

impl MemberBalance {
    /// Whether every member is accounted for: `folded = emitted + discarded[reason] + held`. Of a stage at work the numbers
    /// of the batch that is just being published may be seen in part.
    #[must_use]
    pub fn is_balanced(&self) -> bool {
        self.folded == self.emitted + self.discarded.total() + self.held
    }
}

/// An aggregator's second line, to be read from any thread. Wait-free.
#[derive(Debug, Default)]
pub struct MemberAccount {
    folded: Counter,
    emitted: Counter,
    discarded: PerReason<Counter>,
    held: Counter,
}

impl MemberAccount {
    /// The numbers as they were published last.
    #[must_use]
    pub fn read(&self) -> MemberBalance {
        MemberBalance {
            folded: self.folded.get(),
            emitted: self.emitted.get(),
            discarded: PerReason::from_fn(|reason| self.discarded[reason].get()),
            held: self.held.get(),
        }
    }
}

/// The stage's own numbers, published at the end of a turn and when it is dropped.
#[derive(Debug, Default)]
pub(super) struct MemberBooks {
    balance: MemberBalance,
    account: Arc<MemberAccount>,
    discarded_changed: bool,
}

impl MemberBooks {
    pub(super) fn account(&self) -> Arc<MemberAccount> {
        self.account.clone()
    }
    #[inline]
    pub(super) fn folded(&mut self) {
        self.balance.folded += 1;
        self.balance.held += 1;
    }
    /// A group of `n` went on.
    #[inline]
    pub(super) fn emitted(&mut self, n: u64) {
        self.balance.emitted += n;
        self.balance.held -= n;
    }
    /// `n` members of a group are given up.
    pub(super) fn discarded(&mut self, n: u64, reason: Reason) {
        self.balance.discarded[reason] += n;
        self.balance.held -= n;
        self.discarded_changed = true;
    }
    pub(super) fn publish(&mut self) {
        let Self { balance, account, .. } = self;
        account.folded.set(balance.folded);
        account.emitted.set(balance.emitted);
        account.held.set(balance.held);
        if self.discarded_changed {
            for reason in Reason::ALL {
                account.discarded[reason].set(balance.discarded[reason]);
            }
            self.discarded_changed = false;
        }
    }
}

impl Drop for MemberBooks {
    fn drop(&mut self) {
        self.publish();
    }
}
