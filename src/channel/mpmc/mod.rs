//! Many producers, many consumers that compete: each event goes to one of them.

pub mod strict;
