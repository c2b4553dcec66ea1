//! The words from outside: what a pump does with what a stage says.

mod agent;
mod sink;
mod source;
