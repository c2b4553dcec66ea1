use crate::agents::{LONG, Told, Turn, busy, idle};
use ringmain::contract::Work;
use ringmain::run::pin::{self, Pinned};
use ringmain::run::{Crew, Runner, StartError};
use std::sync::mpsc;
use std::thread;

/// A CPU that this process may have, where the system tells.
fn some_cpu() -> Option<usize> {
    pin::allowed()?.as_slice().first().copied()
}

#[test]
#[cfg_attr(miri, ignore = "Miri has no /proc")]
fn a_pinned_thread_may_run_on_that_cpu_alone() {
    let Some(cpu) = some_cpu() else { return };
    let pinned = thread::spawn(move || (pin::current_thread(cpu), pin::allowed())).join().unwrap();
    assert_eq!(pinned.0, Ok(Pinned::Verified));
    assert_eq!(pinned.1.unwrap().as_slice(), [cpu]);
}

#[test]
#[cfg_attr(miri, ignore = "Miri has no /proc")]
fn an_impossible_cpu_is_an_error_that_names_the_allowed_ones() {
    for cpu in [1_000, 1_023, 1_024, usize::MAX] {
        let error = pin::current_thread(cpu).unwrap_err();
        assert_eq!(error.cpu, cpu);
        assert_eq!(error.allowed, pin::allowed());
        let text = error.to_string();
        assert!(text.contains(&format!("CPU {cpu};")), "{text}");
        let Some(allowed) = pin::allowed() else { continue };
        assert!(text.contains(&format!("may run on {allowed}")), "{text}");
        assert!(text.contains("online") && text.contains("isolated"), "{text}");
    }
}

#[test]
#[cfg_attr(miri, ignore = "Miri has no /proc")]
fn a_runner_is_pinned_before_its_agents_are_built() {
    let Some(cpu) = some_cpu() else { return };
    let (tell, told) = mpsc::channel();
    let build = move || {
        tell.send(pin::allowed()).unwrap();
        busy(1)
    };
    let mut crew = Runner::new("pinned").cpu(cpu).agent_with("a", build).start().unwrap();
    assert!(crew.notices().is_empty());
    crew.join(LONG).unwrap();
    assert_eq!(told.recv().unwrap().unwrap().as_slice(), [cpu]);
}

#[test]
fn a_crew_that_cannot_be_pinned_does_not_start_at_all() {
    let (told, dropped) = mpsc::channel();
    let told = Told(told, "dropped");
    let never = Turn(move |_| -> Work {
        let _ = &told;
        unreachable!("a turn in a crew that did not start")
    });
    let crew = Crew::new()
        .thread(Runner::new("good").agent("never", never))
        .thread(Runner::new("bad").cpu(1_000).agent("idle", idle()));
    let error = crew.start().unwrap_err();
    assert!(matches!(&error, StartError::Pin { thread, source } if thread == "bad" && source.cpu == 1_000));
    assert!(error.to_string().starts_with("thread `bad`: cannot pin to CPU 1000"), "{error}");
    assert_eq!(dropped.recv_timeout(LONG), Ok("dropped"), "the error came before the agents were dropped");
}

#[test]
fn a_crew_that_cannot_be_pinned_here_does_not_start_either() {
    let crew = Crew::new()
        .thread(Runner::new("here").cpu(1_000).agent("idle", idle()))
        .thread(Runner::new("there").agent("idle", idle()));
    assert!(matches!(crew.run_here(), Err(StartError::Pin { thread, .. }) if thread == "here"));
}
