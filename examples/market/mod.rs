//! The parts of the main job; `examples/market.rs` puts them together.

pub(crate) mod book;
pub(crate) mod event;
pub(crate) mod lines;
pub(crate) mod row;
pub(crate) mod session;
pub(crate) mod table;
