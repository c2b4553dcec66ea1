//! The parts of the main job; `examples/market.rs` puts them together.

pub(crate) mod args;
pub(crate) mod board;
pub(crate) mod book;
pub(crate) mod crew;
pub(crate) mod event;
pub(crate) mod feed;
pub(crate) mod letters;
pub(crate) mod lines;
pub(crate) mod pipeline;
pub(crate) mod progress;
pub(crate) mod random;
pub(crate) mod report;
pub(crate) mod risk;
pub(crate) mod row;
pub(crate) mod session;
pub(crate) mod stages;
pub(crate) mod table;
pub(crate) mod text;
