use ringmain::channel::spsc;
use ringmain::contract::{
    Agent, At, Clock, Fault, Flow, Halt, ManualClock, Reason, Sink, Source, SourceMut, Stage, Tick, Work,
    each,
};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

/// Writes down the order in which it is called.
#[derive(Clone, Default)]
struct Diary(Rc<RefCell<Vec<String>>>);

impl Stage<&u32> for Diary {
    fn on_event(&mut self, event: &u32, at: At) -> Flow {
        self.0.borrow_mut().push(format!("{event}@{}", at.now.nanos()));
        Ok(())
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.0.borrow_mut().push(format!("end@{}", now.nanos()));
        Ok(())
    }
}

fn numbers(n: u32) -> (spsc::Producer<u32>, spsc::Consumer<u32>) {
    let (mut tx, rx) = spsc::channel(8, || 0).unwrap();
    for i in 1..=n {
        tx.push(i).unwrap();
    }
    (tx, rx)
}

#[test]
fn a_turn_takes_what_is_there_then_looks_at_the_clock() {
    let (mut tx, rx) = numbers(2);
    let diary = Diary::default();
    let clock = ManualClock::new();
    let mut pump = rx.drive(diary.clone());
    clock.advance(Duration::from_nanos(5));
    assert_eq!(pump.work(clock.clone().now()), Work::Busy(2));
    clock.advance(Duration::from_nanos(1));
    assert_eq!(pump.work(clock.clone().now()), Work::Idle);
    tx.push(3).unwrap();
    drop(tx);
    assert_eq!(pump.work(clock.clone().now()), Work::Done);
    assert_eq!(pump.work(clock.clone().now()), Work::Done);
    assert_eq!(*diary.0.borrow(), ["1@5", "2@5", "end@5", "end@6", "3@6", "end@6"]);
}

#[test]
fn a_limit_makes_turns_shorter() {
    let (_tx, rx) = numbers(5);
    let mut pump = rx.drive(each(|_: &u32| ())).limit(2);
    let turns: Vec<Work> = (0..4).map(|_| pump.work(Tick::ZERO)).collect();
    assert_eq!(turns, [Work::Busy(2), Work::Busy(2), Work::Busy(1), Work::Idle]);
    let (_tx, rx) = numbers(1);
    assert_eq!(rx.drive(each(|_: &u32| ())).limit(0).work(Tick::ZERO), Work::Busy(1));
}

#[test]
fn what_nobody_caught_is_dropped_and_counted_by_reason() {
    let (_tx, rx) = numbers(4);
    let mut pump =
        rx.drive(|n: &u32, _: At| if n.is_multiple_of(2) { Err(Fault::new(*n).into()) } else { Ok(()) });
    let account = pump.account();
    while pump.work(Tick::ZERO) != Work::Idle {}
    let balance = account.read();
    balance.check().unwrap();
    assert_eq!((balance.input, balance.out, balance.dropped[Reason::NonRetryable]), (4, 2, 2));
}

#[test]
fn a_full_sink_stops_the_pump_and_nothing_is_lost() {
    let (_tx, rx) = numbers(4);
    let (mut out, mut end) = spsc::channel(2, || 0u32).unwrap();
    let mut pump = rx.drive(move |n: &u32, _: At| Ok(out.offer(|slot| *slot = *n)?));
    assert_eq!(pump.work(Tick::ZERO), Work::Busy(2));
    assert_eq!(pump.work(Tick::ZERO), Work::Idle);
    let mut seen = Vec::new();
    let _ = end.drain(Tick::ZERO, 1, &mut each(|n: &u32| seen.push(*n)));
    assert_eq!(pump.work(Tick::ZERO), Work::Busy(1));
    let _ = end.drain(Tick::ZERO, 9, &mut each(|n: &u32| seen.push(*n)));
    assert_eq!(pump.work(Tick::ZERO), Work::Busy(1));
    let _ = end.drain(Tick::ZERO, 9, &mut each(|n: &u32| seen.push(*n)));
    assert_eq!(seen, [1, 2, 3, 4]);
}

/// Whatever ends a pump, its neighbours on both sides learn of it.
fn ends_both_sides(end: impl FnOnce(&mut dyn Agent), says: impl Fn(u32) -> Flow) {
    let (tx, rx) = numbers(3);
    let (mut out, mut end_of_out) = spsc::channel(8, || 0u32).unwrap();
    let mut pump = rx.drive(move |n: &u32, _: At| {
        says(*n)?;
        Ok(out.offer(|slot| *slot = *n)?)
    });
    end(&mut pump);
    assert_eq!(pump.work(Tick::ZERO), Work::Done);
    assert!(tx.is_closed());
    assert_eq!(end_of_out.len(), 1);
    let _ = end_of_out.drain(Tick::ZERO, 9, &mut each(|_: &u32| ()));
    assert!(end_of_out.is_closed());
}

#[test]
fn a_stage_that_stops_ends_its_pump() {
    let work = |pump: &mut dyn Agent| assert_eq!(pump.work(Tick::ZERO), Work::Done);
    ends_both_sides(work, |n| if n == 2 { Err(Halt::Stop) } else { Ok(()) });
}

#[test]
fn a_stage_that_panics_ends_its_pump() {
    let work = |pump: &mut dyn Agent| {
        assert!(catch_unwind(AssertUnwindSafe(|| pump.work(Tick::ZERO))).is_err());
    };
    ends_both_sides(work, |n| {
        assert!(n < 2, "on purpose");
        Ok(())
    });
}

#[test]
fn a_closed_sink_ends_the_pump() {
    let (tx, rx) = numbers(1);
    let (mut out, end) = spsc::channel(8, || 0u32).unwrap();
    drop(end);
    let mut pump = rx.drive(move |n: &u32, _: At| Ok(out.offer(|slot| *slot = *n)?));
    while pump.work(Tick::ZERO) != Work::Done {}
    assert!(tx.is_closed());
}

#[test]
fn on_batch_end_can_stop_too() {
    struct Once;
    impl Stage<&u32> for Once {
        fn on_event(&mut self, _: &u32, _: At) -> Flow {
            Ok(())
        }
        fn on_batch_end(&mut self, _: Tick) -> Flow {
            Err(Halt::Stop)
        }
    }
    let (tx, rx) = numbers(0);
    assert_eq!(rx.drive(Once).work(Tick::ZERO), Work::Done);
    assert!(tx.is_closed());
}

#[test]
fn a_tuple_of_agents_gives_each_a_turn_and_is_done_when_all_are() {
    let (tx_a, a) = numbers(1);
    let (tx_b, b) = numbers(2);
    let show = || each(|_: &mut u32| ());
    let mut both = (a.drive_mut(show()), b.drive_mut(show()));
    assert_eq!(both.work(Tick::ZERO), Work::Busy(3));
    drop(tx_a);
    assert_eq!(both.work(Tick::ZERO), Work::Idle);
    drop(tx_b);
    assert_eq!(both.work(Tick::ZERO), Work::Done);
}

#[test]
fn agents_can_be_boxed_and_lent() {
    let (tx, rx) = numbers(1);
    let mut boxed: Box<dyn Agent> = Box::new(rx.drive(each(|_: &u32| ())));
    assert_eq!(Agent::work(&mut &mut boxed, Tick::ZERO), Work::Busy(1));
    drop(tx);
    assert_eq!(boxed.work(Tick::ZERO), Work::Done);
}

/// A source that has nothing in hand shows nothing more; what the stage holds is brought downstream before the pump is
/// done, and only then the ring is closed.
#[test]
fn a_pump_that_leaves_claims_nothing_and_waits_for_its_stage() {
    struct Holds(u32);
    impl Stage<&u32> for Holds {
        fn on_event(&mut self, _: &u32, _: At) -> Flow {
            panic!("it was to leave");
        }
        fn on_batch_end(&mut self, _: Tick) -> Flow {
            self.0 = self.0.saturating_sub(1);
            if self.0 == 0 { Ok(()) } else { Err(Halt::Again) }
        }
    }
    let (tx, rx) = numbers(3);
    let mut pump = rx.drive(Holds(2));
    pump.leave();
    assert_eq!((pump.work(Tick::ZERO), tx.is_closed()), (Work::Idle, false));
    assert_eq!((pump.work(Tick::ZERO), tx.is_closed(), tx.len()), (Work::Done, true, 3));
}
