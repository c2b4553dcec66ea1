//! What a scatter is to a plain reference.

use super::{HEDGE, N};
use crate::scatter_gather::{Quotes, Told};
use ringmain::contract::{Fault, MessageId, Reason};
use ringmain::pattern::{Ending, RESPONDER_GONE, Says, Ticket};
use std::collections::{HashMap, VecDeque};

/// The rule, as the model has it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted {
    All,
    Quorum(usize),
    FirstSuccess,
    FirstAny,
    AtDeadline,
    /// So many messages.
    Folded(usize),
}

/// How it is with one recipient.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum With {
    Unasked,
    Waiting,
    Answered,
    Failed { of: Fault, heard: bool },
}

/// What the model knows of a scatter.
pub(super) struct Known {
    pub(super) ticket: Ticket,
    pub(super) body: u64,
    pub(super) with: HashMap<usize, With>,
    pub(super) acc: Quotes,
    pub(super) deadline: u64,
    /// When its timer fires, and which timer that is.
    pub(super) armed: (u64, u64),
    pub(super) over: Option<Ending>,
    pub(super) told: bool,
}

impl Known {
    fn count(&self, is: fn(&With) -> bool) -> usize {
        self.with.values().filter(|with| is(with)).count()
    }
    fn answered(&self) -> usize {
        self.count(|with| *with == With::Answered)
    }
    fn left(&self) -> usize {
        self.count(|with| matches!(with, With::Unasked | With::Waiting))
    }
    fn is_met(&self, rule: Wanted) -> bool {
        match rule {
            Wanted::All => self.answered() == self.with.len(),
            Wanted::Quorum(k) => self.answered() >= k,
            Wanted::FirstSuccess => self.answered() > 0,
            Wanted::FirstAny => {
                self.count(|with| matches!(with, With::Answered | With::Failed { heard: true, .. })) > 0
            }
            Wanted::AtDeadline => false,
            Wanted::Folded(n) => self.acc.len() >= n,
        }
    }
    fn is_impossible(&self, rule: Wanted) -> bool {
        match rule {
            Wanted::All => self.answered() + self.left() < self.with.len(),
            Wanted::Quorum(k) => self.answered() + self.left() < k,
            Wanted::FirstSuccess | Wanted::FirstAny | Wanted::Folded(_) => self.left() == 0,
            Wanted::AtDeadline => self.left() == 0 && self.answered() == 0,
        }
    }
    fn mask(&self, is: fn(&With) -> bool) -> u64 {
        self.with.iter().filter(|(_, with)| is(with)).map(|(recipient, _)| 1 << recipient).sum()
    }
    fn tell(&self) -> Told<Quotes> {
        let mut faults: Vec<_> = self
            .with
            .iter()
            .filter_map(|(&recipient, with)| match with {
                With::Failed { of, .. } => Some((recipient, *of)),
                _ => None,
            })
            .collect();
        faults.sort_unstable_by_key(|(recipient, _)| *recipient);
        Told {
            ticket: self.ticket,
            ending: self.over.unwrap(),
            acc: self.acc.clone(),
            answered: self.mask(|with| *with == With::Answered),
            failed: self.mask(|with| matches!(with, With::Failed { .. })),
            missing: self.mask(|with| matches!(with, With::Unasked | With::Waiting)),
            faults,
        }
    }
}

#[derive(Clone, Copy, Default, PartialEq, Debug)]
pub(super) struct Counts {
    pub(super) accepted: u64,
    pub(super) complete: u64,
    pub(super) empty: u64,
    pub(super) impossible: u64,
    pub(super) expired: u64,
    pub(super) cancelled: u64,
    pub(super) folded: u64,
    pub(super) late: [u64; N],
    pub(super) duplicates: u64,
    pub(super) invalid: u64,
    pub(super) hopped: u64,
    pub(super) unsent: u64,
}

/// Plain lists and maps, no masks and no generations.
pub(super) struct Model {
    pub(super) rule: Wanted,
    pub(super) fail_fast: bool,
    pub(super) ring: usize,
    pub(super) known: Vec<Known>,
    pub(super) by_id: HashMap<MessageId, (usize, usize)>,
    /// What each recipient has to see.
    pub(super) requests: [VecDeque<usize>; N],
    pub(super) replies: VecDeque<(MessageId, Says, u64)>,
    pub(super) gone: [bool; N],
    pub(super) over: Vec<usize>,
    /// How many timers have been set.
    pub(super) armed: u64,
    pub(super) counts: Counts,
}

impl Model {
    pub(super) fn open(&self) -> usize {
        self.known.iter().filter(|known| !known.told).count()
    }
    pub(super) fn end(&mut self, at: usize, ending: Ending) {
        self.known[at].over = Some(ending);
        self.over.push(at);
    }
    pub(super) fn check(&mut self, at: usize) {
        let known = &self.known[at];
        if known.over.is_none() && (self.fail_fast || known.left() == 0) && known.is_impossible(self.rule) {
            self.end(at, Ending::Impossible);
        }
    }
    /// Sets its timer, no later than its deadline.
    pub(super) fn arm(&mut self, at: usize, next: u64) {
        let known = &mut self.known[at];
        known.armed = (next.min(known.deadline), self.armed);
        self.armed += 1;
    }
    /// Puts the question to one recipient; if it cannot be put, why.
    pub(super) fn send(&mut self, at: usize, recipient: usize) -> Option<Fault> {
        if self.gone[recipient] {
            return Some(RESPONDER_GONE);
        }
        if self.requests[recipient].len() == self.ring {
            self.counts.unsent += 1;
            return Some(Fault::of(Reason::RingFull));
        }
        self.requests[recipient].push_back(at);
        None
    }
    /// Asks the next that can be asked.
    pub(super) fn hop(&mut self, at: usize, now: u64) {
        loop {
            let next = (0..N).find(|n| self.known[at].with.get(n) == Some(&With::Unasked));
            let Some(next) = next else {
                self.arm(at, u64::MAX);
                break;
            };
            let failed = self.send(at, next);
            let known = &mut self.known[at];
            known.with.insert(next, failed.map_or(With::Waiting, |of| With::Failed { of, heard: false }));
            if failed.is_none() {
                let more = known.with.values().any(|with| *with == With::Unasked);
                self.counts.hopped += 1;
                self.arm(at, if more { now + HEDGE } else { u64::MAX });
                break;
            }
        }
        self.check(at);
    }
    pub(super) fn fail(&mut self, at: usize, recipient: usize, of: Fault, heard: bool, now: u64) {
        let known = &mut self.known[at];
        let before = known.with.insert(recipient, With::Failed { of, heard });
        if before != Some(With::Unasked) && known.with.values().any(|with| *with == With::Unasked) {
            self.arm(at, now);
        }
    }
    pub(super) fn remove(&mut self, recipient: usize, now: u64) {
        self.gone[recipient] = true;
        let mut open: Vec<_> = (0..self.known.len()).filter(|&at| self.known[at].over.is_none()).collect();
        open.sort_by_key(|&at| self.known[at].ticket.slot());
        for at in open {
            if matches!(self.known[at].with.get(&recipient), Some(With::Unasked | With::Waiting)) {
                self.fail(at, recipient, RESPONDER_GONE, false, now);
            }
            self.check(at);
        }
    }
    fn meet(&mut self, (id, says, body): (MessageId, Says, u64), now: u64) {
        let Some(&(at, recipient)) = self.by_id.get(&id) else {
            self.counts.invalid += 1;
            return;
        };
        let known = &mut self.known[at];
        match known.with.get(&recipient) {
            _ if known.over.is_some() => self.counts.late[recipient] += 1,
            None | Some(With::Unasked) => self.counts.invalid += 1,
            Some(With::Answered | With::Failed { heard: true, .. }) => self.counts.duplicates += 1,
            Some(With::Failed { .. }) => self.counts.late[recipient] += 1,
            Some(With::Waiting) => {
                self.counts.folded += 1;
                match says {
                    Says::Part => known.acc.push((recipient, body)),
                    Says::Reply => {
                        known.acc.push((recipient, body));
                        known.with.insert(recipient, With::Answered);
                    }
                    Says::End => drop(known.with.insert(recipient, With::Answered)),
                    Says::Fault(of) => self.fail(at, recipient, of, true, now),
                }
                if self.known[at].is_met(self.rule) {
                    self.end(at, Ending::Complete);
                } else {
                    self.check(at);
                }
            }
        }
    }
    /// What a poll tells, up to the first that is not taken: the `stop`th, from 0.
    pub(super) fn poll(&mut self, now: u64, stop: usize) -> (Vec<Told<Quotes>>, bool) {
        while let Some(reply) = self.replies.pop_front() {
            self.meet(reply, now);
        }
        let running = |(at, known): (usize, &Known)| known.over.is_none().then_some((known.armed, at));
        while let Some(((time, _), at)) = self.known.iter().enumerate().filter_map(running).min() {
            if time > now {
                break;
            }
            if self.known[at].deadline <= now {
                let is_met = matches!(self.rule, Wanted::AtDeadline);
                self.end(at, if is_met { Ending::Complete } else { Ending::Deadline });
            } else {
                self.hop(at, now);
            }
        }
        let mut told = Vec::new();
        while !self.over.is_empty() {
            if told.len() == stop {
                return (told, true);
            }
            let known = &mut self.known[self.over.remove(0)];
            known.told = true;
            match known.over {
                Some(Ending::Complete) => self.counts.complete += 1,
                Some(Ending::Impossible) => self.counts.impossible += 1,
                Some(Ending::Deadline) => self.counts.expired += 1,
                _ => self.counts.empty += 1,
            }
            told.push(known.tell());
        }
        (told, false)
    }
}
