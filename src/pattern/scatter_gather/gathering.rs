//! The scatters that are open, and the books of them.

use super::tally::bits;
use super::{Audience, Ending, Gathered, IfImpossible, Policy, Rule, Tally};
use crate::contract::{Fault, Flow, Halt, Ledger, MessageId, Reason, Tick};
use crate::pattern::catch::discard;
use crate::pattern::request_reply::pending::Pending;
use crate::pattern::{RESPONDER_GONE, Reply, Says, Ticket};
use crate::ring::CapacityError;
use crate::table::Handle;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Bits of a slot that number the scatter; those above are the recipient.
///
/// ```text
///   64            48                        16            10         0
///   +-------------+-------------------------+-------------+----------+
///   | producer 16 |      generation 32      | recipient 6 |  slot 10 |     a MessageId
///   +-------------+-------------------------+-------------+----------+
/// ```
const SLOT_BITS: u32 = 10;
/// As many scatters as these bits tell apart.
const MOST: usize = 1 << SLOT_BITS;
const RECIPIENT: u64 = 0x3F << SLOT_BITS;

/// The id of the request of a scatter to one recipient.
#[inline]
pub(super) const fn id_for(Ticket(id): Ticket, recipient: usize) -> MessageId {
    MessageId(id.0 | (recipient as u64) << SLOT_BITS)
}

/// One scatter that has not been told.
#[derive(Debug)]
pub(super) struct Gathering<Acc> {
    pub(super) tally: Tally,
    pub(super) acc: Acc,
    pub(super) deadline: Tick,
    /// Who is asked later.
    pub(super) unasked: u64,
    /// It is over, and has to be told.
    pub(super) ending: Option<Ending>,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Gatherings<Acc> {
    pub(super) pending: Pending<Gathering<Acc>>,
    /// Those that are over, in the order in which they ended. As long as `pending` at most.
    ended: VecDeque<Handle>,
    /// Of each slot, by recipient.
    faults: Box<[Fault]>,
    width: usize,
    /// By recipient.
    pub(super) late: Box<[u64]>,
    pub(super) scatters: Ledger,
    pub(super) answers: Ledger,
}

impl<Acc> Gatherings<Acc> {
    pub(super) fn new(producer: u16, outstanding: usize, width: usize) -> Result<Self, CapacityError> {
        if outstanding > MOST {
            return Err(CapacityError::TooLarge { asked: outstanding });
        }
        Ok(Self {
            pending: Pending::new(producer, outstanding)?,
            ended: VecDeque::with_capacity(outstanding),
            faults: vec![RESPONDER_GONE; outstanding * width].into(),
            width,
            late: vec![0; width].into(),
            scatters: Ledger::new(),
            answers: Ledger::new(),
        })
    }
    #[inline]
    pub(super) fn holds(&mut self) {
        self.scatters.holds(self.pending.len() as u64);
    }
    /// An open scatter that is not over.
    #[inline]
    pub(super) fn running(&mut self, handle: Handle) -> Option<&mut Gathering<Acc>> {
        self.pending.get_mut(handle).filter(|gathering| gathering.ending.is_none())
    }
    /// Folds one reply, or books why not.
    #[inline]
    pub(super) fn meet<Q, A>(
        &mut self,
        reply: &mut Reply<A>,
        now: Tick,
        policy: &Policy<impl Rule<Acc>>,
        fold: &mut impl FnMut(&mut Acc, usize, &mut A),
        to: &mut impl Audience<Q>,
    ) {
        self.answers.took(1);
        let Reply { header, says, body } = reply;
        let cause = header.ids.cause.0;
        let asked = (cause & RECIPIENT) >> SLOT_BITS;
        let Some(handle) = self.pending.handle(Ticket(MessageId(cause & !RECIPIENT))) else {
            return self.answers.dropped(Reason::InvalidKey);
        };
        let recipient = match to.recipient(asked as usize, header) {
            Ok(recipient) => recipient,
            Err(reason) => return self.answers.dropped(reason),
        };
        let bit = 1 << recipient;
        let Some(gathering) = self.running(handle) else { return self.late(recipient) };
        let Gathering { tally, acc, unasked, .. } = gathering;
        if tally.is_open {
            tally.expected |= bit;
        }
        if tally.expected & !*unasked & bit == 0 {
            return self.answers.dropped(Reason::InvalidKey);
        }
        if tally.heard & bit != 0 {
            return self.answers.dropped(Reason::Duplicate);
        }
        if tally.failed & bit != 0 {
            return self.late(recipient);
        }
        let says = *says;
        let met = caught(|| {
            if matches!(says, Says::Part | Says::Reply) {
                fold(acc, recipient, body);
            }
            match says {
                Says::Part => {}
                Says::Reply | Says::End => tally.answered |= bit,
                Says::Fault(_) => tally.failed |= bit,
            }
            if says != Says::Part {
                tally.heard |= bit;
            }
            policy.rule.is_met(tally, acc)
        });
        match (says, met) {
            (Says::Fault(fault), _) => {
                self.answers.folded();
                self.fail(handle, recipient, fault, true, now);
            }
            (_, Some(_)) => self.answers.folded(),
            (_, None) => {
                self.answers.dropped(Reason::Panic);
                self.fail(handle, recipient, Fault::of(Reason::Panic), true, now);
            }
        }
        if met == Some(true) { self.end(handle, Ending::Complete) } else { self.check(handle, policy) }
    }
    fn late(&mut self, recipient: usize) {
        self.late[recipient] += 1;
        self.answers.dropped(Reason::Late);
    }
    /// No answer of this recipient counts any more. Who is asked later, is asked in this turn.
    #[cold]
    pub(super) fn fail(&mut self, handle: Handle, recipient: usize, fault: Fault, heard: bool, now: Tick) {
        let Some(Gathering { tally, unasked, deadline, .. }) = self.running(handle) else { return };
        let bit = 1 << recipient;
        tally.answered &= !bit;
        tally.failed |= bit;
        tally.heard |= if heard { bit } else { 0 };
        let was_asked = *unasked & bit == 0;
        *unasked &= !bit;
        let next = (was_asked && *unasked != 0).then(|| now.min(*deadline));
        self.faults[handle.index() * self.width + recipient] = fault;
        if let Some(next) = next {
            self.pending.rearm(handle, next);
        }
    }
    /// `recipients` are gone, wherever they are waited for; where that is all, nobody comes that was not heard of.
    #[cold]
    pub(super) fn gone(&mut self, recipients: u64, is_all: bool, now: Tick, policy: &Policy<impl Rule<Acc>>) {
        let mut slot = 0;
        while let Some(handle) = self.pending.next_open(slot) {
            slot = handle.index() + 1;
            let Some(gathering) = self.running(handle) else { continue };
            gathering.tally.is_open &= !is_all;
            for recipient in bits(gathering.tally.missing() & recipients) {
                self.fail(handle, recipient, RESPONDER_GONE, false, now);
            }
            self.check(handle, policy);
        }
    }
    /// Ends it, if its rule cannot be met any more.
    #[inline]
    pub(super) fn check(&mut self, handle: Handle, policy: &Policy<impl Rule<Acc>>) {
        let Some(Gathering { tally, .. }) = self.running(handle) else { return };
        let is_over = policy.if_impossible == IfImpossible::FailFast || tally.is_settled();
        if is_over && policy.rule.is_impossible(tally) {
            self.end(handle, Ending::Impossible);
        }
    }
    #[inline]
    pub(super) fn end(&mut self, handle: Handle, ending: Ending) {
        if let Some(gathering) = self.running(handle) {
            gathering.ending = Some(ending);
            self.pending.disarm(handle);
            self.ended.push_back(handle);
        }
    }
    /// Gives up one that is not over.
    pub(super) fn cancel(&mut self, ticket: Ticket) -> bool {
        let handle = self.pending.handle(ticket);
        let Some(handle) = handle.filter(|handle| self.running(*handle).is_some()) else { return false };
        self.pending.close(handle);
        self.scatters.filtered();
        self.holds();
        true
    }
    /// Tells those that are over.
    pub(super) fn tell(&mut self, on: &mut impl FnMut(Ticket, Gathered<'_, Acc>) -> Flow) -> Flow<usize> {
        let mut told = 0;
        while let Some(&handle) = self.ended.front() {
            let (ticket, first) = (self.pending.ticket(handle), handle.index() * self.width);
            let faults = &self.faults[first..first + self.width];
            let mut flow = Ok(());
            if let Some(Gathering { tally, acc, ending: Some(ending), .. }) = self.pending.get_mut(handle) {
                let (tally, ending) = (*tally, *ending);
                flow = on(ticket, Gathered { ending, tally, acc, faults });
                if flow == Err(Halt::Again) {
                    return Err(Halt::Again);
                }
                match (ending, bits(tally.failed).next()) {
                    (Ending::Complete | Ending::Empty, _) => self.scatters.passed(1),
                    (Ending::Deadline, _) => self.scatters.dropped(Reason::Expired),
                    (Ending::Impossible, Some(failed)) => self.scatters.dropped(faults[failed].reason),
                    // All have answered, and it was not what was wanted.
                    (Ending::Impossible, None) => self.scatters.dropped(Reason::Filtered),
                }
            }
            self.ended.pop_front();
            self.pending.close(handle);
            self.holds();
            told += 1;
            flow?;
        }
        Ok(told)
    }
}

/// What the user's code says; nothing if it panics.
#[inline]
fn caught<T>(ask: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(ask)).map_err(discard).ok()
}

impl<Acc> Drop for Gatherings<Acc> {
    /// Nobody waits for the answers any more.
    fn drop(&mut self) {
        for _ in 0..self.pending.len() {
            self.scatters.dropped(Reason::Shutdown);
        }
        self.scatters.holds(0);
    }
}
