//! Threads: what gives agents their turns.
//!
//! ```text
//!   Crew ----+---- Runner "market"  (a thread: CPU 1, BusySpin) ---- agents "book", "risk"
//!            |
//!            +---- Runner "log"     (a thread: any CPU, Backoff) --- agent  "log"
//!
//!   one turn of a runner:  read the clock; each agent works once; busy? reset the wait : idle
//! ```
//!
//! | type               | what it is                                                                    |
//! |--------------------|-------------------------------------------------------------------------------|
//! | [`Runner`]         | one thread's worth: a name, a CPU, a way to wait, agents                      |
//! | [`Crew`]           | several runners that start together or not at all                             |
//! | [`Handle`]         | what `start` gives: stop, look, join within a time                            |
//! | [`Report`]         | what `join` gives: how each agent ended                                       |
//! | [`MonotonicClock`] | the clock of a crew unless another is given                                   |
//! | [`Plan`]           | threads, agents and rings by name: refuses what can stand still, draws itself, see [`plan`] |
//! | [`pin`]            | a thread on one CPU, by the kernel's number                                   |
//!
//! # What a turn costs
//! One virtual call to the clock, which is no system call where the system has its clock in user space (the vDSO of
//! Linux on x86-64 and AArch64); one load of the stop flag; for each agent a virtual call, a landing pad for a panic
//! (free unless it happens) and a `Relaxed` store to a cache line of the thread's own, which says where it is. No
//! allocation, no lock; a system call only if the wait makes one. Where two virtual calls less matter, put agents into
//! a tuple: it is one agent, and what is in it is called statically.
//!
//! # How it ends
//! | cause                              | what happens                                                                  |
//! |------------------------------------|-------------------------------------------------------------------------------|
//! | an agent is `Done`                 | it is dropped, which closes its channels; the others go on                    |
//! | all agents of a thread are `Done`  | the thread ends                                                               |
//! | [`Handle::stop`]                   | every thread leaves its loop after the turn it is in, and drops its agents    |
//! | an agent panics                    | as its [`OnPanic`] says; it is dropped in any case                            |
//! | the [`Handle`] is dropped          | as `stop`; nobody waits for the threads                                       |
//!
//! ```
//! use ringmain::channel::spsc;
//! use ringmain::contract::{Sink, Source, each};
//! use ringmain::run::{Crew, Runner};
//! use std::time::Duration;
//!
//! let (mut tx, rx) = spsc::channel(64, || 0u64)?;
//! let (done, sum) = std::sync::mpsc::channel();
//! let mut total = 0;
//! let adder = rx.drive(each(move |n: &u64| {
//!     total += n;
//!     let _ = done.send(total);
//! }));
//! let mut crew = Crew::new().thread(Runner::new("adder").agent("sum", adder)).start()?;
//! for n in 1..=4 {
//!     tx.offer(|slot| *slot = n)?;
//! }
//! drop(tx); // closes the channel: the agent drains what is left, and is done
//! let report = crew.join(Duration::from_secs(10))?;
//! assert!(report.is_clean());
//! assert_eq!(sum.iter().last(), Some(10));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod clock;
mod crew;
mod handle;
pub mod pin;
pub mod plan;
mod report;
mod runner;
mod seat;
mod shared;

pub use clock::MonotonicClock;
pub use crew::{Crew, OnCrowding, StartError};
pub use handle::{Handle, JoinError, Stopper};
pub use plan::{Asking, Because, OnFull, Plan, PlanError, Step};
pub use report::{AgentEnd, AgentReport, Crowding, Notice, Panic, Report, Running, ThreadReport};
pub use runner::Runner;
pub use seat::OnPanic;
