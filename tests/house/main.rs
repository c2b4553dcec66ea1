//! The rules of the house, as tests: what may import what, what must stand beside what, and which words belong where.
//!
//! Each rule is a function from source files to a list of complaints. One test asks it about this tree and wants
//! silence; another plants a violation and wants it named.

mod auto_traits;
mod floors;
mod mirror;
mod readme;
mod source;
mod unsafe_ratchet;
mod words;

/// Fails with every complaint on a line of its own.
#[track_caller]
fn assert_silent(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}
