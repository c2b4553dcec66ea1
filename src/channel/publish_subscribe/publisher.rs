//! The end that puts in, and lets in and out.

use super::gates::Gates;
use super::{Policy, Shared};
use crate::channel::writer::Writer;
use crate::contract::{Filled, Flow, Refused, Sink};
use crate::ring::{Seat, Sequence, Standing};
use crate::sync::Arc;

/// Whoever has something to do when a subscriber joins or leaves, between two numbers.
pub trait Usher {
    /// What lies at each seat: the subscriber's word to the usher, and the other way round.
    type Desk;
    /// What lies at a new seat. Called when the channel is built.
    fn desk(&mut self) -> Self::Desk;
    /// A subscriber is let in at `seat`: it gets what is in the ring from `joined` on. If this panics, it is called again
    /// at the next fill.
    fn joins(&mut self, seat: usize, desk: &mut Self::Desk, joined: Sequence);
    /// The subscriber at `seat` has gone.
    fn leaves(&mut self, seat: usize, desk: &mut Self::Desk);
    /// It keeps events for subscribers that [conflate](Policy::Conflate). The same answer always.
    fn keeps(&self) -> bool {
        false
    }
    /// The subscriber at `seat`, which conflates and has consumed what is before `from`, goes on at `to`: what it has to
    /// see of the events in between, and of those that lie on its desk, is laid there. Says how many of them it will not
    /// see. If this panics, so does the fill, and nothing has changed for the subscriber.
    fn moves(&mut self, seat: usize, desk: &mut Self::Desk, from: Sequence, to: Sequence) -> u64 {
        let _ = (seat, desk);
        to.since(from)
    }
}

/// Nobody.
impl Usher for () {
    type Desk = ();
    fn desk(&mut self) {}
    fn joins(&mut self, _seat: usize, _desk: &mut (), _joined: Sequence) {}
    fn leaves(&mut self, _seat: usize, _desk: &mut ()) {}
}

/// The only publisher. [`Sink`] has its verbs, all wait-free but those that wait.
///
/// Each fill first lets in and out whoever asked for it. Dropping it does so for the last time (unless an usher's panic is
/// the cause), and closes the channel:
/// every subscriber drains what is left, then sees the end.
#[derive(Debug)]
pub struct Publisher<T, U: Usher = ()> {
    writer: Writer<Gates<T, U::Desk>>,
    usher: U,
    /// The notice as it was when the seats were looked at last.
    seen: u64,
    /// The usher panicked when they were, and did not get further since.
    broken_off: bool,
    /// Every slot of a position before it has been lent for filling: what lay there a lap before is gone.
    lent: Sequence,
    start: Sequence,
    /// Bit `i`: a subscriber was let in at seat `i`, and did not go yet. Those that are disconnected count.
    seated: u64,
    /// Bit `i`: that one conflates.
    conflating: u64,
}

impl<T, U: Usher> Publisher<T, U> {
    pub(super) fn new(shared: Arc<Shared<T, U::Desk>>, usher: U, start: Sequence) -> Self {
        let writer = Writer::new(Gates::new(shared, start), start);
        Self { writer, usher, seen: 0, broken_off: false, lent: start, start, seated: 0, conflating: 0 }
    }
    /// The number of slots. Stable.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.gates().shared.slots.capacity() as usize
    }
    /// The position of the next event.
    #[must_use]
    pub fn next(&self) -> Sequence {
        self.writer.next()
    }
    /// The position of the oldest event that is still in the ring; [`next`](Self::next) if there is none. Exact.
    #[must_use]
    pub fn oldest(&self) -> Sequence {
        let kept = self.lent.since(self.start).min(self.gates().shared.slots.capacity());
        self.lent.minus(kept)
    }
    /// Subscribers that were let in and are read for; those who asked and were not seen yet are not among them.
    #[must_use]
    pub fn subscribers(&self) -> usize {
        self.audience().count_ones() as usize
    }
    /// Bit `i`: events are published for the subscriber at seat `i`.
    #[inline]
    #[must_use]
    pub fn audience(&self) -> u64 {
        self.gates().reading.get()
    }
    /// Events published while no subscriber was there. Exact.
    #[must_use]
    pub fn unheard(&self) -> u64 {
        self.gates().unheard(self.next())
    }
    /// Events that a subscriber which gates has not consumed. It can only become less until somebody joins.
    #[must_use]
    pub fn len(&self) -> usize {
        self.gates().held(self.next()) as usize
    }
    /// No subscriber that gates has anything to read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Slots that no subscriber which gates needs.
    #[must_use]
    pub fn free(&self) -> usize {
        self.capacity() - self.len()
    }
    /// A [required](Policy::Required) subscriber went without a word. `true` is stable.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.halted_by().is_some()
    }
    /// The seat of the required subscriber that went without a word, if there is one. Stable.
    #[must_use]
    pub fn halted_by(&self) -> Option<usize> {
        self.gates().halted()
    }
    /// Who is called when somebody joins or leaves.
    #[must_use]
    pub const fn usher(&self) -> &U {
        &self.usher
    }
    /// As [`usher`](Self::usher), to be changed.
    #[must_use]
    pub const fn usher_mut(&mut self) -> &mut U {
        &mut self.usher
    }
    /// As [`Sink::fill`], by somebody who works with the usher, and wants to know the position.
    ///
    /// # Errors
    /// As [`Sink::fill`].
    #[inline]
    pub fn fill_with<R>(&mut self, fill: impl FnOnce(&mut U, Sequence, &mut T) -> Flow<R>) -> Flow<R> {
        self.admit();
        if self.conflating != 0 {
            self.make_room();
        }
        let at = self.writer.next();
        let Self { writer, usher, lent, .. } = self;
        writer.fill(|slot| {
            *lent = at.next();
            fill(usher, at, slot)
        })
    }
    /// Lets in and out whoever asked for it, as the next fill would. Wait-free: a load if nobody did.
    #[inline]
    pub fn admit(&mut self) {
        let mut seen = self.seen;
        if self.gates().shared.notice.is_news(&mut seen) {
            self.look_round();
            self.seen = seen;
        }
    }
    /// Moves on who conflates and is in the way, if nobody else is.
    #[cold]
    fn make_room(&mut self) {
        while self.writer.room(1) == Err(Refused::Full) {
            // At most one a look: who is looked at behind it may be in the way as well.
            let Some(seat) = self.gates().overrun.get() else { break };
            if !self.move_on(seat) {
                break; // It is inside: this time it holds the publisher up.
            }
        }
    }
    /// False if it is inside.
    #[cold]
    fn move_on(&mut self, seat: usize) -> bool {
        let to = self.next();
        let Self { writer, usher, .. } = self;
        let shared = &writer.gate().shared;
        let own = shared.seat(seat);
        let done = own.place().done;
        if own.end(done).is_err() {
            return false;
        }
        let mut ended = Ended { seat: own, resumes: done };
        // SAFETY: [R6] the reader, which conflates, has just been ended, by this publisher, which alone resumes it.
        unsafe { shared.at_desk(seat, |desk| desk.given_up += usher.moves(seat, &mut desk.tenant, done, to)) }
        ended.resumes = to;
        true
    }
    #[cold]
    fn look_round(&mut self) {
        self.broken_off = true;
        for seat in 0..self.gates().shared.seats {
            match self.gates().shared.seat(seat).standing() {
                Standing::Joining => self.let_in(seat),
                Standing::Left => self.let_out(seat, false),
                Standing::Gone => self.let_out(seat, true),
                Standing::Free | Standing::Taken | Standing::Seated => {}
            }
        }
        self.broken_off = false;
    }
    fn let_in(&mut self, seat: usize) {
        let (oldest, next, capacity) = (self.oldest(), self.next(), self.capacity() as u64);
        let Self { writer, usher, .. } = self;
        let shared = &writer.gate().shared;
        // SAFETY: [R6] the seat is `Joining`, and only this publisher, which is borrowed exclusively, lets in.
        let (policy, at) = unsafe {
            shared.at_desk(seat, |desk| {
                (desk.joined, desk.given_up) = (desk.begin.between(oldest, next), 0);
                usher.joins(seat, &mut desk.tenant, desk.joined);
                (desk.policy, desk.joined)
            })
        };
        if !shared.seat(seat).admit(at) {
            // SAFETY: [R6] the subscriber went meanwhile, and only this publisher sets the seat free.
            unsafe { shared.at_desk(seat, |desk| usher.leaves(seat, &mut desk.tenant)) }
            return;
        }
        self.seated |= 1 << seat;
        self.conflating |= u64::from(policy == Policy::Conflate) << seat;
        let gates = writer.gate();
        gates.policies[seat].set(policy);
        gates.read(gates.reading.get() | 1 << seat, next);
        // The writer may believe more to be free than this subscriber leaves.
        writer.free_at_most(at.plus(policy.window(capacity).max(next.since(at))));
    }
    fn let_out(&mut self, seat: usize, without_a_word: bool) {
        let next = self.next();
        let gates = self.writer.gate();
        if self.seated & 1 << seat != 0 {
            self.seated &= !(1 << seat);
            self.conflating &= !(1 << seat);
            gates.read(gates.reading.get() & !(1 << seat), next);
            if without_a_word && gates.policies[seat].get() == Policy::Required {
                gates.halted.set(gates.halted.get().or(Some(seat)));
                self.writer.free_at_most(next);
            }
            let Self { writer, usher, .. } = self;
            // SAFETY: [R6] the seat is `Left` or `Gone`, and only this publisher sets it free.
            unsafe { writer.gate().shared.at_desk(seat, |desk| usher.leaves(seat, &mut desk.tenant)) }
        }
        self.gates().shared.seat(seat).free();
    }
    fn gates(&self) -> &Gates<T, U::Desk> {
        self.writer.gate()
    }
}

impl<T, U: Usher> Sink for Publisher<T, U> {
    type Event = T;
    #[inline]
    fn fill<R>(&mut self, fill: impl FnOnce(&mut T) -> Flow<R>) -> Flow<R> {
        self.fill_with(|_, _, slot| fill(slot))
    }
    /// Published together, but where a subscriber lags: there one by one, as each takes its slot from it.
    #[inline]
    fn fill_many(&mut self, n: usize, mut fill: impl FnMut(usize, &mut T) -> Flow) -> Filled {
        self.admit();
        let (mut count, mut failed) = (0, false);
        loop {
            if self.conflating != 0 {
                self.make_room();
            }
            let (lent, next) = (&mut self.lent, self.writer.next().next());
            let filled = self.writer.fill_many(n - count, |i, slot| {
                *lent = next.plus(i as u64);
                let flow = fill(count + i, slot);
                failed = flow.is_err();
                flow
            });
            count += filled.count;
            // Some were taken, and then no room was known: there may be some to be made.
            if failed || filled.end.is_none() || filled.count == 0 {
                return Filled { count, end: filled.end };
            }
        }
    }
}

impl<T, U: Usher> Drop for Publisher<T, U> {
    fn drop(&mut self) {
        // An usher that panicked would perhaps do it again, while its first panic unwinds.
        if !self.broken_off {
            self.admit();
        }
    }
}

/// A subscriber that the publisher has ended for a while: resumed when this is dropped.
struct Ended<'a> {
    seat: &'a Seat,
    /// Where.
    resumes: Sequence,
}

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.seat.resume(self.resumes);
    }
}
