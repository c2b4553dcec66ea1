//! Stop, join, drop.

use crate::agents::{LONG, Told, Turn, busy, idle, stuck};
use ringmain::channel::spsc;
use ringmain::contract::{Refused, Sink, Source, Work, each};
use ringmain::run::{AgentEnd, Crew, JoinError, Runner};
use ringmain::wait::Park;
use std::sync::mpsc;
use std::time::{Duration, Instant};

#[test]
fn stop_drops_the_agents_and_so_closes_their_channels() {
    let (mut tx, rx) = spsc::channel(2, || 0u64).unwrap();
    let mut crew = Runner::new("a").agent("sink", rx.drive(each(|_: &u64| ()))).start().unwrap();
    assert!(!crew.is_finished());
    crew.stop();
    let report = crew.join(LONG).unwrap();
    assert!(crew.is_finished() && crew.running().is_empty());
    assert!(matches!(report.agent("sink").unwrap().end, AgentEnd::Stopped));
    while tx.offer(|_| ()).is_ok() {}
    assert_eq!(tx.offer(|_| ()), Err(Refused::Closed));
}

/// Nobody has to stop a crew whose producers are gone.
#[test]
fn closing_upstream_ends_the_crew_with_nothing_lost() {
    let (mut tx, rx) = spsc::channel(2, || 0u64).unwrap();
    let (mut forward, last) = spsc::channel(2, || 0u64).unwrap();
    let (tell, told) = mpsc::channel();
    let between = rx.drive(move |n: &u64, _| Ok(forward.offer(|slot| *slot = *n)?));
    let mut crew = Crew::new()
        .thread(Runner::new("a").agent("between", between))
        .thread(Runner::new("b").agent("last", last.drive(each(move |n: &u64| tell.send(*n).unwrap()))))
        .start()
        .unwrap();
    let events = if cfg!(miri) { 20 } else { 1_000 };
    for n in 0..events {
        tx.offer_waiting(&mut ringmain::wait::Yielding::new(), |slot| *slot = n).unwrap();
    }
    drop(tx);
    let report = crew.join(LONG).unwrap();
    assert!(report.is_clean());
    assert!(report.threads.iter().all(|thread| matches!(thread.agents[0].end, AgentEnd::Done)));
    assert_eq!(told.iter().collect::<Vec<_>>(), (0..events).collect::<Vec<_>>());
}

#[test]
fn join_returns_in_time_and_names_the_thread_and_the_agent_that_are_stuck() {
    let (agent, entered, release) = stuck();
    let mut crew = Crew::new()
        .thread(Runner::new("market").agent("book", idle()).agent("risk", agent))
        .thread(Runner::new("log").agent("log", busy(3)))
        .start()
        .unwrap();
    entered.recv().unwrap();
    crew.stop();
    let time = Duration::from_millis(20);
    let begin = Instant::now();
    let error = crew.join(time).unwrap_err();
    assert!(begin.elapsed() >= time && begin.elapsed() < LONG);
    let JoinError::Late { time: given, running } = &error else { panic!("{error}") };
    assert_eq!(*given, time);
    let market = running.iter().find(|running| running.thread == "market").unwrap();
    assert_eq!((market.agent.as_deref(), market.turns, market.moved), (Some("risk"), 1, false));
    assert!(error.to_string().contains("thread `market` is stuck in agent `risk`, turn 1"), "{error}");
    assert_eq!(crew.running()[0].agent.as_deref(), Some("risk"));

    drop(release);
    let report = crew.join(LONG).unwrap();
    assert!(report.is_clean());
    assert_eq!(crew.join(LONG).unwrap_err(), JoinError::Joined);
}

#[test]
fn join_tells_a_crew_that_nobody_stopped_from_one_that_is_stuck() {
    let (tell, told) = mpsc::channel();
    let agent = Turn(move |_| {
        let _ = tell.send(());
        Work::Busy(1)
    });
    let mut crew = Runner::new("a").agent("endless", agent).start().unwrap();
    // However slow the machine is, some join sees a turn begin.
    loop {
        told.recv().unwrap();
        let JoinError::Late { running, .. } = crew.join(Duration::from_millis(1)).unwrap_err() else {
            panic!("joined")
        };
        if running[0].moved {
            assert!(running[0].to_string().contains("was it stopped?"));
            break;
        }
    }
    crew.stop();
    crew.join(Duration::MAX).unwrap();
}

#[test]
fn an_agent_that_is_stuck_while_it_is_built_or_dropped_is_named_too() {
    let (release, released) = mpsc::channel::<()>();
    let (entered, has_entered) = mpsc::channel();
    let build = move || {
        entered.send(()).unwrap();
        let _ = released.recv();
        busy(0)
    };
    let mut crew = Runner::new("a").agent("first", idle()).agent_with("slow", build).start().unwrap();
    has_entered.recv().unwrap();
    let running = crew.running();
    assert_eq!((running[0].agent.as_deref(), running[0].turns), (Some("slow"), 0));
    crew.stop();
    drop(release);
    assert!(crew.join(LONG).unwrap().is_clean());
}

/// The handle stops the crew and waits for nobody, least of all for a thread that is stuck.
#[test]
fn a_handle_that_is_dropped_neither_hangs_nor_leaves_threads_running() {
    let (agent, entered, release) = stuck();
    let (told, dropped) = mpsc::channel();
    let told = Told(told, "idle");
    let waits = Turn(move |_| {
        let _ = &told;
        Work::Idle
    });
    let crew = Crew::new()
        .thread(Runner::new("stuck").agent("stuck", agent))
        .thread(Runner::new("idle").agent("idle", waits))
        .start()
        .unwrap();
    entered.recv().unwrap();
    drop(crew);
    assert_eq!(dropped.recv_timeout(LONG), Ok("idle"));
    drop(release);
}

/// `stop` is seen after the sleep; whoever cannot wait so long rings.
#[test]
fn a_thread_that_is_parked_stops_when_it_is_rung() {
    let park = Park::new().limit(LONG * 2);
    let bell = park.bell();
    let mut crew = Runner::new("a").wait(park).agent("idle", idle()).start().unwrap();
    crew.stop();
    let mut ended = false;
    let begin = Instant::now();
    while !ended && begin.elapsed() < LONG {
        bell.ring();
        ended = crew.join(Duration::from_millis(1)).is_ok();
    }
    assert!(ended);
}
