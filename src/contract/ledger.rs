//! The books: one conservation law for every stage.
//!
//! ```text
//! in + generated = out + filtered + folded + dropped[reason] + dead_lettered[reason] + held
//! ```
//!
//! A stage counts in plain numbers of its own ([`Ledger`]) and publishes them once a batch; [`Account`] is
//! where they can be read from any thread, and [`Balance`] one such reading.
//!
//! | field          | one more when a message ...                                                              |
//! |----------------|------------------------------------------------------------------------------------------|
//! | `input`        | was taken from the stage before (consumed; one that comes `Again` is counted once)       |
//! | `generated`    | was made here: the copies of a fan-out, the parts of a splitter, a timer's message        |
//! | `out`          | was taken by the stage after                                                             |
//! | `filtered`     | was not let through, on purpose                                                          |
//! | `folded`       | became part of something else: a group, the copies of a fan-out                          |
//! | `dropped`      | was given up, and why                                                                    |
//! | `dead_lettered`| went to the dead letter channel, and why                                                 |
//! | `held`         | lies here now (a level, not a count)                                                     |

use super::{Flow, Halt, PerReason, Reason};
use crate::{ring::Counter, sync::Arc};

/// The numbers of one stage at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Balance {
    /// Taken from the stage before.
    pub input: u64,
    /// Made here.
    pub generated: u64,
    /// Taken by the stage after.
    pub out: u64,
    /// Not let through, on purpose.
    pub filtered: u64,
    /// Became part of something else.
    pub folded: u64,
    /// Lies here now.
    pub held: u64,
    /// Given up, by reason.
    pub dropped: PerReason<u64>,
    /// Sent to the dead letter channel, by reason.
    pub dead_lettered: PerReason<u64>,
}

/// Two sides of a ledger that are not equal: a message was lost, or counted twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Imbalance {
    /// `in + generated`.
    pub came: u64,
    /// All the rest.
    pub went: u64,
}

impl core::fmt::Display for Imbalance {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "not balanced: {} came, {} are accounted for", self.came, self.went)
    }
}

impl core::error::Error for Imbalance {}

impl Balance {
    /// Checks the conservation law.
    ///
    /// # Errors
    /// [`Imbalance`] with the two sides. Of a stage at work, the numbers of the batch that is just being
    /// published may be seen in part: the law holds when the stage rests.
    pub fn check(&self) -> Result<(), Imbalance> {
        let came = self.input + self.generated;
        let went = self.out
            + self.filtered
            + self.folded
            + self.held
            + self.dropped.total()
            + self.dead_lettered.total();
        if came == went { Ok(()) } else { Err(Imbalance { came, went }) }
    }
}

/// A stage's published numbers, to be read from any thread. All operations are wait-free.
#[derive(Debug, Default)]
pub struct Account {
    input: Counter,
    generated: Counter,
    out: Counter,
    filtered: Counter,
    folded: Counter,
    held: Counter,
    dropped: PerReason<Counter>,
    dead_lettered: PerReason<Counter>,
}

impl Account {
    /// The numbers as they were published last.
    #[must_use]
    pub fn read(&self) -> Balance {
        Balance {
            input: self.input.get(),
            generated: self.generated.get(),
            out: self.out.get(),
            filtered: self.filtered.get(),
            folded: self.folded.get(),
            held: self.held.get(),
            dropped: PerReason::from_fn(|reason| self.dropped[reason].get()),
            dead_lettered: PerReason::from_fn(|reason| self.dead_lettered[reason].get()),
        }
    }
}

/// A stage's own numbers. Plain, so that counting costs no shared memory; published by [`Ledger::publish`],
/// which a stage calls in `on_batch_end`, and on drop.
#[derive(Debug)]
pub struct Ledger {
    balance: Balance,
    account: Arc<Account>,
    /// Something was counted since the last `publish`.
    changed: bool,
    /// The same for the reasons, which are many and change seldom.
    reasons_changed: bool,
}

impl Ledger {
    /// Empty books. Allocates the [`Account`].
    #[must_use]
    pub fn new() -> Self {
        Self {
            balance: Balance::default(),
            account: Arc::new(Account::default()),
            changed: false,
            reasons_changed: false,
        }
    }
    /// Empty books that are read in an account which is there already, and is wiped: for a place that has one tenant after
    /// the other. One ledger at a time may count there, or the numbers mean nothing. Allocates nothing.
    #[must_use]
    pub fn on(account: Arc<Account>) -> Self {
        let mut ledger = Self { balance: Balance::default(), account, changed: true, reasons_changed: true };
        ledger.publish();
        ledger
    }
    /// Where other threads read these books.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.account.clone()
    }
    /// The numbers of this moment, published or not.
    #[must_use]
    pub const fn balance(&self) -> &Balance {
        &self.balance
    }
    /// `n` messages were taken from the stage before.
    #[inline]
    pub fn took(&mut self, n: u64) {
        self.balance.input += n;
        self.changed |= n != 0;
    }
    /// `n` messages were made here.
    #[inline]
    pub fn generated(&mut self, n: u64) {
        self.balance.generated += n;
        self.changed = true;
    }
    /// `n` messages were taken by the stage after.
    #[inline]
    pub fn passed(&mut self, n: u64) {
        self.balance.out += n;
        self.changed |= n != 0;
    }
    /// A message was not let through, on purpose.
    #[inline]
    pub fn filtered(&mut self) {
        self.balance.filtered += 1;
        self.changed = true;
    }
    /// A message became part of something else.
    #[inline]
    pub fn folded(&mut self) {
        self.balance.folded += 1;
        self.changed = true;
    }
    /// `n` messages lie here now.
    #[inline]
    pub fn holds(&mut self, n: u64) {
        self.balance.held = n;
        self.changed = true;
    }
    /// One message more lies here now.
    #[inline]
    pub fn holds_one_more(&mut self) {
        self.holds(self.balance.held + 1);
    }
    /// One message less lies here now.
    #[inline]
    pub fn holds_one_less(&mut self) {
        self.holds(self.balance.held - 1);
    }
    /// A message was given up.
    #[inline]
    pub fn dropped(&mut self, reason: Reason) {
        self.balance.dropped[reason] += 1;
        self.reasons_changed = true;
        self.changed = true;
    }
    /// `n` messages came, and were given up for [`Reason::Evicted`] before they were seen here.
    #[inline]
    pub fn missed(&mut self, n: u64) {
        if n != 0 {
            self.took(n);
            self.balance.dropped[Reason::Evicted] += n;
            self.reasons_changed = true;
        }
    }
    /// A message went to the dead letter channel.
    #[inline]
    pub fn dead_lettered(&mut self, reason: Reason) {
        self.balance.dead_lettered[reason] += 1;
        self.reasons_changed = true;
        self.changed = true;
    }
    /// Books an event that the stage after was given, by what that stage said of it, and returns that: one
    /// that comes `Again` is not booked yet; one that was rejected or stopped on was taken all the same.
    ///
    /// # Errors
    /// `flow`, unchanged.
    #[inline]
    pub fn handed_on(&mut self, flow: Flow) -> Flow {
        if flow != Err(Halt::Again) {
            self.took(1);
            self.passed(1);
        }
        flow
    }
    /// Books an event that was to go into a sink, by what [`Sink::fill`](super::Sink::fill) came to, and
    /// returns that: a closed sink did not take it, so it is dropped; a fault of the closure's is for the
    /// dead letter channel.
    ///
    /// # Errors
    /// `flow`, unchanged.
    #[inline]
    pub fn delivered(&mut self, flow: Flow) -> Flow {
        match flow {
            Err(Halt::Again) => return flow,
            Ok(()) => self.passed(1),
            Err(Halt::Stop) => self.dropped(Reason::Shutdown),
            Err(Halt::Reject(fault)) => self.dead_lettered(fault.reason),
        }
        self.took(1);
        flow
    }
    /// Makes the numbers readable for others, if there are new ones.
    #[inline]
    pub fn publish(&mut self) {
        if self.changed {
            self.publish_changes();
        }
    }

    fn publish_changes(&mut self) {
        let Self { balance, account, .. } = self;
        account.input.set(balance.input);
        account.generated.set(balance.generated);
        account.out.set(balance.out);
        account.filtered.set(balance.filtered);
        account.folded.set(balance.folded);
        account.held.set(balance.held);
        if self.reasons_changed {
            for reason in Reason::ALL {
                account.dropped[reason].set(balance.dropped[reason]);
                account.dead_lettered[reason].set(balance.dead_lettered[reason]);
            }
        }
        self.changed = false;
        self.reasons_changed = false;
    }
}

impl Default for Ledger {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.publish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_readable_once_published() {
        let mut ledger = Ledger::new();
        let account = ledger.account();
        ledger.took(5);
        ledger.passed(2);
        ledger.filtered();
        ledger.dropped(Reason::RingFull);
        ledger.dead_lettered(Reason::Panic);
        assert_eq!(account.read(), Balance::default());
        ledger.publish();
        assert_eq!(account.read(), *ledger.balance());
        assert_eq!(account.read().check(), Ok(()));
        assert_eq!(account.read().dropped[Reason::RingFull], 1);
    }

    #[test]
    fn a_place_with_a_new_tenant_has_new_books() {
        let account = Arc::new(Account::default());
        let mut ledger = Ledger::on(account.clone());
        ledger.missed(3);
        ledger.missed(0);
        ledger.dropped(Reason::Late);
        ledger.took(1);
        drop(ledger);
        let books = account.read();
        assert_eq!((books.input, books.dropped[Reason::Evicted], books.check()), (4, 3, Ok(())));
        let _next = Ledger::on(account.clone());
        assert_eq!(account.read(), Balance::default());
    }

    #[test]
    fn a_lost_message_is_told() {
        let mut ledger = Ledger::new();
        let account = ledger.account();
        ledger.took(2);
        ledger.passed(1);
        drop(ledger);
        assert_eq!(account.read().check(), Err(Imbalance { came: 2, went: 1 }));
    }
}
