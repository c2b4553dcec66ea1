use ringmain::channel::multicast::Multicast;
use ringmain::channel::spsc;
use ringmain::contract::{
    Drained, End, Flow, Halt, ManualClock, NoEvent, Sink, Source, SourceMut, Tick, Wait,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

const NOW: Tick = Tick::ZERO;

/// Sends `events`, one in each `idle`, then hangs up; and lets the clock go one nanosecond on.
struct Feed<K> {
    tx: Option<K>,
    events: std::vec::IntoIter<String>,
    clock: ManualClock,
    idles: usize,
    resets: usize,
}

impl<K: Sink<Event = String>> Feed<K> {
    fn new(tx: K, events: &[&str]) -> Self {
        let events = events.iter().map(|event| event.to_string()).collect::<Vec<_>>().into_iter();
        Self { tx: Some(tx), events, clock: ManualClock::new(), idles: 0, resets: 0 }
    }
}

impl<K: Sink<Event = String>> Wait for Feed<K> {
    fn idle(&mut self) {
        self.idles += 1;
        self.clock.advance(Duration::from_nanos(1));
        match (&mut self.tx, self.events.next()) {
            (Some(tx), Some(event)) => tx.push(event).unwrap(),
            (tx, _) => drop(tx.take()),
        }
    }
    fn reset(&mut self) {
        self.resets += 1;
    }
}

#[test]
fn a_peek_looks_and_consumes_nothing() {
    let (mut tx, mut rx) = spsc::channel(2, String::new).unwrap();
    assert_eq!(rx.peek(|_| unreachable!("nothing is there")), Err::<(), _>(NoEvent::Empty));
    tx.push("a".into()).unwrap();
    tx.push("b".into()).unwrap();
    for _ in 0..3 {
        assert_eq!(rx.peek(String::clone), Ok("a".into()));
        assert_eq!((rx.len(), tx.free()), (2, 0));
    }
    assert_eq!(rx.pop(), Ok("a".into()));
    drop(tx);
    assert_eq!(rx.peek(String::clone), Ok("b".into()));
    assert_eq!(rx.pop(), Ok("b".into()));
    for _ in 0..3 {
        assert_eq!(rx.peek(|_| unreachable!("it is closed")), Err::<(), _>(NoEvent::Closed));
    }
}

/// Where others look on, too, and nobody may take anything out.
#[test]
fn a_reader_can_peek() {
    let mut ring = Multicast::new(2, String::new).unwrap();
    let (mut a, mut b) = (ring.reader("a", &[]), ring.reader("b", &[]));
    let mut tx = ring.build().unwrap();
    tx.push("x".into()).unwrap();
    assert_eq!((a.peek(String::len), b.peek(String::len)), (Ok(1), Ok(1)));
    assert_eq!((a.len(), b.len()), (1, 1));
}

#[test]
fn what_is_popped_is_gone_and_the_end_comes_behind_it() {
    let (mut tx, mut rx) = spsc::channel(2, String::new).unwrap();
    assert_eq!(rx.pop(), Err(NoEvent::Empty));
    for lap in 0..5 {
        tx.push(format!("{lap}a")).unwrap();
        tx.push(format!("{lap}b")).unwrap();
        if lap == 4 {
            break;
        }
        assert_eq!((rx.pop(), rx.pop()), (Ok(format!("{lap}a")), Ok(format!("{lap}b"))));
        assert_eq!((rx.pop(), tx.free()), (Err(NoEvent::Empty), 2));
    }
    drop(tx);
    assert_eq!((rx.pop(), rx.pop()), (Ok("4a".into()), Ok("4b".into())));
    assert_eq!((rx.pop(), rx.pop()), (Err(NoEvent::Closed), Err(NoEvent::Closed)));
}

/// An event type without a default, and one that its taker swaps for one of its own.
#[test]
fn what_a_take_leaves_stays_in_the_slot() {
    #[derive(PartialEq, Debug)]
    struct Order(u64);
    let (mut tx, mut rx) = spsc::channel(1, || Order(0)).unwrap();
    tx.push(Order(7)).unwrap();
    assert_eq!(rx.take(|order| std::mem::replace(order, Order(1))), Ok(Order(7)));
    assert_eq!(rx.take(|_| unreachable!("nothing is there")), Err::<(), _>(NoEvent::Empty));
    assert_eq!(tx.fill(|slot| Ok(slot.0)), Ok(1));
    drop(tx);
    assert_eq!(rx.take(|order| order.0), Ok(1));
    assert_eq!(rx.take(|_| unreachable!("it is closed")), Err::<(), _>(NoEvent::Closed));
}

#[test]
fn an_event_that_its_taker_panics_on_is_there_still() {
    let (mut tx, mut rx) = spsc::channel(2, || 0).unwrap();
    tx.push(1).unwrap();
    tx.push(2).unwrap();
    for _ in 0..2 {
        assert!(catch_unwind(AssertUnwindSafe(|| rx.take(|_| panic!("on purpose")))).is_err());
        assert!(catch_unwind(AssertUnwindSafe(|| rx.peek(|_| panic!("on purpose")))).is_err());
    }
    assert_eq!((rx.pop(), rx.pop()), (Ok(1), Ok(2)));
}

#[test]
fn popping_waits_until_an_event_or_the_end_comes() {
    let (tx, mut rx) = spsc::channel(2, String::new).unwrap();
    let mut feed = Feed::new(tx, &["a", "b"]);
    assert_eq!(rx.pop_waiting(&mut feed), Ok("a".into()));
    assert_eq!((feed.idles, feed.resets), (1, 1));
    assert_eq!(rx.take_waiting(&mut feed, |event| event.len()), Ok(1));
    assert_eq!((feed.idles, feed.resets), (2, 2));
    assert_eq!(rx.take_waiting(&mut feed, |_| unreachable!("it closes")), Err::<(), _>(NoEvent::Closed));
    assert_eq!((feed.idles, feed.resets), (3, 3));
    assert_eq!(rx.pop_waiting(&mut feed), Err(NoEvent::Closed));
    assert_eq!(feed.idles, 3, "it does not wait for what cannot come");
}

#[test]
fn a_drain_waits_until_the_stage_was_shown_something() {
    let (tx, mut rx) = spsc::channel(4, String::new).unwrap();
    let mut feed = Feed::new(tx, &["a"]);
    let mut clock = feed.clock.clone();
    let mut seen = Vec::new();
    let mut halt = Err(Halt::Again);
    let mut stage = |event: &String, at: ringmain::contract::At| -> Flow {
        seen.push((event.clone(), at.now.nanos()));
        std::mem::replace(&mut halt, Ok(()))
    };
    let again = Drained { count: 0, end: Some(End::Halted(Halt::Again)) };
    assert_eq!(rx.drain_waiting(&mut feed, &mut clock, 0, &mut stage), again);
    assert_eq!(rx.drain_waiting(&mut feed, &mut clock, 0, &mut stage), Drained { count: 1, end: None });
    let end = Drained { count: 0, end: Some(End::Closed) };
    assert_eq!(rx.drain_waiting(&mut feed, &mut clock, 9, &mut stage), end);
    assert_eq!(
        seen,
        [("a".to_string(), 1), ("a".to_string(), 1)],
        "with the time of the try, not of the call"
    );
    assert_eq!((feed.idles, feed.resets), (2, 3));
}

/// Now and the deadline in nanoseconds, an event comes with each `idle`, one nanosecond later: what comes of it, and how
/// many `idle` calls it took.
#[test]
fn a_deadline_ends_the_wait_and_not_a_try_too_soon() {
    const MAX: u64 = u64::MAX;
    let cases = [
        // It has passed, or is now: one try.
        (5, 0, false, 0),
        (5, 4, false, 0),
        (5, 5, false, 0),
        (MAX, MAX - 1, false, 0),
        // The event comes at the deadline, or before: it is had.
        (5, 6, true, 1),
        (5, 7, true, 1),
        // The end of time does not come.
        (0, MAX, true, 1),
        (MAX - 1, MAX, true, 1),
        (MAX, MAX, true, 1),
    ];
    for (now, deadline, comes, idles) in cases {
        let (tx, mut rx) = spsc::channel(2, String::new).unwrap();
        let mut feed = Feed::new(tx, &["a"]);
        feed.clock.set(Tick::from_nanos(now));
        let (mut clock, deadline) = (feed.clock.clone(), Tick::from_nanos(deadline));
        let popped = rx.pop_waiting(&mut feed.until(&mut clock, deadline));
        let expected = if comes { Ok("a".to_string()) } else { Err(NoEvent::Empty) };
        assert_eq!((popped, feed.idles, feed.resets), (expected, idles, 1), "{now} {deadline:?}");
    }
}

#[test]
fn every_verb_that_waits_gives_up_at_the_deadline() {
    let (_tx, mut rx) = spsc::channel(2, || 0u8).unwrap();
    let (mut clock, mut wait) = (ManualClock::new(), ringmain::wait::BusySpin::new());
    let mut wait = wait.until(&mut clock, NOW);
    assert_eq!(rx.pop_waiting(&mut wait), Err(NoEvent::Empty));
    assert_eq!(rx.take_waiting(&mut wait, |_| unreachable!()), Err::<(), _>(NoEvent::Empty));
    let mut stage = |_: &u8, _: ringmain::contract::At| -> Flow { unreachable!() };
    let nothing = Drained { count: 0, end: None };
    assert_eq!(rx.drain_waiting(&mut wait, &mut ManualClock::new(), 1, &mut stage), nothing);
    assert_eq!(wait.wait_for(|| rx.peek(|n| *n).ok()), None);
    assert!(wait.hogs(), "it waits in the way that it was made from");
}

/// A wait within a wait: the earlier deadline counts, and a strategy behind a reference or in a box has its own.
#[test]
fn the_earlier_of_two_deadlines_counts() {
    for (outer, inner, calls) in [(3, 9, 4), (9, 3, 4)] {
        let (tx, _rx) = spsc::channel(16, String::new).unwrap();
        let mut feed = Feed::new(tx, &[]);
        let (mut clock, mut same) = (feed.clock.clone(), feed.clock.clone());
        let mut inner = feed.until(&mut clock, Tick::from_nanos(inner));
        let mut boxed: Box<dyn Wait + '_> = Box::new(&mut inner);
        let mut turns = 0;
        let brought: Option<()> = boxed.until(&mut same, Tick::from_nanos(outer)).wait_for(|| {
            turns += 1;
            None
        });
        assert_eq!((brought, turns), (None, calls));
    }
}

#[test]
fn the_reasons_say_what_to_do() {
    assert!(NoEvent::Empty.to_string().contains("try again"));
    assert!(NoEvent::Closed.to_string().contains("closed"));
}
