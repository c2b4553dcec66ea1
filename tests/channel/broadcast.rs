use crate::kit::{Stall, panic_on_purpose, panics, stall};
use ringmain::channel::broadcast::{self, Join, NoEvent, Producer, Reader};
use ringmain::contract::{
    Agent, At, Drained, End, Fault, Filled, Flow, Halt, Sink, Source, Tick, Work, each,
};
use ringmain::ring::{CapacityError, Plain, Sequence};

const NOW: Tick = Tick::ZERO;
const ALL: usize = usize::MAX;

fn ends(capacity: usize) -> (Producer<u64>, Reader<u64>) {
    broadcast::channel_from(Sequence::ZERO.minus(3), capacity).unwrap()
}

/// Pushes so many more events; event `n` is the number `n`.
fn push(tx: &mut Producer<u64>, numbers: std::ops::Range<u64>) {
    for n in numbers {
        tx.push(n).unwrap();
    }
}

fn drain<T: Plain>(rx: &mut Reader<T>, limit: usize) -> Vec<T> {
    let mut seen = Vec::new();
    let _ = rx.drain(NOW, limit, &mut each(|event: &T| seen.push(*event)));
    seen
}

#[test]
fn a_bad_capacity_is_an_error_that_says_what_to_do() {
    assert_eq!(broadcast::channel::<u8>(0).unwrap_err(), CapacityError::Zero);
    let error = broadcast::channel::<u8>(12).unwrap_err();
    assert_eq!(error, CapacityError::NotPowerOfTwo { asked: 12, next: 16 });
    for asked in [usize::MAX, isize::MAX as usize, 1 << (usize::BITS - 1)] {
        assert!(broadcast::channel::<[u64; 2]>(asked).is_err(), "{asked}");
    }
}

#[test]
fn a_reader_in_time_sees_all_and_one_that_sleeps_knows_how_much_it_missed() {
    let largest = if cfg!(miri) { 8 } else { 64 };
    for capacity in [1, 2, 4, largest] {
        for start in [Sequence::ZERO, Sequence::ZERO.minus(1), Sequence::ZERO.minus(capacity)] {
            for published in 0..3 * capacity + 2 {
                let (mut tx, mut rx) = broadcast::channel_from(start, capacity as usize).unwrap();
                let mut awake = rx.clone();
                for n in 0..published {
                    tx.push(n).unwrap();
                    assert_eq!(awake.recv(), Ok(n));
                }
                let missed = published.saturating_sub(capacity);
                assert_eq!((rx.len() as u64, rx.missed()), (published - missed, 0));
                if missed != 0 {
                    assert_eq!(rx.recv(), Err(NoEvent::Lagged(missed)));
                }
                for n in missed..published {
                    assert_eq!((rx.is_empty(), rx.next(), rx.recv()), (false, start.plus(n), Ok(n)));
                }
                assert_eq!((rx.is_empty(), rx.recv()), (true, Err(NoEvent::Empty)));
                assert_eq!((rx.missed(), awake.missed(), tx.next()), (missed, 0, start.plus(published)));
                drop(tx);
                assert_eq!((rx.recv(), awake.recv()), (Err(NoEvent::Closed), Err(NoEvent::Closed)));
            }
        }
    }
}

#[test]
fn what_is_left_is_seen_before_the_end() {
    let (mut tx, mut rx) = ends(2);
    push(&mut tx, 0..5);
    drop(tx);
    assert!(!rx.is_closed());
    let mut drained = rx.clone();
    assert_eq!(rx.recv(), Err(NoEvent::Lagged(3)));
    assert_eq!((rx.recv(), rx.recv(), rx.recv()), (Ok(3), Ok(4), Err(NoEvent::Closed)));
    assert!(rx.is_closed());
    let mut seen = Vec::new();
    let mut stage = each(|n: &u64| seen.push(*n));
    assert_eq!(drained.drain(NOW, ALL, &mut stage), Drained { count: 2, end: None });
    assert_eq!(drained.drain(NOW, ALL, &mut stage), Drained { count: 0, end: Some(End::Closed) });
    assert_eq!((seen, drained.missed()), (vec![3, 4], 3));
}

#[test]
fn nobody_holds_the_producer_up_and_it_can_ask_who_is_there() {
    let (mut tx, rx) = ends(2);
    let other = rx.clone();
    assert_eq!(tx.readers(), 2);
    drop(rx);
    drop(other);
    assert_eq!(tx.readers(), 0);
    push(&mut tx, 0..100);
    let mut late = tx.subscribe(Join::Oldest);
    assert_eq!((tx.readers(), drain(&mut late, ALL)), (1, vec![98, 99]));
    assert_eq!(late.missed(), 0);
}

#[test]
fn a_new_reader_starts_where_it_is_told() {
    for published in 0..6 {
        let (mut tx, rx) = ends(4);
        push(&mut tx, 0..published);
        let expected = [
            (Join::Oldest, published.saturating_sub(4)),
            (Join::Newest, published.saturating_sub(1)),
            (Join::Next, published),
        ];
        for (join, first) in expected {
            for mut reader in [tx.subscribe(join), rx.subscribe(join)] {
                assert_eq!(drain(&mut reader, ALL), (first..published).collect::<Vec<_>>(), "{join:?}");
                assert_eq!(reader.missed(), 0);
            }
        }
        assert_eq!(tx.readers(), 1);
    }
}

#[test]
fn a_clone_starts_where_its_original_stands() {
    let (mut tx, mut rx) = ends(4);
    push(&mut tx, 0..6);
    assert_eq!(rx.recv(), Err(NoEvent::Lagged(2)));
    assert_eq!(rx.recv(), Ok(2));
    let mut clone = rx.clone();
    assert_eq!((clone.next(), clone.missed()), (rx.next(), 2));
    assert_eq!(drain(&mut clone, ALL), [3, 4, 5]);
    assert_eq!(drain(&mut rx, ALL), [3, 4, 5]);
}

#[test]
fn the_lent_event_is_zero_and_a_fill_that_fails_or_panics_overwrites_nothing() {
    let (mut tx, mut rx) = ends(1);
    push(&mut tx, 7..8);
    assert_eq!(tx.fill(|slot| -> Flow { Err(Fault::new(*slot as u32).into()) }), Err(Fault::new(0).into()));
    assert!(panics(|| tx.offer(|_| panic_on_purpose())));
    assert_eq!((rx.recv(), rx.recv()), (Ok(7), Err(NoEvent::Empty)));
    assert_eq!(tx.fill(|slot| Ok(std::mem::replace(slot, 5))), Ok(0));
    assert_eq!(rx.recv(), Ok(5));
}

#[test]
fn a_batch_is_never_refused_and_overwrites_its_own_beginning() {
    let (mut tx, mut rx) = ends(4);
    let fill = |i: usize, slot: &mut u64| {
        *slot = i as u64;
        Ok(())
    };
    assert_eq!(tx.fill_many(10, fill), Filled { count: 10, end: None });
    assert_eq!((drain(&mut rx, ALL), rx.missed()), (vec![6, 7, 8, 9], 6));
    let fault = Halt::Reject(Fault::new(9));
    let fails = |i: usize, slot: &mut u64| if i == 2 { Err(fault) } else { fill(i, slot) };
    assert_eq!(tx.fill_many(5, fails), Filled { count: 2, end: Some(fault) });
    assert_eq!(drain(&mut rx, ALL), [0, 1]);
}

#[test]
fn whichever_fill_of_a_batch_panics_those_before_it_are_published() {
    for fatal in 0..6 {
        let (mut tx, mut rx) = ends(8);
        let fill = |i: usize, slot: &mut u64| {
            if i == fatal {
                panic_on_purpose();
            }
            *slot = i as u64;
            Ok(())
        };
        assert!(panics(|| tx.fill_many(6, fill)));
        assert_eq!(drain(&mut rx, ALL), (0..fatal as u64).collect::<Vec<_>>());
    }
}

#[test]
fn positions_show_the_gaps_and_a_limit_is_kept() {
    let (mut tx, mut rx) = broadcast::channel::<u64>(4).unwrap();
    let mut at = Vec::new();
    let mut stage = |event: &u64, place: At| -> Flow {
        at.push((place.seq.count(), *event));
        Ok(())
    };
    push(&mut tx, 0..2);
    assert_eq!(rx.drain(NOW, 1, &mut stage), Drained { count: 1, end: None });
    assert_eq!(rx.drain(NOW, 0, &mut stage), Drained { count: 0, end: None });
    push(&mut tx, 2..9);
    assert_eq!(rx.drain(NOW, 3, &mut stage), Drained { count: 3, end: None });
    assert_eq!(rx.drain(NOW, ALL, &mut stage), Drained { count: 1, end: None });
    assert_eq!((at, rx.missed()), (vec![(0, 0), (5, 5), (6, 6), (7, 7), (8, 8)], 4));
}

#[test]
fn what_a_stage_says_decides_whether_the_event_is_consumed() {
    let fault = Fault::new(3);
    for (halt, consumed) in [(Halt::Again, 1), (Halt::Reject(fault), 2), (Halt::Stop, 2)] {
        let (mut tx, mut rx) = ends(4);
        push(&mut tx, 1..4);
        let mut stage = |event: &u64, _: At| if *event == 2 { Err(halt) } else { Ok(()) };
        let drained = rx.drain(NOW, ALL, &mut stage);
        assert_eq!(drained, Drained { count: consumed, end: Some(End::Halted(halt)) });
        assert_eq!((rx.len(), drain(&mut rx, ALL).len()), (3 - consumed, 3 - consumed));
    }
}

/// A stage that said `Again` remembers what it has done with the event: it must not get another.
#[test]
fn an_event_wanted_again_comes_again_however_often_it_is_overwritten() {
    let (mut tx, mut rx) = ends(2);
    push(&mut tx, 0..2);
    let mut again = |event: &u64, at: At| -> Flow {
        assert_eq!((*event, at.seq), (0, Sequence::ZERO.minus(3)));
        Err(Halt::Again)
    };
    for n in 2..9 {
        assert_eq!(rx.drain(NOW, ALL, &mut again).count, 0);
        push(&mut tx, n..n + 1);
    }
    let mut clone = rx.clone();
    assert_eq!((rx.recv(), rx.recv(), rx.recv()), (Ok(0), Err(NoEvent::Lagged(6)), Ok(7)));
    assert_eq!((drain(&mut clone, ALL), clone.missed()), (vec![0, 7], 6));
}

#[test]
fn an_event_that_a_stage_panics_on_is_not_consumed() {
    for fatal in 0..4 {
        let (mut tx, mut rx) = ends(4);
        push(&mut tx, 0..4);
        let mut seen = Vec::new();
        let mut stage = each(|n: &u64| if *n == fatal { panic_on_purpose() } else { seen.push(*n) });
        assert!(panics(|| rx.drain(NOW, ALL, &mut stage)));
        assert_eq!(seen, (0..fatal).collect::<Vec<_>>());
        assert_eq!(drain(&mut rx, ALL), (fatal..4).collect::<Vec<_>>());
    }
}

/// The oldest event is the next to be overwritten: a reader that always stood there would get nothing at all.
#[test]
fn a_reader_that_lags_again_and_again_stands_further_off_until_it_has_caught_up() {
    let (mut tx, mut rx) = ends(8);
    push(&mut tx, 0..8);
    let (mut published, mut stands) = (8, 0);
    for (until, next) in [(9, 1), (10, 3), (13, 8), (21, 20), (29, 28)] {
        push(&mut tx, published..until);
        assert_eq!(rx.recv(), Err(NoEvent::Lagged(next - stands)));
        (published, stands) = (until, next);
    }
    assert_eq!((rx.recv(), rx.recv(), rx.missed()), (Ok(28), Err(NoEvent::Empty), 28));
    push(&mut tx, 29..41);
    assert_eq!((rx.recv(), rx.recv()), (Err(NoEvent::Lagged(4)), Ok(33)));
}

#[test]
fn a_reader_three_times_slower_than_the_producer_still_gets_events() {
    let (mut tx, mut rx) = ends(64);
    let (mut got, mut missed) = (0, 0);
    for n in 0..1_000 {
        push(&mut tx, 3 * n..3 * n + 3);
        match rx.recv() {
            Ok(_) => got += 1,
            Err(NoEvent::Lagged(n)) => missed += n,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(rx.next(), Sequence::ZERO.minus(3).plus(got + missed));
    assert!(got > 900, "{got} of 1,000");
}

#[test]
fn a_stage_with_a_thread_of_its_own_works_over_it_and_ends() {
    let (mut tx, rx) = ends(4);
    let mut sum = 0;
    let mut agent = rx.drive(each(|n: &u64| sum += n));
    push(&mut tx, 0..6);
    assert_eq!(agent.work(NOW), Work::Busy(4));
    assert_eq!(agent.work(NOW), Work::Idle);
    drop(tx);
    assert_eq!(agent.work(NOW), Work::Done);
    drop(agent);
    assert_eq!(sum, 2 + 3 + 4 + 5);
}

mod sizes {
    use super::*;
    use zerocopy::{FromBytes, Immutable, IntoBytes};

    #[derive(Clone, Copy, PartialEq, Debug, FromBytes, IntoBytes, Immutable)]
    #[repr(C)]
    struct Quote {
        bid: i64,
        ask: i64,
        symbol: [u8; 6],
        venue: u16,
    }

    #[derive(Clone, Copy, PartialEq, Debug, FromBytes, IntoBytes, Immutable)]
    #[repr(C, align(64))]
    struct Line([u8; 64]);

    fn round<T: Plain + PartialEq + std::fmt::Debug>(events: [T; 3]) {
        let (mut tx, mut rx) = broadcast::channel::<T>(2).unwrap();
        for event in events {
            tx.push(event).unwrap();
            assert_eq!(rx.clone().recv(), Ok(event));
            assert_eq!(drain(&mut rx, ALL), [event]);
        }
    }

    #[test]
    fn events_of_every_size_and_alignment_pass() {
        round([(); 3]);
        round([1u8, 2, 255]);
        round([[1u8; 13], [2; 13], [255; 13]]);
        round([[1u16; 5], [2; 5], [0xabcd; 5]]);
        round([1u128, 2, u128::MAX]);
        round([Line([1; 64]), Line([2; 64]), Line([255; 64])]);
        let quote = Quote { bid: -1, ask: 1, symbol: *b"EURUSD", venue: 7 };
        round([quote, Quote { bid: -2, ..quote }, Quote { venue: 9, ..quote }]);
        round([[1u8; 4099], [2; 4099], [255; 4099]]);
    }
}

/// It has not touched the slot yet: even the oldest event can be read.
#[test]
fn a_producer_that_stalls_in_its_fill_takes_nothing_away() {
    let (mut tx, mut rx) = ends(4);
    push(&mut tx, 0..4);
    let (stalled, stall) = stall();
    std::thread::scope(|scope| {
        let producer = scope.spawn(move || {
            tx.offer(|slot| {
                stall.here();
                *slot = 4;
            })
        });
        stalled.arrived();
        assert_eq!(drain(&mut rx, ALL), [0, 1, 2, 3]);
        assert_eq!(rx.recv(), Err(NoEvent::Empty));
        stalled.go_on();
        assert_eq!(producer.join().unwrap(), Ok(()));
    });
    assert_eq!((rx.recv(), rx.recv()), (Ok(4), Err(NoEvent::Closed)));
}

#[test]
fn a_reader_that_stalls_holds_up_neither_the_producer_nor_another_reader() {
    let (mut tx, mut rx) = ends(4);
    let mut other = rx.clone();
    push(&mut tx, 0..1);
    let (stalled, stall) = stall();
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let mut stall = Some(stall);
            let mut seen = Vec::new();
            let mut stage = each(|n: &u64| {
                stall.take().iter().for_each(Stall::here);
                seen.push(*n);
            });
            let _ = rx.drain(NOW, 1, &mut stage);
            (seen, rx)
        });
        stalled.arrived();
        for n in 1..50 {
            push(&mut tx, n..n + 1);
            assert_eq!(other.recv(), Ok(n - 1));
        }
        stalled.go_on();
        let (seen, mut rx) = reader.join().unwrap();
        assert_eq!((seen, rx.recv(), rx.recv()), (vec![0], Err(NoEvent::Lagged(45)), Ok(46)));
    });
}

/// An event that knows its number in all of its bytes: a mixture of two is noticed.
trait Numbered: Plain + Send + PartialEq + std::fmt::Debug {
    fn of(number: u64) -> Self;
    fn number(&self) -> u64;
}

impl Numbered for [u64; 8] {
    fn of(number: u64) -> Self {
        [number; 8]
    }
    fn number(&self) -> u64 {
        self[0]
    }
}

/// 61 bytes: the number, again and again, the last time in part.
impl Numbered for [u8; 61] {
    fn of(number: u64) -> Self {
        std::array::from_fn(|i| number.to_le_bytes()[i % 8])
    }
    fn number(&self) -> u64 {
        u64::from_le_bytes(self[..8].try_into().unwrap())
    }
}

/// Two readers, one that takes and one that drains, beside a producer that waits for nobody.
fn hunt<T: Numbered>(capacity: usize) {
    let n: u64 = if cfg!(miri) { 60 } else { 200_000 };
    let (mut tx, mut rx) = broadcast::channel_from::<T>(Sequence::ZERO.minus(5), capacity).unwrap();
    let mut drains = rx.clone();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for number in 0..n {
                tx.push(T::of(number)).unwrap();
                if number % 256 == 0 {
                    std::thread::yield_now();
                }
            }
        });
        scope.spawn(move || {
            let mut expected = 0;
            loop {
                match rx.recv() {
                    Ok(event) => {
                        assert_eq!(event, T::of(expected), "torn, or out of order");
                        expected += 1;
                    }
                    Err(NoEvent::Lagged(missed)) => expected += missed,
                    Err(NoEvent::Empty) => std::thread::yield_now(),
                    Err(NoEvent::Closed) => break,
                }
            }
            assert_eq!(expected, n);
        });
        scope.spawn(move || {
            let (mut shown, mut ended) = (0, false);
            while !ended {
                let mut stage = |event: &T, at: At| -> Flow {
                    assert_eq!(at.seq.since(Sequence::ZERO.minus(5)), event.number());
                    assert_eq!(*event, T::of(event.number()), "torn");
                    Ok(())
                };
                let drained = drains.drain(NOW, ALL, &mut stage);
                shown += drained.count as u64;
                ended = drained.end == Some(End::Closed);
                if drained.count == 0 {
                    std::thread::yield_now();
                }
            }
            assert_eq!(shown + drains.missed(), n);
        });
    });
}

#[test]
fn no_event_is_torn_while_two_threads_read_and_one_overwrites() {
    let capacities: &[usize] = if cfg!(miri) { &[1, 4] } else { &[1, 2, 64, 1024] };
    for &capacity in capacities {
        hunt::<[u64; 8]>(capacity);
        hunt::<[u8; 61]>(capacity);
    }
}

mod property {
    use super::*;
    use proptest::prelude::*;

    /// What a reader is, said simply.
    #[derive(Clone, Copy, Debug, Default)]
    struct Model {
        next: u64,
        missed: u64,
        margin: u64,
        held: Option<u64>,
    }

    impl Model {
        fn recv(&mut self, published: u64, capacity: u64) -> Result<u64, NoEvent> {
            let gone = published.saturating_sub(capacity);
            if let Some(event) = self.held.take() {
                self.next += 1;
                Ok(event)
            } else if self.next < gone {
                let to = gone + self.margin;
                let n = to - self.next;
                self.margin = (2 * self.margin + 1).min(capacity - 1);
                (self.next, self.missed) = (to, self.missed + n);
                Err(NoEvent::Lagged(n))
            } else if self.next < published {
                self.next += 1;
                Ok(self.next - 1)
            } else {
                self.margin = 0;
                Err(NoEvent::Empty)
            }
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Fill(u64),
        Recv,
        Drain(usize),
        Again,
        Clone,
        Subscribe(Join),
        Drop,
    }

    fn step() -> impl Strategy<Value = (usize, Step)> {
        let join = prop_oneof![Just(Join::Oldest), Just(Join::Newest), Just(Join::Next)];
        let step = prop_oneof![
            4 => (0u64..20).prop_map(Step::Fill),
            4 => Just(Step::Recv),
            2 => (0usize..20).prop_map(Step::Drain),
            1 => Just(Step::Again),
            1 => Just(Step::Clone),
            1 => join.prop_map(Step::Subscribe),
            1 => Just(Step::Drop),
        ];
        (0usize..4, step)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 2 } else { 400 }, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever is done in whatever order: each reader gets what its model gets, and every event is got or counted.
        #[test]
        fn every_event_is_got_in_order_or_counted(
            bits in 0u32..5,
            before in 0u64..40,
            steps in prop::collection::vec(step(), 0..60),
        ) {
            let capacity = 1u64 << bits;
            let start = Sequence::ZERO.minus(before);
            let (mut tx, rx) = broadcast::channel_from::<u64>(start, capacity as usize).unwrap();
            let mut readers = vec![(rx, Model::default())];
            let mut published = 0;
            for (who, step) in steps {
                if let Step::Fill(n) = step {
                    push(&mut tx, published..published + n);
                    published += n;
                }
                let count = readers.len();
                if count == 0 {
                    continue;
                }
                let (reader, model) = &mut readers[who % count];
                match step {
                    Step::Fill(_) => {}
                    Step::Recv => prop_assert_eq!(reader.recv(), model.recv(published, capacity)),
                    Step::Drain(limit) => {
                        let mut expected = Vec::new();
                        while expected.len() < limit.min(capacity as usize) {
                            match model.recv(published, capacity) {
                                Ok(event) => expected.push(event),
                                Err(NoEvent::Lagged(_)) => {}
                                Err(_) => break,
                            }
                        }
                        prop_assert_eq!(drain(reader, limit), expected);
                    }
                    Step::Again => {
                        let _ = reader.drain(NOW, 1, &mut |_: &u64, _: At| -> Flow { Err(Halt::Again) });
                        loop {
                            match model.recv(published, capacity) {
                                Ok(event) => {
                                    model.next -= 1;
                                    model.held = Some(event);
                                    break;
                                }
                                Err(NoEvent::Lagged(_)) => {}
                                Err(_) => break,
                            }
                        }
                    }
                    Step::Clone => {
                        let twin = (reader.clone(), *model);
                        readers.push(twin);
                    }
                    Step::Subscribe(join) => {
                        let next = match join {
                            Join::Oldest => published.saturating_sub(capacity),
                            Join::Newest => published.saturating_sub(1),
                            Join::Next => published,
                        };
                        let new = (reader.subscribe(join), Model { next, ..Model::default() });
                        readers.push(new);
                    }
                    Step::Drop => drop(readers.swap_remove(who % count)),
                }
                prop_assert_eq!(tx.readers(), readers.len());
                for (reader, model) in &readers {
                    prop_assert_eq!(reader.next(), start.plus(model.next));
                    prop_assert_eq!(reader.missed(), model.missed);
                    prop_assert_eq!(reader.len() as u64, (published - model.next).min(capacity));
                }
            }
            drop(tx);
            for (reader, _) in &mut readers {
                while !matches!(reader.recv(), Err(NoEvent::Closed)) {}
                prop_assert_eq!((reader.next(), reader.is_closed()), (start.plus(published), true));
            }
        }
    }
}
