//! Many producers, many consumers that compete.

mod strict;
