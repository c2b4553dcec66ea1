//! Random runs against a map, and against what has to hold whatever happens.

use super::{
    Ahead, Balance, Closing, Collect, Duplicate, Halt, Hole, Item, Late, Missing, Ordered, POLICY, Packet,
    Policy, Reason, Resequencer, Script, Start, Tick, event, nanos, tick, turn_mut,
};
use crate::kit::{Choke, Dice, seeds};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// 13.d8: 100,000 permutations, of which none displaces a packet by a window or more.
#[test]
fn resequencer_8_every_permutation_within_the_window_is_undone() {
    let out = Collect::<Item>::new();
    for seed in seeds(100_000) {
        let mut dice = Dice::new(seed);
        let window = 1 << dice.below(5);
        let count = dice.below(3 * window + 2);
        let mut places: Vec<_> = (1..=count).map(|n| (n + dice.below(window), n)).collect();
        places.sort();
        for (place, &(_, n)) in (1..).zip(&places) {
            assert!(n.abs_diff(place) < window);
        }
        let next = super::Copies(Choke::new(dice.below(2) as usize, out.clone()));
        let number: super::Number = |packet| packet.0;
        let mut stage = Resequencer::new(window as usize, POLICY, number, Packet::default, next).unwrap();
        let account = stage.account();
        let mut script = Script::new(places.iter().map(|(_, n)| (*n, 0))).open();
        while out.len() < count as usize {
            let _ = turn_mut(&mut script, &mut stage, tick(0));
        }
        assert!(out.take().into_iter().eq((1..=count).map(event)), "seed {seed}");
        drop(stage);
        assert_eq!(account.read(), Balance { input: count, out: count, ..Balance::default() });
    }
}

/// What a run is made of.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) window: u64,
    pub(super) policy: Policy,
    pub(super) every: u64,
    pub(super) times: u32,
    pub(super) refusals: usize,
    /// What comes at which time; the numbers are positions, of which the stage sees the lower 32 bits.
    pub(super) turns: Vec<(u64, Vec<Packet>)>,
}

impl Plan {
    /// Where the stage asks for another turn in the middle of an instant, or rejects, a full output changes which of two
    /// that are due comes first; both are right.
    pub(super) fn waits(&self) -> bool {
        self.policy.ahead == Ahead::Block
            || self.policy.late == Late::Reject
            || self.policy.duplicate == Duplicate::Reject
            || self.policy.ahead == Ahead::Reject
    }
}

/// Just before the numbers wrap.
pub(super) const FIRST: u64 = (1 << 32) - 12;

pub(super) fn plan(seed: u64) -> Plan {
    let mut dice = Dice::new(seed);
    let after = nanos(dice.pick(&[0, 1, 7, 20]));
    let mut policy = Policy {
        start: dice.pick(&[Start::Fixed(FIRST), Start::FirstSeen, Start::SettleFor(nanos(5))]),
        late: dice.pick(&[Late::Drop, Late::Reject, Late::Pass]),
        duplicate: dice.pick(&[Duplicate::KeepFirst, Duplicate::KeepLast, Duplicate::Reject]),
        ahead: dice.pick(&[Ahead::Advance, Ahead::Drop, Ahead::Reject, Ahead::Block]),
        hole: dice.pick(&[Hole::Wait, Hole::Skip { after }, Hole::Skip { after }, Hole::Halt { after }]),
        closing: dice.pick(&[Closing::Release, Closing::Stray]),
    };
    if policy.ahead == Ahead::Block && policy.hole == Hole::Wait {
        policy.hole = Hole::Skip { after };
    }
    let window = 1 << dice.below(5);
    let (mut now, mut n) = (0, FIRST);
    let turns = (0..dice.below(12)).map(|_| {
        now += dice.below(6);
        let packets =
            (0..dice.below(5)).map(|_| (number(&mut dice, &mut n, window), dice.below(200) as u8)).collect();
        (now, packets)
    });
    let mut turns: Vec<_> = turns.collect();
    // Time for what is left, then the end.
    turns.extend((1..dice.below(8)).map(|n| (now + 4 * n, Vec::new())));
    turns.push((u64::MAX, Vec::new()));
    let (every, times) = (dice.below(4), dice.below(3) as u32);
    Plan { window, policy, every, times, refusals: dice.below(3) as usize, turns }
}

/// The number that comes after `n`, or not far from it.
pub(super) fn number(dice: &mut Dice, n: &mut u64, window: u64) -> u64 {
    *n += dice.pick(&[0, 1, 1, 1, 1, 2, 3]);
    match dice.below(12) {
        0 => *n + dice.below(2 * window),
        1 | 2 => *n + dice.below(window),
        3 | 4 => n.saturating_sub(dice.below(window)),
        _ => *n,
    }
}

/// What came of a run.
#[derive(PartialEq, Debug)]
pub(super) struct Outcome {
    pub(super) items: Vec<Item>,
    pub(super) naks: Vec<Missing>,
    rejected: Vec<Reason>,
    pub(super) stopped: bool,
    /// What the stage is left with: held, and dropped for each reason.
    pub(super) books: Balance,
}

/// What goes on, and what is asked for; made once, as it is large.
type Ends = (Collect<Item>, Collect<Missing>);

/// The stage itself, given turns at each time until nothing moves.
fn played(plan: &Plan, refusals: usize, (out, naks): &Ends) -> Outcome {
    let number = |packet: &Packet| packet.0 as u32;
    let next = super::Copies(Choke::new(refusals, out.clone()));
    let mut stage = Resequencer::new(plan.window as usize, plan.policy, number, Packet::default, next)
        .unwrap()
        .nak(nanos(plan.every), plan.times, super::ByValue(naks.clone()));
    let account = stage.account();
    let mut script = Script::new([]).open();
    let (mut rejected, mut stopped) = (Vec::new(), false);
    for (now, packets) in &plan.turns {
        packets.iter().for_each(|packet| script.then(*packet));
        let mut still = 0;
        while still <= refusals && !stopped {
            let before = (script.consumed(), account.read());
            let (drained, after) = turn_mut(&mut script, &mut stage, tick(*now));
            rejected.extend(super::rejected((drained, after)).map(|fault| fault.reason));
            stopped = after == Err(Halt::Stop);
            still = if before == (script.consumed(), account.read()) { still + 1 } else { 0 };
        }
    }
    let books = account.read();
    assert_eq!(books.check(), Ok(()));
    Outcome { items: out.take(), naks: naks.take(), rejected, stopped, books }
}

/// The reference: a map.
pub(super) struct Reference<'p> {
    plan: &'p Plan,
    next: Option<u64>,
    settling: Option<Tick>,
    held: BTreeMap<u64, (Packet, Tick)>,
    clock: Option<Tick>,
    /// How often, when, and up to where it was asked.
    asked: (u32, Tick, u64),
    blocked: Option<u64>,
    /// The number that is the last one.
    pub(super) end: Option<u64>,
    pub(super) outcome: Outcome,
}

/// What becomes of an event.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Fate {
    Taken,
    Rejected(Reason),
    Again,
}

fn missing(from: u64, below: u64) -> Missing {
    let low = |n| n & u64::from(u32::MAX);
    Missing { from: low(from), to: low(below - 1) }
}

impl<'p> Reference<'p> {
    pub(super) fn new(plan: &'p Plan) -> Self {
        let next = if let Start::Fixed(first) = plan.policy.start { Some(first) } else { None };
        let books = Balance::default();
        let outcome = Outcome { items: vec![], naks: vec![], rejected: vec![], stopped: false, books };
        let (settling, held, clock) = (None, BTreeMap::new(), None);
        Self {
            plan,
            next,
            settling,
            held,
            clock,
            asked: (0, Tick::ZERO, 0),
            blocked: None,
            end: None,
            outcome,
        }
    }
    pub(super) fn held(&self) -> u64 {
        self.held.len() as u64
    }
    /// The last number went on, or was given up.
    pub(super) fn has_ended(&self) -> bool {
        let is_past = |end| self.outcome.stopped || self.settling.is_none() && self.next > Some(end);
        self.end.is_some_and(is_past)
    }
    /// All that is held goes on.
    pub(super) fn empty(&mut self, closing: Closing, why: Reason) {
        if let (Some(_), Some((lowest, _))) = (self.settling, self.held.first_key_value()) {
            self.begin(*lowest);
        }
        match (closing, self.held.last_key_value()) {
            (Closing::Release, Some((last, _))) => self.go_on(last + 1),
            (Closing::Stray, Some(_)) => self.give_up(why),
            (_, None) => {}
        }
    }

    fn drop(&mut self, why: Reason) -> Fate {
        self.outcome.books.dropped[why] += 1;
        Fate::Taken
    }
    /// Everything below `below` is decided, and what follows without a hole.
    fn go_on(&mut self, below: u64) {
        let Some(mut next) = self.next else { return };
        loop {
            if let Some((packet, _)) = self.held.remove(&next) {
                self.outcome.items.push(Ordered::Event(packet));
                next += 1;
            } else if next < below {
                let end = self.held.keys().next().map_or(below, |first| below.min(*first));
                self.outcome.items.push(Ordered::Gap(missing(next, end)));
                next = end;
            } else {
                break;
            }
        }
        if self.next != Some(next) {
            (self.next, self.clock) = (Some(next), None);
        }
        if let Some((_, since)) = self.held.values().next() {
            self.wait_since(*since);
        }
    }
    fn wait_since(&mut self, since: Tick) {
        let (times, at, end) = self.asked;
        if self.clock.is_none() && times != 0 && self.next < Some(end) {
            self.clock = Some(at);
        } else if self.clock.is_none() {
            (self.asked.0, self.clock) = (0, Some(since));
        }
    }
    fn begin(&mut self, next: u64) {
        (self.settling, self.next) = (None, Some(next));
        self.go_on(next);
    }
    fn give_up(&mut self, why: Reason) {
        for (packet, _) in std::mem::take(&mut self.held).into_values() {
            self.outcome.items.push(Ordered::Stray(packet, why));
            self.next = Some(packet.0 + 1);
        }
        self.clock = None;
    }

    pub(super) fn event(&mut self, packet: Packet, now: Tick) -> Fate {
        let n = packet.0;
        self.blocked = None;
        if self.next.is_none() && self.settling.is_none() {
            match self.plan.policy.start {
                Start::SettleFor(span) => self.settling = Some(now.after(span)),
                _ => self.next = Some(n),
            }
        }
        if self.settling.is_some() {
            let lowest = self.held.keys().next().map_or(n, |first| *first);
            let highest = self.held.keys().next_back().map_or(n, |last| *last);
            if highest.max(n) - lowest.min(n) < self.plan.window {
                return self.keep(packet, now);
            }
            if n > lowest {
                self.begin(lowest);
            }
        }
        let next = self.next.unwrap_or(u64::MAX);
        if n < next {
            return match self.plan.policy.late {
                Late::Drop => self.drop(Reason::Late),
                Late::Reject => Fate::Rejected(Reason::Late),
                Late::Pass => {
                    self.outcome.items.push(Ordered::Stray(packet, Reason::Late));
                    Fate::Taken
                }
            };
        }
        if n >= next + self.plan.window {
            match self.plan.policy.ahead {
                Ahead::Drop => return self.drop(Reason::WindowFull),
                Ahead::Reject => return Fate::Rejected(Reason::WindowFull),
                Ahead::Advance => self.go_on(n - self.plan.window + 1),
                Ahead::Block => {
                    self.blocked = Some(n);
                    self.wait_since(now);
                    return Fate::Again;
                }
            }
        }
        let fate = self.keep(packet, now);
        self.go_on(0);
        fate
    }
    fn keep(&mut self, packet: Packet, now: Tick) -> Fate {
        let Some(first) = self.held.get_mut(&packet.0) else {
            self.held.insert(packet.0, (packet, now));
            return Fate::Taken;
        };
        match self.plan.policy.duplicate {
            Duplicate::KeepFirst => {}
            Duplicate::KeepLast => first.0 = packet,
            Duplicate::Reject => return Fate::Rejected(Reason::Duplicate),
        }
        self.drop(Reason::Duplicate)
    }

    pub(super) fn end_turn(&mut self, now: Tick) {
        let last = now == Tick::MAX;
        if let Some(until) = self.settling {
            if now < until {
                return;
            }
            let lowest = *self.held.keys().next().expect("it settles since the first came");
            self.begin(lowest);
        }
        if last && self.plan.policy.closing == Closing::Stray && !self.held.is_empty() {
            return self.give_up(Reason::Shutdown);
        }
        while let (Some(since), Some(next), false) = (self.clock, self.next, self.has_ended()) {
            let room = self.blocked.map(|n| n - self.plan.window + 1);
            let Some(end) = self.held.keys().next().copied().or(room) else {
                self.clock = None;
                return;
            };
            let passed = |span: Duration| now >= since.after(span);
            if !last && self.asked.0 < self.plan.times {
                if passed(nanos(self.plan.every)) {
                    self.outcome.naks.push(missing(next, end));
                    (self.asked, self.clock) = ((self.asked.0 + 1, now, end), Some(now));
                }
                return;
            }
            match self.plan.policy.hole {
                _ if last => {}
                Hole::Skip { after } if passed(after) => {}
                Hole::Halt { after } if passed(after) => {
                    self.outcome.stopped = true;
                    return self.give_up(Reason::GapSkipped);
                }
                _ => return,
            }
            self.go_on(end);
        }
    }
}

fn expected(plan: &Plan) -> Outcome {
    let mut reference = Reference::new(plan);
    let mut script = VecDeque::new();
    for (now, packets) in &plan.turns {
        script.extend(packets);
        let mut moves = true;
        while moves && !reference.outcome.stopped {
            let before = (script.len(), reference.outcome.items.len(), reference.outcome.naks.len());
            while let Some(&packet) = script.front() {
                let fate = reference.event(packet, tick(*now));
                if let Fate::Again = fate {
                    break;
                }
                script.pop_front();
                reference.outcome.books.input += 1;
                if let Fate::Rejected(why) = fate {
                    reference.outcome.rejected.push(why);
                    break;
                }
            }
            reference.end_turn(tick(*now));
            moves = before != (script.len(), reference.outcome.items.len(), reference.outcome.naks.len());
        }
    }
    let Outcome { mut books, items, naks, rejected, stopped } = reference.outcome;
    let gaps = items.iter().filter(|item| matches!(item, Ordered::Gap(_))).count();
    books.generated = (gaps + naks.len()) as u64;
    books.out = (items.len() + naks.len()) as u64;
    books.held = reference.held.len() as u64;
    for why in &rejected {
        books.dead_lettered[*why] += 1;
    }
    Outcome { items, naks, rejected, stopped, books }
}

/// 100,000 runs with every policy, timers, duplicates, gaps, late ones and wild ones, across the wrap of 32 bits.
#[test]
fn random_runs_are_what_a_map_makes_of_them() {
    let ends = (Collect::new(), Collect::new());
    for seed in seeds(100_000) {
        let plan = plan(seed);
        let refusals = if plan.waits() { 0 } else { plan.refusals };
        assert_eq!(played(&plan, refusals, &ends), expected(&plan), "seed {seed}: {plan:?}");
    }
}

/// Whatever comes, and however full it is: events ascend, each number goes on at most once, and every number from the first
/// to the last is an event or in a gap.
#[test]
fn random_runs_through_a_full_output_lose_nothing_and_repeat_nothing() {
    let ends = (Collect::new(), Collect::new());
    for seed in seeds(25_000) {
        let plan = plan(seed);
        let outcome = played(&plan, 1 + plan.refusals, &ends);
        let mut next = None;
        for item in &outcome.items {
            let (from, to) = match item {
                Ordered::Event((n, _)) => (*n as u32, *n as u32),
                Ordered::Gap(missing) => (missing.from as u32, missing.to as u32),
                Ordered::Stray(_, Reason::Late) => continue,
                // At the end, with no gap before.
                Ordered::Stray((n, _), _) => {
                    let n = *n as u32;
                    assert!(n.wrapping_sub(next.unwrap_or(n)) <= u32::MAX / 2, "seed {seed}");
                    (*next.insert(n), n)
                }
            };
            assert_eq!(from, *next.get_or_insert(from), "seed {seed}: {:?}", outcome.items);
            next = Some(to.wrapping_add(1));
        }
        assert_eq!(outcome.books.held, 0, "seed {seed}: the last turn leaves nothing");
        assert_eq!(outcome.books.dropped.total(), {
            let of = |why| outcome.books.dropped[why];
            let in_hand = if outcome.stopped { of(Reason::Shutdown) } else { 0 };
            of(Reason::Late) + of(Reason::Duplicate) + of(Reason::WindowFull) + in_hand
        });
    }
}
