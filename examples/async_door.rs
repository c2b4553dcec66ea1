//! A gateway of tasks before an engine that is a plain thread: orders go in, fills come back, and each side sleeps until
//! the other rings. One task holds the session, the other the answers; both are on one runtime of one thread.
//!
//! `cargo run --example async_door --features async`

use ringmain::channel::spsc;
use ringmain::contract::{Refused, Sink, SourceMut};
use ringmain::wait::{Park, task::Task};
use std::error::Error;

const ORDERS: u64 = 10_000;

#[derive(Default)]
struct Order {
    id: u64,
    lots: u64,
}

#[derive(Default)]
struct Fill {
    id: u64,
    lots: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let (orders, incoming) = spsc::channel(64, Order::default)?;
    let (outgoing, fills) = spsc::channel(64, Fill::default)?;

    // Who may sleep, and the ports whose other end rings for it.
    let (session, answers, mut engine) = (Task::new(), Task::new(), Park::new());
    let (mut incoming, mut outgoing) = (session.bell().on(incoming), answers.bell().on(outgoing));
    let mut orders = session.at(engine.bell().on(orders));
    let mut fills = answers.at(engine.bell().on(fills));

    let matching = std::thread::spawn(move || {
        while let Ok(order) = incoming.pop_waiting(&mut engine) {
            let fill = Fill { id: order.id, lots: order.lots / 2 };
            outgoing.push_waiting(&mut engine, fill).map_err(|refusal| refusal.refused)?;
        }
        Ok::<(), Refused>(())
    });

    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let (count, lots) = runtime.block_on(async {
        tokio::spawn(async move {
            for id in 0..ORDERS {
                orders.send(Order { id, lots: 10 }).await.expect("the engine takes all");
            }
        });
        let (mut count, mut lots) = (0, 0);
        while let Ok(fill) = fills.recv().await {
            assert_eq!(fill.id, count);
            (count, lots) = (count + 1, lots + fill.lots);
        }
        (count, lots)
    });
    matching.join().expect("it does not panic")?;
    println!("{count} orders, {lots} lots filled");
    assert_eq!((count, lots), (ORDERS, ORDERS * 5));
    Ok(())
}
