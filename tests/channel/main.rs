//! The rings from outside: public API, real threads.

mod broadcast;
mod bytes;
mod hangs;
mod latest;
mod mpmc;
mod multicast;
mod overflow;
mod spsc;
