//! Threads from outside: how they start, take turns, end, and what they tell.

mod agents;
mod crew;
mod ending;
mod panics;
mod pin;
mod runner;
