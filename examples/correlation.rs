//! An order is filled in parts, and each part is reported. From the ids alone, whose copying no handler can forget, the
//! tree of what led to what is drawn again.
//!
//! `cargo run --example correlation`

use ringmain::channel::spsc;
use ringmain::contract::{
    Agent, At, Correlated, Flow, Message, MessageId, Sink, Source, SourceMut, Stage, Tick, Work,
};
use ringmain::metric::Books;
use ringmain::pattern::{Causal, Context, Correlate, Origins};
use std::collections::BTreeMap;

type Order = Message<u32>;
type Text = Message<&'static str>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut origins = Origins::new(1..=99);
    let (mut orders, to_desk) = spsc::channel(8, Order::default)?;
    let (fills, to_report) = spsc::channel(32, Order::default)?;
    let (reports, to_log) = spsc::channel(32, Text::default)?;

    // At most 100 a fill, and a note on the side that has nothing to do with the order.
    let fill = |order: &Order, ctx: &mut Context<'_, spsc::Producer<Order>>| -> Flow {
        let mut left = order.body;
        while left > 0 {
            let part = left.min(100);
            ctx.derive(|fill| {
                fill.body = part;
                Ok(())
            })?;
            left -= part;
        }
        Ok(())
    };
    let report = |fill: &Order, ctx: &mut Context<'_, spsc::Producer<Text>>| -> Flow {
        ctx.derive(|report| {
            report.body = if fill.body < 100 { "the rest" } else { "a lot" };
            Ok(())
        })?;
        Ok(())
    };
    let root = origins.open()?;
    let fill = Causal::new(origins.open()?, fill, fills);
    let books = Books::new().with("fill", fill.account());
    let desk = Correlate::new(root, fill);
    let books = books.with("desk", desk.account());
    let mut desk = to_desk.drive_mut(desk);
    let mut journal = Vec::new();
    let mut reporter = Causal::new(origins.open()?, report, reports);
    let books = books.with("report", reporter.account());
    let mut reporter = {
        let journal = &mut journal;
        to_report.drive(move |fill: &Order, at: At| -> Flow {
            reporter.on_event(fill, at)?;
            journal.push((fill.ids(), format!("fill {}", fill.body)));
            Ok(())
        })
    };
    let mut log = Vec::new();
    let mut logger = to_log.drive(|text: &Text, _: At| -> Flow {
        log.push((text.ids(), text.body.to_string()));
        Ok(())
    });

    for size in [250, 80] {
        orders.offer(|order| order.body = size)?;
    }
    drop(orders);
    while (&mut desk, &mut reporter, &mut logger).work(Tick::ZERO) != Work::Done {}
    drop((desk, reporter, logger));

    // The orders themselves were not written down; their ids are in what followed from them.
    let mut children = BTreeMap::<MessageId, Vec<_>>::new();
    for (ids, text) in journal.iter().chain(&log) {
        children.entry(ids.cause).or_default().push((ids.id, text));
    }
    let roots: Vec<_> = journal.iter().map(|(ids, _)| ids.conversation).collect();
    for order in [MessageId::new(1, 1), MessageId::new(1, 2)] {
        println!("order {order}");
        for (fill, text) in &children[&order] {
            println!("  {fill} {text}");
            for (report, text) in &children[fill] {
                println!("    {report} {text}");
            }
        }
    }
    let books = books.read();
    println!("{books}");
    books.check()?;
    assert_eq!(roots.iter().filter(|root| **root == MessageId::new(1, 1)).count(), 3);
    assert_eq!(roots.iter().filter(|root| **root == MessageId::new(1, 2)).count(), 1);
    assert!(log.iter().all(|(ids, _)| roots.contains(&ids.conversation)));
    Ok(())
}
