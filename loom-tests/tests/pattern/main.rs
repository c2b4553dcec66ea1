//! Models of the patterns that threads meet in.
#[path = "../common/mod.rs"]
mod common;

mod content_router;
mod fanout;
mod forward;
mod publish_subscribe;
mod sequencer;
mod translator;
