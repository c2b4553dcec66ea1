//! The patterns, from outside.
#[path = "../kit/mod.rs"]
mod kit;

mod catch;
mod correlation;
mod dead_letter;
mod fanout;
mod filter;
mod forward;
mod recipient_list;
mod sequencer;

#[global_allocator]
static ALLOC: kit::Counting = kit::Counting;
