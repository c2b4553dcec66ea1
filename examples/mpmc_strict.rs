//! Two gateways send orders to three risk checkers, whichever is free. One of the checkers gets stuck in an order, and one
//! of the gateways while it fills one: all other orders pass, and these two when they go on.
//!
//! `cargo run --example mpmc_strict`

use ringmain::channel::mpmc::strict;
use ringmain::contract::{Agent, At, Flow, Sink, Source, Tick, Wait, Work};
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

#[derive(Clone, Copy, Default, Debug)]
struct Order {
    gateway: usize,
    number: u64,
}

const EACH: u64 = 10_000;

struct Yield;

impl Wait for Yield {
    fn idle(&mut self) {
        thread::yield_now();
    }
    fn reset(&mut self) {}
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (gateways, checkers) = strict::channel(4, 2, 3, Order::default)?;
    let checked = AtomicU64::new(0);
    // The two that get stuck meet here when all other orders are through.
    let stuck = Barrier::new(3);

    thread::scope(|scope| {
        let (checked, stuck) = (&checked, &stuck);
        for (checker, rx) in checkers.into_iter().enumerate() {
            let mut agent = rx.drive(move |order: &Order, _: At| -> Flow {
                if (order.gateway, order.number) == (0, EACH / 2) {
                    println!("checker {checker} is stuck in {order:?}");
                    stuck.wait();
                }
                checked.fetch_add(1, Ordering::Relaxed);
                Ok(())
            });
            scope.spawn(move || {
                while agent.work(Tick::ZERO) != Work::Done {
                    thread::yield_now();
                }
            });
        }
        for (gateway, mut tx) in gateways.into_iter().enumerate() {
            scope.spawn(move || {
                for number in 0..EACH {
                    let fill = |slot: &mut Order| {
                        *slot = Order { gateway, number };
                        if gateway == 1 && number == EACH / 2 {
                            println!("gateway 1 is stuck in {slot:?}");
                            stuck.wait();
                        }
                    };
                    tx.offer_waiting(&mut Yield, fill).expect("the checkers are there");
                }
            });
        }
        // All of gateway 0 but the one that the checker has, and half of gateway 1.
        while checked.load(Ordering::Relaxed) < EACH + EACH / 2 - 1 {
            thread::yield_now();
        }
        println!("{} orders are checked all the same", checked.load(Ordering::Relaxed));
        stuck.wait();
    });
    assert_eq!(checked.into_inner(), 2 * EACH);
    println!("all {} are checked", 2 * EACH);
    Ok(())
}
