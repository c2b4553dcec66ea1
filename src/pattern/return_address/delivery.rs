//! What a stage that replies does when it cannot, and the books of its requests.

use super::NoReply;
use crate::contract::{Addressed, At, Fault, Flow, Halt, Ledger, Reason, ReturnAddress};
use crate::ring::Sequence;
use core::fmt::{Debug, Formatter};

/// What a request without a return address is rejected with.
pub const NO_RETURN_ADDRESS: Fault = Fault::of(Reason::NoRoute);

/// What a request whose return address is dead is rejected with, if not dropped.
pub const REPLY_DEAD: Fault = Fault::of(Reason::ReplyDead);

/// What happens to a request when the ring that its reply goes into is full. There is no default: it is always said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WhenFull {
    /// It waits (`Again`), and so do those behind it: a requester that never reads stops the service for all.
    Block,
    /// It is dropped without a reply, and counted under [`Reason::RingFull`]: the requester times out, nobody else
    /// notices. The work is not done either, but of an answer in parts, where the rest is dropped, and of one that
    /// failed, where that is not told.
    DropReply,
}

/// What happens to a request whose return address is dead. There is no default: it is always said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IfDead {
    /// It is dropped, and counted under [`Reason::ReplyDead`].
    Drop,
    /// It is rejected with [`REPLY_DEAD`], for the dead letter channel.
    Reject,
}

/// What [`Replier`](super::Replier) and [`Server`](crate::pattern::Server) have in common: their policies, where their
/// faults go, how far the request in hand is, and their books. `W` says how a fault is written.
pub(in crate::pattern) struct Delivery<T, W> {
    when_full: WhenFull,
    if_dead: IfDead,
    faults: Option<Faults<T, W>>,
    /// Of the request that comes again, if it was begun.
    begun: Option<(Sequence, Progress)>,
    pub(in crate::pattern) ledger: Ledger,
}

struct Faults<T, W> {
    to: fn(&T) -> ReturnAddress,
    write: W,
}

/// How far the answer to a request is.
#[derive(Clone, Copy, Default, Debug)]
pub(in crate::pattern) struct Progress {
    /// Messages that are published already; the last one of an answer is not among them.
    pub(in crate::pattern) parts: u32,
    /// What the handler said, if that has to be told still.
    pub(in crate::pattern) failed: Option<Fault>,
}

impl<T: Addressed, W: Copy> Delivery<T, W> {
    pub(in crate::pattern) fn new(when_full: WhenFull, if_dead: IfDead) -> Self {
        Self { when_full, if_dead, faults: None, begun: None, ledger: Ledger::new() }
    }
    pub(in crate::pattern) fn faults_to(&mut self, to: fn(&T) -> ReturnAddress, write: W) {
        self.faults = Some(Faults { to, write });
    }
    #[inline]
    pub(in crate::pattern) const fn has_faults_to(&self) -> bool {
        self.faults.is_some()
    }
    /// How far the request at `seq` is.
    #[inline]
    pub(in crate::pattern) fn resume(&mut self, seq: Sequence) -> Progress {
        match self.begun.take() {
            // By position, as a stage outside may give a request up after `Again`.
            Some((at, progress)) if at == seq => progress,
            _ => Progress::default(),
        }
    }
    /// Books the request in hand by what the last message of its answer came to, and says what the stage answers.
    #[inline]
    pub(in crate::pattern) fn settle(
        &mut self,
        answered: Result<(), NoReply>,
        progress: Progress,
        at: At,
    ) -> Flow {
        if let Err(why) = answered {
            return self.settle_without(why, progress, at);
        }
        self.ledger.took(1);
        self.ledger.passed(1);
        if progress.parts > 0 {
            self.ledger.generated(1);
            self.ledger.folded();
        }
        Ok(())
    }
    fn settle_without(&mut self, why: NoReply, progress: Progress, at: At) -> Flow {
        match (why, self.when_full, self.if_dead) {
            (NoReply::Full, WhenFull::DropReply, _) => self.give_up(Reason::RingFull),
            (NoReply::Full | NoReply::Halted(Halt::Again), ..) => {
                self.begun = Some((at.seq, progress));
                return Err(Halt::Again);
            }
            (NoReply::Dead, _, IfDead::Drop) => self.give_up(REPLY_DEAD.reason),
            (NoReply::Dead, _, IfDead::Reject) => return self.ledger.delivered(Err(REPLY_DEAD.into())),
            (NoReply::NoReturnAddress, ..) => return self.ledger.delivered(Err(NO_RETURN_ADDRESS.into())),
            (NoReply::Halted(halt), ..) => return self.ledger.delivered(Err(halt)),
        }
        Ok(())
    }
    /// Books that the request in hand is dropped.
    pub(in crate::pattern) fn give_up(&mut self, reason: Reason) {
        self.ledger.took(1);
        self.ledger.dropped(reason);
    }
    /// Has `tell` tell the one who asked, or whom he said, that the handler failed; passes the fault on if nobody is to
    /// be told.
    #[cold]
    pub(in crate::pattern) fn fail(
        &mut self,
        request: &T,
        fault: Fault,
        progress: Progress,
        at: At,
        tell: impl FnOnce(ReturnAddress, W) -> Result<(), NoReply>,
    ) -> Flow {
        let told = match &self.faults {
            None => Err(NoReply::Halted(fault.into())),
            Some(Faults { to, write }) => match to(request) {
                none if none == ReturnAddress::default() => tell(request.reply_to(), *write),
                address => tell(address, *write),
            },
        };
        self.settle(told, Progress { failed: Some(fault), ..progress }, at)
    }
}

impl<T, W> Debug for Delivery<T, W> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        let Self { when_full, if_dead, begun, ledger, .. } = self;
        f.debug_struct("Delivery")
            .field("when_full", when_full)
            .field("if_dead", if_dead)
            .field("begun", begun)
            .field("ledger", ledger)
            .finish_non_exhaustive()
    }
}
