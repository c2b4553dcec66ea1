use crate::agents::{LONG, Turn, busy, idle};
use ringmain::channel::spsc;
use ringmain::contract::{Sink, Source, Work, each};
use ringmain::run::{Crew, Crowding, Notice, OnCrowding, Runner, StartError};
use ringmain::wait::{BusySpin, Park};
use std::sync::{Arc, Barrier};
use std::thread;

fn processors() -> usize {
    thread::available_parallelism().unwrap().get()
}

#[test]
fn every_thread_is_there_before_an_agent_has_a_turn() {
    // Each agent waits, in its turn, for all the others to be in theirs.
    let all = Arc::new(Barrier::new(3));
    let crew = ["a", "b", "c"].into_iter().fold(Crew::new(), |crew, name| {
        let all = Arc::clone(&all);
        let agent = Turn(move |_| {
            all.wait();
            Work::Done
        });
        crew.thread(Runner::new(name).agent(name, agent))
    });
    let report = crew.start().unwrap().join(LONG).unwrap();
    let names: Vec<_> = report.threads.iter().map(|thread| thread.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c"]);
}

#[test]
fn the_first_runner_of_a_crew_can_have_the_callers_thread() {
    let (mut tx, rx) = spsc::channel(2, || 0u64).unwrap();
    let caller = thread::current().id();
    let mut left = 10u64;
    let feeds = Turn(move |_| {
        assert_eq!(thread::current().id(), caller);
        if left == 0 {
            return Work::Done;
        }
        let fed = tx.offer(|slot| *slot = left).is_ok();
        left -= u64::from(fed);
        if fed { Work::Busy(1) } else { Work::Idle }
    });
    let mut seen = 0;
    let (tell, told) = std::sync::mpsc::channel();
    let counts = rx.drive(each(move |_: &u64| {
        assert_ne!(thread::current().id(), caller);
        seen += 1;
        tell.send(seen).unwrap();
    }));
    let crew = Crew::new()
        .thread(Runner::new("here").agent("feeds", feeds))
        .thread(Runner::new("there").agent("counts", counts));
    let report = crew.run_here().unwrap();
    assert!(report.is_clean());
    assert_eq!(report.threads[0].name, "here");
    assert_eq!(told.iter().last(), Some(10));
}

/// A line of spinning threads, four for each processor, through rings of two slots.
#[test]
fn four_times_more_spinning_threads_than_processors_finish() {
    let threads = processors() * 4;
    let events = if cfg!(miri) { 3 } else { 500 };
    let (mut tx, mut rx) = spsc::channel(2, || 0u64).unwrap();
    let mut crew = Crew::new().wait(BusySpin::new);
    for i in 0..threads {
        let (mut next, last) = spsc::channel(2, || 0u64).unwrap();
        let name = format!("thread {i}");
        crew = crew.thread(
            Runner::new(&name).agent(&name, rx.drive(move |n: &u64, _| Ok(next.offer(|slot| *slot = *n)?))),
        );
        rx = last;
    }
    let mut sum = 0;
    let (tell, told) = std::sync::mpsc::channel();
    let last = rx.drive(each(move |n: &u64| {
        sum += n;
        tell.send(sum).unwrap();
    }));
    let mut crew = crew.thread(Runner::new("last").agent("last", last)).start().unwrap();
    let crowding = Crowding::Threads { threads: threads + 1, cpus: processors() };
    assert_eq!(crew.notices().len(), threads + 1);
    assert_eq!(crew.notices()[0], Notice::Yields { thread: "thread 0".into(), crowding });
    assert!(crew.notices()[0].to_string().contains("thread `thread 0` yields"));
    for n in 0..events {
        tx.offer_waiting(&mut ringmain::wait::Yielding::new(), |slot| *slot = n).unwrap();
    }
    drop(tx);
    let report = crew.join(LONG).unwrap();
    assert!(report.is_clean());
    assert_eq!(report.notices.len(), threads + 1, "the report has them, too");
    assert_eq!(told.iter().last(), Some((0..events).sum()));
}

#[test]
fn spinning_threads_that_outnumber_the_processors_can_be_refused() {
    let mut crew = Crew::new().on_crowding(OnCrowding::Refuse);
    for i in 0..processors() {
        crew = crew.thread(Runner::new(format!("{i}")).agent("idle", idle()));
    }
    let error = crew.thread(Runner::new("spins").wait(BusySpin::new()).agent("idle", idle())).start();
    let error = error.unwrap_err();
    let StartError::Crowded { thread, crowding: Crowding::Threads { threads, cpus } } = &error else {
        panic!("{error}")
    };
    assert_eq!((thread.as_str(), *threads, *cpus), ("spins", processors() + 1, processors()));
    assert!(error.to_string().contains("must not spin"), "{error}");
}

#[test]
#[cfg_attr(miri, ignore = "Miri has no /proc")]
fn two_threads_on_one_cpu_do_not_spin() {
    let Some(allowed) = ringmain::run::pin::allowed() else { return };
    let cpu = allowed.as_slice()[0];
    let mut crew = Crew::new()
        .thread(Runner::new("spins").cpu(cpu).wait(BusySpin::new()).agent("a", busy(1)))
        .thread(Runner::new("parks").cpu(cpu).wait(Park::new()).agent("b", busy(1)))
        .start()
        .unwrap();
    let report = crew.join(LONG).unwrap();
    let crowding = if processors() == 1 {
        Crowding::Threads { threads: 2, cpus: 1 }
    } else {
        Crowding::Cpu { cpu, with: "parks".into() }
    };
    assert_eq!(report.notices, [Notice::Yields { thread: "spins".into(), crowding }]);
}

#[test]
fn a_thread_that_spins_where_there_is_room_is_left_alone() {
    let report = Runner::new("spins").wait(BusySpin::new()).agent("a", busy(1)).run_here().unwrap();
    assert!(report.notices.is_empty());
}

#[test]
fn names_that_cannot_be_told_apart_or_given_are_refused() {
    let twice = Crew::new().thread(Runner::new("a")).thread(Runner::new("b")).thread(Runner::new("a"));
    let error = twice.start().unwrap_err();
    assert!(matches!(&error, StartError::SameName { thread } if thread == "a"));
    assert_eq!(error.to_string(), "two threads are called `a`");
    let error = Runner::new("a\0b").start().unwrap_err();
    assert!(matches!(&error, StartError::BadName { thread } if thread == "a\0b"));
    assert!(error.to_string().contains("zero byte"));
}
