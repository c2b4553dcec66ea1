//! A queue: messages in, leases out.

use super::fate::unfailed;
use super::lane::Lane;
use super::priorities::Priorities;
use super::store::{Entry, Leased, Member, Stand, Store};
use super::terms::{
    AtCapacity, Consumer, Depth, Full, Lease, NoLease, NoPlace, Requeue, StaleLease, Terms, Ttl,
};
use crate::contract::{Account, Fault, Ledger, Reason, Sink, Tick};
use crate::pattern::Letter;
use crate::ring::CapacityError;
use crate::sync::Arc;
use crate::table::{Handle, TimerId, Wheel};
use core::fmt::{Debug, Formatter};
use core::time::Duration;

/// A bounded queue of messages, each of which stays until a consumer has acknowledged it.
///
/// It belongs to one thread, and time is an input. A message is moved in, is lent where it lies while it is leased, and
/// is moved out by [`ack`](Self::ack): nothing is copied. [`QueueStage`](super::QueueStage) is the door for consumers on
/// other threads.
///
/// Each call that is told the time first does what is due by then: leases lapse, delays end, messages expire.
/// [`ack`](Self::ack), [`extend`](Self::extend) and the other answers are not: an answer that comes before the next such
/// call is in time. So who drains answers before [`poll`](Self::poll) never lets a lease lapse whose answer was there.
///
/// Holds: messages (hold), by value. Costs: constant time each, but for three: a message that goes back to its own place
/// is compared with the earlier ones that went back since (one, when they go back in order), [`leave`](Self::leave) and [`lose`](Self::lose) take
/// as long as the consumer has leases, [`purge`](Self::purge) as there are messages. Wait-free, if the letters are. No
/// allocation after construction. Each message is `out` in the books when it is acknowledged.
pub struct Queue<T, L> {
    pub(super) store: Store<T>,
    pub(super) timers: Wheel<Due>,
    pub(super) priorities: Priorities,
    pub(super) at_capacity: AtCapacity,
    pub(super) ttl: Ttl,
    pub(super) attempts: u32,
    /// The number of the newest message.
    pub(super) newest: u64,
    pub(super) origin: &'static str,
    pub(super) ledger: Ledger,
    pub(super) letters: L,
}

/// What a timer is of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Due {
    /// A lease or a delay, as the message stands.
    Turn(Handle),
    Expiry(Handle),
}

impl<T, L: Sink<Event = Letter<T>>> Queue<T, L> {
    /// An empty queue for `capacity` messages, whether they are ready, leased, delayed or wait for room among the
    /// letters, and for so many `consumers` at a time. What cannot be delivered goes to `letters`, which say that they
    /// come from `origin`. Without more, there is one priority, any number of attempts, and each time to live is exact.
    /// Allocates, for the last time.
    ///
    /// # Errors
    /// [`CapacityError`] if a number is zero or too large: a message has two timers, so half of
    /// [`Slab::MAX_CAPACITY`](crate::table::Slab::MAX_CAPACITY) is the most.
    pub fn new(
        capacity: usize,
        consumers: usize,
        at_capacity: AtCapacity,
        origin: &'static str,
        letters: L,
    ) -> Result<Self, CapacityError> {
        let timers =
            capacity.checked_mul(2).ok_or(CapacityError::TooLarge { asked: capacity }).and_then(|both| {
                Wheel::new(both, Duration::ZERO).map_err(|error| match error {
                    CapacityError::TooLarge { .. } => CapacityError::TooLarge { asked: capacity },
                    other => other,
                })
            })?;
        Ok(Self {
            store: Store::new(capacity, consumers)?,
            timers,
            priorities: Priorities::default(),
            at_capacity,
            ttl: Ttl::Exact,
            attempts: u32::MAX,
            newest: 0,
            origin,
            ledger: Ledger::new(),
            letters,
        })
    }
    /// With so many priorities. Meant for a queue that is empty: a message keeps the one that it was given.
    #[must_use]
    pub fn priorities(mut self, priorities: Priorities) -> Self {
        self.priorities = priorities;
        self
    }
    /// At most so many deliveries of a message (0 is taken for 1), then a letter, under
    /// [`Reason::AttemptsExhausted`], with the fault of the last one.
    #[must_use]
    pub const fn attempts(mut self, most: u32) -> Self {
        self.attempts = if most == 0 { 1 } else { most };
        self
    }
    /// How times to live are kept from here on.
    #[must_use]
    pub const fn ttl(mut self, ttl: Ttl) -> Self {
        self.ttl = ttl;
        self
    }

    /// Puts `event` behind all others of its priority. Its number, from 1; `None` if it was given up, as the
    /// [`AtCapacity`] says, and booked.
    ///
    /// # Errors
    /// [`Full`] with the event.
    #[inline]
    pub fn publish(&mut self, now: Tick, terms: Terms, event: T) -> Result<Option<u64>, Full<T>> {
        self.fire(now);
        let priority = self.priorities.at_most(terms.priority);
        if self.store.entries.is_full() {
            match self.at_capacity {
                AtCapacity::Reject => return Err(Full(event)),
                AtCapacity::DropNewest => {
                    self.ledger.took(1);
                    self.ledger.dropped(Reason::TableFull);
                    return Ok(None);
                }
                AtCapacity::DropOldest => {
                    if !self.evict(priority) {
                        return Err(Full(event));
                    }
                }
                AtCapacity::DeadLetter => return self.divert(event, now),
            }
        }
        let number = self.newest + 1;
        let entry = Entry {
            event,
            priority,
            stand: Stand::Ready,
            due: TimerId::NONE,
            expiry: TimerId::NONE,
            expires: now.after(terms.ttl),
            failure: unfailed(number),
        };
        let expires = entry.expires;
        let Some(message) = self.store.insert(entry) else { return Ok(None) };
        if expires != Tick::MAX && self.ttl == Ttl::Exact {
            let expiry = self.arm(expires, Due::Expiry(message));
            if let Some(entry) = self.store.entries.get_mut(message) {
                entry.expiry = expiry;
            }
        }
        self.newest = number;
        self.ledger.took(1);
        Ok(Some(number))
    }
    /// Lets a consumer in, which may have `prefetch` leases at a time; 0 is taken for 1. It may come at any time: what
    /// was published waits for it.
    ///
    /// # Errors
    /// [`NoPlace`] if there are as many consumers as the queue was built for.
    pub fn join(&mut self, prefetch: u32) -> Result<Consumer, NoPlace> {
        let member = Member { has: Lane::EMPTY, prefetch: prefetch.max(1) };
        self.store.members.insert(member).map(Consumer).map_err(|_| NoPlace)
    }
    /// A consumer leaves in order: what it has it has not begun with, so that goes back to its place, and was no attempt.
    /// How many those were; 0 if it had left before.
    pub fn leave(&mut self, consumer: Consumer, now: Tick) -> usize {
        self.dismiss(consumer, |queue, message| queue.put_back(message, now))
    }
    /// A consumer is gone, nobody knows how: what it had goes back to its place, and counts as an attempt, as it may have
    /// begun; the fault is [`Reason::Closed`]. How many those were; 0 if it had left before.
    pub fn lose(&mut self, consumer: Consumer, now: Tick) -> usize {
        let own_place = Requeue::Delay(Duration::ZERO);
        self.dismiss(consumer, |queue, message| {
            queue.give_back(message, Fault::of(Reason::Closed), own_place, now);
        })
    }
    /// Leases the next message to a consumer, until `span` from now; with [`Duration::MAX`], until it is answered.
    ///
    /// # Errors
    /// [`NoLease`] says why there is none.
    #[inline]
    pub fn lease(&mut self, consumer: Consumer, now: Tick, span: Duration) -> Result<Lease, NoLease> {
        self.fire(now);
        let member = self.store.members.get(consumer.0).ok_or(NoLease::Gone)?;
        if member.has.len >= member.prefetch {
            return Err(NoLease::Prefetch);
        }
        loop {
            let priority = self.priorities.next(self.store.filled).ok_or(NoLease::Empty)?;
            let message = self.store.first_ready(priority).ok_or(NoLease::Empty)?;
            self.store.take_out(message);
            if self.store.entries.get(message).is_some_and(|entry| entry.expires <= now) {
                self.expire(message, now);
                self.settle();
                continue;
            }
            let lease = self.store.grant(message, consumer.0).ok_or(NoLease::Gone)?;
            let due = self.arm_turn(now.after(span), message);
            if let Some(entry) = self.store.entries.get_mut(message) {
                entry.due = due;
                entry.failure.attempts = entry.failure.attempts.saturating_add(1);
            }
            return Ok(Lease(lease));
        }
    }
    /// The message, to look at.
    ///
    /// # Errors
    /// [`StaleLease`]
    #[inline]
    pub fn get(&self, lease: Lease) -> Result<&T, StaleLease> {
        let message = self.message(lease)?;
        self.store.entries.get(message).map(|entry| &entry.event).ok_or(StaleLease)
    }
    /// The message, to work on. Who has it next sees the changes.
    ///
    /// # Errors
    /// [`StaleLease`]
    #[inline]
    pub fn get_mut(&mut self, lease: Lease) -> Result<&mut T, StaleLease> {
        let message = self.message(lease)?;
        self.store.entries.get_mut(message).map(|entry| &mut entry.event).ok_or(StaleLease)
    }
    /// Which delivery of the message this is, from 1. One that was [released](Self::release) did not count.
    ///
    /// # Errors
    /// [`StaleLease`]
    #[inline]
    pub fn attempt(&self, lease: Lease) -> Result<u32, StaleLease> {
        let message = self.message(lease)?;
        self.store.entries.get(message).map(|entry| entry.failure.attempts).ok_or(StaleLease)
    }
    /// The lease lasts until `span` from now.
    ///
    /// # Errors
    /// [`StaleLease`]
    #[inline]
    pub fn extend(&mut self, lease: Lease, now: Tick, span: Duration) -> Result<(), StaleLease> {
        let message = self.message(lease)?;
        self.stop_turn(message);
        let due = self.arm_turn(now.after(span), message);
        if let Some(entry) = self.store.entries.get_mut(message) {
            entry.due = due;
        }
        Ok(())
    }
    /// The message is done, and leaves the queue. In any order.
    ///
    /// # Errors
    /// [`StaleLease`]: somebody else has the message, or has done it.
    #[inline]
    pub fn ack(&mut self, lease: Lease) -> Result<T, StaleLease> {
        let message = self.message(lease)?;
        self.store.take_out(message);
        let entry = self.store.remove(message).ok_or(StaleLease)?;
        self.cancel(&entry.due);
        self.cancel(&entry.expiry);
        self.ledger.passed(1);
        Ok(entry.event)
    }
    /// The message could not be done, for `fault`: it goes where `requeue` says, or, if that was its last attempt, to
    /// the letters; or if its time is over.
    ///
    /// # Errors
    /// [`StaleLease`]
    pub fn nack(
        &mut self,
        lease: Lease,
        now: Tick,
        fault: Fault,
        requeue: Requeue,
    ) -> Result<(), StaleLease> {
        let message = self.message(lease)?;
        self.give_back(message, fault, requeue, now);
        self.settle();
        Ok(())
    }
    /// Nothing was begun: the message goes back to its place, and this was no attempt.
    ///
    /// # Errors
    /// [`StaleLease`]
    pub fn release(&mut self, lease: Lease, now: Tick) -> Result<(), StaleLease> {
        let message = self.message(lease)?;
        self.put_back(message, now);
        self.settle();
        Ok(())
    }
    /// Does what is due, and publishes the books: once a turn, after all answers were heard.
    pub fn poll(&mut self, now: Tick) {
        self.fire(now);
        self.settle();
        self.ledger.holds(self.store.entries.len() as u64);
        self.ledger.publish();
    }
    /// Drops all messages that nobody has, ready and delayed, under [`Reason::Evicted`]. How many those were.
    pub fn purge(&mut self) -> usize {
        let mut count = 0;
        while let Some(message) = self.next_of_all_ready().or(self.store.first_delayed()) {
            self.drop_message(message, Reason::Evicted);
            count += 1;
        }
        count
    }
    /// The first ready message of the highest priority that has one.
    #[must_use]
    pub fn peek(&self) -> Option<&T> {
        self.store.entries.get(self.next_of_all_ready()?).map(|entry| &entry.event)
    }
    /// How many messages there are, and how they stand.
    #[must_use]
    pub fn depth(&self) -> Depth {
        self.store.depth()
    }
    /// No message is there.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.store.entries.is_empty()
    }
    /// As many messages are there as it was built for.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.store.entries.is_full()
    }
    /// What it does with the next one then.
    #[must_use]
    pub const fn at_capacity(&self) -> AtCapacity {
        self.at_capacity
    }
    /// All messages up to this number have left the queue, and the next one has not.
    #[must_use]
    pub fn watermark(&self) -> u64 {
        self.store.oldest().map_or(self.newest, |oldest| oldest - 1)
    }
    /// When something is due next: before that a queue that nobody calls has nothing to do.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Tick> {
        self.timers.next_deadline()
    }
    /// This queue's books.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.ledger.account()
    }
    /// Where the letters are.
    #[must_use]
    pub const fn letters(&mut self) -> &mut L {
        &mut self.letters
    }

    #[inline]
    fn message(&self, lease: Lease) -> Result<Handle, StaleLease> {
        self.store.leases.get(lease.0).map(|Leased { message, .. }| *message).ok_or(StaleLease)
    }
    /// Something is ready, and this consumer may have it; it may turn out to have expired.
    #[inline]
    pub(super) fn has_for(&self, consumer: Consumer) -> bool {
        let Some(member) = self.store.members.get(consumer.0) else { return false };
        self.store.filled != 0 && member.has.len < member.prefetch
    }
    fn next_of_all_ready(&self) -> Option<Handle> {
        self.store.first_ready(self.store.filled.checked_ilog2()? as u8)
    }
}

impl<T, L> Drop for Queue<T, L> {
    fn drop(&mut self) {
        for _ in 0..self.store.entries.len() {
            self.ledger.dropped(Reason::Shutdown);
        }
        self.ledger.holds(0);
    }
}

impl<T, L> Debug for Queue<T, L> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        let depth = self.store.depth();
        f.debug_struct("Queue").field("depth", &depth).field("ledger", &self.ledger).finish_non_exhaustive()
    }
}
