//! The patterns, from outside.
#[path = "../kit/mod.rs"]
mod kit;

mod filter;
mod forward;

#[global_allocator]
static ALLOC: kit::Counting = kit::Counting;
