//! Threads from outside: how they start, take turns, end, and what they tell.

#[path = "../kit/alloc.rs"]
mod alloc;

mod agents;
mod crew;
mod ending;
mod panics;
mod pin;
mod plan;
mod runner;
mod steady;

#[global_allocator]
static ALLOC: alloc::Counting = alloc::Counting;
