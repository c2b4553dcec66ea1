//! A reply through the table against a push into the ring that the table would find; the ring is read, on this thread,
//! whenever it is full.

use crate::{EVENTS, group, pass};
use criterion::Criterion;
use ringmain::channel::spsc;
use ringmain::contract::{Addressed, At, Flow, Message, ReturnAddress, Sink, Source, Tick, each};
use ringmain::pattern::{Addresses, IfDead, Replier, ReplyPorts, WhenFull};
use std::hint::black_box;

/// Requesters.
const PORTS: u16 = 8;

type Inboxes = Vec<spsc::Consumer<u64>>;
type Ports = ReplyPorts<spsc::Producer<u64>>;

fn rings() -> (Vec<spsc::Producer<u64>>, Inboxes) {
    (0..PORTS).map(|_| spsc::channel(EVENTS, u64::default).expect("a capacity that is no error")).unzip()
}

/// A table with a ring behind each port, and a request for each by turns.
fn table() -> (Ports, Inboxes, Vec<Message<u64>>) {
    let (sinks, inboxes) = rings();
    let (mut addresses, mut ports) = (Addresses::new(1..=PORTS), ReplyPorts::new(1..=PORTS));
    let mut open = Vec::new();
    for sink in sinks {
        let port = addresses.open().expect("a port for each ring");
        ports.open(port, sink);
        open.push(port.address());
    }
    let request = |n: usize| {
        let mut request = Message { body: n as u64, ..Message::default() };
        request.set_reply_to(open[n % open.len()]);
        request
    };
    (ports, inboxes, (0..EVENTS).map(request).collect())
}

fn empty(inboxes: &mut [spsc::Consumer<u64>]) {
    for inbox in inboxes {
        let _ = inbox.drain(
            Tick::ZERO,
            usize::MAX,
            &mut each(|n: &u64| {
                black_box(n);
            }),
        );
    }
}

pub(crate) fn benches(c: &mut Criterion) {
    let mut group = group(c, "return_address");
    let (mut ports, mut inboxes, requests) = table();
    let (mut sinks, mut bare) = rings();
    group.bench_function("base: a fill of a known ring", |b| {
        b.iter(|| {
            for request in &requests {
                let ring = usize::from(request.reply_to().port - 1);
                let _ = black_box(sinks[ring].fill(|slot| -> Flow {
                    *slot = request.body;
                    Ok(())
                }));
            }
            empty(&mut bare);
        });
    });
    group.bench_function("a reply", |b| {
        b.iter(|| {
            for request in &requests {
                let _ = black_box(ports.reply(request.reply_to(), |slot| {
                    *slot = request.body;
                    Ok(())
                }));
            }
            empty(&mut inboxes);
        });
    });
    group.bench_function("a dead address", |b| {
        let dead = ReturnAddress { port: 1, generation: 0 };
        b.iter(|| (0..EVENTS).filter(|_| ports.reply(black_box(dead), |_| Ok(())).is_err()).count());
    });

    let copy = |request: &Message<u64>, reply: &mut u64| -> Flow {
        *reply = request.body;
        Ok(())
    };
    let mut known = |request: &Message<u64>, _: At| -> Flow {
        let ring = usize::from(request.reply_to().port - 1);
        sinks[ring].fill(|slot| copy(request, slot))
    };
    group.bench_function("base: a stage that fills a known ring", |b| {
        b.iter(|| {
            pass(&requests, &mut known);
            empty(&mut bare);
        });
    });
    let mut replier = Replier::new(WhenFull::Block, IfDead::Drop, copy, ports);
    group.bench_function("a replier", |b| {
        b.iter(|| {
            pass(&requests, &mut replier);
            empty(&mut inboxes);
        });
    });
}
