//! Models of the patterns that threads meet in.
#[path = "../common/mod.rs"]
mod common;

mod sequencer;
