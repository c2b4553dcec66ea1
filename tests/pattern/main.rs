//! The patterns, from outside.
#[path = "../kit/mod.rs"]
mod kit;

mod catch;
mod content_router;
mod correlation;
mod dead_letter;
mod fanout;
mod filter;
mod forward;
mod overflow;
mod publish_subscribe;
mod recipient_list;
mod sequencer;
mod splitter;
mod suite;
mod translator;

#[global_allocator]
static ALLOC: kit::Counting = kit::Counting;
