//! Correlation identifier: ids that are unique, chains that can be followed back, and a handler that cannot forget them.
//! The numbers of the tests are those of the specification. Requests inside of requests (14.d3) and stale generations
//! (14.d4) are in `request_reply/correlation.rs`; that nothing is sent without a context (14.d7) is a `compile_fail` test of
//! `Context`.

use crate::kit::{Choke, Collect, Script, conforms};
use ringmain::channel::spsc;
use ringmain::contract::{
    At, Correlated, End, Fault, Flow, Halt, Ids, Message, MessageId, Reason, ReturnAddress, Source,
    SourceMut, Stage, Tick,
};
use ringmain::pattern::{Catch, Causal, Context, Correlate, Exhausted, Origin, Origins};
use std::collections::{HashMap, HashSet};
use std::thread;

const NOW: Tick = Tick::ZERO;

fn messages(n: u64) -> impl Iterator<Item = Message<u64>> {
    (1..=n).map(|body| Message { body, ..Message::default() })
}

conforms!(mut correlate, messages(100), |kit| Correlate::new(Origin::new(3), kit.leaf::<Message<u64>>()));
conforms!(causal, messages(100), |kit| {
    let hazard = kit.hazard();
    let handler = move |event: &Message<u64>, ctx: &mut Context<'_, _>| {
        hazard.pass();
        twins(event, ctx)
    };
    Causal::new(Origin::new(4), handler, kit.sink::<Message<u64>>())
});

/// Two messages for an odd one, none for an even one.
fn twins<K>(event: &Message<u64>, ctx: &mut Context<'_, K>) -> Flow
where
    K: ringmain::contract::Sink<Event = Message<u64>>,
{
    if !event.body.is_multiple_of(2) {
        for part in 0..2 {
            ctx.derive(|out| {
                out.body = event.body * 10 + part;
                Ok(())
            })?;
        }
    }
    Ok(())
}

/// 14.d1: sixteen producers on threads of their own.
#[test]
fn correlation_1_sixteen_producers_make_no_id_twice() {
    let each_makes: u64 = match () {
        () if cfg!(miri) => 100,
        () if cfg!(debug_assertions) => 100_000,
        () => 1_000_000,
    };
    let mut origins = Origins::new(1..=16);
    let origins: Vec<_> = (0..16).map(|_| origins.open().unwrap()).collect();
    let ranges: Vec<_> = thread::scope(|scope| {
        let makers: Vec<_> = origins
            .into_iter()
            .map(|mut origin| {
                scope.spawn(move || {
                    let first = origin.make().unwrap();
                    let mut last = first;
                    for _ in 1..each_makes {
                        let id = origin.make().unwrap();
                        assert!(id > last, "the ids of one producer ascend");
                        last = id;
                    }
                    (first, last)
                })
            })
            .collect();
        makers.into_iter().map(|maker| maker.join().unwrap()).collect()
    });
    // Each ascends, so it is enough that no two ranges touch.
    let mut sorted = ranges.clone();
    sorted.sort_unstable();
    assert!(sorted.windows(2).all(|two| two[0].1 < two[1].0));
    assert!(ranges.iter().all(|(first, last)| last.counter() - first.counter() + 1 == each_makes));
}

/// One message in, one message out.
fn step<K>(event: &Message<u64>, ctx: &mut Context<'_, K>) -> Flow
where
    K: ringmain::contract::Sink<Event = Message<u64>>,
{
    ctx.derive(|out| {
        out.body = event.body + 1;
        Ok(())
    })?;
    Ok(())
}

/// 14.d2: one conversation, each caused by the one before.
#[test]
fn correlation_2_a_chain_of_four() {
    let mut origins = Origins::new(1..=4);
    let mut next = || origins.open().unwrap();
    let [a, b, c, d] = [(); 4].map(|()| Collect::new());
    let mut root = Correlate::new(next(), a.clone());
    let _ = Script::new(messages(1)).drain_mut(NOW, 1, &mut root);
    for (from, to) in [(&a, &b), (&b, &c), (&c, &d)] {
        let mut stage = Causal::new(next(), step, to.clone());
        let _ = Script::new(from.events()).drain(NOW, 1, &mut stage);
    }
    let chain: Vec<Ids> = [a, b, c, d].map(|place| place.events()[0].ids()).into();
    assert!(chain.iter().all(|ids| ids.conversation == chain[0].id));
    assert_eq!(chain[0].cause, MessageId::NONE);
    assert!(chain.windows(2).all(|two| two[1].cause == two[0].id));
    assert_eq!(chain[3].id, MessageId::new(4, 1));
}

/// 14.d5: the numbers after those in the journal.
#[test]
fn correlation_5_a_restart_makes_no_journaled_id_again() {
    let run = |mut origins: Origins| -> Vec<MessageId> {
        let seen = Collect::new();
        let mut stage = Correlate::new(origins.open().unwrap(), seen.clone());
        let _ = Script::new(messages(50)).drain_mut(NOW, 100, &mut stage);
        seen.events().iter().map(|message: &Message<u64>| message.ids().id).collect()
    };
    let journal = run(Origins::new(7..=9));
    let last = journal.iter().map(|id| id.producer()).max().unwrap();
    let again = run(Origins::after(last));
    assert_eq!(again[0], MessageId::new(last + 1, 1));
    let distinct: HashSet<_> = journal.iter().chain(&again).collect();
    assert_eq!(distinct.len(), 100);
}

/// 14.d5: numbers are bounded, and their end is an error.
#[test]
fn correlation_5_numbers_run_out_with_an_error() {
    let mut origins = Origins::new(5..=6);
    assert_eq!(origins.open().unwrap().producer(), 5);
    assert_eq!(origins.open().unwrap().producer(), 6);
    assert_eq!(origins.open().unwrap_err(), Exhausted::Producers);
    assert_eq!(Origins::after(u16::MAX).open().unwrap_err(), Exhausted::Producers);
    assert_eq!(Origins::after(0).open().unwrap().producer(), 1);
}

/// 14.d6: the same ids in each run, however full the way out was.
#[test]
fn correlation_6_two_runs_make_the_same_ids() {
    let run = |chokes| {
        let seen = Collect::new();
        let mut stage = Correlate::new(
            Origin::new(1),
            Causal::new(Origin::new(2), twins, Choke::new(chokes, seen.clone())),
        );
        let mut script = Script::new(messages(50));
        while script.drain_mut(NOW, 100, &mut stage).end != Some(End::Closed) {}
        seen.events()
    };
    let plain: Vec<Message<u64>> = run(0);
    assert_eq!(plain.len(), 50);
    assert_eq!(run(0), plain);
    // Nor does it matter how often the way out was full.
    assert_eq!(run(1), plain);
    assert_eq!(run(3), plain);
}

/// 14.d8: one root for each conversation, no cycle, as many nodes as messages.
#[test]
fn correlation_8_the_tree_from_the_journal() {
    // Each message below 2000 has children, some of which begin a conversation of their own.
    let grow = |event: &Message<u64>, ctx: &mut Context<'_, Collect<Message<u64>>>| -> Flow {
        let children = if event.body < 2000 { event.body % 4 } else { 0 };
        for n in 1..=children {
            let body = event.body * 3 + n;
            let fill = |out: &mut Message<u64>| {
                out.body = body;
                Ok(())
            };
            if body.is_multiple_of(7) {
                ctx.emit_root(fill)?
            } else {
                ctx.derive(fill)?
            };
        }
        Ok(())
    };
    let journal = Collect::new();
    let mut root = Correlate::new(Origin::new(1), journal.clone());
    let roots = if cfg!(miri) { 3 } else { 20 };
    let _ = Script::new(messages(roots)).drain_mut(NOW, 100, &mut root);
    let mut stage = Causal::new(Origin::new(2), grow, journal.clone());
    let mut next = 0;
    while next < journal.len() {
        let event = journal.events()[next];
        let _ = Script::new([event]).drain(NOW, 1, &mut stage);
        next += 1;
    }
    let journal = journal.events();
    assert!(journal.len() as u64 > 3 * roots, "the tree is worth looking at");
    let by_id: HashMap<_, _> = journal.iter().map(|message| (message.ids().id, message.ids())).collect();
    assert_eq!(by_id.len(), journal.len(), "n nodes for n messages");
    let roots = journal.iter().filter(|message| message.ids().cause == MessageId::NONE);
    let conversations: HashSet<_> = journal.iter().map(|message| message.ids().conversation).collect();
    assert!(roots.clone().all(|root| root.ids().conversation == root.ids().id));
    assert_eq!(roots.count(), conversations.len(), "one root for each conversation");
    for message in &journal {
        // Up to the root in fewer steps than there are messages: no gap, no cycle.
        let mut at = message.ids();
        let mut steps = 0;
        while at.cause != MessageId::NONE {
            assert_eq!(by_id[&at.cause].conversation, at.conversation);
            at = by_id[&at.cause];
            steps += 1;
            assert!(steps < journal.len());
        }
        assert_eq!(at.id, message.ids().conversation);
    }
}

#[test]
fn a_root_forgets_what_an_earlier_lap_left_in_its_slot() {
    let stale = Ids { id: MessageId(9), conversation: MessageId(9), cause: MessageId(9) };
    let mut message = Message::<u64>::default();
    message.set_ids(stale);
    let mut script = Script::new([message]);
    let _ = script.drain_mut(NOW, 1, &mut Correlate::new(Origin::new(1), Collect::new()));
    let id = MessageId::new(1, 1);
    assert_eq!(script.events()[0].ids(), Ids { id, conversation: id, cause: MessageId::NONE });
}

#[test]
fn a_message_is_stamped_where_it_lies() {
    let seen = Collect::new();
    let mut script = Script::new(messages(3));
    let there: Vec<_> = script.events().iter().map(|event| std::ptr::from_ref(event).addr()).collect();
    let _ = script.drain_mut(NOW, 9, &mut Correlate::new(Origin::new(1), seen.clone()));
    assert_eq!(seen.addresses(), there);
}

#[test]
fn an_event_that_comes_again_keeps_its_id() {
    let seen = Collect::new();
    let mut stage = Correlate::new(Origin::new(1), Choke::new(3, seen.clone()));
    let mut script = Script::new(messages(5));
    while script.drain_mut(NOW, 100, &mut stage).end != Some(End::Closed) {}
    let counters: Vec<_> = seen.events().iter().map(|m: &Message<u64>| m.ids().id.counter()).collect();
    assert_eq!(counters, [1, 2, 3, 4, 5]);
}

#[test]
fn an_event_without_an_id_is_rejected_and_booked() {
    let last = MessageId::new(1, MessageId::MAX_COUNTER - 1);
    let seen = Collect::new();
    let mut stage = Correlate::new(Origin::after(last), seen.clone());
    let account = stage.account();
    let mut script = Script::new(messages(2));
    let drained = script.drain_mut(NOW, 9, &mut stage);
    assert_eq!(drained.end, Some(End::Halted(Fault::of(Reason::TableFull).into())));
    drop(stage);
    assert_eq!(seen.len(), 1);
    assert_eq!(script.events()[1].ids(), Ids::default());
    let balance = account.read();
    assert_eq!((balance.input, balance.out, balance.dead_lettered[Reason::TableFull]), (2, 1, 1));
    assert_eq!(balance.check(), Ok(()));
}

#[test]
fn a_full_sink_in_the_middle_repeats_nothing_and_tells_the_same_ids() {
    let seen = Collect::with_capacity(1);
    let mut told = Vec::new();
    let handler = |_: &Message<u64>, ctx: &mut Context<'_, Collect<Message<u64>>>| -> Flow {
        told.clear();
        for n in 0..3 {
            told.push(ctx.derive(|out| {
                out.body = n;
                Ok(())
            })?);
        }
        Ok(())
    };
    let mut stage = Causal::new(Origin::new(1), handler, seen.clone());
    let account = stage.account();
    let mut script = Script::new(messages(1));
    let mut out = Vec::new();
    for _ in 0..3 {
        let _ = script.drain(NOW, 1, &mut stage);
        out.extend(seen.take());
    }
    drop(stage);
    let ids: Vec<_> = out.iter().map(|message| message.ids().id).collect();
    assert_eq!(ids, [1, 2, 3].map(|n| MessageId::new(1, n)));
    assert_eq!(told, ids);
    assert!(out.iter().map(|message| message.body).eq(0..3));
    let balance = account.read();
    assert_eq!((balance.input, balance.folded, balance.generated, balance.out), (1, 1, 3, 3));
}

#[test]
fn a_handler_that_forgets_the_answer_of_the_sink_loses_nothing() {
    let seen = Collect::with_capacity(0);
    let careless = |_: &Message<u64>, ctx: &mut Context<'_, Collect<Message<u64>>>| -> Flow {
        let _ = ctx.derive(|_| Ok(()));
        let _ = ctx.emit_root(|_| unreachable!("the first one failed"));
        Ok(())
    };
    let mut stage = Causal::new(Origin::new(1), careless, seen);
    let mut script = Script::new(messages(1));
    assert_eq!(script.drain(NOW, 1, &mut stage).end, Some(End::Halted(Halt::Again)));
    assert_eq!(script.consumed(), 0);
}

#[test]
fn ids_cannot_be_forged() {
    let seen = Collect::new();
    let forger = |_: &Message<u64>, ctx: &mut Context<'_, Collect<Message<u64>>>| -> Flow {
        ctx.derive(|out| {
            out.set_ids(Ids { id: MessageId(66), conversation: MessageId(66), cause: MessageId(66) });
            Ok(())
        })?;
        Ok(())
    };
    let mut root = Correlate::new(Origin::new(1), Causal::new(Origin::new(2), forger, seen.clone()));
    let _ = Script::new(messages(1)).drain_mut(NOW, 1, &mut root);
    let cause = MessageId::new(1, 1);
    let ids = Ids { id: MessageId::new(2, 1), conversation: cause, cause };
    assert_eq!(seen.events()[0].ids(), ids);
}

#[test]
fn a_closure_that_rejects_puts_nothing_in_and_makes_no_id() {
    let seen = Collect::new();
    let fault = Fault::new(4);
    let picky = |event: &Message<u64>, ctx: &mut Context<'_, Collect<Message<u64>>>| -> Flow {
        ctx.derive(|_| if event.body == 2 { Err(fault.into()) } else { Ok(()) })?;
        Ok(())
    };
    let mut stage = Causal::new(Origin::new(1), picky, seen.clone());
    let account = stage.account();
    let mut script = Script::new(messages(3));
    assert_eq!(script.drain(NOW, 9, &mut stage).end, Some(End::Halted(fault.into())));
    assert_eq!(script.drain(NOW, 9, &mut stage).count, 1);
    drop(stage);
    let counters: Vec<_> = seen.events().iter().map(|m: &Message<u64>| m.ids().id.counter()).collect();
    assert_eq!(counters, [1, 2]);
    assert_eq!(account.read().dead_lettered[fault.reason], 1);
    assert_eq!(account.read().check(), Ok(()));
}

#[test]
fn a_closed_sink_stops_it_and_the_event_in_hand_is_booked() {
    let (tx, rx) = spsc::channel(4, Message::<u64>::default).unwrap();
    drop(rx);
    let mut stage = Causal::new(Origin::new(1), step, tx);
    let account = stage.account();
    let mut end = None;
    // A ring says that it is closed when the slots it knew to be free are used up.
    let mut script = Script::new(messages(9));
    while end != Some(End::Halted(Halt::Stop)) {
        end = script.drain(NOW, 1, &mut stage).end;
    }
    drop(stage);
    assert_eq!(account.read().dropped[Reason::Shutdown], 1);
    assert_eq!(account.read().check(), Ok(()));
}

#[test]
fn a_reply_carries_the_id_and_the_address_of_its_request() {
    let address = ReturnAddress { port: 3, generation: 8 };
    let seen = Collect::new();
    let serve = |ask: &Message<u64>, ctx: &mut Context<'_, Collect<Message<u64>>>| -> Flow {
        ctx.reply(ask, |answer| {
            answer.body = ask.body * 2;
            Ok(())
        })?;
        Ok(())
    };
    let mut stage = Correlate::new(Origin::new(1), Causal::new(Origin::new(2), serve, seen.clone()));
    let mut ask = Message { body: 21u64, ..Message::default() };
    ask.header.reply_to = address;
    let _ = Script::new([ask]).drain_mut(NOW, 1, &mut stage);
    let answer = seen.events()[0];
    assert_eq!(
        (answer.body, answer.header.reply_to, answer.ids().cause),
        (42, address, MessageId::new(1, 1))
    );
}

#[test]
fn a_panic_forgets_the_event_in_hand() {
    // The first event gets one message out, finds the sink full, then panics; the next one must have all of its own.
    let seen = Collect::with_capacity(1);
    let mut calls = 0;
    let handler = |event: &Message<u64>, ctx: &mut Context<'_, Collect<Message<u64>>>| -> Flow {
        calls += 1;
        assert!(calls != 2, "the panic that the test asked for");
        for _ in 0..2 {
            ctx.derive(|out| {
                out.body = event.body;
                Ok(())
            })?;
        }
        Ok(())
    };
    let mut stage = Catch::new(Causal::new(Origin::new(1), handler, seen.clone()));
    let mut script = Script::new(messages(2));
    let mut out = Vec::new();
    for _ in 0..6 {
        let _ = script.drain(NOW, 1, &mut stage);
        out.extend(seen.take().into_iter().map(|message| message.body));
    }
    assert_eq!(out, [1, 2, 2]);
}

#[test]
fn an_event_that_a_stage_outside_gives_up_leaves_nothing_behind() {
    // The first event is stamped, gets one of two messages out, and is given up when it comes again.
    let seen = Collect::with_capacity(1);
    let twice = |event: &Message<u64>, ctx: &mut Context<'_, Collect<Message<u64>>>| -> Flow {
        for _ in 0..2 {
            ctx.derive(|out| {
                out.body = event.body;
                Ok(())
            })?;
        }
        Ok(())
    };
    let causal = Causal::new(Origin::new(2), twice, seen.clone());
    let account = causal.account();
    let mut inner = Correlate::new(Origin::new(1), causal);
    let mut calls = 0;
    let mut giving_up = |event: &mut Message<u64>, at: At| -> Flow {
        calls += 1;
        if calls == 2 { Ok(()) } else { inner.on_event(event, at) }
    };
    let mut script = Script::new(messages(2));
    let mut out = Vec::new();
    for _ in 0..4 {
        let _ = script.drain_mut(NOW, 1, &mut giving_up);
        out.extend(seen.take());
    }
    drop(inner);
    assert!(out.iter().map(|message| message.body).eq([1, 2, 2]));
    let causes: Vec<_> = out.iter().map(|message| message.ids().cause.counter()).collect();
    assert_eq!(causes, [1, 2, 2]);
    assert_eq!(account.read().out, 3);
    assert_eq!(account.read().check(), Ok(()));
}

#[test]
fn a_panic_behind_it_does_not_leave_the_next_event_without_an_id() {
    struct FullThenBomb(u32, Collect<Message<u64>>);
    impl Stage<&mut Message<u64>> for FullThenBomb {
        fn on_event(&mut self, event: &mut Message<u64>, at: At) -> Flow {
            self.0 += 1;
            match self.0 {
                1 => Err(Halt::Again),
                2 => panic!("the panic that the test asked for"),
                _ => self.1.on_event(event, at),
            }
        }
    }
    let seen = Collect::new();
    let mut stage = Catch::new(Correlate::new(Origin::new(1), FullThenBomb(0, seen.clone())));
    let mut script = Script::new(messages(2));
    for _ in 0..3 {
        let _ = script.drain_mut(NOW, 9, &mut stage);
    }
    assert_eq!(seen.events()[0].ids().id, MessageId::new(1, 2));
}
