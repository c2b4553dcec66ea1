use ringmain::channel::spsc;
use ringmain::contract::{
    Flow, Halt, ManualClock, Refusal, Refused, Sink, Source, SourceMut, Tick, Wait, each,
};

/// Takes every second event; for the methods that a sink has without writing them.
#[derive(Default)]
struct Moody {
    taken: Vec<String>,
    slot: String,
    refuse: bool,
}

impl Sink for Moody {
    type Event = String;
    fn fill<R>(&mut self, fill: impl FnOnce(&mut String) -> Flow<R>) -> Flow<R> {
        self.refuse = !self.refuse;
        if self.refuse {
            return Err(Halt::Again);
        }
        let out = fill(&mut self.slot)?;
        self.taken.push(self.slot.clone());
        Ok(out)
    }
}

#[derive(Default)]
struct Counting {
    idle: usize,
    reset: usize,
}

impl Wait for Counting {
    fn idle(&mut self) {
        self.idle += 1;
    }
    fn reset(&mut self) {
        self.reset += 1;
    }
}

#[test]
fn a_refused_push_gives_the_event_back() {
    let mut sink = Moody::default();
    let Refusal { event, refused } = sink.push("a".into()).unwrap_err();
    assert_eq!((event.as_str(), refused), ("a", Refused::Full));
    sink.push(event).unwrap();
    assert_eq!(sink.taken, ["a"]);
}

#[test]
fn a_batch_without_support_stops_at_the_first_refusal() {
    let mut sink = Moody { refuse: true, ..Moody::default() };
    let filled = sink.fill_many(3, |i, slot| {
        *slot = i.to_string();
        Ok(())
    });
    assert_eq!((filled.count, filled.end), (1, Some(Halt::Again)));
    assert_eq!(sink.taken, ["0"]);
}

#[test]
fn waiting_idles_while_full_and_ends_when_closed() {
    let mut wait = Counting::default();
    let mut sink = Moody::default();
    sink.offer_waiting(&mut wait, |slot| *slot = "b".into()).unwrap();
    assert_eq!((wait.idle, wait.reset, sink.taken.as_slice()), (1, 1, &["b".to_string()][..]));

    let (mut tx, rx) = spsc::channel(1, || 0).unwrap();
    drop(rx);
    let refused = std::iter::repeat_with(|| tx.offer_waiting(&mut wait, |slot| *slot = 1));
    assert_eq!(refused.take(2).find_map(Result::err), Some(Refused::Closed));
}

#[test]
fn a_push_waits_for_room_and_gives_the_event_back_if_nobody_will_read_it() {
    let mut wait = Counting::default();
    let mut sink = Moody::default();
    sink.push_waiting(&mut wait, "a".into()).unwrap();
    assert_eq!((wait.idle, wait.reset, sink.taken), (1, 1, vec!["a".to_string()]));

    let (mut tx, rx) = spsc::channel(1, String::new).unwrap();
    tx.push("a".into()).unwrap();
    drop(rx);
    let refusal = tx.push_waiting(&mut wait, "b".into()).unwrap_err();
    assert_eq!((refusal.event.as_str(), refusal.refused), ("b", Refused::Closed));
    assert_eq!((wait.idle, wait.reset), (1, 2));
}

/// How often the ring was tried shows in `idle`: a deadline that has passed means one try.
#[test]
fn a_deadline_gives_the_event_back() {
    let (mut tx, mut rx) = spsc::channel(1, String::new).unwrap();
    tx.push("a".into()).unwrap();
    let (mut wait, hand) = (Counting::default(), ManualClock::new());
    hand.set(Tick::from_nanos(5));
    for deadline in [0, 4, 5] {
        let mut clock = hand.clone();
        let mut wait = wait.until(&mut clock, Tick::from_nanos(deadline));
        let refusal = tx.push_waiting(&mut wait, "b".into()).unwrap_err();
        assert_eq!((refusal.event.as_str(), refusal.refused), ("b", Refused::Full));
        let refused = tx.offer_waiting(&mut wait, |_| unreachable!("it is full"));
        assert_eq!(refused, Err(Refused::Full));
    }
    assert_eq!((wait.idle, wait.reset), (0, 6));
    assert_eq!(rx.pop(), Ok("a".into()));
    tx.push_waiting(&mut wait.until(&mut hand.clone(), Tick::ZERO), "c".into()).unwrap();
    assert_eq!(rx.pop(), Ok("c".into()));
}

#[test]
fn waiting_for_room_across_threads() {
    struct Yield;
    impl Wait for Yield {
        fn idle(&mut self) {
            std::thread::yield_now();
        }
        fn reset(&mut self) {}
    }
    let (mut tx, mut rx) = spsc::channel(1, || 0).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for n in 0..100 {
                tx.offer_waiting(&mut Yield, |slot| *slot = n).unwrap();
            }
        });
        let mut next = 0;
        while rx
            .drain(
                Tick::ZERO,
                9,
                &mut each(|n: &i32| {
                    assert_eq!(*n, next);
                    next += 1;
                }),
            )
            .end
            .is_none()
        {
            std::thread::yield_now();
        }
        assert_eq!(next, 100);
    });
}
