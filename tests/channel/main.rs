//! The rings from outside: public API, real threads.

mod broadcast;
mod bytes;
mod hangs;
#[path = "../kit/mod.rs"]
mod kit;
mod latest;
mod mpmc;
mod mpsc;
mod multicast;
mod overflow;

mod linear;
mod peers;
mod spmc;
mod spsc;
mod stalls;
