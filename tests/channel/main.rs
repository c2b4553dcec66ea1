//! The rings from outside: public API, real threads.

#[path = "../kit/mod.rs"]
mod kit;

mod hangs;
mod linear;
mod multicast;
mod peers;
mod spsc;
mod stalls;
