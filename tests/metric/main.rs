//! The room `metric`, from outside.

mod books;
mod latency;
mod probe;
