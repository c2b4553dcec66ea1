//! What request-reply costs beside its rings: the table and the timer of each request, all on one thread.
//!
//! The base is the same traffic without a client: a request is pushed, popped, and a reply with the same header is pushed
//! and drained.

use crate::{EVENTS, group};
use criterion::{Criterion, Throughput};
use ringmain::channel::spsc;
use ringmain::contract::{Flow, MessageId, Sink, Source, SourceMut, Tick, each};
use ringmain::pattern::{
    Addresses, Client, IfDead, Origin, Reply, ReplyPorts, Request, Responder, Says, Server, Ticket, WhenFull,
};
use std::hint::black_box;
use std::time::Duration;

pub(crate) const NOW: Tick = Tick::ZERO;
pub(crate) const TIMEOUT: Duration = Duration::from_millis(30);

pub(crate) struct Rig {
    pub(crate) client: Client<spsc::Consumer<Reply<u64>>, spsc::Producer<Request<u64>>>,
    pub(crate) requests: spsc::Consumer<Request<u64>>,
    pub(crate) replies: spsc::Producer<Reply<u64>>,
}

pub(crate) fn rings<T: Default>() -> (spsc::Producer<T>, spsc::Consumer<T>) {
    spsc::channel(EVENTS, T::default).expect("a capacity that is no error")
}

pub(crate) fn rig(outstanding: usize) -> Rig {
    let ((tx, requests), (replies, rx)) = (rings(), rings());
    let port = Addresses::new(1..=1).open().expect("one port");
    let client = Client::new(Origin::new(1), port, outstanding, rx, tx).expect("a capacity that is no error");
    Rig { client, requests, replies }
}

fn answer(replies: &mut spsc::Producer<Reply<u64>>, to: MessageId, body: u64) {
    let _ = replies.offer(|reply| {
        reply.header.ids.cause = to;
        reply.says = Says::Reply;
        reply.body = body;
    });
}

impl Rig {
    /// Asks `n` times, and takes the requests out.
    fn ask(&mut self, n: usize, ids: &mut Vec<MessageId>) {
        for body in 0..n as u64 {
            let _ = black_box(self.client.request(NOW, TIMEOUT, |slot| *slot = body));
        }
        let _ =
            self.requests.drain(NOW, n, &mut each(|request: &Request<u64>| ids.push(request.header.ids.id)));
    }
    fn poll(&mut self, now: Tick) {
        let told = self.client.poll(now, |ticket, answer| {
            black_box((ticket, answer));
            Ok(())
        });
        let _ = black_box(told);
    }
}

pub(crate) fn benches(c: &mut Criterion) {
    let mut group = group(c, "request_reply");
    let ((mut tx, mut rx), (mut back, mut inbox)) = (rings::<Request<u64>>(), rings::<Reply<u64>>());
    let mut ids = Vec::with_capacity(EVENTS);
    for outstanding in [1usize, 64, 1024] {
        group.bench_function(format!("base: the rings alone, {outstanding} outstanding"), |b| {
            b.iter(|| {
                for _ in 0..EVENTS / outstanding {
                    for body in 0..outstanding as u64 {
                        let _ = black_box(tx.offer(|request| {
                            request.header.ids.id = MessageId(body);
                            request.header.ts = NOW;
                            request.body = body;
                        }));
                    }
                    let note = &mut each(|request: &Request<u64>| ids.push(request.header.ids.id));
                    let _ = rx.drain(NOW, outstanding, note);
                    for id in ids.drain(..) {
                        answer(&mut back, id, id.0);
                    }
                    let _ = inbox.drain_mut(
                        NOW,
                        usize::MAX,
                        &mut each(|reply: &mut Reply<u64>| {
                            black_box((reply.header.ids.cause, &mut reply.body));
                        }),
                    );
                }
            });
        });
        let mut rig = rig(outstanding);
        group.bench_function(format!("asked and answered, {outstanding} outstanding"), |b| {
            b.iter(|| {
                for _ in 0..EVENTS / outstanding {
                    rig.ask(outstanding, &mut ids);
                    for id in ids.drain(..) {
                        answer(&mut rig.replies, id, id.0);
                    }
                    rig.poll(NOW);
                }
            });
        });
    }

    let mut late = rig(1);
    group.bench_function("base: a reply, pushed and drained", |b| {
        b.iter(|| {
            for n in 0..EVENTS as u64 {
                answer(&mut back, MessageId(n), n);
            }
            let _ = inbox.drain_mut(
                NOW,
                usize::MAX,
                &mut each(|reply: &mut Reply<u64>| {
                    black_box((reply.header.ids.cause, &mut reply.body));
                }),
            );
        });
    });
    late.ask(1, &mut ids);
    late.poll(Tick::MAX);
    let stale = ids.pop().expect("one request");
    group.bench_function("a late reply", |b| {
        b.iter(|| {
            for n in 0..EVENTS as u64 {
                answer(&mut late.replies, black_box(stale), n);
            }
            late.poll(NOW);
        });
    });

    let mut rig = rig(1024);
    // The clock goes on from one measurement to the next.
    let mut now = NOW;
    group.bench_function("asked and timed out, 1024 outstanding", |b| {
        b.iter(|| {
            for _ in 0..EVENTS / 1024 {
                for body in 0..1024 {
                    let _ = black_box(rig.client.request(now, TIMEOUT, |slot| *slot = body));
                }
                let _ = rig.requests.drain(
                    now,
                    1024,
                    &mut each(|request: &Request<u64>| {
                        black_box(request);
                    }),
                );
                now = now.after(TIMEOUT);
                rig.poll(now);
            }
        });
    });
    group.bench_function("asked and cancelled", |b| {
        b.iter(|| {
            for body in 0..EVENTS as u64 {
                let ticket = rig.client.request(now, TIMEOUT, |slot| *slot = body);
                black_box(rig.client.cancel(ticket.unwrap_or_default()));
            }
            let _ = rig.requests.drain(
                NOW,
                usize::MAX,
                &mut each(|request: &Request<u64>| {
                    black_box(request);
                }),
            );
        });
    });

    let (sink, mut inbox) = rings();
    let mut ports = ReplyPorts::new(1..=1);
    ports.open(Addresses::new(1..=1).open().expect("one port"), sink);
    let copy = |request: &Request<u64>, body: &mut u64| -> Flow {
        *body = request.body;
        Ok(())
    };
    let mut server = Server::new(WhenFull::Block, IfDead::Drop, copy, Responder::new(Origin::new(2), ports));
    let mut requests = vec![Request::<u64>::default(); EVENTS];
    for (n, request) in (1..).zip(&mut requests) {
        request.body = n;
        request.header.reply_to = ringmain::contract::ReturnAddress { port: 1, generation: 1 };
    }
    group.bench_function("a server, and its replies drained", |b| {
        b.iter(|| {
            crate::pass(&requests, &mut server);
            let _ = inbox.drain(
                NOW,
                usize::MAX,
                &mut each(|reply: &Reply<u64>| {
                    black_box(reply);
                }),
            );
        });
    });

    // Both ends, one request at a time.
    let mut whole = rig_with_server();
    group.throughput(Throughput::Elements(1));
    group.bench_function("a round trip on one thread", |b| {
        b.iter(|| whole(7));
    });
}

/// Asks, serves, polls.
fn rig_with_server() -> impl FnMut(u64) -> Option<Ticket> {
    let ([mut client], mut requests, ports) =
        ringmain::pattern::service([Origin::new(1)], 4).expect("a capacity that is no error");
    let twice = |request: &Request<u64>, body: &mut u64| -> Flow {
        *body = request.body * 2;
        Ok(())
    };
    let mut server = Server::new(WhenFull::Block, IfDead::Drop, twice, Responder::new(Origin::new(2), ports));
    move |body| {
        let _ = black_box(client.request(NOW, TIMEOUT, |slot| *slot = body));
        let _ = requests.drain(NOW, usize::MAX, &mut server);
        let mut seen = None;
        let _ = client.poll(NOW, |ticket, answer| {
            black_box(answer);
            seen = Some(ticket);
            Ok(())
        });
        seen
    }
}
