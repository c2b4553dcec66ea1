//! Pattern 1, publish-subscribe channel: the ring and its membership. What concerns topics is in `tests/pattern`.

mod waiting;

use crate::kit::{Drops, allocations, panic_on_purpose, panics};
use ringmain::channel::publish_subscribe::{
    Begin, BuildError, Ends, MOST_SEATS, NoEvent, NoSeat, Policy, Publisher, Resume, Subscriber, Usher,
    channel, channel_with,
};
use ringmain::contract::{
    Agent, At, Drained, End, Fault, Filled, Flow, Halt, Reason, Refused, Sink, Source, Tick, Work, each,
};
use ringmain::pattern::{Catch, DeadLetter, LetterBox, Overflow};
use ringmain::ring::{CapacityError, Sequence};
use std::sync::atomic::{
    AtomicBool, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};
use std::thread;

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

// ------------------------------------------------------------------------------------------ what others have broken

/// LMAX #27, #126, #286: an empty group of gates must neither block the publisher nor let it overrun who comes next.
#[test]
fn lmax_27_126_286_the_last_gate_that_goes_neither_blocks_nor_unbounds_the_ring() {
    let (mut tx, subscriptions) = ring(4, 2);
    for round in 0..50 {
        let first = 100 * round;
        let mut rx = subscriptions.subscribe(GATE, Begin::Now).unwrap();
        push(&mut tx, first + 1..=first + 4);
        assert_eq!(tx.push(0).unwrap_err().refused, Refused::Full);
        assert_eq!(drain(&mut rx, 2), [first + 1, first + 2]);
        // It goes with two events unread, and nobody is there for laps.
        drop(rx);
        push(&mut tx, first + 5..=first + 29);
        // The next one gates from its join on, at once.
        let mut next = subscriptions.subscribe(GATE, Begin::Oldest).unwrap();
        tx.admit();
        assert_eq!(tx.push(0).unwrap_err().refused, Refused::Full);
        assert_eq!(drain(&mut next, ALL), numbers(first + 26..=first + 29));
        push(&mut tx, first + 30..=first + 33);
        assert_eq!(tx.push(0).unwrap_err().refused, Refused::Full);
        assert_eq!(drain(&mut next, ALL), numbers(first + 30..=first + 33));
    }
}

/// STORM-342: events lost, or out of order, or a hang, when publishing while the consumer starts. On two threads, in many
/// rounds: the publisher runs when the subscriber comes, and goes on until it is there. So each join falls inside the
/// stream, and nearly half of them, at least, where the ring has already been overwritten.
#[test]
fn storm_342_publishing_while_a_subscriber_starts_loses_nothing() {
    /// Events after the subscriber has asked: more than it takes to be let in, and more than a lap.
    const AFTER: u64 = 40;
    let rounds = if cfg!(miri) { 4 } else { 400 };
    let mut behind_others = 0;
    for seed in 0..rounds {
        let (mut tx, subscriptions) = ring(4, 1);
        let begin = [Begin::Now, Begin::Oldest, Begin::At(START)][seed as usize % 3];
        let (published, asked) = (&AtomicU64::new(0), &AtomicBool::new(false));
        thread::scope(|scope| {
            let publisher = scope.spawn(move || {
                let (mut n, mut after) = (0, 0);
                while after < AFTER {
                    after += u64::from(asked.load(Acquire));
                    n += 1;
                    while tx.push(n).is_err() {
                        thread::yield_now();
                    }
                    published.store(n, Relaxed);
                    if (n + seed).is_multiple_of(7) {
                        thread::yield_now();
                    }
                }
                n
            });
            while published.load(Relaxed) < seed * 5 % 9 {
                thread::yield_now();
            }
            let mut rx = subscriptions.subscribe(GATE, begin).unwrap();
            asked.store(true, Release);
            let mut seen = Vec::new();
            while !rx.is_closed() {
                seen.extend(drain(&mut rx, 3));
                thread::yield_now();
            }
            let (first, last) = (number(rx.joined()).unwrap(), publisher.join().unwrap());
            assert!(first + AFTER <= last + 1, "seed {seed}: {first} of {last} is inside the stream");
            assert_eq!(seen, numbers(first..=last), "seed {seed}");
            behind_others += u64::from(first > 1);
        });
    }
    assert!(behind_others >= rounds * 4 / 9, "{behind_others} joins of {rounds} came behind other events");
}

// ----------------------------------------------------------------------------------------------------- membership

/// A thousand times under load: each gets exactly what was published between its join and its leave.
#[test]
fn a_thousand_joins_and_leaves_under_load_lose_nothing() {
    let (rounds, members) = if cfg!(miri) { (3, 2) } else { (500, 2) };
    let (mut tx, subscriptions) = ring(16, 4);
    let (done, published) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        let mut joiners = Vec::new();
        let steady = subscriptions.subscribe(GATE, Begin::Now).unwrap();
        tx.admit();
        for member in 0..members {
            let subscriptions = subscriptions.clone();
            joiners.push(scope.spawn(move || {
                for round in 0..rounds {
                    let begin = if round % 2 == 0 { Begin::Now } else { Begin::Oldest };
                    let mut rx = loop {
                        match subscriptions.subscribe(GATE, begin) {
                            Ok(rx) => break rx,
                            Err(NoSeat::Full { .. }) => thread::yield_now(),
                            Err(NoSeat::Closed) => unreachable!("it publishes until all have left"),
                        }
                    };
                    let mut seen = Vec::new();
                    while seen.len() < 1 + round % 9 + member {
                        seen.extend(drain(&mut rx, 5));
                        thread::yield_now();
                    }
                    let (first, last) = (number(rx.joined()).unwrap(), number(rx.unsubscribe()).unwrap() - 1);
                    assert_eq!(seen, numbers(first..=last), "round {round} of {member}");
                }
            }));
        }
        let (done, published) = (&done, &published);
        scope.spawn(move || {
            let mut n = 0;
            while !done.load(Relaxed) {
                if tx.push(n + 1).is_ok() {
                    n += 1;
                } else {
                    thread::yield_now();
                }
            }
            published.store(n, Relaxed);
        });
        let steady = scope.spawn(move || {
            let mut steady = steady;
            let mut next = 1;
            while !steady.is_closed() {
                for n in drain(&mut steady, ALL) {
                    assert_eq!(n, next);
                    next += 1;
                }
                thread::yield_now();
            }
            next - 1
        });
        for joiner in joiners {
            joiner.join().unwrap();
        }
        done.store(true, Relaxed);
        assert_eq!(steady.join().unwrap(), published.load(Relaxed));
    });
}

#[test]
fn seats_are_limited_and_come_back_when_the_publisher_has_seen_it() {
    let (mut tx, subscriptions) = ring(2, 3);
    assert_eq!((subscriptions.seats(), subscriptions.capacity()), (3, 2));
    let mut all: Vec<_> = (0..3).map(|_| subscriptions.subscribe(GATE, Begin::Now).unwrap()).collect();
    assert_eq!(all.iter().map(Subscriber::seat).collect::<Vec<_>>(), [0, 1, 2]);
    let full = NoSeat::Full { seats: 3 };
    assert_eq!(subscriptions.subscribe(GATE, Begin::Now).unwrap_err(), full);
    all.remove(1);
    assert_eq!(subscriptions.subscribe(GATE, Begin::Now).unwrap_err(), full, "not seen yet");
    tx.admit();
    assert_eq!((tx.subscribers(), subscriptions.subscribe(GATE, Begin::Now).unwrap().seat()), (2, 1));
    let most = channel::<u8>(1, MOST_SEATS, || 0).unwrap();
    let all: Vec<_> = std::iter::from_fn(|| most.1.subscribe(GATE, Begin::Now).ok()).collect();
    assert_eq!(all.len(), MOST_SEATS);
}

#[test]
fn numbers_that_make_no_channel_are_errors_that_say_what_to_do() {
    let error = |capacity, seats| channel::<u8>(capacity, seats, || 0).err().unwrap();
    assert_eq!(error(3, 1), BuildError::Capacity(CapacityError::NotPowerOfTwo { asked: 3, next: 4 }));
    for seats in [0, MOST_SEATS + 1, usize::MAX] {
        assert_eq!(error(4, seats), BuildError::Seats { asked: seats });
        assert!(error(4, seats).to_string().contains("1 to 64"));
    }
}

#[test]
fn the_end_comes_behind_the_last_event_also_for_those_who_were_not_let_in_yet() {
    let (mut tx, subscriptions) = ring(4, 3);
    push(&mut tx, 1..=2);
    let mut late = subscriptions.subscribe(GATE, Begin::Oldest).unwrap();
    assert!(!late.is_closed());
    drop(tx);
    assert!(!late.is_closed(), "the publisher lets in for a last time");
    assert_eq!(drain(&mut late, ALL), [1, 2]);
    assert!(late.is_closed());
    assert_eq!(recv(&mut late), Err(NoEvent::Closed));
    assert_eq!(subscriptions.subscribe(GATE, Begin::Now).unwrap_err(), NoSeat::Closed);
}

#[test]
fn who_goes_before_it_was_let_in_was_never_there() {
    let (mut tx, subscriptions) = ring(2, 1);
    let rx = subscriptions.subscribe(GATE, Begin::Now).unwrap();
    assert_eq!(rx.unsubscribe(), None);
    push(&mut tx, 1..=9);
    assert_eq!((tx.unheard(), tx.subscribers()), (9, 0));
    assert!(panics(|| subscriptions.subscribe_with(GATE, Begin::Now, |()| panic_on_purpose())));
    push(&mut tx, 10..=19);
    assert_eq!(subscriptions.subscribe(GATE, Begin::Now).unwrap().seat(), 0, "the seat is not lost");
}

/// The usher is called between two numbers, once for each join and leave; if it panics it is called again.
#[test]
fn an_usher_is_told_of_everybody_and_may_panic() {
    #[derive(Default)]
    struct Log {
        lines: Vec<(char, usize, u64)>,
        panics: bool,
    }
    impl Usher for Log {
        type Desk = u64;
        fn desk(&mut self) -> u64 {
            0
        }
        fn joins(&mut self, seat: usize, desk: &mut u64, joined: Sequence) {
            if std::mem::take(&mut self.panics) {
                panic_on_purpose()
            }
            self.lines.push(('+', seat, *desk));
            *desk = joined.since(START);
        }
        fn leaves(&mut self, seat: usize, desk: &mut u64) {
            self.lines.push(('-', seat, *desk));
        }
    }
    let log = Log { panics: true, ..Log::default() };
    let (mut tx, subscriptions) = channel_with(log, START, 2, 2, || 0u64).unwrap();
    let mut rx = subscriptions.subscribe_with(OLDEST, Begin::Now, |desk| *desk = 77).unwrap();
    assert_eq!(rx.desk(|desk| *desk), None);
    assert!(panics(|| tx.push(0)));
    push(&mut tx, 1..=3);
    assert_eq!(rx.desk(|desk| std::mem::replace(desk, 5)), Some(0), "where it joined");
    drop(rx);
    tx.admit();
    tx.admit();
    assert_eq!(tx.usher().lines, [('+', 0, 77), ('-', 0, 5)]);
    assert!(!tx.usher_mut().panics);
}

/// Its panic unwinds through the publisher, which does not call it again then: a second panic would end the process.
#[test]
fn an_usher_that_always_panics_ends_the_channel_and_not_the_process() {
    struct Bad;
    impl Usher for Bad {
        type Desk = ();
        fn desk(&mut self) {}
        fn joins(&mut self, _seat: usize, _desk: &mut (), _joined: Sequence) {
            panic_on_purpose()
        }
        fn leaves(&mut self, _seat: usize, _desk: &mut ()) {}
    }
    let (mut tx, subscriptions) = channel_with(Bad, START, 2, 2, || 0u64).unwrap();
    let mut rx = subscriptions.subscribe(GATE, Begin::Now).unwrap();
    assert!(panics(move || tx.push(1)));
    assert_eq!(
        (recv(&mut rx), rx.is_closed(), subscriptions.is_closed()),
        (Err(NoEvent::Closed), true, true)
    );
}

/// A required subscriber closes the channel also where the usher panics when it goes.
#[test]
fn an_usher_that_panics_at_a_leave_hides_nothing() {
    struct Bad(bool);
    impl Usher for Bad {
        type Desk = ();
        fn desk(&mut self) {}
        fn joins(&mut self, _seat: usize, _desk: &mut (), _joined: Sequence) {}
        fn leaves(&mut self, _seat: usize, _desk: &mut ()) {
            if std::mem::take(&mut self.0) {
                panic_on_purpose()
            }
        }
    }
    let (mut tx, subscriptions) = channel_with(Bad(true), START, 2, 1, || 0u64).unwrap();
    let rx = subscriptions.subscribe(Policy::Required, Begin::Now).unwrap();
    tx.admit();
    drop(rx);
    assert!(panics(|| tx.push(1)));
    assert_eq!(tx.push(2).unwrap_err().refused, Refused::Closed);
    assert!(subscriptions.subscribe(GATE, Begin::Now).is_ok(), "the seat is free again");
}

// --------------------------------------------------------------------------------------------------- back-pressure

/// From inside a handler, on the ring that it reads: refused when it is full, and never a deadlock.
#[test]
fn a_handler_that_publishes_on_its_own_ring_is_refused_when_it_is_full() {
    for policy in POLICIES {
        let (mut tx, subscriptions) = ring(4, 1);
        let mut rx = subscriptions.subscribe(policy, Begin::Now).unwrap();
        tx.admit();
        push(&mut tx, 1..=1);
        let mut taken = 0;
        let _ = rx.drain(
            NOW,
            1,
            &mut each(|_: &u64| {
                while tx.push(9).is_ok() {
                    taken += 1;
                }
            }),
        );
        assert_eq!(taken, 3, "{policy:?}: the slot of the event in hand is not free");
        assert!(rx.missed() == 0 && rx.disconnected().is_none());
        assert!(tx.push(9).is_ok(), "{policy:?}: outside of its handler it can be moved, or has read");
    }
}

/// Also at the second event of a batch, when the slot of the first is free.
#[test]
fn who_is_inside_stays_inside_until_its_batch_is_over() {
    for policy in POLICIES {
        let (mut tx, subscriptions) = ring(4, 1);
        let mut rx = subscriptions.subscribe(policy, Begin::Now).unwrap();
        tx.admit();
        let _ = tx.push(1);
        let mut taken = Vec::new();
        let mut handler = |n: &u64, _: At| -> Flow {
            let before = *n;
            taken.push((0..100).take_while(|_| tx.push(9).is_ok()).count());
            assert_eq!(*n, before, "it is not written over while it is looked at");
            Ok(())
        };
        let _ = rx.drain(NOW, ALL, &mut handler);
        let _ = rx.drain(NOW, ALL, &mut handler);
        assert_eq!(taken, [3, 1, 1, 1], "{policy:?}");
    }
}

/// What a stage wants again is not taken away from it before it was outside.
#[test]
fn an_event_that_comes_again_may_be_missed_by_one_that_lags_and_by_nobody_else() {
    for policy in [GATE, OLDEST] {
        let (mut tx, subscriptions) = ring(2, 1);
        let mut rx = subscriptions.subscribe(policy, Begin::Now).unwrap();
        push(&mut tx, 1..=2);
        let again = rx.drain(NOW, ALL, &mut |_: &u64, _: At| -> Flow { Err(Halt::Again) });
        assert_eq!(again, Drained { count: 0, end: Some(End::Halted(Halt::Again)) });
        let taken = tx.push(3).is_ok();
        assert_eq!(
            (taken, drain(&mut rx, ALL)),
            (policy == OLDEST, numbers(1 + u64::from(taken)..=2 + u64::from(taken)))
        );
    }
}

/// A panic takes a subscriber that may lag out of the ring: it holds nobody up afterwards, and goes on at that event.
#[test]
fn a_handler_that_panics_is_outside_afterwards() {
    for policy in POLICIES {
        let (mut tx, subscriptions) = ring(4, 1);
        let mut rx = subscriptions.subscribe(policy, Begin::Now).unwrap();
        tx.admit();
        push(&mut tx, 1..=1);
        assert!(panics(|| rx.drain(NOW, ALL, &mut each(|_: &u64| panic_on_purpose()))));
        assert_eq!((rx.next(), drain(&mut rx, ALL)), (Some(START), vec![1]));
        push(&mut tx, 2..=2);
    }
}

#[test]
fn a_subscription_that_is_never_dropped_holds_up_as_its_policy_says_and_harms_nobody() {
    for policy in POLICIES {
        let (mut tx, subscriptions) = ring(2, 1);
        let rx = std::mem::ManuallyDrop::new(subscriptions.subscribe(policy, Begin::Now).unwrap());
        let taken = (1..=9).filter(|n| tx.push(*n).is_ok()).count();
        assert_eq!(
            taken,
            if matches!(policy, Policy::Gate | Policy::Required) { 2 } else { 9 },
            "{policy:?}"
        );
        drop(tx);
        drop(std::mem::ManuallyDrop::into_inner(rx));
    }
}

#[test]
fn a_batch_fails_where_its_closure_does() {
    let (mut tx, subscriptions) = ring(4, 2);
    let mut rx = subscriptions.subscribe(OLDEST, Begin::Now).unwrap();
    for halt in [Halt::Again, Halt::Stop, Halt::Reject(Fault::new(7))] {
        for fatal in 0..6 {
            let mut calls = 0;
            let filled = tx.fill_many(6, |i, slot| {
                assert_eq!(i, calls);
                calls += 1;
                *slot = i as u64;
                if i == fatal { Err(halt) } else { Ok(()) }
            });
            assert_eq!((filled, calls), (Filled { count: fatal, end: Some(halt) }, fatal + 1));
            let seen = drain(&mut rx, ALL);
            // For the one that failed, a slot was taken from the reader, too.
            let missed = if fatal < 4 { 0 } else { fatal - 3 };
            assert_eq!(seen, (0..fatal as u64).collect::<Vec<_>>()[missed..]);
        }
    }
    let gate = subscriptions.subscribe(GATE, Begin::Now).unwrap();
    let filled = tx.fill_many(6, |_, _| Ok(()));
    assert_eq!(filled, Filled { count: 4, end: Some(Halt::Again) });
    drop(gate);
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

// ---------------------------------------------------------------------------------------------------------- oracle

/// What a subscriber should get, by the book.
struct Expected {
    policy: Policy,
    /// Before it has joined, where it wants to begin.
    begin: Option<Begin>,
    next: u64,
    ended: bool,
    missed: u64,
}

/// A publisher that keeps everything, in a few lines.
struct Model {
    capacity: u64,
    published: u64,
    unheard: u64,
}

impl Model {
    fn let_in(&self, readers: &mut [Option<(Subscriber<u64>, Expected)>]) {
        for (_, expected) in readers.iter_mut().flatten() {
            let oldest = self.published.saturating_sub(self.capacity);
            expected.next = match expected.begin.take() {
                Some(Begin::Now) => self.published,
                Some(Begin::Oldest) => oldest,
                Some(Begin::At(at)) => at.since(START).clamp(oldest, self.published),
                None => expected.next,
            };
        }
    }
    /// One event; whether it is taken. Where one that gates leaves no room, nobody is disconnected for it.
    fn publish(&mut self, readers: &mut [Option<(Subscriber<u64>, Expected)>]) -> bool {
        self.let_in(readers);
        let gates = |expected: &Expected| matches!(expected.policy, Policy::Gate | Policy::Required);
        let mut all = readers.iter().flatten().map(|(_, expected)| expected);
        if all.any(|expected| gates(expected) && self.published - expected.next == self.capacity) {
            return false;
        }
        for (_, expected) in readers.iter_mut().flatten().filter(|(_, expected)| !expected.ended) {
            let behind = self.published - expected.next;
            match expected.policy {
                Policy::DisconnectAfter(lag) if behind >= lag.clamp(1, self.capacity) => {
                    expected.ended = true
                }
                _ => {}
            }
        }
        let heard = readers.iter().flatten().any(|(_, expected)| !expected.ended);
        self.unheard += u64::from(!heard);
        self.published += 1;
        true
    }
    /// What a reader gets next, by `recv`.
    fn recv(&self, expected: &mut Expected) -> Result<u64, NoEvent> {
        let oldest = self.published.saturating_sub(self.capacity);
        if expected.begin.is_some() {
            return Err(NoEvent::Empty);
        }
        if expected.ended {
            return Err(NoEvent::Disconnected { at: START.plus(expected.next) });
        }
        let displaced = expected.next < oldest;
        if displaced {
            let to = if expected.policy == NEWEST { self.published - 1 } else { oldest };
            let lag = to - expected.next;
            expected.next = to;
            expected.missed += lag;
            return Err(NoEvent::Lagged(lag));
        }
        if expected.next == self.published {
            return Err(NoEvent::Empty);
        }
        expected.next += 1;
        Ok(expected.next)
    }
}

/// Seeded runs of publish, subscribe, leave and read, by all policies, beside a model.
#[test]
fn any_steps_come_to_what_the_model_says() {
    let runs = if cfg!(miri) { 40 } else { 60_000 };
    for seed in 1..=runs {
        let mut random = u64::wrapping_mul(seed, 0x9E37_79B9_7F4A_7C15);
        let mut roll = move |below: u64| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            (random >> 11) % below
        };
        let capacity = 1 << roll(4);
        let (mut tx, subscriptions) = ring(capacity as usize, 3);
        let mut readers: [Option<(Subscriber<u64>, Expected)>; 3] = [const { None }; 3];
        let mut model = Model { capacity, published: 0, unheard: 0 };
        for _ in 0..roll(60) {
            let who = roll(3) as usize;
            match roll(10) {
                0..4 => {
                    let taken = model.publish(&mut readers);
                    assert_eq!(tx.push(model.published + u64::from(!taken)).is_ok(), taken, "seed {seed}");
                }
                4 if readers[who].is_none() => {
                    tx.admit();
                    model.let_in(&mut readers);
                    let policy = POLICIES[roll(6) as usize];
                    let begin =
                        [Begin::Now, Begin::Oldest, Begin::At(START.plus(roll(40)))][roll(3) as usize];
                    let rx = subscriptions.subscribe(policy, begin).unwrap();
                    let expected = Expected { policy, begin: Some(begin), next: 0, ended: false, missed: 0 };
                    readers[who] = Some((rx, expected));
                }
                5 => {
                    if let Some((rx, expected)) = readers[who].take() {
                        let left = expected.begin.is_none().then(|| START.plus(expected.next));
                        // Displaced, but it does not know.
                        let untold = model.published.saturating_sub(model.capacity) > expected.next;
                        assert!(rx.unsubscribe() == left || untold && !expected.ended, "seed {seed}");
                    }
                }
                _ => {
                    if let Some((rx, expected)) = &mut readers[who] {
                        for _ in 0..=roll(4) {
                            assert_eq!(recv(rx), model.recv(expected), "seed {seed}");
                        }
                        assert_eq!(rx.missed(), expected.missed, "seed {seed}");
                    }
                }
            }
            assert_eq!(tx.unheard(), model.unheard, "seed {seed}");
        }
        drop(tx);
        model.let_in(&mut readers);
        for (mut rx, mut expected) in readers.into_iter().flatten() {
            loop {
                let (got, wanted) = (recv(&mut rx), model.recv(&mut expected));
                assert!(
                    got == wanted || got == Err(NoEvent::Closed) && wanted == Err(NoEvent::Empty),
                    "seed {seed}"
                );
                if matches!(got, Err(NoEvent::Closed | NoEvent::Disconnected { .. })) {
                    break;
                }
            }
        }
    }
}

/// One that may lag beside one that gates, on threads of their own: whole events, in order, and the missed ones counted.
#[test]
fn a_slow_subscriber_on_a_thread_of_its_own_gets_whole_events_and_counts_the_rest() {
    let events = if cfg!(miri) { 60 } else { 100_000 };
    for policy in [OLDEST, NEWEST] {
        let (mut tx, subscriptions) = channel(8, 2, || [0u64; 4]).unwrap();
        let mut gate = subscriptions.subscribe(GATE, Begin::Now).unwrap();
        let mut slow = subscriptions.subscribe(policy, Begin::Now).unwrap();
        tx.admit();
        thread::scope(|scope| {
            scope.spawn(move || {
                for n in 1..=events {
                    while tx.push([n; 4]).is_err() {
                        thread::yield_now();
                    }
                }
            });
            scope.spawn(move || {
                let mut next = 1;
                while !gate.is_closed() {
                    for [n, ..] in drain(&mut gate, ALL) {
                        assert_eq!(n, next);
                        next += 1;
                    }
                    thread::yield_now();
                }
                assert_eq!(next, events + 1);
            });
            let mut seen = 0;
            let mut last = 0;
            while !slow.is_closed() {
                for event in drain(&mut slow, 3) {
                    assert!(event == [event[0]; 4] && event[0] > last, "torn, or out of order");
                    last = event[0];
                    seen += 1;
                }
                thread::yield_now();
            }
            assert_eq!((seen + slow.missed(), last), (events, events));
        });
    }
}
