//! What a pattern costs behind a hop: one thread fills a ring, another has the stage and drains the ring into it, both as
//! fast as they can.
//!
//! A figure is per event, and means something beside its base in the same run: the slower side sets the pace, so what a
//! stage does while its thread would wait anyhow does not show. The threads are pinned to two processors, if they may.

use crate::request_reply::{NOW, Rig, TIMEOUT, rig, rings};
use crate::{EVENTS, at, empty, group, resequencer::POLICY, translator::double};
use criterion::{BenchmarkGroup, Criterion, SamplingMode, Throughput, measurement::WallTime};
use ringmain::contract::{Agent, At, Flow, Message, Sink, Source, SourceMut, Stage, Wait, Work};
use ringmain::pattern::{resequencer::Apart, *};
use ringmain::{channel::spsc, run::pin, wait::Yielding};
use std::{cell::Cell, hint::black_box, ops::Deref, sync::Barrier, thread, time::Instant};

/// Events of a sample, at least: enough that the first lap of a ring is a small part.
const SAMPLE: u64 = 1 << 17;
const OUTSTANDING: u64 = 64;

/// The end of every case: reads all of what comes, so that it does come over, and counts it.
#[derive(Clone, Copy)]
struct Look<'a>(&'a Cell<u64>);

impl<In: Deref<Target: Copy>> Stage<In> for Look<'_> {
    fn on_event(&mut self, event: In, _: At) -> Flow {
        black_box(*event);
        self.0.set(self.0.get() + 1);
        Ok(())
    }
}

struct Hops<'c> {
    group: BenchmarkGroup<'c, WallTime>,
    cpus: Option<[usize; 2]>,
    seen: &'c Cell<u64>,
}

impl Hops<'_> {
    /// The other thread fills `N` rings in turn, by `write`; this one has the agent over their other ends.
    fn hop<T: Default + Send, const N: usize, A: Agent>(
        &mut self,
        id: &str,
        write: impl Fn(&mut T, u64) + Copy + Send,
        agent: impl Fn([spsc::Consumer<T>; N]) -> A,
    ) {
        self.race(id, |events| {
            let (mut producers, mut n) = (Vec::with_capacity(N), 0);
            let mut agent = agent(std::array::from_fn(|_| {
                let (tx, rx) = rings();
                producers.push(tx);
                rx
            }));
            let fill = move || {
                let put = |n: &u64| producers[*n as usize % N].offer(|slot| write(slot, *n)).is_ok();
                let filled = (n..events).take_while(put).count() as u64;
                n += filled;
                turn(filled, n == events)
            };
            (fill, move || agent.work(NOW))
        });
    }

    /// This thread has a client that asks number `n`, or hears what has come: how many; the other one has the server.
    fn trip<C: FnMut(Option<u64>) -> usize, S: Agent + Send>(&mut self, id: &str, new: impl Fn() -> (C, S)) {
        let seen = self.seen;
        self.race(id, |events| {
            let ((mut client, mut server), mut n) = (new(), 0);
            let here = move || {
                while n < events && n - seen.get() < OUTSTANDING && client(Some(n)) == 1 {
                    n += 1;
                }
                turn(client(None) as u64, seen.get() == events)
            };
            (move || server.work(NOW), here)
        });
    }

    /// Takes the time until `here`, on this thread and `cpus[0]`, is done, with `there` on the other one.
    fn race<A: FnMut() -> Work + Send, B: FnMut() -> Work>(&mut self, id: &str, new: impl Fn(u64) -> (A, B)) {
        let (cpus, seen) = (self.cpus, self.seen);
        let sample = |events| {
            let ((there, here), start) = (new(events), &Barrier::new(2));
            let time = thread::scope(|scope| {
                scope.spawn(move || {
                    let _ = cpus.map(|[_, cpu]| pin::current_thread(cpu));
                    start.wait();
                    run(there);
                });
                start.wait();
                let begin = Instant::now();
                run(here);
                begin.elapsed()
            });
            assert_eq!(seen.take(), events, "all that was sent came, once");
            time
        };
        let custom = |iters: u64| sample(iters.max(SAMPLE)).mul_f64(iters as f64 / iters.max(SAMPLE) as f64);
        self.group.bench_function(id, |b| b.iter_custom(custom));
    }
}

/// Turns until it is done, and then lets go of its ends.
fn run(mut work: impl FnMut() -> Work) {
    let mut wait = Yielding::new();
    while wait.wait_for(|| Some(work()).filter(|work| *work != Work::Idle)) != Some(Work::Done) {}
}

fn turn(events: u64, done: bool) -> Work {
    let busy = if events == 0 { Work::Idle } else { Work::Busy(events as usize) };
    if done { Work::Done } else { busy }
}

/// The table of a replier that knows one ring.
fn ports<R>(replies: spsc::Producer<R>) -> (Port<R>, ReplyPorts<spsc::Producer<R>>) {
    let (port, mut ports) = (Addresses::new(1..=1).open().unwrap(), ReplyPorts::new(1..=1));
    ports.open(port, replies);
    (port, ports)
}

pub(crate) fn benches(c: &mut Criterion) {
    let mut group = group(c, "hop");
    group.throughput(Throughput::Elements(1)).sampling_mode(SamplingMode::Flat);
    let cpus = pin::allowed().and_then(|cpus| cpus.as_slice().first_chunk().copied());
    let _ = cpus.map(|[cpu, _]| pin::current_thread(cpu));
    let seen = &Cell::new(0);
    let (mut hops, look) = (Hops { group, cpus, seen }, Look(seen));
    let number = |slot: &mut u64, n| *slot = n;
    hops.hop("base", number, |[rx]| rx.drive(look));
    hops.hop("filter", number, |[rx]| rx.drive(Filter::new(|n: &u64| *n != u64::MAX, look)));
    let by_rest = |n: &u64| (n % 4) as usize;
    hops.hop("content router, 4 branches", number, |[rx]| rx.drive(ContentRouter::new(by_rest, [look; 4])));
    hops.hop("fan-out to 2", number, |[rx]| rx.drive(Fanout::new((look, empty))));
    let all_pass = || DeadLetter::new("bench", Overflow::Block, LetterBox::new(1, u64::default), look);
    hops.hop("dead letter channel, all pass", number, |[rx]| rx.drive(all_pass()));
    let apart = Apart::new(Nowhere, Nowhere, look);
    let in_order = || Resequencer::new(256, POLICY, |n: &u64| *n, u64::default, apart).unwrap();
    hops.hop("resequencer, in order", number, |[rx]| rx.drive(in_order()));
    hops.hop("partition in 2", number, |[rx]| {
        let [even, _] = Partition::by_seq();
        rx.drive(Filter::new(even, look).discard_to(look))
    });
    hops.hop("base, lent", number, |[rx]| rx.drive_mut(look));
    let edit = |n: &mut u64| double(&{ *n }, n);
    hops.hop("edit in place", number, |[rx]| rx.drive_mut(Edit::new(edit, look)));
    hops.hop("base, into a second ring by hand", number, |[rx]| {
        let (mut to, from) = rings();
        (rx.drive(move |n: &u64, _: At| to.fill(|slot| double(n, slot))), from.drive(look))
    });
    hops.hop("translator", number, |[rx]| {
        let (to, from) = rings();
        (rx.drive(Translator::new(double, to)), from.drive(look))
    });
    hops.hop("base, 2 lanes by hand", number, |[a, b]| (a.drive(look), b.drive(look)));
    hops.hop("sequencer, 2 lanes", number, |lanes: [_; 2]| Sequencer::round_robin(lanes, EVENTS).drive(look));
    hops.hop("dispatch in turn, 2 workers", number, |[rx]| {
        let [(a, to_a), (b, to_b)] = [rings(), rings()];
        let [(acks_a, from_a), (acks_b, from_b)] = [rings(), rings()];
        let dispatch = Dispatch::new(InTurn::new(), AtMostOnce, EVENTS, [(a, from_a), (b, from_b)]).unwrap();
        (rx.drive(dispatch), to_a.drive(Worker::new(acks_a, look)), to_b.drive(Worker::new(acks_b, look)))
    });

    let reply_to = ports(rings::<u64>().0).0.address();
    let message = |slot: &mut Message<u64>, n| (slot.body, slot.header.reply_to) = (n, reply_to);
    let reply = |request: &Message<u64>, out: &mut u64| double(&request.body, out);
    hops.hop("base, messages lent", message, |[rx]| rx.drive_mut(look));
    hops.hop("correlate", message, |[rx]| rx.drive_mut(Correlate::new(Origin::new(1), look)));
    hops.hop("base, messages, into a second ring by hand", message, |[rx]| {
        let (mut to, from) = rings();
        (rx.drive(move |m: &Message<u64>, _: At| to.fill(|slot| reply(m, slot))), from.drive(look))
    });
    hops.hop("replier", message, |[rx]| {
        let (to, from) = rings();
        (rx.drive(Replier::new(WhenFull::Block, IfDead::Drop, reply, ports(to).1)), from.drive(look))
    });
    hops.trip("base, round trip over 2 rings by hand", || {
        let ((mut requests, to_server), (mut to, mut replies)) = (rings(), rings());
        let server = move |request: &Request<u64>, _: At| -> Flow {
            Ok(to.offer(|slot| *slot = Reply { body: request.body * 2, ..Reply::default() })?)
        };
        let client = move |ask| match ask {
            Some(n) => usize::from(requests.push(Request { body: n, ..Request::default() }).is_ok()),
            None => replies.drain(NOW, usize::MAX, &mut { look }).count,
        };
        (client, to_server.drive(server))
    });
    hops.trip("request-reply", || {
        let Rig { mut client, requests, replies } = rig(OUTSTANDING as usize);
        let twice = |request: &Request<u64>, out: &mut u64| double(&request.body, out);
        let server = Server::new(
            WhenFull::Block,
            IfDead::Drop,
            twice,
            Responder::new(Origin::new(2), ports(replies).1),
        );
        let hear = move |_, answer: Answer<'_, u64>| match answer {
            Answer::Reply(body) => { look }.on_event(body, at(0)),
            _ => Ok(()),
        };
        let client = move |ask| match ask {
            Some(n) => usize::from(client.request(NOW, TIMEOUT, |slot| *slot = n).is_ok()),
            None => client.poll(NOW, hear).unwrap_or(0),
        };
        (client, requests.drive(server))
    });
}
