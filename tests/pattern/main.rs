//! The patterns, from outside.
#[path = "../kit/mod.rs"]
mod kit;

mod aggregator;
mod catch;
mod content_router;
mod correlation;
mod dead_letter;
mod fanout;
mod filter;
mod forward;
mod message_queue;
mod overflow;
mod point_to_point;
mod process_manager;
mod publish_subscribe;
mod recipient_list;
mod request_reply;
mod resequencer;
mod return_address;
mod routing_slip;
mod scatter_gather;
mod sequencer;
mod splitter;
mod suite;
mod translator;

#[global_allocator]
static ALLOC: kit::Counting = kit::Counting;
