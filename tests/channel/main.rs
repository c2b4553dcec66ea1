//! The rings from outside: public API, real threads.

mod multicast;
mod spsc;
