//! What follows from a step, while it is not sure that there is one.

use super::{MAX_STEPS, MAX_TIMERS, Machine, Undo};
use crate::contract::{Addressed, Fault, Reason, ReturnAddress, Tick};
use core::fmt::{Debug, Formatter};
use core::time::Duration;

/// More commands than [`Policy::outputs`](super::Policy::outputs), more than [`MAX_TIMERS`] timers or more than
/// [`MAX_STEPS`] steps of one instance: the event is rejected, and nothing of it has happened.
pub const TOO_MUCH: Fault = Fault { reason: Reason::WindowFull, code: 19_01 };

/// A handler led to where its rule does not: the event is rejected, and nothing of it has happened.
pub const UNDECLARED: Fault = Fault { reason: Reason::NonRetryable, code: 19_02 };

/// Where a handler says what follows. Nothing of it happens before the handler has returned `Ok`, and then all of it at
/// once.
pub struct Then<M: Machine> {
    pub(super) commands: Vec<M::Command>,
    /// Armed until then, or disarmed, in this order.
    pub(super) timers: Vec<(M::Kind, Option<Tick>)>,
    pub(super) done: Vec<Undo>,
    pub(super) outstanding: u32,
    pub(super) too_much: bool,
    now: Tick,
    sender: ReturnAddress,
    originator: ReturnAddress,
    outputs: usize,
}

impl<M: Machine> Then<M> {
    pub(super) fn new(outputs: usize) -> Self {
        Self {
            commands: Vec::with_capacity(outputs),
            timers: Vec::with_capacity(2 * MAX_TIMERS),
            done: Vec::with_capacity(MAX_STEPS),
            outstanding: 0,
            too_much: false,
            now: Tick::ZERO,
            sender: ReturnAddress::default(),
            originator: ReturnAddress::default(),
            outputs,
        }
    }
    pub(super) fn begin(
        &mut self,
        now: Tick,
        outstanding: u32,
        sender: ReturnAddress,
        originator: ReturnAddress,
    ) {
        self.commands.clear();
        self.timers.clear();
        self.done.clear();
        (self.now, self.outstanding, self.too_much) = (now, outstanding, false);
        (self.sender, self.originator) = (sender, originator);
    }
    /// Sends `command`, behind those sent before.
    #[inline]
    pub fn send(&mut self, command: M::Command) {
        lay(&mut self.commands, self.outputs, command, &mut self.too_much);
    }
    /// Sends `command` to where the event of this step says that replies go.
    pub fn reply(&mut self, mut command: M::Command)
    where
        M::Command: Addressed,
    {
        command.set_reply_to(self.sender);
        self.send(command);
    }
    /// Sends `command` to where the event that began the process said that replies go.
    pub fn reply_to_originator(&mut self, mut command: M::Command)
    where
        M::Command: Addressed,
    {
        command.set_reply_to(self.originator);
        self.send(command);
    }
    /// `kind` comes after this time, unless it is disarmed, or armed anew, or the process has ended or been turned back.
    #[inline]
    pub fn arm(&mut self, kind: M::Kind, after: Duration) {
        let due = self.now.after(after);
        lay(&mut self.timers, 2 * MAX_TIMERS, (kind, Some(due)), &mut self.too_much);
    }
    /// `kind` does not come.
    #[inline]
    pub fn disarm(&mut self, kind: M::Kind) {
        lay(&mut self.timers, 2 * MAX_TIMERS, (kind, None), &mut self.too_much);
    }
    /// A step is done, and this undoes it.
    #[inline]
    pub fn done(&mut self, undo: Undo) {
        lay(&mut self.done, MAX_STEPS, undo, &mut self.too_much);
    }
    /// A request, one of 32, is open from now on.
    #[inline]
    pub fn ask(&mut self, request: u8) {
        self.outstanding |= 1 << (request & 31);
    }
    /// The answer to a request has come: whether the request was open. It is not any more.
    #[inline]
    pub fn answered(&mut self, request: u8) -> bool {
        let open = self.outstanding >> (request & 31) & 1 == 1;
        self.outstanding &= !(1 << (request & 31));
        open
    }
    /// The time of this step.
    #[must_use]
    pub const fn now(&self) -> Tick {
        self.now
    }
}

/// At the end, if there is room.
#[inline]
fn lay<T>(list: &mut Vec<T>, most: usize, item: T, too_much: &mut bool) {
    if list.len() < most {
        list.push(item);
    } else {
        *too_much = true;
    }
}

impl<M: Machine> Debug for Then<M> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Then").field("commands", &self.commands.len()).finish_non_exhaustive()
    }
}
