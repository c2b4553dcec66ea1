use ringmain::channel::mpmc;
use ringmain::channel::overflow::{Block, Conflate, Evict, OrDeadLetter, Shed};
use ringmain::channel::spsc::{self, Consumer, Producer};
use ringmain::contract::{
    Account, At, Balance, Drained, End, Fault, Flow, Halt, ManualClock, Reason, Refused, Sink, Source,
    SourceMut, Stage, Tick, Wait,
};
use ringmain::wait::Yielding;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

const FAULT: Halt = Halt::Reject(Fault::new(9));

fn spsc(capacity: usize) -> (Producer<u64>, Consumer<u64>) {
    spsc::channel(capacity, || 0).unwrap()
}

/// All that is there.
fn rest(rx: &mut impl SourceMut<Event = u64>) -> Vec<u64> {
    std::iter::from_fn(|| rx.pop().ok()).collect()
}

/// The books as they can be read from elsewhere; they balance.
fn read(account: &Account) -> Balance {
    let balance = account.read();
    assert_eq!(balance.check(), Ok(()), "{balance:?}");
    balance
}

/// A queue whose ends compete, as those of a channel with many of both do. Its clones are both ends.
#[derive(Clone)]
struct Queue {
    events: Rc<RefCell<VecDeque<u64>>>,
    capacity: usize,
    /// What another producer puts in whenever there is room, before anybody else can.
    greedy: Rc<RefCell<Vec<u64>>>,
    /// Somebody stalls in the oldest slot.
    stuck: bool,
}

impl Queue {
    fn new(capacity: usize) -> Self {
        Self { events: Rc::default(), capacity, greedy: Rc::default(), stuck: false }
    }
}

impl Sink for Queue {
    type Event = u64;
    fn fill<R>(&mut self, fill: impl FnOnce(&mut u64) -> Flow<R>) -> Flow<R> {
        if self.events.borrow().len() == self.capacity {
            return Err(Halt::Again);
        }
        let mut slot = 0;
        let out = fill(&mut slot)?;
        self.events.borrow_mut().push_back(slot);
        Ok(out)
    }
}

impl Source for Queue {
    type Event = u64;
    fn drain<S: for<'e> Stage<&'e u64>>(&mut self, _: Tick, _: usize, _: &mut S) -> Drained {
        unreachable!("an eviction takes the event")
    }
}

impl SourceMut for Queue {
    fn drain_mut<S: for<'e> Stage<&'e mut u64>>(
        &mut self,
        now: Tick,
        limit: usize,
        stage: &mut S,
    ) -> Drained {
        assert_eq!(limit, 1);
        let taken = if self.stuck { None } else { self.events.borrow_mut().pop_front() };
        let Some(mut event) = taken else { return Drained { count: 0, end: None } };
        stage.on_event(&mut event, At { seq: ringmain::ring::Sequence::ZERO, now }).unwrap();
        self.events.borrow_mut().extend(self.greedy.borrow_mut().pop());
        Drained { count: 1, end: None }
    }
}

/// The rules that hold for every wrapper around `tx`, whatever it does when it is full: `wrap` makes it, `account` is
/// where its books are.
fn keeps_the_rules<W: Sink<Event = u64>>(wrap: impl Fn(Producer<u64>) -> W, account: fn(&W) -> Arc<Account>) {
    // What there is room for goes through; what fails, or panics, does not, and is in no book.
    let (tx, mut rx) = spsc(4);
    let mut tx = wrap(tx);
    let books = account(&tx);
    tx.push(1).unwrap();
    assert_eq!(tx.fill(|_| Err::<(), _>(FAULT)), Err(FAULT));
    assert_eq!(tx.fill(|_| Err::<(), _>(Halt::Again)), Err(Halt::Again), "it is the closure that says so");
    assert!(catch_unwind(AssertUnwindSafe(|| tx.offer(|_| resume_unwind(Box::new("on purpose"))))).is_err());
    assert_eq!(tx.fill(|slot| Ok(std::mem::replace(slot, 2))), Ok(0));
    let filled = tx.fill_many(2, |i, slot| {
        *slot = 3 + i as u64;
        Ok(())
    });
    assert_eq!((filled.count, filled.end), (2, None));
    assert_eq!(rest(&mut rx), [1, 2, 3, 4]);
    assert_eq!((read(&books).input, read(&books).out), (4, 4));

    // To drop it closes the channel behind the last event.
    tx.push(5).unwrap();
    drop(tx);
    assert_eq!(rest(&mut rx), [5]);
    let end = Drained { count: 0, end: Some(End::Closed) };
    assert_eq!(rx.drain(Tick::ZERO, 1, &mut |_: &u64, _: At| -> Flow { Ok(()) }), end);
    assert_eq!((read(&books).input, read(&books).out), (5, 5));

    // A closed sink gives the event back.
    let (tx, rx) = spsc(1);
    let mut tx = wrap(tx);
    let books = account(&tx);
    tx.push(1).unwrap();
    drop(rx);
    for _ in 0..2 {
        let refusal = tx.push(2).unwrap_err();
        assert_eq!((refusal.event, refusal.refused), (2, Refused::Closed));
    }
    assert_eq!((read(&books).input, read(&books).out), (1, 1));
}

#[test]
fn every_wrapper_is_a_sink_like_the_one_in_it() {
    keeps_the_rules(|tx| Block::new(tx, Yielding::new()), Block::account);
    keeps_the_rules(|tx| Shed::new(tx, 0), Shed::account);
    keeps_the_rules(|tx| Conflate::new(tx, 2, |n: &u64| *n, || 0), Conflate::account);
    keeps_the_rules(|tx| OrDeadLetter::new(tx, spsc(4).0), OrDeadLetter::account);
}

/// Takes one event out of a channel in each `idle`.
struct MakesRoom(Consumer<u64>, Vec<u64>);

impl Wait for MakesRoom {
    fn idle(&mut self) {
        self.1.extend(self.0.pop());
    }
    fn reset(&mut self) {}
}

#[test]
fn block_waits_for_room_in_its_own_way() {
    let (tx, rx) = spsc(1);
    let mut room = MakesRoom(rx, Vec::new());
    let mut tx = Block::new(tx, &mut room);
    let books = tx.account();
    for n in 1..=4 {
        tx.push(n).unwrap();
    }
    assert_eq!((tx.port().len(), read(&books).input, read(&books).out), (1, 4, 4));
    drop(tx);
    assert_eq!(room.1, [1, 2, 3]);
}

#[test]
fn block_gives_up_with_its_wait() {
    let (tx, mut rx) = spsc(1);
    let (mut wait, mut clock) = (Yielding::new(), ManualClock::new());
    clock.advance(Duration::from_nanos(5));
    let mut tx = Block::new(tx, wait.until(&mut clock, Tick::from_nanos(5)));
    tx.push(1).unwrap();
    let refusal = tx.push(2).unwrap_err();
    assert_eq!((refusal.event, refusal.refused), (2, Refused::Full));
    assert_eq!(rest(&mut rx), [1]);
    assert_eq!(read(&tx.account()).input, 1);
}

#[test]
fn a_blocked_thread_is_told_when_nobody_will_read() {
    let (tx, rx) = spsc(1);
    let mut tx = Block::new(tx, Yielding::new());
    tx.push(1).unwrap();
    std::thread::scope(|scope| {
        let blocked = scope.spawn(move || tx.push(2).unwrap_err());
        std::thread::yield_now();
        drop(rx);
        let refusal = blocked.join().unwrap();
        assert_eq!((refusal.event, refusal.refused), (2, Refused::Closed));
    });
}

#[test]
fn shed_drops_the_newest() {
    let (tx, mut rx) = spsc(2);
    let mut tx = Shed::new(tx, 77);
    for n in 1..=5 {
        tx.push(n).unwrap();
    }
    assert_eq!(tx.fill(|_| Err::<(), _>(FAULT)), Err(FAULT), "it failed: there is nothing to drop");
    assert_eq!(rest(&mut rx), [1, 2]);
    tx.push(6).unwrap();
    assert_eq!(rest(&mut rx), [6]);
    let balance = read(&tx.account());
    assert_eq!((balance.input, balance.out, balance.dropped[Reason::RingFull]), (6, 3, 3));
}

#[test]
fn evict_drops_the_oldest() {
    let queue = Queue::new(2);
    let mut displaced = Vec::new();
    let mut tx = Evict::new(queue.clone(), queue.clone(), |event: &mut u64| displaced.push(*event));
    let books = tx.account();
    for n in 1..=5 {
        tx.push(n).unwrap();
    }
    assert_eq!(rest(&mut queue.clone()), [4, 5]);
    tx.push(6).unwrap();
    assert_eq!(tx.fill(|_| Err::<(), _>(FAULT)), Err(FAULT));
    assert_eq!(rest(&mut queue.clone()), [6]);
    let balance = read(&books);
    assert_eq!((balance.input, balance.out, balance.dropped[Reason::Evicted]), (9, 6, 3));
    assert_eq!(displaced, [1, 2, 3]);
}

/// Where consumers compete, one more of them evicts for a producer, while the others consume: all that went in came out on
/// one side or the other, once.
#[test]
fn evict_shares_the_events_with_the_consumers() {
    fn check(
        tx: impl Sink<Event = u64> + Send,
        mut rx: impl SourceMut<Event = u64> + Send,
        evicts: impl SourceMut<Event = u64> + Send,
    ) {
        let n = if cfg!(miri) { 50 } else { 20_000 };
        let mut displaced = Vec::new();
        let seen = std::thread::scope(|scope| {
            let consumer = scope.spawn(move || {
                let mut seen = Vec::new();
                while let Ok(event) = rx.pop_waiting(&mut Yielding::new()) {
                    seen.push(event);
                }
                seen
            });
            let mut tx = Evict::new(tx, evicts, |event: &mut u64| displaced.push(*event));
            for event in 0..n {
                tx.push_waiting(&mut Yielding::new(), event).unwrap();
            }
            let balance = read(&tx.account());
            assert_eq!(balance.out, n);
            drop(tx);
            consumer.join().unwrap()
        });
        assert!(seen.is_sorted() && displaced.is_sorted());
        let mut all = [seen, displaced].concat();
        all.sort_unstable();
        assert_eq!(all, (0..n).collect::<Vec<_>>());
    }
    let (tx, rx) = mpmc::channel(4, || 0).unwrap();
    check(tx, rx.clone(), rx);
    let (mut tx, mut rx) = mpmc::strict::channel(4, 1, 2, || 0).unwrap();
    check(tx.remove(0), rx.remove(0), rx.remove(0));
}

/// The consumer that it owns keeps the channel open.
#[test]
fn evict_goes_on_when_it_has_the_last_consumer() {
    let (tx, rx) = mpmc::channel(2, || 0).unwrap();
    let mut tx = Evict::new(tx, rx.clone(), |_: &mut u64| ());
    drop(rx);
    for n in 0..5 {
        tx.push(n).unwrap();
    }
    let balance = read(&tx.account());
    assert_eq!((balance.out, balance.dropped[Reason::Evicted]), (5, 3));
}

/// Twice somebody else is faster: it makes room once more, and what was lost meanwhile is in the books.
#[test]
fn evict_goes_on_until_it_has_room() {
    let queue = Queue::new(1);
    queue.clone().push(1).unwrap();
    queue.greedy.replace(vec![11, 10]);
    let mut tx = Evict::new(queue.clone(), queue.clone(), |_: &mut u64| ());
    tx.push(2).unwrap();
    assert_eq!(rest(&mut queue.clone()), [2]);
    let balance = read(&tx.account());
    assert_eq!((balance.input, balance.out, balance.dropped[Reason::Evicted]), (4, 1, 3));
}

#[test]
fn evict_refuses_if_nothing_can_be_taken_out() {
    let queue = Queue::new(1);
    let mut tx = Evict::new(queue.clone(), Queue { stuck: true, ..queue.clone() }, |_: &mut u64| ());
    tx.push(1).unwrap();
    let refusal = tx.push(2).unwrap_err();
    assert_eq!((refusal.event, refusal.refused), (2, Refused::Full));
    assert_eq!(rest(&mut queue.clone()), [1]);
    assert_eq!((read(&tx.account()).input, read(&tx.account()).out), (1, 1));

    // A consumer of another channel takes nothing out of this one.
    let ((tx, rx), (_, closed)) = (spsc(1), spsc(1));
    let mut tx = Evict::new(tx, closed, |_: &mut u64| ());
    tx.push(1).unwrap();
    assert_eq!(tx.push(2).unwrap_err().refused, Refused::Full);
    drop(rx);
    assert_eq!(tx.push(2).unwrap_err().refused, Refused::Closed);
}

fn key(event: &u64) -> u64 {
    event / 100
}

#[test]
fn conflate_keeps_the_newest_of_each_key() {
    let (tx, mut rx) = spsc(1);
    let mut tx = Conflate::new(tx, 2, key, || 0);
    for event in [101, 102, 201, 103, 202] {
        tx.push(event).unwrap();
    }
    let balance = read(&tx.account());
    assert_eq!((balance.input, balance.out, balance.held), (5, 1, 2));
    assert_eq!(balance.dropped[Reason::Evicted], 2);
    // What is kept goes first: there is room for 103, and none for what comes now.
    assert_eq!(rx.pop(), Ok(101));
    tx.push(301).unwrap();
    assert_eq!(rest(&mut rx), [103]);
    assert_eq!(tx.flush(), Err(Refused::Full), "there is room for one of two");
    assert_eq!(rest(&mut rx), [202]);
    assert_eq!(tx.flush(), Ok(()));
    assert_eq!(rest(&mut rx), [301]);
    tx.push(104).unwrap();
    assert_eq!((tx.flush(), rest(&mut rx)), (Ok(()), vec![104]));
    assert_eq!((read(&tx.account()).held, read(&tx.account()).out), (0, 5));
}

#[test]
fn conflate_gives_the_oldest_up_where_there_is_no_place() {
    for (places, kept) in [(0, vec![401]), (1, vec![401]), (2, vec![301, 401]), (3, vec![201, 301, 401])] {
        let (tx, mut rx) = spsc(1);
        let mut tx = Conflate::new(tx, places, key, || 0);
        for event in [1, 201, 301, 401] {
            tx.push(event).unwrap();
        }
        assert_eq!(read(&tx.account()).held, kept.len() as u64);
        let mut seen = Vec::new();
        while tx.flush().is_err() {
            seen.extend(rx.pop());
        }
        seen.extend(rx.pop());
        assert_eq!((seen[0], &seen[1..]), (1, &kept[..]));
    }
}

#[test]
fn what_fails_replaces_nothing_that_conflate_keeps() {
    let (tx, mut rx) = spsc(1);
    let mut tx = Conflate::new(tx, 1, key, || 0);
    tx.push(101).unwrap();
    tx.push(102).unwrap();
    let fails = |slot: &mut u64| -> Flow {
        *slot = 999;
        Err(FAULT)
    };
    let panics = |slot: &mut u64| {
        *slot = 999;
        resume_unwind(Box::new("on purpose"))
    };
    assert_eq!(tx.fill(fails), Err(FAULT));
    assert!(catch_unwind(AssertUnwindSafe(|| tx.offer(panics))).is_err());
    assert_eq!((rx.pop(), tx.flush(), rx.pop()), (Ok(101), Ok(()), Ok(102)));
    assert_eq!(read(&tx.account()).input, 2);
}

/// To the last it delivers what it can; the rest is given up, and counted.
#[test]
fn conflate_tells_what_it_could_not_deliver() {
    let (tx, mut rx) = spsc(1);
    let mut tx = Conflate::new(tx, 2, key, || 0);
    let books = tx.account();
    for event in [101, 201, 301] {
        tx.push(event).unwrap();
    }
    assert_eq!(rx.pop(), Ok(101));
    drop(tx);
    assert_eq!(rest(&mut rx), [201]);
    assert!(rx.is_closed());
    assert_eq!((read(&books).held, read(&books).dropped[Reason::Shutdown]), (0, 1));

    let (tx, rx) = spsc(1);
    let mut tx = Conflate::new(tx, 2, key, || 0);
    for event in [101, 201, 301] {
        tx.push(event).unwrap();
    }
    drop(rx);
    assert_eq!(tx.push(401).unwrap_err().refused, Refused::Closed);
    assert_eq!(read(&tx.account()).dropped[Reason::Shutdown], 2);
    assert_eq!(tx.flush(), Ok(()), "nothing is kept");
}

#[test]
fn dead_letters_go_to_the_second_sink() {
    let ((tx, mut rx), (letters, mut late)) = (spsc(1), spsc(2));
    let mut tx = OrDeadLetter::new(tx, letters);
    for n in 1..=3 {
        tx.push(n).unwrap();
    }
    assert_eq!(tx.fill(|_| Err::<(), _>(Halt::Again)), Err(Halt::Again));
    assert_eq!((rest(&mut rx), late.pop()), (vec![1], Ok(2)));
    tx.push(4).unwrap();
    tx.push(5).unwrap();
    let refusal = tx.push(6).unwrap_err();
    assert_eq!((refusal.event, refusal.refused), (6, Refused::Full), "both are full");
    assert_eq!((rest(&mut rx), rest(&mut late)), (vec![4], vec![3, 5]));
    let balance = read(&tx.account());
    assert_eq!((balance.input, balance.out, balance.dead_lettered[Reason::RingFull]), (5, 2, 3));
}

#[test]
fn a_sink_for_letters_that_is_closed_is_no_sink_for_letters() {
    let ((tx, mut rx), (letters, late)) = (spsc(1), spsc(1));
    let mut tx = OrDeadLetter::new(tx, letters);
    drop(late);
    tx.push(1).unwrap();
    assert_eq!(tx.push(2).unwrap_err().refused, Refused::Full);
    assert_eq!(rest(&mut rx), [1]);
    tx.push(2).unwrap();
    drop(rx);
    assert_eq!(tx.push(3).unwrap_err().refused, Refused::Closed);
}

/// Wherever an event ends (in a slot, in a spare one, aside, overtaken, with the caller), it is dropped once.
#[test]
fn owned_values_are_dropped_once() {
    type Token = Option<(u64, Arc<()>)>;
    fn churn<W: Sink<Event = Token>>(token: &Arc<()>, wrap: impl Fn(Producer<Token>) -> W) {
        for taken in 0..4 {
            let (tx, mut rx) = spsc::channel(2, || None).unwrap();
            let mut tx = wrap(tx);
            for n in 0..9 {
                let _ = tx.push(Some((n % 3, token.clone())));
                if n % 4 < taken {
                    let _ = rx.pop();
                }
            }
            drop(tx);
            drop(rx);
            assert_eq!(Arc::strong_count(token), 1, "{taken} of 4 taken");
        }
    }
    let token = Arc::new(());
    churn(&token, |tx| Shed::new(tx, None));
    churn(&token, |tx| Conflate::new(tx, 2, |event: &Token| event.as_ref().map(|(n, _)| *n), || None));
    churn(&token, |tx| OrDeadLetter::new(tx, spsc::channel(2, || None).unwrap().0));
}

mod property {
    use super::*;
    use proptest::prelude::*;

    /// What `Conflate` is: a bounded queue, and behind it a list with at most one event of each key.
    #[derive(Default)]
    struct Model {
        queue: VecDeque<u64>,
        kept: Vec<u64>,
        gone: u64,
    }

    impl Model {
        fn flush(&mut self, capacity: usize) {
            while self.queue.len() < capacity && !self.kept.is_empty() {
                self.queue.push_back(self.kept.remove(0));
            }
        }
        fn push(&mut self, event: u64, capacity: usize, places: usize) {
            self.flush(capacity);
            if self.queue.len() < capacity {
                self.queue.push_back(event);
            } else if let Some(same) = self.kept.iter_mut().find(|kept| key(kept) == key(&event)) {
                *same = event;
                self.gone += 1;
            } else {
                self.kept.push(event);
                if self.kept.len() > places {
                    self.kept.remove(0);
                    self.gone += 1;
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 2 } else { 400 }, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn conflate_is_a_queue_and_a_list_of_the_newest(
            bits in 0usize..3,
            places in 1usize..5,
            steps in prop::collection::vec((0u8..4, 0u64..5), 0..80),
        ) {
            let capacity = 1 << bits;
            let (tx, mut rx) = spsc(capacity);
            let mut tx = Conflate::new(tx, places, key, || 0);
            let mut model = Model::default();
            for (n, (what, of)) in steps.into_iter().enumerate() {
                match what {
                    0 => prop_assert_eq!(rx.pop().ok(), model.queue.pop_front()),
                    1 => {
                        let _ = tx.flush();
                        model.flush(capacity);
                    }
                    _ => {
                        let event = of * 100 + n as u64 % 100;
                        tx.push(event).unwrap();
                        model.push(event, capacity, places);
                    }
                }
                let balance = read(&tx.account());
                prop_assert_eq!((balance.held, balance.dropped[Reason::Evicted]), (model.kept.len() as u64, model.gone));
            }
        }
    }
}
