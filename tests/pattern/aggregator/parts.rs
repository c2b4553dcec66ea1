//! Groups whose size is in the header of each of their events.

use super::*;
use crate::kit::{Dice, seeds};
use ringmain::channel::spsc;
use ringmain::contract::{Header, Message, MessageId, Source};
use ringmain::pattern::{Nowhere, Origin, Splitter, as_parts};

const fn parts(duplicate: Duplicate) -> Terms {
    Conditions { parts: Some(Parts { of: |item: &Item| item.part, duplicate }), ..Conditions::NONE }
}

/// 8.d7: a part that comes twice is not counted twice, and one that comes after is late. (A test of Spring's.)
#[test]
fn aggregator_7_a_part_counts_once() {
    let mut seen = Vec::new();
    let next = |product: Aggregate<u32, &mut i64>, _: At| -> Flow {
        seen.push((*product.value, product.n, product.closed_by));
        Ok(())
    };
    let multiply = |product: &mut i64, item: &Item| -> Result<(), Fault> {
        *product *= item.n;
        Ok(())
    };
    let policy = Policy { late: Late::Discard { remember: 4 }, ..POLICY };
    let conditions = parts(Duplicate::Ignore);
    let mut stage = Aggregator::new(policy, conditions, key, 1, multiply, Nowhere, next).unwrap();
    let account = stage.account();
    let at = At { seq: Sequence::ZERO, now: tick(0) };
    // Numbered from 1 there, from 0 here.
    for (number, n) in [(1, 3), (3, 7), (3, 7), (2, 5), (2, 5)] {
        stage.on_event(&part(1, n, number - 1, 3), at).unwrap();
    }
    drop(stage);
    assert_eq!(seen, [(105, 3, ClosedBy::Parts)]);
    let dropped = account.read().dropped;
    assert_eq!((dropped[Reason::Duplicate], dropped[Reason::Late]), (1, 1));
}

#[test]
fn a_part_that_came_already_may_count() {
    let mut rig = Rig::new(POLICY, parts(Duplicate::Count));
    rig.give_all(0, [part(1, 5, 0, 3), part(1, 5, 0, 3), part(1, 6, 2, 3)]);
    assert_eq!(rig.results(), [(1, 16, 3, ClosedBy::Parts)]);
    rig.close();
}

/// It takes the place of the first, in the sum, the weight and the store; the books say which of the two is gone.
#[test]
fn a_part_that_came_already_may_take_the_place_of_the_first() {
    let mut seen = Vec::new();
    let next = |group: Aggregate<u32, Collected<'_, i64, Item>>, _: At| -> Flow {
        let members: Vec<_> = group.value.members.iter().map(|item| item.n).collect();
        seen.push((*group.value.value, group.closed_by, members));
        Ok(())
    };
    let dead = |_: Aggregate<u32, Collected<'_, i64, Item>>, _: At| -> Flow { Ok(()) };
    let weight = Some(Weight { of: |item: &Item| item.n as u64, limit: 1000 });
    let conditions = Conditions { weight, ..parts(Duplicate::Replace) };
    let store = Store::new(4, 8, Overfull::Reject, Item::default).unwrap();
    let mut stage =
        Aggregator::collecting(POLICY, conditions, store, key, (0, sum as Fold), dead, next).unwrap();
    let books = Books { account: stage.account(), members: stage.member_account() };
    let at = At { seq: Sequence::ZERO, now: tick(0) };
    for item in [part(1, 999, 0, 3), part(1, 20, 1, 3), part(1, 1, 0, 3), part(1, 300, 2, 3)] {
        // 999 and 20 weigh enough together.
        stage.on_event(&item, at).unwrap();
    }
    for item in [part(2, 9, 0, 3), part(2, 20, 1, 3), part(2, 1, 0, 3), part(2, 300, 2, 3)] {
        stage.on_event(&item, at).unwrap();
    }
    assert_eq!(stage.on_event(&part(3, 1, 0, 2), at), Ok(()));
    assert_eq!(stage.on_event(&part(3, BAD, 0, 2), at), Err(BAD_FAULT.into()));
    assert_eq!(stage.on_event(&part(3, 2, 1, 2), at), Ok(()));
    drop(stage);
    books.check();
    let expected = [
        (1019, ClosedBy::Weight, vec![999, 20]),
        (321, ClosedBy::Parts, vec![1, 20, 300]),
        (3, ClosedBy::Parts, vec![1, 2]),
    ];
    assert_eq!(seen, expected);
    let members = books.members.read();
    assert_eq!((members.emitted, members.discarded[Reason::Duplicate]), (7, 1));
    assert_eq!(members.discarded[Reason::Shutdown], 2, "1 and 300 of key 1 opened a group of their own");
}

#[test]
fn a_part_of_another_number_is_no_part_of_the_group() {
    let invalid = Err(Fault::of(Reason::InvalidKey).into());
    let mut rig = Rig::new(POLICY, parts(Duplicate::Ignore));
    for (index, of) in [(0, 0), (3, 3), (0, 65)] {
        assert_eq!(rig.give(0, part(1, 1, index, of)), invalid, "part {index} of {of}");
    }
    rig.give_all(0, [part(1, 1, 0, 2)]);
    assert_eq!(rig.give(0, part(1, 1, 1, 3)), invalid);
    rig.give_all(0, [part(1, 1, 1, 2)]);
    rig.give_all(0, (0..64).map(|index| part(2, 1, index, 64)));
    assert_eq!(rig.results(), [(1, 2, 2, ClosedBy::Parts), (2, 64, 64, ClosedBy::Parts)]);
    rig.close();
}

/// 10.d6: what a splitter takes apart is put together again: 100,000 orders with random lines, which come mixed.
#[test]
fn translator_6_a_split_order_is_restored() {
    const LINES: usize = 8;
    type Order = [u32; LINES];
    type Line = Message<u32>;
    let (lines, mut parts) = spsc::channel::<Line>(64, Message::default).unwrap();
    let write = |order: &Order, part: PartOf, line: &mut u32| -> Flow {
        *line = order[usize::from(part.index)];
        Ok(())
    };
    let count = |order: &Message<Order>| order.body.iter().filter(|line| **line != 0).count();
    let mut splitter = Splitter::new(count, as_parts(Origin::new(2), write), lines);
    let restored = Collect::<(u64, Order)>::new();
    let mut to_restored = restored.clone();
    let next = move |order: Aggregate<u64, &mut Order>, at: At| -> Flow {
        assert_eq!(order.closed_by, ClosedBy::Parts);
        to_restored.on_event(&(order.key, *order.value), at)
    };
    let put = |order: &mut Order, line: &Line| -> Result<(), Fault> {
        order[usize::from(line.header.part.index)] = line.body;
        Ok(())
    };
    let conditions = Conditions {
        parts: Some(Parts { of: |line: &Line| line.header.part, duplicate: Duplicate::Ignore }),
        ..Conditions::NONE
    };
    let cause = |line: &Line| Some(line.header.ids.cause.0);
    let mut aggregator = Aggregator::new(POLICY, conditions, cause, [0; LINES], put, Nowhere, next).unwrap();
    let account = aggregator.account();
    let at = |n| At { seq: Sequence::new(n), now: tick(0) };
    let (mut seq, mut position) = (0, 0);
    for seed in seeds(100_000 / 4) {
        let mut dice = Dice::new(seed);
        let mut sent: Vec<(u64, Order)> = Vec::new();
        for n in 1..=4 {
            let mut order = Order::default();
            (0..1 + dice.below(LINES as u64))
                .for_each(|line| order[line as usize] = 1 + dice.below(99) as u32);
            let mut whole = Message { header: Header::default(), body: order };
            whole.header.ids.id = MessageId::new(1, 4 * seed + n);
            sent.push((whole.header.ids.id.0, order));
            splitter.on_event(&whole, at(seq)).unwrap();
            seq += 1;
        }
        let mut mixed: Vec<Line> = Vec::new();
        let _ = parts.drain(tick(0), 64, &mut |line: &Line, _: At| -> Flow {
            mixed.push(*line);
            Ok(())
        });
        for n in (1..mixed.len()).rev() {
            mixed.swap(n, dice.below(n as u64 + 1) as usize);
        }
        for line in &mixed {
            aggregator.on_event(line, at(position)).unwrap();
            position += 1;
        }
        let mut back = restored.take();
        back.sort_unstable();
        assert_eq!(back, sent, "seed {seed}");
    }
    drop(aggregator);
    let balance = account.read();
    assert_eq!((balance.check(), balance.folded), (Ok(()), position));
}
