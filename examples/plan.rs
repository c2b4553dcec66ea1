//! An engine and a risk service that ask one another in a circle are refused, and so are two rings that block in one.
//! Put right, the same program runs on the threads that were planned, and prints what it is.
//!
//! `cargo run --example plan`; with `-- --dot` it prints the graph for Graphviz.

use ringmain::channel::spsc;
use ringmain::contract::{Agent, Refused, Sink, Source, Tick, Work, each};
use ringmain::pattern::{Origins, WhenFull};
use ringmain::run::{Asking, Crew, OnFull, Plan, PlanError, Runner};
use std::error::Error;
use std::time::Duration;

const ORDERS: u64 = 1_000;

/// Where the agents are: the same for all that follows.
fn threads() -> Plan {
    let mut plan = Plan::new();
    plan.thread("market").agent("engine");
    plan.thread("back office").agent("risk").agent("log");
    plan
}

/// Each answers when it has the other's answer.
fn services(risk_asks: Asking) -> Result<Plan, Box<dyn Error>> {
    let mut origins = Origins::new(1..=9);
    let mut plan = threads();
    let _limits = plan.from(["engine"]).to("risk").service::<u64, u64>(
        "limits",
        16,
        Asking::Waits,
        WhenFull::DropReply,
        [origins.open()?],
    )?;
    let _prices = plan.from(["risk"]).to("engine").service::<u64, u64>(
        "prices",
        16,
        risk_asks,
        WhenFull::DropReply,
        [origins.open()?],
    )?;
    Ok(plan)
}

/// Sends orders out and counts what comes back.
struct Engine {
    sent: u64,
    back: u64,
    orders: Option<spsc::Producer<u64>>,
    checked: spsc::Consumer<u64>,
}

impl Agent for Engine {
    fn work(&mut self, now: Tick) -> Work {
        let mut moved = 0;
        while let Some(orders) = self.orders.as_mut().filter(|_| self.sent < ORDERS) {
            match orders.offer(|order| *order = self.sent) {
                Ok(()) => (self.sent, moved) = (self.sent + 1, moved + 1),
                Err(Refused::Full) => break,
                Err(Refused::Closed) => return Work::Done,
            }
        }
        if self.sent == ORDERS {
            self.orders = None;
        }
        let back = &mut self.back;
        let _ =
            self.checked.drain(now, usize::MAX, &mut each(|_: &u64| (*back, moved) = (*back + 1, moved + 1)));
        match (moved, self.checked.is_closed()) {
            (0, true) => {
                println!("engine: {} orders sent, {} came back", self.sent, self.back);
                Work::Done
            }
            (0, false) => Work::Idle,
            _ => Work::Busy(moved),
        }
    }
}

/// The rings of the engine, and of those behind it.
struct Rings {
    orders: (spsc::Producer<u64>, spsc::Consumer<u64>),
    checked: (spsc::Producer<u64>, spsc::Consumer<u64>),
    lines: (spsc::Producer<u64>, spsc::Consumer<u64>),
}

fn rings(orders: OnFull) -> Result<(Plan, Rings), PlanError> {
    let mut plan = threads();
    let orders = plan.from("engine").to("risk").spsc("orders", 64, orders, || 0)?;
    let checked = plan.from("risk").to("engine").spsc("checked", 64, OnFull::Block, || 0)?;
    let lines = plan.from("risk").to("log").spsc("lines", 64, OnFull::DropNewest, || 0)?;
    Ok((plan, Rings { orders, checked, lines }))
}

fn main() -> Result<(), Box<dyn Error>> {
    let refused = services(Asking::Waits)?.check().expect_err("each waits for the other");
    println!("refused: {refused}\n");
    services(Asking::GoesOn)?.check()?;

    let (plan, _) = rings(OnFull::Block)?;
    let refused = plan.check().expect_err("both rings block");
    println!("refused: {refused}\n");

    // The engine is refused when the ring is full, and drains what was checked instead of standing still.
    let (plan, Rings { orders, checked, lines }) = rings(OnFull::Reject)?;
    let graph = if std::env::args().any(|arg| arg == "--dot") { plan.dot() } else { plan.mermaid() };
    print!("{plan}\n{graph}");
    let (mut checked_in, mut lines_in) = (checked.0, lines.0);
    let risk = orders.1.drive(move |order: &u64, _| {
        checked_in.offer(|slot| *slot = *order)?;
        let _ = lines_in.offer(|slot| *slot = *order);
        Ok(())
    });
    let engine = Engine { sent: 0, back: 0, orders: Some(orders.0), checked: checked.1 };
    let mut crew = Crew::new()
        .plan(plan)
        .thread(Runner::new("market").agent("engine", engine))
        .thread(
            Runner::new("back office").agent("risk", risk).agent("log", lines.1.drive(each(|_: &u64| ()))),
        )
        .start()?;
    assert!(crew.join(Duration::from_secs(60))?.is_clean());
    Ok(())
}
