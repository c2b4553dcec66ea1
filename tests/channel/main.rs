//! The rings from outside: public API, real threads.

mod hangs;
mod multicast;
mod overflow;
mod spsc;
