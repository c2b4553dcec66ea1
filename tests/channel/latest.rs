use crate::kit::{panic_on_purpose, panics, stall};
use ringmain::channel::latest::{self, NoValue, Producer, Reader, Reading};
use ringmain::contract::{
    Agent, At, Drained, End, Fault, Filled, Flow, Halt, Sink, Source, Tick, Work, each,
};
use ringmain::ring::{Plain, Sequence};

const NOW: Tick = Tick::ZERO;
const ALL: usize = usize::MAX;

/// Value `n` is the number `n`; 0 is there from the beginning.
fn ends() -> (Producer<u64>, Reader<u64>) {
    latest::channel_from(start(), 2, 0)
}

fn start() -> Sequence {
    Sequence::ZERO.minus(3)
}

fn reading(value: u64, conflated: u64) -> Reading<u64> {
    Reading { value, seq: start().plus(value), conflated }
}

/// Pushes the next `n` numbers.
fn push(tx: &mut Producer<u64>, n: u64) {
    for _ in 0..n {
        tx.offer(|value| *value += 1).unwrap();
    }
}

fn drain(rx: &mut Reader<u64>) -> Option<u64> {
    let mut seen = None;
    let drained = rx.drain(NOW, ALL, &mut each(|value: &u64| seen = Some(*value)));
    assert_eq!(drained.count, usize::from(seen.is_some()));
    seen
}

#[test]
fn the_initial_value_is_news_once_and_can_be_read_always() {
    let (tx, mut rx) = ends();
    assert_eq!((rx.is_empty(), rx.next()), (false, start()));
    assert_eq!((rx.recv(), rx.recv()), (Ok(reading(0, 0)), Err(NoValue::Unchanged)));
    for _ in 0..3 {
        assert_eq!((rx.read(), rx.is_empty()), (reading(0, 0), true));
    }
    drop(tx);
    assert_eq!((rx.read(), rx.recv()), (reading(0, 0), Err(NoValue::Closed)));
}

#[test]
fn only_the_newest_value_is_seen_and_the_others_are_counted() {
    for published in 0..20 {
        let (mut tx, rx) = ends();
        push(&mut tx, published);
        let expected = reading(published, published);
        assert_eq!((rx.clone().recv(), rx.clone().read()), (Ok(expected), expected));
        let mut reader = rx.clone();
        assert_eq!(drain(&mut reader), Some(published));
        assert_eq!((drain(&mut reader), reader.missed()), (None, published));
        push(&mut tx, 1);
        assert_eq!((reader.recv(), reader.missed()), (Ok(reading(published + 1, 0)), published));
        push(&mut tx, 3);
        assert_eq!((reader.read(), reader.missed()), (reading(published + 4, 2), published + 2));
        assert_eq!((reader.next(), tx.next()), (start().plus(published + 5), start().plus(published + 5)));
    }
}

#[test]
fn the_last_value_is_seen_before_the_end_and_stays() {
    let (mut tx, mut rx) = ends();
    push(&mut tx, 2);
    drop(tx);
    let mut other = rx.clone();
    assert!(!rx.is_closed());
    assert_eq!((rx.recv(), rx.recv()), (Ok(reading(2, 2)), Err(NoValue::Closed)));
    assert!(rx.is_closed());
    let mut stage = each(|value: &u64| assert_eq!(*value, 2));
    assert_eq!(other.drain(NOW, ALL, &mut stage), Drained { count: 1, end: None });
    assert_eq!(other.drain(NOW, ALL, &mut stage), Drained { count: 0, end: Some(End::Closed) });
    assert_eq!(other.read().value, 2);
}

#[test]
fn readers_come_and_go_and_nobody_holds_the_producer_up() {
    let (mut tx, rx) = ends();
    let mut other = rx.clone();
    assert_eq!((tx.readers(), other.recv()), (2, Ok(reading(0, 0))));
    drop(rx);
    let mut clone = other.clone();
    assert_eq!((clone.recv(), tx.readers()), (Err(NoValue::Unchanged), 2));
    drop(clone);
    drop(other);
    assert_eq!(tx.readers(), 0);
    push(&mut tx, 50);
    let mut late = tx.subscribe();
    assert_eq!((late.recv(), late.missed(), tx.readers()), (Ok(reading(50, 0)), 0, 1));
}

#[test]
fn the_lent_value_is_the_newest_and_a_fill_that_fails_or_panics_changes_nothing() {
    let (mut tx, mut rx) = ends();
    push(&mut tx, 1);
    let fails = |value: &mut u64| -> Flow {
        *value += 70;
        Err(Fault::new(*value as u32).into())
    };
    assert_eq!(tx.fill(fails), Err(Fault::new(71).into()));
    assert!(panics(|| {
        tx.offer(|value| {
            *value = 9;
            panic_on_purpose()
        })
    }));
    assert_eq!(rx.recv(), Ok(reading(1, 1)));
    assert_eq!(tx.fill(|value| Ok(std::mem::replace(value, 2))), Ok(1));
    tx.push(3).unwrap();
    assert_eq!(rx.recv(), Ok(reading(3, 1)));
}

#[test]
fn of_a_batch_the_last_value_stays() {
    let (mut tx, mut rx) = ends();
    let fault = Halt::Reject(Fault::new(9));
    let fill = |i: usize, value: &mut u64| {
        *value = 1 + i as u64;
        if i == 4 { Err(fault) } else { Ok(()) }
    };
    assert_eq!(tx.fill_many(9, fill), Filled { count: 4, end: Some(fault) });
    assert_eq!(rx.recv(), Ok(reading(4, 4)));
}

#[test]
fn what_a_stage_says_decides_whether_the_value_is_consumed() {
    let fault = Fault::new(3);
    for (halt, consumed) in [(Halt::Again, 0), (Halt::Reject(fault), 1), (Halt::Stop, 1)] {
        let (_tx, mut rx) = ends();
        let mut stage = |_: &u64, _: At| -> Flow { Err(halt) };
        let drained = rx.drain(NOW, ALL, &mut stage);
        assert_eq!(drained, Drained { count: consumed, end: Some(End::Halted(halt)) });
        assert_eq!(drain(&mut rx), (consumed == 0).then_some(0));
    }
}

/// A stage that said `Again` remembers what it has done with the value: it must not get another.
#[test]
fn a_value_wanted_again_comes_again_however_often_it_is_overwritten() {
    let (mut tx, mut rx) = ends();
    push(&mut tx, 1);
    let mut again = |value: &u64, at: At| -> Flow {
        assert_eq!((*value, at.seq), (1, start().next()));
        Err(Halt::Again)
    };
    for _ in 0..9 {
        assert_eq!(rx.drain(NOW, ALL, &mut again).count, 0);
        push(&mut tx, 1);
    }
    let mut clone = rx.clone();
    assert_eq!((drain(&mut clone), drain(&mut clone), clone.missed()), (Some(1), Some(10), 9));
    // Who reads has seen the newest value, and no stage waits for an older one.
    assert_eq!((rx.read(), drain(&mut rx)), (reading(10, 9), None));
}

#[test]
fn a_value_that_a_stage_panics_on_is_not_consumed() {
    let (_tx, mut rx) = ends();
    assert!(panics(|| rx.drain(NOW, ALL, &mut each(|_: &u64| panic_on_purpose()))));
    assert_eq!(drain(&mut rx), Some(0));
}

#[test]
fn a_limit_of_nothing_shows_nothing() {
    let (_tx, mut rx) = ends();
    let mut stage = |_: &u64, _: At| -> Flow { unreachable!("the limit is 0") };
    assert_eq!(rx.drain(NOW, 0, &mut stage), Drained { count: 0, end: None });
    assert_eq!(drain(&mut rx), Some(0));
}

#[test]
fn a_stage_with_a_thread_of_its_own_works_over_it_and_ends() {
    let (mut tx, rx) = ends();
    let mut seen = Vec::new();
    let mut agent = rx.drive(each(|value: &u64| seen.push(*value)));
    assert_eq!((agent.work(NOW), agent.work(NOW)), (Work::Busy(1), Work::Idle));
    push(&mut tx, 3);
    assert_eq!(agent.work(NOW), Work::Busy(1));
    drop(tx);
    assert_eq!(agent.work(NOW), Work::Done);
    drop(agent);
    assert_eq!(seen, [0, 3]);
}

#[test]
fn values_of_every_size_and_alignment_pass() {
    fn round<T: Plain + PartialEq + std::fmt::Debug>(values: [T; 3]) {
        let (mut tx, mut rx) = latest::channel(values[0]);
        for value in values {
            tx.push(value).unwrap();
            assert_eq!(rx.recv().unwrap().value, value);
        }
    }
    round([(); 3]);
    round([1u8, 2, 255]);
    round([[1u8; 13], [2; 13], [255; 13]]);
    round([1u128, 2, u128::MAX]);
    round([[1u8; 4099], [2; 4099], [255; 4099]]);
}

/// The value before stays, whatever the producer is in the middle of.
#[test]
fn a_producer_that_stalls_in_its_fill_leaves_the_newest_value_readable() {
    let (mut tx, mut rx) = ends();
    push(&mut tx, 1);
    let (stalled, stall) = stall();
    std::thread::scope(|scope| {
        let producer = scope.spawn(move || {
            tx.offer(|value| {
                *value = 2;
                stall.here();
            })
        });
        stalled.arrived();
        assert_eq!((rx.recv(), rx.recv()), (Ok(reading(1, 1)), Err(NoValue::Unchanged)));
        assert_eq!(rx.read(), reading(1, 0));
        stalled.go_on();
        assert_eq!(producer.join().unwrap(), Ok(()));
    });
    assert_eq!(rx.recv(), Ok(reading(2, 0)));
}

/// Two slots, so that the producer comes round as often as can be.
fn hunt<T: Plain + Send + PartialEq + std::fmt::Debug>(of: fn(u64) -> T) {
    let n: u64 = if cfg!(miri) { 60 } else { 200_000 };
    let (mut tx, mut rx) = latest::channel_from(start(), 2, of(0));
    let mut drains = rx.clone();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for number in 1..=n {
                tx.push(of(number)).unwrap();
                if number % 256 == 0 {
                    std::thread::yield_now();
                }
            }
        });
        scope.spawn(move || {
            let (mut told, mut last) = (0, 0);
            loop {
                match rx.recv() {
                    Ok(reading) => {
                        let number = reading.seq.since(start());
                        assert_eq!(reading.value, of(number), "torn");
                        assert_eq!(number, last + u64::from(told > 0) + reading.conflated);
                        (told, last) = (told + 1, number);
                    }
                    Err(NoValue::Unchanged) => std::thread::yield_now(),
                    Err(NoValue::Closed) => break,
                }
            }
            assert_eq!((last, told + rx.missed()), (n, n + 1));
        });
        scope.spawn(move || {
            let (mut shown, mut ended) = (0, false);
            while !ended {
                let drained = drains.drain(NOW, ALL, &mut |value: &T, at: At| -> Flow {
                    assert_eq!(*value, of(at.seq.since(start())), "torn");
                    Ok(())
                });
                shown += drained.count as u64;
                ended = drained.end == Some(End::Closed);
                if drained.count == 0 {
                    std::thread::yield_now();
                }
            }
            assert_eq!(shown + drains.missed(), n + 1);
        });
    });
}

#[test]
fn no_value_is_torn_while_two_threads_read_and_one_overwrites() {
    hunt(|number| [number; 8]);
    hunt(|number| -> [u8; 61] { std::array::from_fn(|i| number.to_le_bytes()[i % 8]) });
}

mod property {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 2 } else { 400 }, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever is done in whatever order: each reader gets the newest value, once, and knows how many it did not.
        #[test]
        fn each_reader_gets_the_newest_value_once(
            bits in 1u32..4,
            before in 0u64..40,
            steps in prop::collection::vec((0u32..6, 0usize..3, 0u64..5), 0..60),
        ) {
            let start = Sequence::ZERO.minus(before);
            let (mut tx, rx) = latest::channel_from(start, 1 << bits, 0u64);
            // Each reader with what it wants next, and how many it missed.
            let mut readers = vec![(rx, 0, 0)];
            let mut newest = 0;
            for (step, who, n) in steps {
                let count = readers.len();
                let (reader, next, missed) = &mut readers[who % count];
                let news = *next <= newest;
                let conflated = if news { newest - *next } else { 0 };
                let expected = Reading { value: newest, seq: start.plus(newest), conflated };
                match step {
                    0 => {
                        push(&mut tx, n);
                        newest += n;
                        continue;
                    }
                    1 => prop_assert_eq!(reader.read(), expected),
                    2 => prop_assert_eq!(reader.recv(), if news { Ok(expected) } else { Err(NoValue::Unchanged) }),
                    3 => prop_assert_eq!(drain(reader), news.then_some(newest)),
                    4 => {
                        let twin = (reader.clone(), *next, *missed);
                        readers.push(twin);
                        continue;
                    }
                    _ => {
                        readers.push((tx.subscribe(), newest, 0));
                        continue;
                    }
                }
                (*next, *missed) = (newest + 1, *missed + conflated);
                prop_assert_eq!((reader.missed(), reader.is_empty()), (*missed, true));
                prop_assert_eq!(reader.next(), start.plus(*next));
            }
            prop_assert_eq!(tx.readers(), readers.len());
        }
    }
}
