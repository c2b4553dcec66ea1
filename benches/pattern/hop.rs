//! What a pattern costs behind a hop: one thread fills a ring, another has the stage and drains the ring into it.
//!
//! `hop/` is as fast as both can: nanoseconds per event. The slower side sets the pace, so what a stage does while its
//! thread would wait anyhow does not show. `rate/` is at one event each microsecond: how long after it was due an event
//! has come, as percentiles. A figure means something beside its base in the same run. The threads are pinned to two
//! processors, if they may.

mod race;

use crate::request_reply::{NOW, Rig, TIMEOUT, rig, rings};
use crate::{EVENTS, at, empty, resequencer::POLICY, translator::double};
use criterion::Criterion;
use race::{Fixed, Flat, Hops, Look, OUTSTANDING, Pace, Seen};
use ringmain::channel::publish_subscribe::{self, Begin, Policy};
use ringmain::channel::{spmc, spsc};
use ringmain::contract::{Agent, At, Fault, Flow, Message, Sink, Source, SourceMut, Stage};
use ringmain::{
    pattern::{resequencer::Apart, *},
    run::pin,
};

/// The table of a replier that knows one ring.
fn ports<R>(replies: spsc::Producer<R>) -> (Port<R>, ReplyPorts<spsc::Producer<R>>) {
    let (port, mut ports) = (Addresses::new(1..=1).open().unwrap(), ReplyPorts::new(1..=1));
    ports.open(port, replies);
    (port, ports)
}

/// Two workers, on the thread of the dispatcher.
fn dispatched<C: Choice<u64, 2>>(
    rx: spsc::Consumer<u64>,
    choice: C,
    look: impl for<'e> Stage<&'e u64> + Copy,
) -> impl Agent {
    let [(a, to_a), (b, to_b)] = [rings(), rings()];
    let [(acks_a, from_a), (acks_b, from_b)] = [rings(), rings()];
    let dispatch = Dispatch::new(choice, AtMostOnce, EVENTS, [(a, from_a), (b, from_b)]).unwrap();
    (rx.drive(dispatch), to_a.drive(Worker::new(acks_a, look)), to_b.drive(Worker::new(acks_b, look)))
}

pub(crate) fn benches(c: &mut Criterion) {
    let cpus = pin::allowed().and_then(|cpus| cpus.as_slice().first_chunk().copied());
    let _ = cpus.map(|[cpu, _]| pin::current_thread(cpu));
    cases(&mut Hops::<Flat>::new(c, "hop", cpus, &Seen::new()));
    cases(&mut Hops::<Fixed>::new(c, "rate", cpus, &Seen::new()));
}

fn cases<P: Pace>(hops: &mut Hops<'_, P>) {
    let look = Look(hops.seen());
    let number = |slot: &mut u64, n| *slot = n;
    hops.hop("base", number, |[rx]| rx.drive(look));
    hops.hop("filter", number, |[rx]| rx.drive(Filter::new(|n: &u64| *n != u64::MAX, look)));
    let by_rest = |n: &u64| (n % 4) as usize;
    hops.hop("content router, 4 branches", number, |[rx]| rx.drive(ContentRouter::new(by_rest, [look; 4])));
    hops.hop("fan-out to 2", number, |[rx]| rx.drive(Fanout::new((look, empty))));
    let all_pass = || DeadLetter::new("bench", Overflow::Block, LetterBox::new(1, u64::default), look);
    hops.hop("dead letter channel, all pass", number, |[rx]| rx.drive(all_pass()));
    // Nothing passes, and the box is full: what that is to those who send.
    let all_fail = move || {
        let fails = move |n: &u64, at: At| -> Flow {
            { look }.on_event(n, at)?;
            Err(Fault::new(1).into())
        };
        let box_of_64 = LetterBox::new(64, u64::default);
        DeadLetter::new("bench", Overflow::DropOldest(LetterBox::drop_oldest), box_of_64, fails)
    };
    hops.hop("dead letter channel, all fail", number, |[rx]| rx.drive(all_fail()));
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
    hops.hop("dispatch in turn, 2 workers", number, |[rx]| dispatched(rx, InTurn::new(), look));
    hops.hop("dispatch to the least loaded of 2", number, |[rx]| dispatched(rx, LeastLoaded, look));
    hops.hop("dispatch by key, 2 workers", number, |[rx]| {
        dispatched(rx, KeyHash::new(|n: &u64| n % 64), look)
    });
    hops.hop("single active", number, |[rx]| SingleActive::new(rx).drive(look));
    hops.over("claim, 1 consumer", number, || {
        let (tx, rx) = spmc::channel(EVENTS, u64::default).unwrap();
        (vec![tx], rx.drive(look))
    });
    hops.over("publish-subscribe, 1 gate subscriber", number, || {
        let (tx, subscriptions) = publish_subscribe::channel(EVENTS, 1, u64::default).unwrap();
        let rx = subscriptions.subscribe(Policy::Gate, Begin::Now).unwrap();
        (vec![tx], rx.drive(look))
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
