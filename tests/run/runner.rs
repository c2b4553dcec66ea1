use crate::agents::{LONG, Turn, busy, idle};
use ringmain::contract::{Agent, Clock, ManualClock, Tick, Wait, Work};
use ringmain::run::{AgentEnd, Crew, MonotonicClock, Runner};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

type Log = Arc<Mutex<Vec<&'static str>>>;

/// Logs its name in each of `turns` turns, then is done.
fn logs(log: &Log, name: &'static str, turns: usize) -> impl Agent + Send + use<> {
    let (log, mut inner) = (Arc::clone(log), busy(turns));
    Turn(move |now| {
        log.lock().unwrap().push(name);
        inner.work(now)
    })
}

#[test]
fn agents_take_turns_in_order_and_one_that_is_done_has_no_more() {
    let log = Log::default();
    let runner = Runner::new("one").agent("a", logs(&log, "a", 2)).agent("b", logs(&log, "b", 1));
    let report = runner.run_here().unwrap();
    assert_eq!(*log.lock().unwrap(), ["a", "b", "a", "b", "a"]);
    let thread = &report.threads[0];
    assert_eq!((thread.name.as_str(), thread.turns), ("one", 3));
    assert!(thread.agents.iter().all(|agent| matches!(agent.end, AgentEnd::Done)));
    assert!(report.is_clean());
}

#[test]
fn an_agent_that_is_done_is_dropped_while_the_others_go_on() {
    let (told, dropped) = mpsc::channel();
    let told = crate::agents::Told(told, "first");
    let mut seen = None;
    let first = Turn(move |_| {
        let _ = &told;
        Work::Done
    });
    let second = Turn(move |_| {
        seen = seen.or_else(|| dropped.try_recv().ok());
        assert_eq!(seen, Some("first"), "not dropped before the next agent's turn");
        Work::Done
    });
    assert!(Runner::new("one").agent("first", first).agent("second", second).run_here().unwrap().is_clean());
}

#[test]
fn runs_on_the_calling_thread_and_builds_there_what_is_not_send() {
    let caller = thread::current().id();
    let agent = move || {
        let not_send = Rc::new(caller);
        Turn(move |_| {
            assert_eq!(thread::current().id(), *not_send);
            Work::Done
        })
    };
    assert!(Runner::new("here").agent_with("rc", agent).run_here().unwrap().is_clean());
}

#[test]
fn builds_on_its_own_thread() {
    let (tell, told) = mpsc::channel();
    let build = move || {
        let (built_on, mut turns) = (thread::current().id(), Rc::new(0));
        Turn(move |_| {
            *Rc::get_mut(&mut turns).unwrap() += 1;
            tell.send((built_on, thread::current().id(), *turns)).unwrap();
            Work::Done
        })
    };
    let mut crew = Runner::new("there").agent_with("rc", build).start().unwrap();
    assert!(crew.join(LONG).unwrap().is_clean());
    let (built_on, ran_on, turns) = told.recv().unwrap();
    assert_eq!((built_on, turns), (ran_on, 1));
    assert_ne!(ran_on, thread::current().id());
}

#[test]
fn the_system_sees_the_name() {
    let (tell, told) = mpsc::channel();
    let agent = Turn(move |_| {
        let comm = std::fs::read_to_string("/proc/thread-self/comm").ok();
        tell.send((thread::current().name().map(str::to_owned), comm)).unwrap();
        Work::Done
    });
    let mut crew = Runner::new("market").agent("a", agent).start().unwrap();
    crew.join(LONG).unwrap();
    let (name, comm) = told.recv().unwrap();
    assert_eq!(name.as_deref(), Some("market"));
    // Under Miri all threads are one to the system.
    assert!(cfg!(miri) || comm.is_none_or(|comm| comm.trim() == "market"));
}

/// Counts how often it is read.
#[derive(Clone)]
struct CountingClock(Arc<AtomicU64>);

impl Clock for CountingClock {
    fn now(&mut self) -> Tick {
        Tick::from_nanos(self.0.fetch_add(1, Relaxed))
    }
}

#[test]
fn the_clock_is_read_once_a_turn_and_all_agents_get_what_it_said() {
    let reads = Arc::new(AtomicU64::new(0));
    let ticks = Arc::new(Mutex::new(Vec::new()));
    let agent = || {
        let (ticks, mut inner) = (Arc::clone(&ticks), busy(2));
        Turn(move |now: Tick| {
            ticks.lock().unwrap().push(now.nanos());
            inner.work(now)
        })
    };
    let runner = Runner::new("one").agent("a", agent()).agent("b", agent());
    let report = Crew::new().clock(CountingClock(Arc::clone(&reads))).thread(runner).run_here().unwrap();
    assert_eq!(report.threads[0].turns, 3);
    assert_eq!(reads.load(Relaxed), 3);
    assert_eq!(*ticks.lock().unwrap(), [0, 0, 1, 1, 2, 2]);
}

#[test]
fn time_can_be_told_by_hand() {
    let clock = ManualClock::new();
    let deadline = Tick::from_nanos(5);
    let timer = Turn(move |now| if now >= deadline { Work::Done } else { Work::Idle });
    let mut crew =
        Crew::new().clock(clock.clone()).thread(Runner::new("t").agent("timer", timer)).start().unwrap();
    assert!(crew.join(Duration::ZERO).is_err());
    clock.advance(Duration::from_nanos(5));
    assert!(crew.join(LONG).unwrap().is_clean());
}

#[test]
fn the_monotonic_clock_goes_on_and_its_copies_agree() {
    let mut clock = MonotonicClock::default();
    let mut copy = clock;
    let (first, second, third) = (clock.now(), copy.now(), clock.now());
    assert!(first <= second && second <= third);
}

/// Logs what the runner asks for.
struct LoggedWait(Log);

impl Wait for LoggedWait {
    fn idle(&mut self) {
        self.0.lock().unwrap().push("idle");
    }
    fn reset(&mut self) {
        self.0.lock().unwrap().push("reset");
    }
}

#[test]
fn a_busy_turn_resets_the_wait_and_an_empty_one_idles() {
    let log = Log::default();
    let mut turns = [Work::Idle, Work::Busy(3), Work::Idle, Work::Idle, Work::Done].into_iter();
    let agent = Turn(move |_| turns.next().unwrap());
    Runner::new("one").wait(LoggedWait(Arc::clone(&log))).agent("a", agent).run_here().unwrap();
    assert_eq!(*log.lock().unwrap(), ["idle", "reset", "idle", "idle"]);
}

#[test]
fn a_tuple_is_one_agent() {
    let log = Log::default();
    let both = (logs(&log, "a", 1), logs(&log, "b", 0));
    let report = Runner::new("one").agent("both", both).run_here().unwrap();
    assert_eq!(report.threads[0].agents.len(), 1);
    assert_eq!(log.lock().unwrap()[..3], ["a", "b", "a"]);
}

#[test]
fn a_thread_without_agents_ends_at_once() {
    assert!(Runner::new("empty").run_here().unwrap().threads[0].agents.is_empty());
    assert!(Crew::new().run_here().unwrap().threads.is_empty());
    assert!(Crew::new().start().unwrap().join(LONG).unwrap().threads.is_empty());
}

#[test]
fn a_stopped_runner_says_that_its_agents_were_stopped() {
    let crew = Crew::new();
    let stopper = crew.stopper();
    let inside = stopper.clone();
    let stops = Turn(move |_| {
        inside.stop();
        Work::Idle
    });
    let report =
        crew.thread(Runner::new("one").agent("idle", idle()).agent("stops", stops)).run_here().unwrap();
    assert!(stopper.is_stopped());
    assert_eq!(report.threads[0].turns, 1);
    assert!(matches!(report.agent("idle").unwrap().end, AgentEnd::Stopped));
    assert!(report.agent("nobody").is_none());
}
