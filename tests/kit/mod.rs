//! What the tests of several rooms share: a source that follows a script, a place that collects, a choke, a
//! counting allocator, and the suite that every pattern passes ([`conforms!`]).
//!
//! Not a target of its own: a root says `#[path = "../kit/mod.rs"] mod kit;` and, for `conforms!`, installs
//! the allocator: `#[global_allocator] static ALLOC: kit::Counting = kit::Counting;`
#![allow(dead_code, unused_imports, reason = "no test binary uses all of it")]

mod alloc;
mod collect;
mod conformance;
mod script;

pub(crate) use alloc::{Counting, allocations};
pub(crate) use collect::{Choke, Collect};
pub(crate) use conformance::conforms;
pub(crate) use conformance::{Hazard, Kit, Rule, Terms, conformance, rejected, turn, turn_mut};
pub(crate) use script::Script;
