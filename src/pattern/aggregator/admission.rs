//! Where an event is judged: which group it goes into, and whether there is room.

use super::gatherer::{Gatherer, Ways};
use super::store::{Hold, Show};
use super::{ClosedBy, Duplicate, Full, Late, Overfull, Pending, Unfinished};
use crate::contract::{At, Fault, Flow, Halt, PartOf, Reason};
use crate::table::Handle;
use core::hash::Hash;

/// Where an event goes.
#[derive(Clone, Copy)]
pub(super) enum Place {
    New,
    Into(Handle),
    /// In place of the member that is the same part.
    Over(Handle),
}

/// Why an event goes nowhere.
pub(super) enum Refusal {
    Halt(Halt),
    Drop(Reason),
    /// ... and nothing comes after it.
    Fail(Reason),
}

impl From<Halt> for Refusal {
    fn from(halt: Halt) -> Self {
        Self::Halt(halt)
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Halt(fault.into())
    }
}

impl<T, K: Copy + Eq + Hash, A: Copy, H: Hold<T>> Gatherer<T, K, A, H> {
    /// Finds the place of an event, and makes room for it. Nothing that is done here is done again if it comes again.
    #[inline]
    pub(super) fn admit<D, S>(
        &mut self,
        key: Option<K>,
        event: &T,
        at: At,
        ways: &mut Ways<'_, D, S>,
    ) -> Result<(K, PartOf, Place), Refusal>
    where
        H: Show<T, K, A, D> + Show<T, K, A, S>,
    {
        if self.stopped {
            return Err(Halt::Stop.into());
        }
        let key = key.ok_or(Fault::of(Reason::InvalidKey))?;
        let part = self.conditions.part(event)?;
        loop {
            let youngest = self.groups.find(&key);
            let group = youngest.and_then(|handle| Some((handle, self.groups.get(handle)?)));
            let place = match group {
                Some((handle, group)) if group.closed.is_none() => {
                    if group.of != part.of {
                        return Err(Fault::of(Reason::InvalidKey).into());
                    }
                    if group.has(part)
                        && let Some(parts) = &self.conditions.parts
                    {
                        match parts.duplicate {
                            Duplicate::Ignore => return Err(Refusal::Drop(Reason::Duplicate)),
                            Duplicate::Replace => return Ok((key, part, Place::Over(handle))),
                            Duplicate::Count => {}
                        }
                    }
                    if self.conditions.before.is_some_and(|before| before(&group.value, event)) {
                        self.close(handle, ClosedBy::Before, Unfinished::EmitPartial);
                        self.admitted = Some(at.seq);
                        continue;
                    }
                    match self.hold.bound() {
                        (each, Overfull::Reject) if group.n >= each => {
                            return Err(Fault::of(Reason::WindowFull).into());
                        }
                        (each, Overfull::Fail) if group.n >= each => {
                            return Err(Refusal::Fail(Reason::WindowFull));
                        }
                        _ => Place::Into(handle),
                    }
                }
                pending => {
                    let pending = pending.is_some();
                    if self.admitted != Some(at.seq) {
                        self.check_late(&key)?;
                    }
                    if pending && self.policy.pending == Pending::Wait {
                        self.admitted = Some(at.seq);
                        match self.bring(at.now, ways) {
                            Err(Halt::Again) if self.groups.find(&key).is_none() => {}
                            flow => flow?,
                        }
                    }
                    if self.conditions.new_key {
                        self.close_all(ClosedBy::NewKey, Unfinished::EmitPartial);
                    }
                    Place::New
                }
            };
            let full = matches!(place, Place::New) && self.groups.is_full();
            if !full && self.hold.has_room() {
                return Ok((key, part, place));
            }
            self.admitted = Some(at.seq);
            self.make_room(at, ways)?;
        }
    }

    fn check_late(&self, key: &K) -> Result<(), Refusal> {
        match (&self.closed_keys, self.policy.late) {
            (Some(closed), Late::Discard { .. }) if closed.contains(key) => Err(Refusal::Drop(Reason::Late)),
            (Some(closed), Late::Dlc { .. }) if closed.contains(key) => Err(Fault::of(Reason::Late).into()),
            _ => Ok(()),
        }
    }

    /// Makes room for one group or member more: by what waits to go on, else as the policy says.
    #[cold]
    fn make_room<D, S>(&mut self, at: At, ways: &mut Ways<'_, D, S>) -> Result<(), Refusal>
    where
        H: Show<T, K, A, D> + Show<T, K, A, S>,
    {
        if self.groups.has_closed() {
            let before = self.groups.len();
            return match self.bring(at.now, ways) {
                Err(Halt::Again) if self.groups.len() < before => Ok(()),
                flow => Ok(flow?),
            };
        }
        match self.policy.full {
            Full::RejectNew => Err(Fault::of(Reason::TableFull).into()),
            Full::Block => Err(Halt::Again.into()),
            Full::Fail => Err(Refusal::Fail(Reason::TableFull)),
            Full::EvictOldest(fate) | Full::EvictLru(fate) => {
                if let Some(oldest) = self.groups.oldest() {
                    self.close(oldest, ClosedBy::Evicted, fate);
                }
                Ok(())
            }
        }
    }

    pub(super) fn refuse(&mut self, refusal: Refusal) -> Flow {
        let (reason, flow) = match refusal {
            Refusal::Halt(Halt::Again) => return Err(Halt::Again),
            Refusal::Halt(halt) => {
                self.admitted = None;
                return self.ledger.delivered(Err(halt));
            }
            Refusal::Drop(reason) => (reason, Ok(())),
            Refusal::Fail(reason) => {
                self.stopped = true;
                (reason, Err(Halt::Stop))
            }
        };
        self.admitted = None;
        self.ledger.took(1);
        self.ledger.dropped(reason);
        flow
    }
}
