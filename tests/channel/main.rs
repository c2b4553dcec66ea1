//! The rings from outside: public API, real threads.

mod hangs;
mod mpsc;
mod multicast;
mod spsc;
