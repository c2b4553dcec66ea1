//! Models of the patterns that threads meet in.
#[path = "../common/mod.rs"]
mod common;

mod content_router;
mod fanout;
mod forward;
mod point_to_point;
mod publish_subscribe;
mod request_reply;
mod return_address;
mod sequencer;
mod translator;
