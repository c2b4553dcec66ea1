//! The rings from outside: public API, real threads.

mod bytes;
mod hangs;
mod multicast;
mod spsc;
