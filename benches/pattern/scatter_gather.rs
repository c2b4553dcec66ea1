//! What scatter-gather costs beside its rings, for 1, 3 and 8 recipients, all on one thread.
//!
//! The base is the same traffic without a requester: a request is pushed into each ring and popped, and a reply with the
//! same header is pushed and drained.

use crate::request_reply::{NOW, TIMEOUT, rings};
use crate::{EVENTS, group};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};
use ringmain::channel::spsc;
use ringmain::contract::{MessageId, Sink, Source, SourceMut, each};
use ringmain::pattern::{
    Addresses, All, Desk, Distribution, FitFor, IfFull, IfImpossible, Origin, Policy, Quorum, Reply, Request,
    Rule, Says, Scatter,
};
use std::hint::black_box;

type Requests = spsc::Consumer<Request<u64>>;
type Replies = spsc::Producer<Reply<u64>>;

fn sum(sum: &mut u64, _: usize, n: &mut u64) {
    *sum += *n;
}

/// Takes the next request of each recipient, and replies to it.
fn answer<const N: usize>(to: &mut [Requests; N], replies: &mut Replies) {
    for requests in to {
        let mut reply_to = |request: &Request<u64>| {
            let _ = replies.offer(|reply| {
                reply.header.ids.cause = request.header.ids.id;
                reply.says = Says::Reply;
                reply.body = request.body;
            });
        };
        let _ = requests.drain(NOW, 1, &mut each(&mut reply_to));
    }
}

fn base<const N: usize>(group: &mut BenchmarkGroup<'_, WallTime>) {
    let mut sinks = Vec::new();
    let mut to = [(); N].map(|()| {
        let (sink, requests) = rings::<Request<u64>>();
        sinks.push(sink);
        requests
    });
    let (mut replies, mut inbox) = rings::<Reply<u64>>();
    group.bench_function(format!("base: the rings alone, {N} recipients"), |b| {
        b.iter(|| {
            for body in 0..EVENTS as u64 {
                for sink in &mut sinks {
                    let _ = black_box(sink.offer(|request| {
                        request.header.ids.id = MessageId(body);
                        request.header.ts = NOW;
                        request.body = body;
                    }));
                }
                answer(&mut to, &mut replies);
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
}

fn gathered<R, const N: usize>(group: &mut BenchmarkGroup<'_, WallTime>, what: &str, rule: R, if_full: IfFull)
where
    R: Rule<u64> + FitFor<Distribution<spsc::Producer<Request<u64>>, N>>,
{
    let (mut to, mut sinks) = (Vec::new(), Vec::new());
    for _ in 0..N {
        let (sink, requests) = rings();
        sinks.push(sink);
        to.push(requests);
    }
    let (Ok(mut to), Ok(sinks)) = (<[_; N]>::try_from(to), <[_; N]>::try_from(sinks)) else { return };
    let (mut replies, inbox) = rings();
    let port = Addresses::new(1..=1).open().expect("one port");
    let desk = Desk::new(Origin::new(1), port, inbox, Distribution::new(sinks));
    let policy = Policy { rule, if_impossible: IfImpossible::FailFast, if_full };
    let mut scatter = Scatter::new(64, policy, sum, desk).expect("a capacity that is no error");
    group.bench_function(format!("{what}, {N} recipients"), |b| {
        b.iter(|| {
            for body in 0..EVENTS as u64 {
                let _ = black_box(scatter.ask(NOW, TIMEOUT, 0, |slot| *slot = body));
                answer(&mut to, &mut replies);
                let told = scatter.poll(NOW, |ticket, outcome| {
                    black_box((ticket, outcome.tally, outcome.acc));
                    Ok(())
                });
                let _ = black_box(told);
            }
        });
    });
    let mut now = NOW;
    group.bench_function(format!("{what}, {N} recipients, out of time"), |b| {
        b.iter(|| {
            for body in 0..EVENTS as u64 {
                let _ = black_box(scatter.ask(now, TIMEOUT, 0, |slot| *slot = body));
                for requests in &mut to {
                    let _ = requests.drain(
                        now,
                        1,
                        &mut each(|request: &Request<u64>| {
                            black_box(request);
                        }),
                    );
                }
                now = now.after(TIMEOUT);
                let _ = black_box(scatter.poll(now, |_, _| Ok(())));
            }
        });
    });
}

pub(crate) fn benches(c: &mut Criterion) {
    let mut group = group(c, "scatter_gather");
    base::<1>(&mut group);
    base::<3>(&mut group);
    base::<8>(&mut group);
    gathered::<_, 1>(&mut group, "all, best effort", All, IfFull::BestEffort);
    gathered::<_, 3>(&mut group, "all, best effort", All, IfFull::BestEffort);
    gathered::<_, 8>(&mut group, "all, best effort", All, IfFull::BestEffort);
    gathered::<_, 3>(&mut group, "all, all or nothing", All, IfFull::AllOrNothing);
    gathered::<_, 8>(&mut group, "all, all or nothing", All, IfFull::AllOrNothing);
    gathered::<_, 3>(&mut group, "quorum of 2", Quorum(2), IfFull::BestEffort);
    gathered::<_, 8>(&mut group, "quorum of 5", Quorum(5), IfFull::BestEffort);
    group.finish();
}
