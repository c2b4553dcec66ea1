//! Random runs against maps and lists.

mod model;

use super::*;
use crate::kit::{Dice, seeds};
use model::{Model, Plan, Told, Verdict};

/// An aggregator under test, with whatever it keeps.
trait Under {
    fn give(&mut self, item: &mut Item, at: At) -> Flow;
    fn end_turn(&mut self, now: Tick) -> Flow;
    fn force(&mut self, which: Force<u32>);
}

type Stages<H, S> = Aggregator<Item, u32, i64, Key, Fold, H, S, S>;

impl<S: for<'e> Stage<Aggregate<u32, &'e mut i64>>> Under for Stages<Folded, S> {
    fn give(&mut self, item: &mut Item, at: At) -> Flow {
        self.on_event(&*item, at)
    }
    fn end_turn(&mut self, now: Tick) -> Flow {
        Stage::<&Item>::on_batch_end(self, now)
    }
    fn force(&mut self, which: Force<u32>) {
        self.force(which);
    }
}

/// Lent, as shown is what the others are.
impl<S: for<'e> Stage<Aggregate<u32, Collected<'e, i64, Item>>>> Under for Stages<Store<Item>, S> {
    fn give(&mut self, item: &mut Item, at: At) -> Flow {
        self.on_event(item, at)
    }
    fn end_turn(&mut self, now: Tick) -> Flow {
        Stage::<&mut Item>::on_batch_end(self, now)
    }
    fn force(&mut self, which: Force<u32>) {
        self.force(which);
    }
}

/// Writes down what comes out.
struct Notes(Choke<Collect<Told>>);

impl Stage<Aggregate<u32, &mut i64>> for Notes {
    fn on_event(&mut self, sum: Aggregate<u32, &mut i64>, at: At) -> Flow {
        self.0.on_event(&(sum.copied(), Vec::new()), at)
    }
}

impl Stage<Aggregate<u32, Collected<'_, i64, Item>>> for Notes {
    fn on_event(&mut self, group: Aggregate<u32, Collected<'_, i64, Item>>, at: At) -> Flow {
        let Aggregate { key, epoch, n, closed_by, opened, touched, value } = group;
        let members = value.members.iter().map(|item| item.n).collect();
        let sum = Aggregate { key, epoch, n, closed_by, opened, touched, value: *value.value };
        self.0.on_event(&(sum, members), at)
    }
}

fn plan(dice: &mut Dice) -> Plan {
    let fates = [Unfinished::EmitPartial, Unfinished::Discard, Unfinished::Dlc];
    let store = dice.one_in(2).then(|| {
        let overfull = dice.pick(&[Overfull::Close, Overfull::Reject, Overfull::Fail]);
        (1 + dice.below(5) as usize, 2 + dice.below(9) as usize, overfull)
    });
    let span = |dice: &mut Dice| dice.one_in(4).then(|| nanos(1 + dice.below(12)));
    let duplicates = [Duplicate::Ignore, Duplicate::Count, Duplicate::Replace];
    let duplicate = dice.pick(&duplicates[..if store.is_some() { 3 } else { 2 }]);
    let mut conditions: Terms = Conditions {
        size: dice.one_in(2).then(|| 1 + dice.below(5)),
        parts: dice.one_in(4).then_some(Parts { of: |item: &Item| item.part, duplicate }),
        weight: dice
            .one_in(4)
            .then(|| Weight { of: |item: &Item| item.n.unsigned_abs(), limit: 1 + dice.below(30) }),
        before: dice.one_in(4).then_some(|sum, item| sum + item.n > 15),
        after: dice.one_in(4).then_some(|sum| sum % 7 == 0),
        inactivity: span(dice),
        total: span(dice),
        interval: span(dice),
        new_key: dice.one_in(8),
    };
    let timed =
        conditions.inactivity.is_some() || conditions.total.is_some() || conditions.interval.is_some();
    let content = conditions.parts.is_some() || conditions.weight.is_some() || conditions.after.is_some();
    if !timed && !content && !conditions.new_key {
        conditions.size = Some(3);
    }
    let fate = dice.pick(&fates);
    let seldom = if dice.one_in(4) { Full::Fail } else { Full::RejectNew };
    let full = dice.pick(&[
        Full::RejectNew,
        Full::EvictOldest(fate),
        Full::EvictLru(fate),
        if timed { Full::Block } else { Full::RejectNew },
        seldom,
    ]);
    let remember = 1 + dice.below(4) as usize;
    let policy = Policy {
        groups: 1 + dice.below(5) as usize,
        full,
        late: dice.pick(&[Late::NewGroup, Late::Discard { remember }, Late::Dlc { remember }]),
        pending: dice.pick(&[Pending::NewEpoch, Pending::Wait]),
        expired: dice.pick(&fates),
        stopped: dice.pick(&fates),
        failure: dice.pick(&[FoldFailure::SkipMessage, FoldFailure::DiscardGroup]),
    };
    Plan { policy, conditions, store }
}

fn random_item(dice: &mut Dice) -> Item {
    let key = if dice.one_in(20) { 0 } else { 1 + dice.below(6) as u32 };
    let n = if dice.one_in(12) { BAD } else { dice.below(10) as i64 };
    // Of few numbers, so that parts of one number meet; now and then one that is none.
    let of = if dice.one_in(12) { dice.below(4) as u8 } else { 1 + key as u8 % 3 };
    part(key, n, dice.below(3) as u8 % of.max(1), of)
}

/// 8.d14, CAMEL-7810 (messages that are lost when groups are put together at one time): every run, with every condition and
/// every policy, is that of the model: results, letters, answers and books. In half of them the stage after refuses.
#[test]
fn aggregator_14_camel_7810_random_runs_agree_with_the_oracle() {
    let (out, dead) = (Collect::<Told>::new(), Collect::<Told>::new());
    let (mut causes, mut blocked) = ([0u32; 13], 0);
    for seed in seeds(100_000) {
        let mut dice = Dice::new(seed);
        let plan = plan(&mut dice);
        let Plan { policy, conditions, store } = plan;
        let most = dice.below(2) * 2;
        let to_dead = Notes(Choke::at_random(seed, most, dead.clone()));
        let next = Notes(Choke::at_random(!seed, most, out.clone()));
        let (mut under, books): (Box<dyn Under>, Books) = match store {
            None => {
                let stage =
                    Aggregator::new(policy, conditions, key as Key, 0, sum as Fold, to_dead, next).unwrap();
                let books = Books { account: stage.account(), members: stage.member_account() };
                (Box::new(stage), books)
            }
            Some((each, total, overfull)) => {
                let store = Store::new(each, total, overfull, Item::default).unwrap();
                let first = (0, sum as Fold);
                let stage =
                    Aggregator::collecting(policy, conditions, store, key as Key, first, to_dead, next)
                        .unwrap();
                let books = Books { account: stage.account(), members: stage.member_account() };
                (Box::new(stage), books)
            }
        };
        let mut model = Model::new(plan);
        let (mut now, mut seq, mut taken) = (0, Sequence::ZERO, 0u64);
        for _ in 0..dice.below(18) {
            let mut item = random_item(&mut dice);
            let verdict = loop {
                let at = At { seq, now: tick(now) };
                let verdict = model.give(now, item);
                // As often as the stages after may refuse what may be there.
                let mut flow = under.give(&mut item, at);
                for _ in 0..40 {
                    if flow == Err(Halt::Again) {
                        flow = under.give(&mut item, at);
                    }
                }
                let expected = match verdict {
                    Verdict::Took | Verdict::Drop(_) => Ok(()),
                    Verdict::Reject(fault) => Err(fault.into()),
                    Verdict::Blocked => Err(Halt::Again),
                    Verdict::Fail(_) | Verdict::Over => Err(Halt::Stop),
                };
                assert_eq!(flow, expected, "seed {seed}: {item:?} at {now}, {plan:?}");
                if verdict != Verdict::Blocked {
                    break verdict;
                }
                blocked += 1;
                model.end_turn(now);
                let _ = under.end_turn(tick(now));
                now += 1;
            };
            seq = seq.plus(1);
            taken += 1;
            if matches!(verdict, Verdict::Fail(_)) {
                break;
            }
            if dice.one_in(16) {
                let key = 1 + dice.below(6) as u32;
                under.force(Force::Key(key));
                model.force(key);
            }
            if dice.one_in(40) {
                under.force(Force::All);
                model.close_all(ClosedBy::Force, Unfinished::EmitPartial);
            }
            if dice.one_in(2) {
                model.end_turn(now);
                let _ = under.end_turn(tick(now));
                now += dice.below(6);
            }
        }
        let failed =
            model.dropped.contains_key(&Reason::TableFull) || model.dropped.contains_key(&Reason::WindowFull);
        if !failed {
            model.end_turn(u64::MAX);
            (0..200).any(|_| under.end_turn(Tick::MAX).is_ok());
        }
        drop(under);
        books.check();
        let (balance, members) = (books.account.read(), books.members.read());
        let (results, letters) = (out.take(), dead.take());
        for (sum, _) in results.iter().chain(&letters) {
            causes[cause(sum.closed_by)] += 1;
        }
        if failed {
            // What waited when it stopped is given up.
            assert!(model.next.starts_with(&results) && model.dead.starts_with(&letters), "seed {seed}");
            continue;
        }
        assert_eq!(results, model.next, "seed {seed}: {plan:?}");
        assert_eq!(letters, model.dead, "seed {seed}: {plan:?}");
        let count =
            |of: &std::collections::BTreeMap<Reason, u64>, reason| of.get(&reason).copied().unwrap_or(0);
        for reason in Reason::ALL {
            assert_eq!(balance.dropped[reason], count(&model.dropped, reason), "seed {seed}: {reason}");
            assert_eq!(
                balance.dead_lettered[reason],
                count(&model.dead_lettered, reason),
                "seed {seed}: {reason}"
            );
            assert_eq!(members.discarded[reason], count(&model.discarded, reason), "seed {seed}: {reason}");
        }
        let emitted: u64 = results.iter().map(|(sum, _)| sum.n).sum();
        assert_eq!((members.emitted, members.held), (emitted, 0), "seed {seed}");
        assert_eq!((balance.input, balance.out), (taken, results.len() as u64), "seed {seed}");
        assert_eq!(balance.held, 0);
    }
    if !cfg!(miri) {
        assert!(causes.iter().all(|n| *n > 100) && blocked > 100, "too seldom: {causes:?}, {blocked}");
    }
}

fn cause(by: ClosedBy) -> usize {
    match by {
        ClosedBy::Size => 0,
        ClosedBy::Parts => 1,
        ClosedBy::Weight => 2,
        ClosedBy::Before => 3,
        ClosedBy::After => 4,
        ClosedBy::Inactivity => 5,
        ClosedBy::Total => 6,
        ClosedBy::Interval => 7,
        ClosedBy::NewKey => 8,
        ClosedBy::Force => 9,
        ClosedBy::Evicted => 10,
        ClosedBy::Stop => 11,
        ClosedBy::Failed(_) => 12,
    }
}
