//! What an aggregator does, with maps and lists that grow.

use super::super::*;
use std::collections::BTreeMap;

/// What a run is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) policy: Policy,
    pub(super) conditions: Terms,
    /// Members of a group, of all groups, and what is said of a group that is full; none if they are not kept.
    pub(super) store: Option<(usize, usize, Overfull)>,
}

/// A group that went on, with its members.
pub(super) type Told = (Sum, Vec<i64>);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    Took,
    Drop(Reason),
    Reject(Fault),
    /// It comes again when time has gone on.
    Blocked,
    Fail(Reason),
    Over,
}

#[derive(Clone, Debug)]
struct Group {
    sum: Sum,
    members: Vec<Item>,
    /// When it is looked at again, and which look that is.
    look: (u64, u64),
}

/// The groups that are open, in the order of their age or use.
#[derive(Debug)]
pub(super) struct Model {
    plan: Plan,
    open: Vec<Group>,
    closed_keys: Vec<u32>,
    pub(super) next: Vec<Told>,
    pub(super) dead: Vec<Told>,
    pub(super) dropped: BTreeMap<Reason, u64>,
    pub(super) dead_lettered: BTreeMap<Reason, u64>,
    pub(super) discarded: BTreeMap<Reason, u64>,
    epochs: u64,
    looks: u64,
    last_turn: Option<u64>,
    over: bool,
    /// The event in hand closed a group, or waited: it is not late.
    admitted: bool,
}

impl Model {
    pub(super) fn new(plan: Plan) -> Self {
        Self {
            plan,
            open: Vec::new(),
            closed_keys: Vec::new(),
            next: Vec::new(),
            dead: Vec::new(),
            dropped: BTreeMap::new(),
            dead_lettered: BTreeMap::new(),
            discarded: BTreeMap::new(),
            epochs: 0,
            looks: 0,
            last_turn: None,
            over: false,
            admitted: false,
        }
    }
    pub(super) fn give(&mut self, t: u64, item: Item) -> Verdict {
        let verdict = if self.over { Verdict::Over } else { self.judge(t, item) };
        self.admitted &= verdict == Verdict::Blocked;
        self.over |= matches!(verdict, Verdict::Fail(_));
        match verdict {
            Verdict::Drop(reason) | Verdict::Fail(reason) => *self.dropped.entry(reason).or_default() += 1,
            Verdict::Over => *self.dropped.entry(Reason::Shutdown).or_default() += 1,
            Verdict::Reject(fault) => *self.dead_lettered.entry(fault.reason).or_default() += 1,
            Verdict::Took | Verdict::Blocked => {}
        }
        verdict
    }
    fn judge(&mut self, t: u64, item: Item) -> Verdict {
        let Plan { policy, conditions, store } = self.plan;
        let invalid = Verdict::Reject(Fault::of(Reason::InvalidKey));
        let PartOf { index, of } = if conditions.parts.is_some() { item.part } else { PartOf::default() };
        if item.key == 0 || conditions.parts.is_some() && index >= of {
            return invalid;
        }
        loop {
            let held: usize = self.open.iter().map(|group| group.members.len()).sum();
            let mut full = store.is_some_and(|(_, total, _)| held >= total);
            let own = self.open.iter().position(|group| group.sum.key == item.key);
            if let Some(own) = own {
                let group = &self.open[own];
                if let Some(parts) = conditions.parts {
                    if group.members[0].part.of != of {
                        return invalid;
                    }
                    let twin = group.members.iter().position(|member| member.part.index == index);
                    match (twin, parts.duplicate) {
                        (Some(_), Duplicate::Ignore) => return Verdict::Drop(Reason::Duplicate),
                        (Some(twin), Duplicate::Replace) => {
                            return self.fold(t, item, Some((own, Some(twin))));
                        }
                        _ => {}
                    }
                }
                if conditions.before.is_some_and(|before| before(&group.sum.value, &item)) {
                    self.close(own, ClosedBy::Before, Unfinished::EmitPartial);
                    self.admitted = true;
                    continue;
                }
                match store {
                    Some((each, _, Overfull::Reject)) if group.members.len() >= each => {
                        return Verdict::Reject(Fault::of(Reason::WindowFull));
                    }
                    Some((each, _, Overfull::Fail)) if group.members.len() >= each => {
                        return Verdict::Fail(Reason::WindowFull);
                    }
                    _ => {}
                }
            } else {
                if !self.admitted && self.is_late(item.key) {
                    return match policy.late {
                        Late::Discard { .. } => Verdict::Drop(Reason::Late),
                        _ => Verdict::Reject(Fault::of(Reason::Late)),
                    };
                }
                if conditions.new_key && !self.open.is_empty() {
                    self.close_all(ClosedBy::NewKey, Unfinished::EmitPartial);
                    continue;
                }
                full |= self.open.len() >= policy.groups;
            }
            if !full {
                return self.fold(t, item, own.map(|own| (own, None)));
            }
            self.admitted = true;
            match policy.full {
                Full::RejectNew => return Verdict::Reject(Fault::of(Reason::TableFull)),
                Full::Block => return Verdict::Blocked,
                Full::Fail => return Verdict::Fail(Reason::TableFull),
                Full::EvictOldest(fate) | Full::EvictLru(fate) => self.close(0, ClosedBy::Evicted, fate),
            }
        }
    }
    fn is_late(&self, key: u32) -> bool {
        let (Late::Discard { remember } | Late::Dlc { remember }) = self.plan.policy.late else {
            return false;
        };
        self.closed_keys.iter().rev().take(remember).any(|closed| *closed == key)
    }
    /// Folds it into the group at a place, perhaps over one of its members; into a new one, if there is none.
    fn fold(&mut self, t: u64, item: Item, into: Option<(usize, Option<usize>)>) -> Verdict {
        let Plan { policy, conditions, store } = self.plan;
        if item.n == BAD {
            if let (Some((own, _)), FoldFailure::DiscardGroup) = (into, policy.failure) {
                self.close(own, ClosedBy::Failed(BAD_FAULT), Unfinished::Dlc);
            }
            return Verdict::Reject(BAD_FAULT);
        }
        let own = into.map_or(self.open.len(), |(own, _)| own);
        if into.is_none() {
            self.epochs += 1;
            self.looks += 1;
            let sum = Aggregate {
                key: item.key,
                epoch: self.epochs,
                n: 0,
                closed_by: ClosedBy::Size,
                opened: tick(t),
                touched: tick(t),
                value: 0,
            };
            self.open.push(Group { sum, members: Vec::new(), look: (0, self.looks) });
        }
        let group = &mut self.open[own];
        if let Some((_, Some(twin))) = into {
            group.members[twin] = item;
            *self.discarded.entry(Reason::Duplicate).or_default() += 1;
        } else {
            group.members.push(item);
        }
        group.sum.n = group.members.len() as u64;
        group.sum.value = group.members.iter().map(|member| member.n).sum();
        group.sum.touched = tick(t);
        if into.is_none() {
            group.look.0 = deadline(&conditions, group).map_or(u64::MAX, |(deadline, _)| deadline);
        }
        let (n, value) = (group.sum.n, group.sum.value);
        let weight: u64 = group
            .members
            .iter()
            .map(|member| conditions.weight.map_or(0, |weight| (weight.of)(member)))
            .sum();
        let mut own = own;
        if let Full::EvictLru(_) = policy.full {
            let group = self.open.remove(own);
            self.open.push(group);
            own = self.open.len() - 1;
        }
        let conditions = [
            (conditions.after.is_some_and(|after| after(&value)), ClosedBy::After),
            (conditions.size.is_some_and(|size| n >= size), ClosedBy::Size),
            (conditions.parts.is_some() && n >= item.part.of.into(), ClosedBy::Parts),
            (conditions.weight.is_some_and(|limit| weight >= limit.limit), ClosedBy::Weight),
            (
                store.is_some_and(|(each, _, full)| full == Overfull::Close && n >= each as u64),
                ClosedBy::Size,
            ),
        ];
        if let Some((_, by)) = conditions.into_iter().find(|(holds, _)| *holds) {
            self.close(own, by, Unfinished::EmitPartial);
        }
        Verdict::Took
    }
    fn close(&mut self, own: usize, by: ClosedBy, fate: Unfinished) {
        let mut group = self.open.remove(own);
        group.sum.closed_by = by;
        self.closed_keys.push(group.sum.key);
        let kept = if self.plan.store.is_some() { &group.members[..] } else { &[] };
        let told = (group.sum, kept.iter().map(|member| member.n).collect());
        let reason = match by {
            ClosedBy::Evicted => Reason::Evicted,
            ClosedBy::Stop => Reason::Shutdown,
            ClosedBy::Failed(fault) => fault.reason,
            _ => Reason::Expired,
        };
        if fate == Unfinished::EmitPartial {
            self.next.push(told);
            return;
        }
        *self.discarded.entry(reason).or_default() += group.sum.n;
        if fate == Unfinished::Dlc {
            *self.dead_lettered.entry(reason).or_default() += 1;
            self.dead.push(told);
        }
    }
    pub(super) fn close_all(&mut self, by: ClosedBy, fate: Unfinished) {
        while !self.open.is_empty() {
            self.close(0, by, fate);
        }
    }
    pub(super) fn force(&mut self, key: u32) {
        if let Some(own) = self.open.iter().position(|group| group.sum.key == key) {
            self.close(own, ClosedBy::Force, Unfinished::EmitPartial);
        }
    }
    pub(super) fn end_turn(&mut self, t: u64) {
        let Plan { policy, conditions, .. } = self.plan;
        if t == u64::MAX {
            return self.close_all(ClosedBy::Stop, policy.stopped);
        }
        // In the order in which they are looked at: a group that events came to meanwhile is looked at again.
        while let Some(due) =
            (0..self.open.len()).filter(|i| self.open[*i].look.0 <= t).min_by_key(|i| self.open[*i].look)
            && let Some((deadline, by)) = deadline(&conditions, &self.open[due])
        {
            if deadline <= t {
                self.close(due, by, policy.expired);
            } else {
                self.looks += 1;
                self.open[due].look = (deadline, self.looks);
            }
        }
        if let Some(interval) = conditions.interval {
            let turn = t / interval.as_nanos() as u64;
            if self.last_turn.is_some_and(|last| last < turn) {
                self.close_all(ClosedBy::Interval, Unfinished::EmitPartial);
            }
            self.last_turn = Some(turn);
        }
    }
}

fn deadline(conditions: &Terms, group: &Group) -> Option<(u64, ClosedBy)> {
    let after = |from: Tick, span: Option<Duration>| span.map(|span| from.after(span).nanos());
    let inactivity = after(group.sum.touched, conditions.inactivity).map(|at| (at, 0, ClosedBy::Inactivity));
    let total = after(group.sum.opened, conditions.total).map(|at| (at, 1, ClosedBy::Total));
    inactivity.into_iter().chain(total).min_by_key(|(at, rank, _)| (*at, *rank)).map(|(at, _, by)| (at, by))
}
