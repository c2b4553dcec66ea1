//! What becomes of the messages of a queue: leases lapse, delays end, times to live are over, letters are written.

use super::queue::{Due, Queue};
use super::store::{Place, Stand};
use super::terms::{Consumer, Full, Requeue, Ttl};
use crate::contract::{Fault, Halt, Reason, Sink, Tick};
use crate::pattern::Letter;
use crate::pattern::dead_letter::Failure;
use crate::ring::Sequence;
use crate::table::{Handle, TimerId};
use core::time::Duration;

impl<T, L: Sink<Event = Letter<T>>> Queue<T, L> {
    /// There is room: a message has two timers at most.
    #[inline]
    pub(super) fn arm(&mut self, deadline: Tick, due: Due) -> TimerId {
        self.timers.arm(deadline, due).unwrap_or(TimerId::NONE)
    }
    /// No timer for the end of time.
    #[inline]
    pub(super) fn arm_turn(&mut self, deadline: Tick, message: Handle) -> TimerId {
        if deadline == Tick::MAX { TimerId::NONE } else { self.arm(deadline, Due::Turn(message)) }
    }
    #[inline]
    pub(super) fn cancel(&mut self, id: &TimerId) {
        if *id != TimerId::NONE {
            self.timers.cancel(*id);
        }
    }
    #[inline]
    pub(super) fn stop_turn(&mut self, message: Handle) {
        let Some(entry) = self.store.entries.get_mut(message) else { return };
        let due = core::mem::take(&mut entry.due);
        self.cancel(&due);
    }
    /// Leases lapse, delays end, messages expire.
    #[inline]
    pub(super) fn fire(&mut self, now: Tick) {
        if !self.timers.is_empty() {
            while let Some(due) = self.timers.pop(now) {
                self.due(due, now);
            }
        }
        if self.store.has_doomed() {
            self.settle();
        }
    }
    #[cold]
    pub(super) fn due(&mut self, due: Due, now: Tick) {
        let (Due::Turn(message) | Due::Expiry(message)) = due;
        let Some(entry) = self.store.entries.get_mut(message) else { return };
        match (due, entry.stand) {
            (Due::Turn(_), Stand::Leased(_)) => {
                entry.due = TimerId::NONE;
                self.give_back(message, Fault::of(Reason::Late), Requeue::Delay(Duration::ZERO), now);
            }
            (Due::Turn(_), Stand::Delayed) => {
                entry.due = TimerId::NONE;
                self.store.take_out(message);
                self.store.make_ready(message, Place::Own);
            }
            (Due::Expiry(_), Stand::Ready | Stand::Delayed) => {
                self.store.take_out(message);
                self.expire(message, now);
            }
            // Its time does not end while somebody has it: it is asked for when it comes back.
            _ => {}
        }
    }
    /// Takes everything from a consumer, and lets it go.
    pub(super) fn dismiss(&mut self, consumer: Consumer, mut take: impl FnMut(&mut Self, Handle)) -> usize {
        let mut count = 0;
        // From the last one on, so that each finds its place at the front.
        while let Some(message) = self.store.last_of(consumer.0) {
            take(self, message);
            count += 1;
        }
        self.store.members.remove(consumer.0);
        self.settle();
        count
    }
    /// The lease is over, and was no attempt.
    pub(super) fn put_back(&mut self, message: Handle, now: Tick) {
        self.stop_turn(message);
        self.store.take_out(message);
        let Some(entry) = self.store.entries.get_mut(message) else { return };
        entry.failure.attempts = entry.failure.attempts.saturating_sub(1);
        if self.ttl == Ttl::Exact && entry.expires <= now {
            self.expire(message, now);
        } else {
            self.store.make_ready(message, Place::Own);
        }
    }
    /// An attempt has failed, and the lease is over.
    pub(super) fn give_back(&mut self, message: Handle, fault: Fault, requeue: Requeue, now: Tick) {
        self.stop_turn(message);
        self.store.take_out(message);
        let Some(entry) = self.store.entries.get_mut(message) else { return };
        let failure = &mut entry.failure;
        (failure.fault, failure.last) = (fault, now);
        if failure.attempts <= 1 {
            failure.first = now;
        }
        let exhausted = failure.attempts >= self.attempts;
        match requeue {
            Requeue::DeadLetter => self.doom(message, fault.reason),
            _ if exhausted => self.doom(message, Reason::AttemptsExhausted),
            _ if self.ttl == Ttl::Exact && entry.expires <= now => self.expire(message, now),
            Requeue::Front => self.store.make_ready(message, Place::Front),
            Requeue::Back => self.store.make_ready(message, Place::Back),
            Requeue::Delay(Duration::ZERO) => self.store.make_ready(message, Place::Own),
            Requeue::Delay(span) => {
                let due = self.arm(now.after(span), Due::Turn(message));
                if let Some(entry) = self.store.entries.get_mut(message) {
                    entry.due = due;
                }
                self.store.delay(message);
            }
        }
    }
    /// The time of a message that is in no list is over.
    #[cold]
    pub(super) fn expire(&mut self, message: Handle, now: Tick) {
        if let Some(entry) = self.store.entries.get_mut(message) {
            let failure = &mut entry.failure;
            (failure.fault, failure.last) = (Fault::of(Reason::Expired), now);
            if failure.attempts == 0 {
                failure.first = now;
            }
        }
        self.doom(message, Reason::Expired);
    }
    /// A message that is in no list is to be a letter.
    #[cold]
    pub(super) fn doom(&mut self, message: Handle, reason: Reason) {
        self.stop_timers(message);
        self.store.doom(message, reason);
    }
    pub(super) fn stop_timers(&mut self, message: Handle) {
        self.stop_turn(message);
        let Some(entry) = self.store.entries.get_mut(message) else { return };
        let expiry = core::mem::take(&mut entry.expiry);
        self.cancel(&expiry);
    }
    /// Writes letters, as far as there is room for them.
    #[cold]
    pub(super) fn settle(&mut self) {
        while let Some(message) = self.store.first_doomed() {
            let Self { store, letters, origin, .. } = self;
            let written = letters.fill(|letter| {
                store.take_out(message);
                let entry = store.remove(message).ok_or(Halt::Again)?;
                letter.enclose(entry.event, &entry.failure, origin);
                Ok(entry.stand)
            });
            match written {
                Ok(Stand::Doomed(reason)) => self.ledger.dead_lettered(reason),
                Ok(_) | Err(Halt::Again) => return,
                Err(Halt::Stop) => self.drop_message(message, Reason::Shutdown),
                Err(Halt::Reject(fault)) => self.drop_message(message, fault.reason),
            }
        }
    }
    pub(super) fn drop_message(&mut self, message: Handle, reason: Reason) {
        self.stop_timers(message);
        self.store.take_out(message);
        if self.store.remove(message).is_some() {
            self.ledger.dropped(reason);
        }
    }
    /// Makes room for a message of this priority, if one that is ready has to give way to it.
    pub(super) fn evict(&mut self, priority: u8) -> bool {
        let lowest = self.store.filled.trailing_zeros() as u8;
        let oldest = if lowest <= priority { self.store.first_ready(lowest) } else { None };
        oldest.inspect(|oldest| self.drop_message(*oldest, Reason::Evicted)).is_some()
    }
    /// A letter of an event that there is no room for.
    pub(super) fn divert(&mut self, event: T, now: Tick) -> Result<Option<u64>, Full<T>> {
        let fault = Fault::of(Reason::TableFull);
        let failure = Failure { fault, first: now, last: now, ..unfailed(self.newest + 1) };
        let mut event = Some(event);
        let written = self.letters.fill(|letter| {
            if let Some(event) = event.take() {
                letter.enclose(event, &failure, self.origin);
            }
            Ok(())
        });
        match (written, event) {
            (Err(_), Some(event)) => Err(Full(event)),
            _ => {
                self.newest += 1;
                self.ledger.took(1);
                self.ledger.dead_lettered(Reason::TableFull);
                Ok(None)
            }
        }
    }
}

/// What is known of a new message.
pub(super) const fn unfailed(number: u64) -> Failure {
    Failure {
        seq: Sequence::new(number),
        fault: Fault::of(Reason::Closed),
        attempts: 0,
        first: Tick::ZERO,
        last: Tick::ZERO,
    }
}
