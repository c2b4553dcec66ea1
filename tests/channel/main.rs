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
mod publish_subscribe;
mod spmc;
mod spsc;
mod stalls;

use kit::Counting;

#[global_allocator]
static ALLOC: Counting = Counting;
