//! The rings from outside: public API, real threads.

mod hangs;
mod mpmc;
mod multicast;
mod spmc;
mod spsc;
