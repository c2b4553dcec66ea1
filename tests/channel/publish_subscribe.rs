//! Pattern 1, publish-subscribe channel: the ring and its membership. What concerns topics is in `tests/pattern`.

mod back_pressure;
mod membership;
mod oracle;
mod peers;
mod waiting;

use crate::kit::{Drops, allocations, panic_on_purpose, panics};
use ringmain::channel::publish_subscribe::{
    Begin, Ends, NoEvent, NoSeat, Policy, Publisher, Resume, Subscriber, Usher, channel, channel_with,
};
use ringmain::contract::{
    Agent, At, Drained, End, Fault, Filled, Flow, Halt, Reason, Refused, Sink, Source, Tick, Work, each,
};
use ringmain::pattern::{Catch, DeadLetter, LetterBox, Overflow};
use ringmain::ring::Sequence;

const NOW: Tick = Tick::ZERO;
const ALL: usize = usize::MAX;
/// Where the rings of these tests begin: they wrap soon.
const START: Sequence = Sequence::ZERO.minus(3);

const GATE: Policy = Policy::Gate;
const OLDEST: Policy = Policy::Lag(Resume::Oldest);
const NEWEST: Policy = Policy::Lag(Resume::Newest);
const POLICIES: [Policy; 6] =
    [GATE, Policy::Required, OLDEST, NEWEST, Policy::DisconnectAfter(1), Policy::DisconnectAfter(3)];

fn ring(capacity: usize, seats: usize) -> Ends<u64, ()> {
    channel_with((), START, capacity, seats, || 0).unwrap()
}

/// Pushes the numbers; the number `n` is the `n`th event from 1 on.
fn push(tx: &mut Publisher<u64, impl Usher>, numbers: impl IntoIterator<Item = u64>) {
    for n in numbers {
        tx.push(n).unwrap();
    }
}

fn drain<T: Clone, D>(rx: &mut Subscriber<T, D>, limit: usize) -> Vec<T> {
    let mut seen = Vec::new();
    let drained = rx.drain(NOW, limit, &mut each(|event: &T| seen.push(event.clone())));
    assert_eq!(drained.count, seen.len());
    seen
}

fn recv<D>(rx: &mut Subscriber<u64, D>) -> Result<u64, NoEvent> {
    rx.recv(|n| *n)
}

/// The number of the event at that position, from 1 on.
fn number(at: Option<Sequence>) -> Option<u64> {
    at.map(|at| at.since(START) + 1)
}

fn numbers(range: std::ops::RangeInclusive<u64>) -> Vec<u64> {
    range.collect()
}

// ------------------------------------------------------------------------------------------------- acceptance tests

/// 1.d1: what each gets. The ledger of it is in `tests/pattern/publish_subscribe.rs`.
#[test]
fn d1_three_that_gate_get_every_event_once_and_in_order() {
    let (mut tx, subscriptions) = ring(8, 3);
    let mut readers = [(); 3].map(|()| subscriptions.subscribe(GATE, Begin::Now).unwrap());
    let mut seen = [(); 3].map(|()| Vec::new());
    for n in 1..=1000 {
        tx.push(n).unwrap();
        for (i, (reader, seen)) in readers.iter_mut().zip(&mut seen).enumerate() {
            // Each at its own pace.
            if n % (i as u64 + 2) == 0 {
                seen.extend(drain(reader, ALL));
            }
        }
    }
    for (mut reader, mut seen) in readers.into_iter().zip(seen) {
        seen.extend(drain(&mut reader, ALL));
        assert_eq!((number(reader.joined()), seen), (Some(1), numbers(1..=1000)));
    }
    assert_eq!(tx.unheard(), 0);
}

/// 1.d2
#[test]
fn d2_the_number_of_the_join_is_exact() {
    for (begin, first) in [
        (Begin::Now, 501),
        (Begin::Oldest, 1),
        (Begin::At(START.plus(250)), 251),
        (Begin::At(START.minus(1)), 1),
        (Begin::At(START.plus(1000)), 501),
    ] {
        let (mut tx, subscriptions) = ring(1024, 2);
        push(&mut tx, 1..=500);
        let mut b = subscriptions.subscribe(GATE, begin).unwrap();
        assert_eq!(b.joined(), None, "the publisher has not seen it");
        push(&mut tx, 501..=1000);
        assert_eq!(
            (number(b.joined()), drain(&mut b, ALL)),
            (Some(first), numbers(first..=1000)),
            "{begin:?}"
        );
        assert_eq!(tx.unheard(), 500);
    }
}

/// 1.d2: the oldest that is there, after laps, and after a fill that failed half-way in its slot.
#[test]
fn d2_from_the_oldest_is_what_is_in_the_ring() {
    for capacity in [1, 2, 8] {
        for published in 0..3 * capacity + 2 {
            for fails in [false, true] {
                let (mut tx, subscriptions) = ring(capacity as usize, 1);
                push(&mut tx, 1..=published);
                if fails {
                    assert!(panics(|| tx.offer(|slot| {
                        *slot = 0;
                        panic_on_purpose()
                    })));
                }
                let kept = published.min(capacity - u64::from(fails && published >= capacity));
                assert_eq!(tx.next().since(tx.oldest()), kept);
                let mut late = subscriptions.subscribe(OLDEST, Begin::Oldest).unwrap();
                tx.admit();
                assert_eq!(drain(&mut late, ALL), numbers(published - kept + 1..=published));
                assert_eq!((late.missed(), number(late.joined())), (0, Some(published - kept + 1)));
            }
        }
    }
}

/// 1.d3
#[test]
fn d3_who_leaves_gets_nothing_more_and_gates_no_more() {
    let capacity = 8;
    let (mut tx, subscriptions) = ring(capacity, 2);
    let mut b = subscriptions.subscribe(GATE, Begin::Now).unwrap();
    let mut seen = Vec::new();
    for n in 1..=700 {
        tx.push(n).unwrap();
        seen.extend(drain(&mut b, ALL));
    }
    assert_eq!((number(b.unsubscribe()), seen), (Some(701), numbers(1..=700)));
    push(&mut tx, 701..=700 + 10 * capacity as u64);
    assert_eq!((tx.subscribers(), tx.unheard(), tx.len()), (0, 10 * capacity as u64, 0));
}

/// 1.d4
#[test]
fn d4_one_that_gates_and_does_not_read_fills_the_ring() {
    let (mut tx, subscriptions) = ring(8, 1);
    let mut slow = subscriptions.subscribe(GATE, Begin::Now).unwrap();
    push(&mut tx, 1..=8);
    let refusal = tx.push(9).unwrap_err();
    assert_eq!((refusal.event, refusal.refused), (9, Refused::Full));
    assert_eq!((slow.len(), slow.joined()), (0, Some(START)), "it learns that it has joined");
    assert_eq!((tx.len(), tx.free(), slow.len()), (8, 0, 8));
    assert_eq!(drain(&mut slow, 1), [1]);
    push(&mut tx, [9]);
    assert_eq!(tx.push(10).unwrap_err().refused, Refused::Full);
    assert_eq!(drain(&mut slow, ALL), numbers(2..=9));
}

/// 1.d5
#[test]
fn d5_one_that_lags_is_told_how_many_it_missed() {
    for (policy, lagged, rest) in [(OLDEST, 12, 13..=20), (NEWEST, 19, 20..=20)] {
        let (mut tx, subscriptions) = ring(8, 1);
        let mut slow = subscriptions.subscribe(policy, Begin::Now).unwrap();
        push(&mut tx, 1..=20);
        assert_eq!((slow.joined(), slow.missed()), (Some(START), 0));
        assert_eq!(recv(&mut slow), Err(NoEvent::Lagged(lagged)));
        for n in rest {
            assert_eq!(recv(&mut slow), Ok(n));
        }
        assert_eq!((recv(&mut slow), slow.missed()), (Err(NoEvent::Empty), lagged));
    }
}

/// 1.d5: the same with `drain`, which passes over what was missed.
#[test]
fn d5_a_drain_passes_over_what_was_missed() {
    for (policy, first) in [(OLDEST, 13), (NEWEST, 20)] {
        let (mut tx, subscriptions) = ring(8, 1);
        let mut slow = subscriptions.subscribe(policy, Begin::Now).unwrap();
        assert_eq!(
            tx.fill_many(20, |i, slot| {
                *slot = i as u64 + 1;
                Ok(())
            }),
            Filled { count: 20, end: None }
        );
        let mut seen = Vec::new();
        let mut stage = |n: &u64, at: At| -> Flow {
            assert_eq!(number(Some(at.seq)), Some(*n));
            seen.push(*n);
            Ok(())
        };
        assert_eq!(slow.drain(NOW, ALL, &mut stage).count, 21 - first as usize);
        assert_eq!((seen, slow.missed()), (numbers(first..=20), first - 1));
        assert_eq!(recv(&mut slow), Err(NoEvent::Empty), "what `drain` passed over is not told again");
    }
}

/// 1.d8, Halt: a required subscriber whose handler panics closes the channel, for the others, too.
#[test]
fn d8_a_required_subscriber_that_panics_closes_the_channel() {
    let (mut tx, subscriptions) = ring(16, 2);
    let mut other = subscriptions.subscribe(GATE, Begin::Now).unwrap();
    let risk = subscriptions.subscribe(Policy::Required, Begin::Now).unwrap();
    let mut agent = risk.drive(|n: &u64, _: At| -> Flow {
        if *n == 10 { panic_on_purpose() } else { Ok(()) }
    });
    push(&mut tx, 1..=12);
    assert!(!tx.is_closed());
    assert!(panics(|| agent.work(NOW)));
    assert_eq!((tx.is_closed(), tx.halted_by()), (true, Some(1)), "also before it was looked at");
    let refusal = tx.push(13).unwrap_err();
    assert_eq!(
        (refusal.event, refusal.refused),
        (13, Refused::Closed),
        "there are free slots, but nobody may use them"
    );
    let filled = tx.fill_many(2, |_, _| unreachable!("closed"));
    assert_eq!(filled, Filled { count: 0, end: Some(Halt::Stop) });
    assert_eq!((tx.is_closed(), tx.halted_by()), (true, Some(1)), "and after");
    assert_eq!(drain(&mut other, ALL), numbers(1..=12));
    drop(tx);
    assert!(other.is_closed());
}

/// 1.d8: a required subscriber may go, too, if it says so; and one that was not let in yet, without a word.
#[test]
fn d8_a_required_subscriber_that_says_goodbye_closes_nothing() {
    let (mut tx, subscriptions) = ring(2, 2);
    let risk = subscriptions.subscribe(Policy::Required, Begin::Now).unwrap();
    push(&mut tx, 1..=1);
    assert_eq!(number(risk.unsubscribe()), Some(1));
    drop(subscriptions.subscribe(Policy::Required, Begin::Now).unwrap());
    push(&mut tx, 2..=9);
    assert!(!tx.is_closed());
}

/// 1.d8: with `Gate`, a panic is leaving, and the publisher and the others go on.
#[test]
fn d8_one_that_gates_and_panics_is_just_gone() {
    let (mut tx, subscriptions) = ring(4, 2);
    let mut other = subscriptions.subscribe(GATE, Begin::Now).unwrap();
    let handler = |n: &u64, _: At| -> Flow { if *n == 3 { panic_on_purpose() } else { Ok(()) } };
    let mut agent = subscriptions.subscribe(GATE, Begin::Now).unwrap().drive(handler);
    push(&mut tx, 1..=4);
    assert!(panics(|| agent.work(NOW)));
    assert_eq!((drain(&mut other, ALL), agent.work(NOW)), (numbers(1..=4), Work::Done));
    push(&mut tx, 5..=8);
    assert_eq!((tx.subscribers(), drain(&mut other, ALL)), (1, numbers(5..=8)));
}

/// 1.d8, ToDlc
#[test]
fn d8_with_a_dead_letter_channel_the_rest_goes_on() {
    let (mut tx, subscriptions) = ring(32, 1);
    let mut rx = subscriptions.subscribe(Policy::Required, Begin::Now).unwrap();
    push(&mut tx, 1..=12);
    let (mut letters, mut seen) = (LetterBox::new(4, || 0u64), Vec::new());
    let handler = |n: &u64, _: At| -> Flow {
        if *n == 10 {
            panic_on_purpose()
        }
        seen.push(*n);
        Ok(())
    };
    let mut stage = DeadLetter::new("risk", Overflow::Block, &mut letters, Catch::new(handler));
    assert_eq!(rx.drain(NOW, ALL, &mut stage).count, 12);
    drop(stage);
    let letter = letters.iter().next().unwrap();
    assert_eq!((letter.event, letter.fault, letters.len()), (10, Fault::of(Reason::Panic), 1));
    assert_eq!(seen, [numbers(1..=9), numbers(11..=12)].concat());
}

/// 1.d9
#[test]
fn d9_one_that_is_too_slow_is_disconnected_and_the_others_are_not() {
    let (mut tx, subscriptions) = ring(8, 2);
    let mut slow = subscriptions.subscribe(Policy::DisconnectAfter(4), Begin::Now).unwrap();
    let mut other = subscriptions.subscribe(GATE, Begin::Now).unwrap();
    push(&mut tx, 1..=2);
    assert_eq!(recv(&mut slow), Ok(1));
    push(&mut tx, 3..=5);
    assert_eq!((tx.subscribers(), slow.len()), (2, 4), "a lag of 4");
    push(&mut tx, 6..=6);
    assert_eq!(tx.subscribers(), 1);
    let at = START.plus(1);
    assert_eq!((recv(&mut slow), slow.disconnected()), (Err(NoEvent::Disconnected { at }), Some(at)));
    let end = slow.drain(NOW, ALL, &mut each(|_: &u64| unreachable!("disconnected")));
    assert_eq!((end, slow.is_closed(), slow.len()), (Drained { count: 0, end: Some(End::Closed) }, true, 0));
    push(&mut tx, 7..=8);
    assert_eq!(drain(&mut other, ALL), numbers(1..=8));
    assert_eq!(subscriptions.subscribe(GATE, Begin::Now).unwrap_err(), NoSeat::Full { seats: 2 });
    assert_eq!(number(slow.unsubscribe()), Some(2));
    drop(other);
    tx.push(9).unwrap();
    assert_eq!((tx.subscribers(), tx.unheard()), (0, 1));
}

/// 1.d9: publishing with no subscriber succeeds, and is counted; so is what is published after the last was disconnected.
#[test]
fn d9_what_nobody_hears_is_counted() {
    let (mut tx, subscriptions) = ring(2, 1);
    push(&mut tx, 1..=1);
    assert_eq!(tx.unheard(), 1);
    let mut rx = subscriptions.subscribe(Policy::DisconnectAfter(1), Begin::Now).unwrap();
    push(&mut tx, 2..=2);
    assert_eq!((tx.unheard(), recv(&mut rx)), (1, Ok(2)));
    push(&mut tx, 3..=5);
    assert_eq!((tx.unheard(), tx.subscribers()), (3, 0));
}

// ---------------------------------------------------------------------------------------------------- what it costs

#[test]
fn owned_values_are_dropped_once() {
    let drops = Drops::new(40);
    let (mut tx, subscriptions) = channel(4, 4, || None).unwrap();
    let mut gate = subscriptions.subscribe(GATE, Begin::Now).unwrap();
    let mut lags = subscriptions.subscribe(OLDEST, Begin::Now).unwrap();
    let (mut seen, mut by_lags) = (0, 0);
    for id in 0..40 {
        tx.offer(|slot| *slot = drops.value(id)).unwrap();
        let _ = gate.drain(NOW, ALL, &mut each(|event: &Option<_>| seen += usize::from(event.is_some())));
        if id % 7 == 0 {
            let _ =
                lags.drain(NOW, ALL, &mut each(|event: &Option<_>| by_lags += usize::from(event.is_some())));
        }
    }
    assert_eq!((seen, by_lags + lags.missed() as usize), (40, 36));
    drop((tx, gate, lags, subscriptions));
    assert_eq!(drops.counts(), [1; 40]);
}

/// From the constructor on: subscribing, joining, lagging, being refused, leaving.
#[test]
fn nothing_is_allocated_after_construction() {
    let (mut tx, subscriptions) = ring(4, 4);
    let ((), count) = allocations(|| {
        for round in 0..100 {
            let mut readers = [GATE, OLDEST, NEWEST, Policy::DisconnectAfter(2)]
                .map(|policy| subscriptions.subscribe(policy, Begin::Oldest).unwrap());
            assert!(subscriptions.subscribe(GATE, Begin::Now).is_err());
            for n in 0..9 {
                let _ = tx.push(n);
                if n % 3 == round % 3 {
                    for reader in &mut readers {
                        let _ = reader.drain(NOW, ALL, &mut each(|_: &u64| ()));
                        let _ = recv(reader);
                    }
                }
            }
            drop(readers);
            tx.admit();
        }
    });
    assert_eq!(count, 0);
}
