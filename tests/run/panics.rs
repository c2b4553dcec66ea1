//! What a panic of one agent does to the others.

use crate::agents::{LONG, Told, Turn, busy, idle};
use ringmain::channel::spsc;
use ringmain::contract::{Agent, Flow, Refused, Sink, Source, Tick, Wait, Work, each};
use ringmain::run::{AgentEnd, Crew, OnPanic, Report, Runner};
use std::sync::mpsc;

fn panics() -> impl Agent + Send {
    Turn(|_| -> Work { panic!("on purpose") })
}

/// Thread, agent and text of each panic.
fn texts(report: &Report) -> Vec<(&str, Option<&str>, Option<&str>)> {
    report.panics().map(|(thread, agent, panic)| (thread, agent, panic.message())).collect()
}

#[test]
fn its_neighbours_see_the_end_and_the_other_agents_of_the_thread_go_on() {
    let (mut tx, rx) = spsc::channel(4, || 0u64).unwrap();
    let (mut upstream, from_caller) = spsc::channel(4, || 0u64).unwrap();
    let mut forwards = 0;
    // Takes one event, passes it on, and panics on the next.
    let between = from_caller.drive(move |n: &u64, _| -> Flow {
        forwards += 1;
        assert_eq!(forwards, 1, "on purpose");
        tx.offer(|slot| *slot = *n)?;
        Ok(())
    });
    let (tell, told) = mpsc::channel();
    let downstream = rx.drive(each(move |n: &u64| tell.send(*n).unwrap()));
    for n in [7, 8] {
        upstream.offer(|slot| *slot = n).unwrap();
    }
    let runner = Runner::new("one").agent("between", between).agent("downstream", downstream);
    let report = runner.agent("other", busy(3)).run_here().unwrap();
    assert_eq!(told.iter().collect::<Vec<_>>(), [7], "what came before the panic arrives");
    assert!(matches!(report.agent("downstream").unwrap().end, AgentEnd::Done));
    assert!(matches!(report.agent("other").unwrap().end, AgentEnd::Done));
    assert!(!report.is_clean());
    let panics = texts(&report);
    assert_eq!(panics.len(), 1);
    assert_eq!((panics[0].0, panics[0].1), ("one", Some("between")));
    assert!(panics[0].2.unwrap().contains("on purpose"));
    assert!(upstream.is_closed());
    while upstream.offer(|_| ()).is_ok() {}
    assert_eq!(upstream.offer(|_| ()), Err(Refused::Closed));
}

#[test]
fn it_stops_the_crew_if_that_is_its_policy() {
    let mut crew = Crew::new()
        .thread(Runner::new("a").on_panic(OnPanic::StopCrew).agent("panics", panics()))
        .thread(Runner::new("b").agent("idle", idle()))
        .start()
        .unwrap();
    let report = crew.join(LONG).unwrap();
    assert_eq!(texts(&report), [("a", Some("panics"), Some("on purpose"))]);
    assert!(matches!(report.agent("idle").unwrap().end, AgentEnd::Stopped));
}

#[test]
fn the_policy_is_that_of_the_agents_added_after_it() {
    let crew = Crew::new();
    let stopper = crew.stopper();
    let runner =
        Runner::new("a").agent("panics", panics()).on_panic(OnPanic::StopCrew).agent("good", busy(2));
    let report = crew.thread(runner).run_here().unwrap();
    assert!(matches!(report.agent("good").unwrap().end, AgentEnd::Done));
    assert!(!stopper.is_stopped());
}

/// This test runs itself once more, as a process that aborts.
#[test]
#[cfg_attr(miri, ignore = "Miri has no processes")]
fn it_aborts_the_process_if_that_is_its_policy() {
    const INSIDE: &str = "RINGMAIN_TEST_ABORTS";
    if std::env::var_os(INSIDE).is_some() {
        let _ = Runner::new("a").on_panic(OnPanic::Abort).agent("panics", panics()).run_here();
        std::process::exit(0);
    }
    let this = std::env::current_exe().unwrap();
    let name = "panics::it_aborts_the_process_if_that_is_its_policy";
    let run = std::process::Command::new(this).args(["--exact", name]).env(INSIDE, "1").output().unwrap();
    assert!(!run.status.success());
    #[cfg(unix)]
    assert!(std::os::unix::process::ExitStatusExt::signal(&run.status).is_some(), "exited, not aborted");
}

#[test]
fn a_panic_while_an_agent_is_built_is_that_agents() {
    let build = || -> Turn<fn(Tick) -> Work> { panic!("cannot be built") };
    let report = Runner::new("a").agent_with("never", build).agent("good", busy(1)).run_here().unwrap();
    assert_eq!(texts(&report), [("a", Some("never"), Some("cannot be built"))]);
    assert!(matches!(report.agent("good").unwrap().end, AgentEnd::Done));
}

struct PanicsOnDrop;

impl Drop for PanicsOnDrop {
    fn drop(&mut self) {
        panic!("while dropped");
    }
}

#[test]
fn a_panic_while_an_agent_is_dropped_is_that_agents() {
    let bomb = PanicsOnDrop;
    let done = Turn(move |_| {
        let _ = &bomb;
        Work::Done
    });
    let bomb = PanicsOnDrop;
    let worse = Turn(move |_| -> Work {
        let _ = &bomb;
        panic!("in a turn")
    });
    let report =
        Runner::new("a").agent("done", done).agent("worse", worse).agent("good", busy(1)).run_here().unwrap();
    let expected = [("a", Some("done"), Some("while dropped")), ("a", Some("worse"), Some("in a turn"))];
    assert_eq!(texts(&report), expected, "the first panic of each");
    assert!(matches!(report.agent("good").unwrap().end, AgentEnd::Done));
}

struct PanickingWait;

impl Wait for PanickingWait {
    fn idle(&mut self) {
        panic!("no patience");
    }
    fn reset(&mut self) {}
}

#[test]
fn a_panic_of_the_wait_ends_the_thread_and_drops_its_agents() {
    let (told, dropped) = mpsc::channel();
    let told = Told(told, "dropped");
    let agent = Turn(move |_| {
        let _ = &told;
        Work::Idle
    });
    let mut crew = Runner::new("a").wait(PanickingWait).agent("idle", agent).start().unwrap();
    let report = crew.join(LONG).unwrap();
    assert_eq!(texts(&report), [("a", None, Some("no patience"))]);
    assert!(matches!(report.agent("idle").unwrap().end, AgentEnd::Stopped));
    assert_eq!(dropped.try_recv(), Ok("dropped"));
}

#[test]
fn a_payload_that_is_no_text_is_given_back() {
    let agent = Turn(|_| -> Work { std::panic::panic_any(42) });
    let mut report = Runner::new("a").agent("panics", agent).run_here().unwrap();
    assert_eq!(texts(&report), [("a", Some("panics"), None)]);
    let AgentEnd::Panicked(panic) = report.threads.remove(0).agents.remove(0).end else { panic!("it ended") };
    assert!(panic.to_string().contains("no text"));
    assert_eq!(panic.into_payload().downcast_ref(), Some(&42));
}
