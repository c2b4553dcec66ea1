//! Random runs against a map of references, one for each key.

use super::super::oracle::{self, FIRST, Fate, Reference};
use super::*;
use crate::kit::{Dice, seeds};
use std::collections::{HashMap, VecDeque};

/// 13.d8: permutations of several keys, mixed, of which none displaces a parcel of its key by a window or more.
#[test]
fn keyed_resequencer_8_every_permutation_within_the_windows_is_undone() {
    let out = Collect::new();
    for seed in seeds(100_000) {
        let mut dice = Dice::new(seed);
        let (window, most) = (1 << dice.below(4), 1 + dice.below(3) as usize);
        let mut comes = Vec::new();
        let counts: Vec<_> =
            ['a', 'b', 'c'][..most].iter().map(|key| (*key, dice.below(2 * window + 2))).collect();
        for &(key, count) in &counts {
            let mut places: Vec<_> = (1..=count).map(|n| (n + dice.below(window), n)).collect();
            places.sort_unstable();
            // Where they come among the others; those of a key stay in their order.
            let mut at: Vec<_> = places.iter().map(|_| dice.below(1 << 20)).collect();
            at.sort_unstable();
            comes.extend(at.into_iter().zip(places).map(|(at, (_, n))| (at, (key, n, 0))));
        }
        comes.sort_by_key(|(at, _)| *at);
        let next = Choke::new(dice.below(2) as usize, out.clone());
        let mut stage = built(Keys { most, ..TWO }, window as usize, POLICY, next);
        let account = stage.account();
        let count = comes.len();
        let mut script = Script::new(comes.into_iter().map(|(_, parcel)| parcel)).open();
        while out.len() < count {
            let _ = turn_mut(&mut script, &mut stage, tick(0));
        }
        let got = out.take();
        for (key, count) in counts {
            assert!(
                got.iter().filter(|item| item.0 == key).copied().eq((1..=count).map(|n| event(key, n))),
                "seed {seed}"
            );
        }
        drop(stage);
        let all = count as u64;
        assert_eq!(account.read(), Balance { input: all, out: all, ..Balance::default() });
    }
}

/// What a run is made of: what the plain one is made of, for each key, and what is said of the table.
#[derive(Debug)]
struct Plan {
    each: oracle::Plan,
    keys: Keys,
    /// Some events are the last of their key.
    ends: bool,
    turns: Vec<(u64, Vec<Parcel>)>,
}

impl Plan {
    fn is_last(&self, parcel: &Parcel) -> bool {
        self.ends && parcel.2.is_multiple_of(16)
    }
    fn waits(&self) -> bool {
        let waits = matches!(self.keys.full, TableFull::Reject | TableFull::Block { .. } | TableFull::Fail);
        // A key that halted rejects.
        waits || self.each.waits() || matches!(self.each.policy.hole, Hole::Halt { .. })
    }
}

fn plan(seed: u64) -> Plan {
    let mut dice = Dice::new(!seed);
    let each = oracle::plan(seed);
    let closing = dice.pick(&[Closing::Release, Closing::Stray]);
    let idle = nanos(dice.below(9));
    let full = dice.pick(&[
        TableFull::Reject,
        TableFull::EvictOldest(closing),
        TableFull::EvictLru(closing),
        TableFull::EvictLru(closing),
        TableFull::Block { idle, closing },
        TableFull::Fail,
    ]);
    let most = 1 + dice.below(4) as usize;
    let mut numbers = [FIRST; 4];
    let mut parcels = |count: usize| {
        let parcel = |_| {
            let key = dice.below(4) as usize;
            let n = oracle::number(&mut dice, &mut numbers[key], each.window);
            (['a', 'b', 'c', 'd'][key], n, dice.below(200) as u8)
        };
        (0..count + count / 2).map(parcel).collect()
    };
    let turns = each.turns.iter().map(|(now, packets)| (*now, parcels(packets.len()))).collect();
    let ends = seed.is_multiple_of(3);
    Plan { each, keys: Keys { most, full }, ends, turns }
}

/// What came of a run, of each key by itself.
#[derive(PartialEq, Default, Debug)]
struct Outcome {
    items: HashMap<char, Vec<Ordered<Packet>>>,
    naks: HashMap<char, Vec<Missing>>,
    rejected: Vec<Reason>,
    stopped: bool,
    open: usize,
    books: Balance,
}

type Ends = (Collect<Item>, Collect<Keyed<char, Missing>>);

fn played(plan: &Plan, refusals: usize, (out, naks): &Ends) -> Outcome {
    let (key, number) = (|parcel: &Parcel| parcel.0, |parcel: &Parcel| parcel.1 as u32);
    let next = Copies(Choke::new(refusals, out.clone()));
    let oracle::Plan { window, policy, every, times, .. } = plan.each;
    let mut stage =
        KeyedResequencer::new(plan.keys, window as usize, policy, key, number, Parcel::default, next)
            .unwrap()
            .nak(nanos(every), times, ByValue(naks.clone()))
            .ending_with(|parcel: &Parcel| plan.is_last(parcel));
    let account = stage.account();
    let mut script = Script::new([]).open();
    let mut outcome = Outcome::default();
    for (now, parcels) in &plan.turns {
        parcels.iter().for_each(|parcel| script.then(*parcel));
        let mut still = 0;
        while still <= refusals && !outcome.stopped {
            let before = (script.consumed(), account.read());
            let (drained, after) = turn_mut(&mut script, &mut stage, tick(*now));
            outcome.rejected.extend(rejected((drained, after)).map(|fault| fault.reason));
            outcome.stopped = after == Err(Halt::Stop);
            still = if before == (script.consumed(), account.read()) { still + 1 } else { 0 };
        }
    }
    (outcome.open, outcome.books) = (stage.keys(), account.read());
    assert_eq!(outcome.books.check(), Ok(()));
    for (key, item) in out.take() {
        outcome.items.entry(key).or_default().push(item);
    }
    for Keyed { key, item } in naks.take() {
        outcome.naks.entry(key).or_default().push(item);
    }
    outcome
}

/// The reference: a map of references, and a list of the keys by age.
struct Table<'p> {
    plan: &'p Plan,
    keys: HashMap<char, Entry<'p>>,
    order: Vec<char>,
    outcome: Outcome,
}

struct Entry<'p> {
    of: Reference<'p>,
    seen: Tick,
}

impl<'p> Table<'p> {
    fn event(&mut self, parcel: Parcel, now: Tick) -> Fate {
        let (key, n, tag) = parcel;
        let by_use = matches!(self.plan.keys.full, TableFull::EvictLru(_) | TableFull::Block { .. });
        if !self.keys.contains_key(&key) {
            if self.order.len() == self.plan.keys.most {
                let oldest = self.order[0];
                let closing = match self.plan.keys.full {
                    TableFull::Reject => return Fate::Rejected(Reason::TableFull),
                    TableFull::EvictOldest(closing) | TableFull::EvictLru(closing) => closing,
                    TableFull::Block { idle, .. } if now < self.keys[&oldest].seen.after(idle) => {
                        return Fate::Again;
                    }
                    TableFull::Block { closing, .. } => closing,
                    TableFull::Fail => {
                        self.outcome.books.dropped[Reason::Poisoned] += 1;
                        self.outcome.stopped = true;
                        return Fate::Taken;
                    }
                };
                self.leaves(oldest, closing, Reason::Evicted);
            }
            self.keys.insert(key, Entry { of: Reference::new(&self.plan.each), seen: now });
            self.order.push(key);
        }
        let entry = self.keys.get_mut(&key).unwrap();
        if by_use {
            entry.seen = now;
            self.order.retain(|other| *other != key);
            self.order.push(key);
        }
        let fate = if entry.of.outcome.stopped {
            Fate::Rejected(Reason::Poisoned)
        } else {
            entry.of.event((n, tag), now)
        };
        if fate != Fate::Again && self.plan.is_last(&parcel) {
            self.keys.get_mut(&key).unwrap().of.end = Some(n);
        }
        self.see_to(key);
        fate
    }
    /// What came of a key is written down, and if that was the end of it, it leaves.
    fn see_to(&mut self, key: char) {
        let Self { keys, outcome, .. } = self;
        let Entry { of, .. } = keys.get_mut(&key).unwrap();
        outcome.items.entry(key).or_default().append(&mut of.outcome.items);
        outcome.naks.entry(key).or_default().append(&mut of.outcome.naks);
        for reason in Reason::ALL {
            outcome.books.dropped[reason] += std::mem::take(&mut of.outcome.books.dropped[reason]);
        }
        if of.has_ended() {
            self.leaves(key, self.plan.each.policy.closing, Reason::Shutdown);
        }
    }
    fn leaves(&mut self, key: char, closing: Closing, why: Reason) {
        let entry = self.keys.get_mut(&key).unwrap();
        entry.of.end = None;
        entry.of.empty(closing, why);
        self.see_to(key);
        self.keys.remove(&key);
        self.order.retain(|other| *other != key);
    }
    fn end_turn(&mut self, now: Tick) {
        for key in self.order.clone() {
            let of = &mut self.keys.get_mut(&key).unwrap().of;
            if !of.outcome.stopped {
                of.end_turn(now);
            }
            self.see_to(key);
        }
    }
    fn went_on(&self) -> usize {
        self.outcome.items.values().map(Vec::len).sum::<usize>()
            + self.outcome.naks.values().map(Vec::len).sum::<usize>()
    }
}

fn expected(plan: &Plan) -> Outcome {
    let mut table = Table { plan, keys: HashMap::new(), order: vec![], outcome: Outcome::default() };
    let mut script = VecDeque::new();
    for (now, parcels) in &plan.turns {
        script.extend(parcels);
        let mut moves = true;
        while moves && !table.outcome.stopped {
            let before = (script.len(), table.went_on());
            while !table.outcome.stopped
                && let Some(&parcel) = script.front()
            {
                let fate = table.event(parcel, tick(*now));
                if fate == Fate::Again {
                    break;
                }
                script.pop_front();
                table.outcome.books.input += 1;
                if let Fate::Rejected(why) = fate {
                    table.outcome.rejected.push(why);
                    break;
                }
            }
            if !table.outcome.stopped {
                table.end_turn(tick(*now));
            }
            moves = before != (script.len(), table.went_on());
        }
    }
    let out = table.went_on() as u64;
    let Table { keys, mut outcome, .. } = table;
    outcome.items.retain(|_, items| !items.is_empty());
    outcome.naks.retain(|_, naks| !naks.is_empty());
    let gaps = outcome.items.values().flatten().filter(|item| matches!(item, Ordered::Gap(_))).count();
    let naks = outcome.naks.values().flatten().count();
    (outcome.books.out, outcome.books.generated) = (out, (gaps + naks) as u64);
    outcome.books.held = keys.values().map(|entry| entry.of.held()).sum();
    outcome.open = keys.len();
    for why in &outcome.rejected {
        outcome.books.dead_lettered[*why] += 1;
    }
    outcome
}

/// 100,000 runs of up to four keys in a table for one to four, with every policy, timers, duplicates, gaps, late ones and
/// wild ones, evictions and ends, across the wrap of 32 bits.
#[test]
fn random_runs_of_many_keys_are_what_a_map_makes_of_them() {
    let ends = (Collect::new(), Collect::new());
    for seed in seeds(100_000) {
        let plan = plan(seed);
        let refusals = if plan.waits() { 0 } else { plan.each.refusals };
        assert_eq!(played(&plan, refusals, &ends), expected(&plan), "seed {seed}: {plan:?}");
    }
}

/// However full it is: nothing is lost, and at the end nothing is held.
#[test]
fn random_runs_of_many_keys_through_a_full_output_lose_nothing() {
    let ends = (Collect::new(), Collect::new());
    for seed in seeds(10_000) {
        let plan = plan(seed);
        let Outcome { books, stopped, .. } = played(&plan, 1 + plan.each.refusals, &ends);
        let count = plan.turns.iter().map(|(_, parcels)| parcels.len() as u64).sum::<u64>();
        assert!(stopped || (books.held, books.input) == (0, count), "seed {seed}: {plan:?}");
        let of = |why| books.dropped[why];
        let known = [Reason::Late, Reason::Duplicate, Reason::WindowFull, Reason::Poisoned];
        assert_eq!(books.dropped.total(), known.map(of).iter().sum::<u64>(), "seed {seed}");
    }
}
