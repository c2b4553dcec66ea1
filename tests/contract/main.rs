//! The words from outside: what a pump does with what a stage says.

mod agent;
mod room;
mod sink;
mod source;
