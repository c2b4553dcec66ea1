//! Order sessions come and go and share one ring to the matching engine, which sees one order of arrival. The engine's
//! threads log through lanes of their own, so that one that stands still in the middle of a line keeps nobody's line back.
//!
//! `cargo run --example mpsc`

use ringmain::channel::mpsc;
use ringmain::contract::{Sink, Source, Tick, Wait, each};
use std::thread;

#[derive(Clone, Copy, Default)]
struct Order {
    session: u64,
    number: u64,
}

const SESSIONS: u64 = 3;
const EACH: u64 = 1_000;

struct Yield;

impl Wait for Yield {
    fn idle(&mut self) {
        thread::yield_now();
    }
    fn reset(&mut self) {}
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (orders, mut arrived) = mpsc::channel(64, Order::default)?;
    let mut next = [0; SESSIONS as usize];
    thread::scope(|scope| {
        for session in 0..SESSIONS {
            let mut orders = orders.clone();
            scope.spawn(move || {
                for number in 0..EACH {
                    let put = orders.offer_waiting(&mut Yield, |slot| *slot = Order { session, number });
                    put.expect("the engine is there");
                }
            });
        }
        // The sessions have theirs: when the last of them is gone, the engine sees the end.
        drop(orders);
        let mut matched = each(|order: &Order| {
            let next = &mut next[order.session as usize];
            assert_eq!(order.number, *next, "each session's orders come in the order they were sent");
            *next += 1;
        });
        while arrived.drain(Tick::ZERO, usize::MAX, &mut matched).end.is_none() {
            thread::yield_now();
        }
    });
    println!("{} orders of {SESSIONS} sessions", next.iter().sum::<u64>());
    assert_eq!(next, [EACH; SESSIONS as usize]);

    let (mut logs, mut written) = mpsc::lanes(2, 64, String::new)?;
    let (mut feed, mut risk) = (logs.remove(0), logs.remove(0));
    feed.offer(|line| {
        // The feed is in the middle of its line, for however long.
        risk.offer(|line| line.push_str("risk: limit reached")).expect("its lane is empty");
        let mut print = each(|line: &String| println!("{line}"));
        assert_eq!(written.drain(Tick::ZERO, usize::MAX, &mut print).count, 1);
        line.push_str("feed: gap from 17 to 19");
    })?;
    let mut print = each(|line: &String| println!("{line}"));
    assert_eq!(written.drain(Tick::ZERO, usize::MAX, &mut print).count, 1);
    Ok(())
}
