//! What the tests of several rooms share: a source that follows a script, a place that collects, a choke, a
//! counting allocator, the suite that every pattern passes ([`conforms!`]) and the one that every ring passes
//! ([`channel_conforms!`]).
//!
//! Not a target of its own: a root says `#[path = "../kit/mod.rs"] mod kit;` and, for `conforms!`, installs
//! the allocator: `#[global_allocator] static ALLOC: kit::Counting = kit::Counting;`
#![allow(dead_code, unused_imports, unused_macros, reason = "no test binary uses all of it")]

mod alloc;
pub(crate) mod channel;
mod collect;
mod conformance;
mod dice;
mod executor;
pub(crate) mod linear;
mod rigs;
mod scene;
mod script;
mod stall;
mod turns;

pub(crate) use alloc::{Counting, allocations};
pub(crate) use channel::{Dropped, Drops, channel_conforms, panic_on_purpose, panics};
pub(crate) use collect::{Choke, Collect};
pub(crate) use conformance::conforms;
pub(crate) use conformance::{Hazard, Kit, Rule, Terms, conformance, rejected, turn, turn_mut};
pub(crate) use dice::{Dice, reached, seeds};
pub(crate) use executor::{Alarm, block_on, poll_once};
pub(crate) use rigs::*;
pub(crate) use scene::{Build, Cargo, Parcel, Put, Scene, Take, scene};
pub(crate) use script::Script;
pub(crate) use stall::{Stall, Stalled, stall};
pub(crate) use turns::run;
