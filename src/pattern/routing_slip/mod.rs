//! Routing slip: a message carries the list of its steps, and no router knows it.
//!
//! *Enterprise Integration Patterns* (Hohpe and Woolf), chapter 7, "Routing Slip" (page 301): "attach a Routing Slip to
//! each message, specifying the sequence of processing steps". That steps which are done can be undone, when a later one
//! fails, is of MassTransit's *Courier* (after Clemens Vasters, "Sagas", 2012, and Garcia-Molina and Salem, "Sagas",
//! SIGMOD 1987).
//!
//! ```text
//!   Planner: a -> b -> c   (checked, and numbered: 24 bits)
//!      |
//!      v header.slip = number, position              +--> done here: position + 1, and again
//!   message ==> RoutingSlip(activities a, b) --------+
//!                    |                               +--> not here: to the next stage, as the slip says
//!                    v ByPlace
//!          c's stage | completed | faulted                a failure: the log, backwards, by the same way
//! ```
//!
//! # Options
//!
//! | to                                               | take                                                              |
//! |--------------------------------------------------|-------------------------------------------------------------------|
//! | say which steps there are, and lists of them     | [`Planner`]: a [`Path`] that the compiler checks, or numbers that are checked when the program runs |
//! | do steps, all on one thread or each on its own   | [`RoutingSlip`], with the [`Activity`] of each step that is done there |
//! | send a message to where its next step is done    | [`ByPlace`], for a [`ContentRouter`](super::ContentRouter)        |
//! | change the rest of the way, or end it            | [`Then::Revise`], [`Then::Terminate`]                             |
//! | undo what was done if a later step fails         | [`Activity::undone_by`], [`Visit::note`]                          |
//! | say what a step means that was removed           | [`IfGone`]                                                        |
//! | hear of each step                                | [`RoutingSlip::watched_by`]                                       |
//! | say where the outcome goes                       | the header's return address, and a [`Replier`](super::Replier) or [`ReplyPorts`](super::ReplyPorts) behind |
//!
//! The header's deadline is that of the whole way: the first step that would begin after it has failed.
//!
//! | a step fails because                             | as                                                                |
//! |--------------------------------------------------|-------------------------------------------------------------------|
//! | its activity rejects, or panics                  | the fault it says; [`Reason::Panic`]                              |
//! | the deadline is past                             | [`Reason::Expired`]                                               |
//! | it was [removed](Planner::remove)                | [`Reason::NoRoute`], or it is passed over: [`IfGone`]             |
//! | it could be undone, and the log is full          | [`Reason::TableFull`], before its activity is asked               |
//! | so many were done that the [limit](Planner::visits) is reached | [`Reason::LoopLimit`]                               |
//!
//! Then the steps in the log are undone, the last one first, wherever they were done; the message goes on as
//! [`Progress::Faulted`]. One that cannot be undone in as many attempts as the stage is told (they follow at once) ends that:
//! the message is [`Progress::Stuck`], and is rejected with the fault of the last attempt, for the dead letter channel; what
//! was undone before stays undone, and its log says what was not.
//!
//! # Bounds
//!
//! | bounded                                              | at the bound                                                  |
//! |------------------------------------------------------|---------------------------------------------------------------|
//! | steps: 255; itineraries: as built, at most 2^24 - 1  | [`Unplanned`], when they are made                             |
//! | steps of an itinerary: 16                            | [`Unplanned::TooLong`]: the last can revise it to the rest    |
//! | steps that can be undone: the entries of the [`Log`] | the step fails, before it is done                             |
//! | steps of a message in all: [`Planner::visits`]       | the step fails, before it is done                             |
//!
//! It holds nothing (gate): all that it knows of a message is in the message. So a full stage behind it is waited for
//! (`Again`), and no step is done twice, also if the stage is another one by then.
//!
//! # Costs
//!
//! A step is three loads of a table that nobody writes while messages travel, and one comparison for each activity of the
//! stage; a visit to a stage has one landing pad for a panic. No allocation after construction. Wait-free, if the
//! activities and the stages after it are.
//!
//! | what                              | ns  | over                                |
//! |-----------------------------------|-----|-------------------------------------|
//! | a stage with nothing to do        | 1.6 | the stage after it                  |
//! | a step                            | 1.8 | its activity as an [`Edit`](super::Edit) |
//! | ... that can be undone            | 2.3 | the same                            |
//! | a step undone                     | 1.9 | nothing: it is all of it            |
//!
//! Measured by `cargo bench -p ringmain --bench pattern -- routing_slip`, three steps: medians, the other of two processors
//! busy with something else (an AMD EPYC, virtual), 24 November 2026.
//!
//! What is not there: a way that survives the process. All of it is in the message, so a durable channel can be put between
//! two steps when there is one.
//!
//! ```
//! use ringmain::contract::{Flow, Stage, each};
//! # use ringmain::{contract::{At, Tick}, ring::Sequence};
//! use ringmain::pattern::routing_slip::{IfGone, Path, Then, Visit};
//! use ringmain::pattern::{Activity, Planner, RoutingSlip, Traveller};
//!
//! type Number = Traveller<u64, 0>;
//! struct Raw;
//! struct Doubled;
//!
//! let mut planner = Planner::new(16);
//! let double = planner.step::<Raw, Doubled>("double")?;
//! let add = planner.step::<Doubled, Doubled>("add")?;
//! let both = planner.itinerary(&Path::new().then(double).then(add))?;
//!
//! let itineraries = planner.share();
//! let activities = (
//!     Activity::new(double, |n: &mut Number, _: &mut Visit| -> Flow<Then> { n.body *= 2; Ok(Then::Next) }),
//!     Activity::new(add, |n: &mut Number, _: &mut Visit| -> Flow<Then> { n.body += 1; Ok(Then::Next) }),
//! );
//! let mut seen = Vec::new();
//! let completed = each(|n: &mut Number| seen.push(n.body));
//! let mut slip = RoutingSlip::new(itineraries.clone(), IfGone::Fault, 1, activities, completed);
//! let mut event = Number { body: 20, ..Number::default() };
//! itineraries.start(&mut event, both);
//! # let at = At { seq: Sequence::ZERO, now: Tick::ZERO };
//! slip.on_event(&mut event, at).unwrap();
//! drop(slip);
//! assert_eq!(seen, [41]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//! A path whose steps do not fit does not compile:
//! ```compile_fail,E0308
//! # use ringmain::pattern::{Planner, routing_slip::Path};
//! # struct Raw;
//! # struct Doubled;
//! # let mut planner = Planner::new(16);
//! # let double = planner.step::<Raw, Doubled>("double")?;
//! # let add = planner.step::<Doubled, Doubled>("add")?;
//! planner.itinerary(&Path::new().then(add).then(double))?; // expected `Step<Doubled, _>`, found `Step<Raw, Doubled>`
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A scene
//! `examples/routing_slip.rs`, which `cargo run --example routing_slip` runs:
#![doc = concat!("```\n", include_str!("../../../examples/routing_slip.rs"), "```")]

mod activity;
mod by_place;
mod itineraries;
mod log;
mod watch;

pub use activity::{Activities, Activity, NoUndo, Then, Undo, Visit};
pub use by_place::ByPlace;
pub use itineraries::{Itineraries, Itinerary, MAX_STEPS, Path, Place, Planner, Step, Unplanned};
pub use log::{Entry, Itinerant, Log, Progress, Traveller};
pub use watch::{Notice, Unwatched, Watch};

use crate::contract::{Account, At, Fault, Flow, Halt, Ledger, Reason, Stage, Tick};
use crate::pattern::catch::discard;
use crate::sync::Arc;
use core::fmt::{Debug, Formatter};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// What a step is worth that was [removed](Planner::remove).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IfGone {
    /// It has failed, as [`Reason::NoRoute`].
    Fault,
    /// It is passed over, and [counted](RoutingSlip::skipped).
    Skip,
}

/// Does the steps that are done here, and hands the message on to where the others are, or to where its way ends.
pub struct RoutingSlip<A, S, W = Unwatched> {
    itineraries: Arc<Itineraries>,
    if_gone: IfGone,
    /// To undo a step.
    attempts: u8,
    activities: A,
    watch: W,
    next: S,
    skipped: u64,
    /// The watch is being told, so a panic is its.
    hearing: bool,
    ledger: Ledger,
}

impl<A, S> RoutingSlip<A, S> {
    /// Does the steps of `activities`; a step is undone in at most `attempts` attempts, and one at least. Whatever is to be
    /// done elsewhere, or is at an end, goes to `next`. Allocates the [`Account`].
    #[must_use]
    pub fn new(itineraries: Arc<Itineraries>, if_gone: IfGone, attempts: u8, activities: A, next: S) -> Self {
        let (watch, skipped, hearing) = (Unwatched, 0, false);
        let ledger = Ledger::new();
        Self { itineraries, if_gone, attempts, activities, watch, next, skipped, hearing, ledger }
    }
    /// Tells `watch` of each thing that happens here, when it has happened. A panic of it comes out.
    #[must_use]
    pub fn watched_by<T: ?Sized, W: FnMut(&T, Notice)>(self, watch: W) -> RoutingSlip<A, S, W> {
        let Self { itineraries, if_gone, attempts, activities, next, skipped, hearing, ledger, .. } = self;
        RoutingSlip { itineraries, if_gone, attempts, activities, watch, next, skipped, hearing, ledger }
    }
}

impl<A, S, W> RoutingSlip<A, S, W> {
    /// This stage's books: a message is `out` when the stage after has it.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.ledger.account()
    }
    /// Steps passed over because they are gone.
    #[must_use]
    pub const fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Does and undoes what is done and undone here; a panic is the failure of what it came out of. Bounded by the limit of
    /// visits and the entries of the log.
    #[inline]
    fn travel<T: Itinerant>(&mut self, event: &mut T, at: At) -> Flow
    where
        A: Activities<T>,
        W: Watch<T>,
    {
        loop {
            let payload = match catch_unwind(AssertUnwindSafe(|| self.go_on(event, at))) {
                Ok(flow) => return flow,
                Err(payload) => payload,
            };
            if self.hearing {
                self.hearing = false;
                resume_unwind(payload);
            }
            discard(payload);
            let panic = Fault::of(Reason::Panic);
            match self.itineraries.place(event) {
                Place::Undo(step) => self.undo_failed(step, event, panic)?,
                Place::Do(step) => self.fail(step, event, panic),
                Place::End(_) | Place::Lost => return Err(panic.into()),
            }
        }
    }
    #[inline]
    fn go_on<T: Itinerant>(&mut self, event: &mut T, at: At) -> Flow
    where
        A: Activities<T>,
        W: Watch<T>,
    {
        if event.log().progress == Progress::Underway {
            self.forward(event, at)?;
        }
        if event.log().progress == Progress::Undoing { self.backward(event) } else { Ok(()) }
    }
    /// Does steps, until one is not done here.
    #[inline]
    fn forward<T: Itinerant>(&mut self, event: &mut T, at: At) -> Flow
    where
        A: Activities<T>,
        W: Watch<T>,
    {
        let deadline = event.header().deadline;
        let late = deadline != Tick::ZERO && deadline < at.now;
        while event.log().progress == Progress::Underway {
            let slip = event.header().slip;
            let (step, visits) = (self.itineraries.step(slip), event.log().visits);
            let Some(step) = step else { return Err(Fault::of(Reason::NoRoute).into()) };
            if step == 0 {
                self.end(event, Progress::Completed);
                break;
            }
            if late || self.itineraries.is_gone(step) || visits >= self.itineraries.limit() {
                self.not_done(step, event, late);
                continue;
            }
            let mut visit = Visit { at, note: None };
            let room = event.log().has_room();
            let then = match self.activities.run(step, event, &mut visit, room) {
                None => break,
                Some(Ok(then)) => then,
                Some(Err(Halt::Reject(fault))) => {
                    self.fail(step, event, fault);
                    break;
                }
                Some(Err(halt)) => return Err(halt),
            };
            let log = event.log_mut();
            log.visits = visits + 1;
            if let Some(note) = visit.note {
                log.push(Entry { step, note });
            }
            event.header_mut().slip = slip + 1;
            self.tell(event, Notice::Done(step));
            if then != Then::Next {
                self.turn_off(event, then);
            }
        }
        Ok(())
    }
    /// A step of here is done, and what comes after it in the itinerary will not be.
    #[cold]
    fn turn_off<T: Itinerant>(&mut self, event: &mut T, then: Then)
    where
        W: Watch<T>,
    {
        let discarded = event.header().slip;
        self.tell(event, Notice::Discarded(discarded));
        match then {
            Then::Revise(itinerary) => event.header_mut().slip = Itineraries::at_begin(itinerary),
            Then::Next | Then::Terminate => self.end(event, Progress::Completed),
        }
    }
    /// The next step must not be done.
    #[cold]
    fn not_done<T: Itinerant>(&mut self, step: u8, event: &mut T, late: bool)
    where
        W: Watch<T>,
    {
        let reason = match (late, self.itineraries.is_gone(step), self.if_gone) {
            (true, ..) => Reason::Expired,
            (false, true, IfGone::Fault) => Reason::NoRoute,
            (false, true, IfGone::Skip) => {
                event.header_mut().slip += 1;
                self.skipped += 1;
                return self.tell(event, Notice::Skipped(step));
            }
            (false, false, _) => Reason::LoopLimit,
        };
        self.fail(step, event, Fault::of(reason));
    }
    /// Undoes steps, until one is not undone here.
    #[cold]
    fn backward<T: Itinerant>(&mut self, event: &mut T) -> Flow
    where
        A: Activities<T>,
        W: Watch<T>,
    {
        while let Some(Entry { step, note }) = event.log().last() {
            let said = if self.itineraries.is_gone(step) {
                Some(Err(Fault::of(Reason::NoRoute).into()))
            } else {
                self.activities.undo(step, event, note)
            };
            match said {
                None => return Ok(()),
                Some(Ok(())) => {
                    event.log_mut().pop();
                    self.tell(event, Notice::Undone(step));
                }
                Some(Err(Halt::Reject(fault))) => self.undo_failed(step, event, fault)?,
                Some(Err(halt)) => return Err(halt),
            }
        }
        self.end(event, Progress::Faulted);
        Ok(())
    }
    /// One attempt more to undo a step, or it is given up.
    fn undo_failed<T: Itinerant>(&mut self, step: u8, event: &mut T, fault: Fault) -> Flow
    where
        W: Watch<T>,
    {
        let log = event.log_mut();
        log.attempts = log.attempts.saturating_add(1);
        if log.attempts < self.attempts {
            return Ok(());
        }
        log.progress = Progress::Stuck;
        self.tell(event, Notice::Stuck(step, fault));
        Err(fault.into())
    }
    #[cold]
    fn fail<T: Itinerant>(&mut self, step: u8, event: &mut T, fault: Fault)
    where
        W: Watch<T>,
    {
        event.log_mut().fail(step, fault);
        self.tell(event, Notice::Failed(step, fault));
    }
    fn end<T: Itinerant>(&mut self, event: &mut T, progress: Progress)
    where
        W: Watch<T>,
    {
        event.log_mut().progress = progress;
        self.tell(event, Notice::Ended(progress));
    }
    #[inline]
    fn tell<T>(&mut self, event: &T, notice: Notice)
    where
        W: Watch<T>,
    {
        self.hearing = true;
        self.watch.hear(event, notice);
        self.hearing = false;
    }
}

#[diagnostic::do_not_recommend]
impl<'e, T, A, S, W> Stage<&'e mut T> for RoutingSlip<A, S, W>
where
    T: Itinerant,
    A: Activities<T>,
    W: Watch<T>,
    S: Stage<&'e mut T>,
{
    #[inline]
    fn on_event(&mut self, event: &'e mut T, at: At) -> Flow {
        let travelled = self.travel(event, at);
        if travelled.is_err() {
            return self.ledger.delivered(travelled);
        }
        let flow = self.next.on_event(event, at);
        self.ledger.handed_on(flow)
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.ledger.publish();
        self.next.on_batch_end(now)
    }
}

impl<A, S, W> Debug for RoutingSlip<A, S, W> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        let Self { if_gone, attempts, skipped, ledger, .. } = self;
        f.debug_struct("RoutingSlip")
            .field("if_gone", if_gone)
            .field("attempts", attempts)
            .field("skipped", skipped)
            .field("ledger", ledger)
            .finish_non_exhaustive()
    }
}
