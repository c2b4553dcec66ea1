//! Process manager: leads each process, by its key, from state to state, and back again where it cannot go on.
//!
//! *Enterprise Integration Patterns* (Hohpe and Woolf), chapter 7, "Process Manager" (page 312): a central unit that keeps
//! the state of a sequence and says what the next step is. That what was done is undone, in reverse order, when a step
//! fails, is the saga of Garcia-Molina and Salem, *Sagas* (1987).
//!
//! ```text
//!  event --key--> [ instance: state, data, timers, steps done ]
//!                     |
//!                     | rule(state, kind): Do(handler, to) | Ignore | Defer | Error
//!                     v
//!                 handler --> data', next state, commands, timers, steps     all of it happens at once,
//!                     |                                                      or nothing does
//!                     +--> sink: room for all commands was asked for before
//!
//!  forward:    New --> Reserving --> Paying --> Shipping --> completed
//!  back:             [ stock ] [ money ]  <-- undone from the top, each until it is acknowledged
//! ```
//!
//! # Options
//!
//! A [`Machine`] is one table: [`Machine::rule`], a `match` over the state and the kind of event. As a `match` it is
//! complete, or it does not compile:
//! ```
//! # use ringmain::contract::Fault;
//! # use ringmain::pattern::process_manager::{Listed, Machine, Next, Rule, Then};
//! # #[derive(Clone, Copy, PartialEq, Eq, Debug)] enum State { Off, On }
//! # impl Listed for State { const ALL: &'static [Self] = &[Self::Off, Self::On]; }
//! # #[derive(Clone, Copy, PartialEq, Eq, Debug)] enum Kind { Press, Break }
//! # impl Listed for Kind { const ALL: &'static [Self] = &[Self::Press, Self::Break]; }
//! # struct Lamp;
//! # impl Lamp {
//! #     fn on(&mut self, _: &mut (), _: Option<&Kind>, _: &mut Then<Self>) -> Result<Next<State>, Fault> {
//! #         Ok(Next::To(State::On))
//! #     }
//! #     fn off(&mut self, _: &mut (), _: Option<&Kind>, _: &mut Then<Self>) -> Result<Next<State>, Fault> {
//! #         Ok(Next::Complete)
//! #     }
//! # }
//! # impl Machine for Lamp {
//! #     type Event = Kind; type Command = (); type Key = (); type State = State; type Kind = Kind; type Data = ();
//! #     const INITIAL: State = State::Off;
//! #     fn key(_: &Kind) {}
//! #     fn kind(kind: &Kind) -> Kind { *kind }
//! fn rule(state: State, kind: Kind) -> Rule<Self> {
//!     match (state, kind) {
//!         (State::Off, Kind::Press) => Rule::Do(Self::on, &[Next::To(State::On)]),
//!         (State::On, Kind::Press) => Rule::Do(Self::off, &[Next::Complete]),
//!         (State::Off | State::On, Kind::Break) => Rule::Ignore,
//!     }
//! }
//! # }
//! ```
//! ```compile_fail,E0004
//! # use ringmain::contract::Fault;
//! # use ringmain::pattern::process_manager::{Listed, Machine, Next, Rule, Then};
//! # #[derive(Clone, Copy, PartialEq, Eq, Debug)] enum State { Off, On }
//! # impl Listed for State { const ALL: &'static [Self] = &[Self::Off, Self::On]; }
//! # #[derive(Clone, Copy, PartialEq, Eq, Debug)] enum Kind { Press, Break }
//! # impl Listed for Kind { const ALL: &'static [Self] = &[Self::Press, Self::Break]; }
//! # struct Lamp;
//! # impl Lamp {
//! #     fn on(&mut self, _: &mut (), _: Option<&Kind>, _: &mut Then<Self>) -> Result<Next<State>, Fault> {
//! #         Ok(Next::To(State::On))
//! #     }
//! #     fn off(&mut self, _: &mut (), _: Option<&Kind>, _: &mut Then<Self>) -> Result<Next<State>, Fault> {
//! #         Ok(Next::Complete)
//! #     }
//! # }
//! # impl Machine for Lamp {
//! #     type Event = Kind; type Command = (); type Key = (); type State = State; type Kind = Kind; type Data = ();
//! #     const INITIAL: State = State::Off;
//! #     fn key(_: &Kind) {}
//! #     fn kind(kind: &Kind) -> Kind { *kind }
//! fn rule(state: State, kind: Kind) -> Rule<Self> {
//!     match (state, kind) { // error[E0004]: pattern `(State::On, Kind::Break)` not covered
//!         (State::Off, Kind::Press) => Rule::Do(Self::on, &[Next::To(State::On)]),
//!         (State::On, Kind::Press) => Rule::Do(Self::off, &[Next::Complete]),
//!         (State::Off, Kind::Break) => Rule::Ignore,
//!     }
//! }
//! # }
//! ```
//! A rule also says where its handler may lead, and nothing else happens ([`UNDECLARED`]); so [`mermaid`] and [`dot`]
//! draw the machine as it is.
//!
//! | what                        | how                                                                                |
//! |-----------------------------|------------------------------------------------------------------------------------|
//! | begins a process            | a [`Rule::Do`] in [`Machine::INITIAL`]; every other event needs one that is there  |
//! | nobody there                | [`Missing`]: discard, dead letter, reply, hold for a time                          |
//! | in a state that has no use for it | [`Rule::Ignore`], [`Rule::Defer`] to the next state, [`Rule::Error`]         |
//! | after a time                | [`Then::arm`], by the name of a kind; armed anew, disarmed, or ended: it does not come |
//! | duplicates                  | [`Machine::identity`]: not newer than the last event of its source                 |
//! | no room for a new process   | [`Full`]: reject, block, evict what has ended                                      |
//! | the whole takes too long    | [`Policy::deadline`]: back, from whatever state                                    |
//! | requests of its own         | [`Then::ask`] and [`Then::answered`]: a bit each, so an answer counts once         |
//! | an answer                   | [`Then::reply`] to who sent the event in hand, [`Then::reply_to_originator`] to who began it all |
//! | both, in any order          | [`AllOf`] in the data                                                              |
//! | to look on                  | [`ProcessManager::get`], [`ProcessManager::iter`]                                  |
//!
//! *The way back.* [`Then::done`] notes a step and what undoes it; [`Next::Compensate`] and the deadline turn a process
//! back. Then the steps are undone one after the other, the last one first: [`Machine::undo`] sends the command, and
//! [`Machine::says`] tells which event is the answer. No answer in time, or a bad one, is a failure: it is tried again as
//! the policy says, so each step is undone at least once, and what undoes it has to bear that. After that the process is
//! [`Phase::Stuck`]: [`Machine::stuck`] tells somebody, the event that was the last failure is rejected with
//! [`Reason::AttemptsExhausted`](crate::contract::Reason::AttemptsExhausted), and it waits for [`Says::Retry`]. An event
//! of the way forward that comes now, or while the process is remembered, goes to [`Machine::late`], and what it did is
//! undone, too.
//!
//! | | |
//! |-|-|
//! | `Again`     | no room for as many commands as one step may have, or [`Full::Block`]: nothing has happened. No timer overtakes an event that waits for room |
//! | a rejection | by a handler (`Err`), or for what is said above: the process is as it was. Of an event that was held it is booked as dropped, under its reason |
//! | a panic     | of a handler: the process is as it was, and behind a [`Catch`](super::Catch) the event is for the dead letter channel; where no event is in hand, a timer or a held event is booked as `dropped[Panic]`, and a process on its way back is stuck. What was held is met before the next event, or at the end of the turn; one that panics before the next event rejects that event, which a retry mends |
//! | time        | `at.now` and the end of a turn, after the events of that turn                               |
//! | the end     | while time may still bring something, the end of a turn answers `Again`: a pump whose source is closed gives it more turns |
//! | a replay    | the same events and turns at the same times give the same commands                         |
//!
//! # Bounds
//!
//! | bounded                                          | at the bound                                                     |
//! |--------------------------------------------------|------------------------------------------------------------------|
//! | processes: as built                              | [`Full`]                                                         |
//! | commands of a step: [`Policy::outputs`]          | rejected: [`TOO_MUCH`], nothing has happened                     |
//! | timers of a process: [`MAX_TIMERS`] (4)          | the same                                                         |
//! | steps that may be undone: [`MAX_STEPS`] (16), with 16 bytes each | the same                                         |
//! | sources of a process: [`SOURCES`] (4)            | what comes from others is never a duplicate                      |
//! | events that are held: [`Policy::holds`]          | rejected with `WindowFull`; looking them up is a walk over all   |
//! | attempts to undo a step: [`Policy::retry`]       | stuck                                                            |
//!
//! It holds the instances and the events that came too early (hold), never a command. The sink has to have
//! [`Room`](crate::contract::Room): a ring of one producer. What goes to several places goes through that ring to a router
//! behind it. [`Full::Block`] without a deadline is not built: [`Unbuildable::WouldDeadlock`]. With it, a process on its way
//! back may become stuck because its answer lies behind the event that waits; if all are, nobody waits any more.
//!
//! What is not there: nothing outlives the program. Who keeps the events and the times of the turns, and counts the
//! commands, has what a replay needs.
//!
//! # Costs
//!
//! A look-up, a visit to the instance, a copy of the data; a timer is armed and cancelled in constant time. With many
//! processes it is the memory that costs: a step touches two to four cache lines that are cold. All memory in `new`, about
//! 700 bytes a process beside key and data. Wait-free if the sink is.
//!
//! | what                                           | ns, 1,024 processes | ns, 65,536 processes | over                     |
//! |------------------------------------------------|---------------------|----------------------|--------------------------|
//! | a step with its command                        | 22                  | 30                   | nothing: it is all of it |
//! | ... and a timer that is armed or cancelled     | 54                  | 129                  | the same                 |
//!
//! Measured by `cargo bench -p ringmain --bench pattern -- process_manager`: medians, the other of two processors busy with
//! something else (an AMD EPYC, virtual), 24 November 2026.
//!
//! # A scene
//! `examples/process_manager.rs`, which `cargo run --example process_manager` runs:
#![doc = concat!("```\n", include_str!("../../../examples/process_manager.rs"), "```")]

mod alarms;
mod all_of;
mod compensation;
mod diagram;
mod instance;
mod instances;
mod machine;
mod manager;
mod policy;
mod step;
mod then;
mod undo;
mod waiting;

pub use all_of::AllOf;
pub use diagram::{Dot, Mermaid, dot, mermaid};
pub use instance::{Instance, MAX_TIMERS, Phase, SOURCES};
pub use machine::{Handler, Listed, Machine, Next, Rule};
pub use manager::ProcessManager;
pub use policy::{Full, Missing, Policy, Unbuildable};
pub use then::{TOO_MUCH, Then, UNDECLARED};
pub use undo::{Late, MAX_STEPS, Says, Undo};
