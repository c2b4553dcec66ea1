//! The rings from outside: public API, real threads.

#[path = "../kit/mod.rs"]
mod kit;

mod broadcast;
mod bytes;
mod hangs;
mod latest;
mod linear;
mod mpmc;
mod mpsc;
mod multicast;
mod overflow;
mod peers;
mod spmc;
mod spsc;
mod stalls;
