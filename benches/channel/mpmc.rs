//! Many producers, many consumers that compete.

mod strict;

pub(crate) use strict::benches;
