use crate::kit::{Collect, Script, conforms, rejected, turn, turn_mut};
use ringmain::channel::multicast::{Multicast, TopologyError};
use ringmain::channel::{mpmc, mpsc, spsc};
use ringmain::contract::{Agent, At, Fault, Flow, Header, Ids, Message, MessageId, Reason, ReturnAddress};
use ringmain::contract::{Sink, Source, Tick, Work, each};
use ringmain::pattern::{Catch, DeadLetter, Edit, Filter, LetterBox, Origin, Overflow, Translator, Upcast};
use ringmain::pattern::{deriving_header, keeping_header};

conforms!(project, 1..=100u64, |kit| {
    let hazard = kit.hazard();
    let half = move |n: &u64, half: &mut u32| -> Flow {
        hazard.pass();
        *half = (n / 2) as u32;
        Ok(())
    };
    Translator::new(half, kit.sink::<u32>())
});
conforms!(mut project_from_lent_events, 1..=100u64, |kit| Translator::new(halve, kit.sink::<u64>()));
conforms!(mut in_place, 1..=100u64, |kit| {
    let hazard = kit.hazard();
    let double = move |n: &mut u64| -> Flow {
        hazard.pass();
        *n *= 2;
        Ok(())
    };
    Edit::new(double, kit.leaf::<u64>())
});
conforms!(mut in_place_twice, 1..=100u64, |kit| Edit::new(add_one, Edit::new(double, kit.leaf::<u64>())));

const ODD: Fault = Fault::new(2);

fn halve(n: &u64, half: &mut u64) -> Flow {
    *half = n / 2;
    Ok(())
}

fn add_one(n: &mut u64) -> Flow {
    *n += 1;
    Ok(())
}

fn double(n: &mut u64) -> Flow {
    *n *= 2;
    Ok(())
}

fn to_fahrenheit(c: &f64, f: &mut f64) -> Flow {
    *f = c * 9.0 / 5.0 + 32.0;
    Ok(())
}

fn message<T>(body: T) -> Message<T> {
    let ids =
        Ids { id: MessageId::new(1, 7), conversation: MessageId::new(1, 2), cause: MessageId::new(1, 3) };
    let reply_to = ReturnAddress { port: 4, generation: 5 };
    Message {
        header: Header { ids, reply_to, deadline: Tick::MAX, seq: 9, kind: 1, ..Header::default() },
        body,
    }
}

/// 10.d1: 0 and 100 degrees, headers unchanged.
#[test]
fn translator_1_the_same_message_in_another_form() {
    let out = Collect::new();
    let translator = Translator::new(keeping_header(to_fahrenheit), out.clone());
    let account = translator.account();
    let inputs = [message(0.0), message(100.0)];
    assert_eq!(Script::new(inputs).drive(translator).work(Tick::ZERO), Work::Done);
    assert_eq!(out.events(), [message(32.0), message(212.0)], "headers and all");
    assert_eq!((account.read().input, account.read().out), (2, 2));
    assert_eq!(account.read().check(), Ok(()));
}

/// 10.c: a new id, and the original as cause, where the message is another.
#[test]
fn translator_1_a_message_that_follows_from_another() {
    let out = Collect::new();
    let mut translator = Translator::new(deriving_header(Origin::new(6), to_fahrenheit), out.clone());
    let _ = turn(&mut Script::new([message(0.0), message(0.0)]), &mut translator, Tick::ZERO);
    for (i, derived) in (1..).zip(out.events()) {
        let whole = message(32.0);
        let ids =
            Ids { id: MessageId::new(6, i), conversation: MessageId::new(1, 2), cause: whole.header.ids.id };
        assert_eq!(derived, Message { header: Header { ids, ..whole.header }, ..whole });
    }
    assert_eq!(out.len(), 2);
}

/// 10.d2: fails on 2 of 1, 2, 3.
#[test]
fn translator_2_what_fails_leaves_no_hole_and_its_original_is_a_dead_letter() {
    let (tx, mut rx) = spsc::channel(4, || 0u64).unwrap();
    let fails_on_2 = |n: &u64, out: &mut u64| -> Flow {
        *out = 99; // written, and never seen
        if *n == 2 { Err(ODD.into()) } else { halve(&(n * 2), out) }
    };
    let letters = LetterBox::new(4, || 0u64);
    let mut guarded = DeadLetter::new("t", Overflow::Block, letters, Translator::new(fails_on_2, tx));
    let _ = turn(&mut Script::new([1, 2, 3]), &mut guarded, Tick::ZERO);
    let mut seen = Vec::new();
    let mut look = |n: &u64, at: At| -> Flow {
        seen.push((*n, at.seq.count()));
        Ok(())
    };
    let _ = rx.drain(Tick::ZERO, 9, &mut look);
    assert_eq!(seen, [(1, 0), (3, 1)]);
    let letters: Vec<_> = guarded.letters().iter().map(|letter| (letter.event, letter.fault)).collect();
    assert_eq!(letters, [(2, ODD)]);
}

/// 10.d2: nor is there a hole in a ring of many producers, which cannot take a claimed slot back: the void slot is
/// passed over, and is free for the next lap.
#[test]
fn translator_2_a_void_slot_is_seen_by_no_reader_and_used_again() {
    fn three_laps(tx: impl Sink<Event = u64>, mut rx: impl Source<Event = u64>) {
        let two_thirds_fail = |n: &u64, out: &mut u64| -> Flow {
            *out = 99; // written, and never seen
            if !n.is_multiple_of(3) { Err(ODD.into()) } else { halve(&(n * 2), out) }
        };
        let mut translator = Translator::new(two_thirds_fail, tx);
        let account = translator.account();
        let out = Collect::new();
        let mut script = Script::new(0..24u64);
        while script.consumed() < 24 {
            let _ = turn(&mut script, &mut translator, Tick::ZERO);
            let _ = rx.drain(Tick::ZERO, usize::MAX, &mut out.clone());
        }
        assert_eq!(out.events(), (0..24).step_by(3).collect::<Vec<_>>());
        assert_eq!((account.read().out, account.read().dead_lettered.total()), (8, 16));
        assert_eq!(account.read().check(), Ok(()));
    }
    let (tx, rx) = spsc::channel(4, || 0u64).unwrap();
    three_laps(tx, rx);
    let (tx, rx) = mpsc::channel(4, || 0u64).unwrap();
    three_laps(tx, rx);
    let (tx, rx) = mpmc::channel(4, || 0u64).unwrap();
    three_laps(tx, rx);
    let mut ring = Multicast::many(4, || 0u64).unwrap();
    let rx = ring.reader("reader", &[]);
    three_laps(ring.build().unwrap(), rx);
}

/// 10.d3: two translators into one ring of many producers; one fails for every second event.
#[test]
fn translator_3_of_two_on_one_ring_the_one_that_fails_does_not_hold_the_other_up() {
    const EACH: u64 = if cfg!(miri) { 40 } else { 5_000 };
    let mut ring = Multicast::many(8, || (0u64, 0u64)).unwrap();
    let reader = ring.reader("reader", &[]);
    let tx = ring.build().unwrap();
    let fails_half = |n: &u64, out: &mut (u64, u64)| -> Flow {
        *out = (1, *n);
        if n % 2 == 1 { Err(ODD.into()) } else { Ok(()) }
    };
    let never_fails = |n: &u64, out: &mut (u64, u64)| -> Flow {
        *out = (2, *n);
        Ok(())
    };
    let agents = (
        Script::new(0..EACH).drive(Translator::new(fails_half, tx.clone())),
        Script::new(0..EACH).drive(Translator::new(never_fails, tx)),
    );
    let mut seen = [Vec::new(), Vec::new()];
    std::thread::scope(|scope| {
        scope.spawn(|| until_done(agents.0));
        scope.spawn(|| until_done(agents.1));
        until_done(reader.drive(each(|event: &(u64, u64)| seen[event.0 as usize - 1].push(event.1))));
    });
    assert_eq!(seen[0], (0..EACH).step_by(2).collect::<Vec<_>>());
    assert_eq!(seen[1], (0..EACH).collect::<Vec<_>>());
}

fn until_done(mut agent: impl Agent) {
    while agent.work(Tick::ZERO) != Work::Done {
        std::thread::yield_now();
    }
}

/// 10.d4: the builder refuses it.
#[test]
fn translator_4_an_edit_beside_a_reader_of_the_same_slot_is_refused() {
    let mut ring = Multicast::new(8, || 0u64).unwrap();
    let _edit = ring.editor("edit", &[]);
    let _other = ring.reader("other", &[]);
    assert!(matches!(ring.build(), Err(TopologyError::EditorRaces { editor: "edit", other: "other" })));
}

/// 10.d5: three versions in, three times the newest out.
#[test]
fn translator_5_old_versions_are_brought_up_to_date() {
    /// Version 1 knows `a`, version 2 also `b`, version 3 has them the other way round.
    #[derive(Clone, Copy, PartialEq, Debug)]
    enum Body {
        V1 { a: u8 },
        V2 { a: u8, b: u8 },
        V3 { b: u8, a: u8 },
    }
    fn to_v2(body: &mut Body) -> Flow {
        let Body::V1 { a } = *body else { return Err(ODD.into()) };
        *body = Body::V2 { a, b: 0 };
        Ok(())
    }
    fn to_v3(body: &mut Body) -> Flow {
        let Body::V2 { a, b } = *body else { return Err(ODD.into()) };
        *body = Body::V3 { b, a };
        Ok(())
    }
    let of = |kind, body| Message { header: Header { kind, ..Header::default() }, body };
    let inputs = [of(1, Body::V1 { a: 7 }), of(2, Body::V2 { a: 7, b: 0 }), of(3, Body::V3 { b: 0, a: 7 })];
    let newest = inputs[2];
    let out = Collect::new();
    let upcast = Upcast::new(1, [to_v2, to_v3]);
    let mut edit = Edit::new(move |message: &mut Message<Body>| upcast.apply(message), out.clone());
    let _ = turn_mut(&mut Script::new(inputs), &mut edit, Tick::ZERO);
    assert_eq!(out.events(), [newest; 3]);
    for unknown in [0, 4, u16::MAX] {
        let mut script = Script::new([of(unknown, Body::V1 { a: 7 })]);
        let rejection = rejected(turn_mut(&mut script, &mut edit, Tick::ZERO));
        assert_eq!(rejection, Some(Fault::of(Reason::InvalidKey)));
    }
    let mut liar = Script::new([of(1, Body::V3 { b: 0, a: 7 })]);
    assert_eq!(rejected(turn_mut(&mut liar, &mut edit, Tick::ZERO)), Some(ODD));
}

/// 10.d8: where `f` writes is where the reader reads.
#[test]
fn translator_8_it_writes_in_the_slot_itself() {
    let (tx, mut rx) = spsc::channel(4, || 0u64).unwrap();
    let mut written = Vec::new();
    let f = |n: &u64, slot: &mut u64| -> Flow {
        *slot = *n;
        written.push(std::ptr::from_ref(slot).addr());
        Ok(())
    };
    let _ = turn(&mut Script::new(1..=4u64), &mut Translator::new(f, tx), Tick::ZERO);
    let out = Collect::new();
    let _ = rx.drain(Tick::ZERO, 4, &mut out.clone());
    assert_eq!(out.addresses(), written);
}

/// 10.d8: in place means in place.
#[test]
fn translator_8_an_edit_stays_in_its_slot() {
    let out = Collect::new();
    let mut script = Script::new(1..=4u64);
    let _ = turn_mut(&mut script, &mut Edit::new(double, out.clone()), Tick::ZERO);
    let there: Vec<_> = script.events().iter().map(|n| std::ptr::from_ref(n).addr()).collect();
    assert_eq!((out.addresses(), out.events()), (there, vec![2, 4, 6, 8]));
}

/// 10.d9: a panic on 2 of 1, 2, 3.
#[test]
fn translator_9_a_panic_is_a_dead_letter_and_the_next_is_processed() {
    let brittle = |n: &u64, out: &mut u64| -> Flow {
        assert!(*n != 2, "the panic that the test asked for");
        halve(&(n * 2), out)
    };
    let (tx, mut rx) = spsc::channel(4, || 0u64).unwrap();
    let inner = Catch::new(Translator::new(brittle, tx));
    let mut guarded = DeadLetter::new("t", Overflow::Block, LetterBox::new(4, || 0u64), inner);
    let _ = turn(&mut Script::new([1, 2, 3]), &mut guarded, Tick::ZERO);
    let out = Collect::new();
    let _ = rx.drain(Tick::ZERO, 9, &mut out.clone());
    assert_eq!(out.events(), [1, 3]);
    let letters: Vec<_> =
        guarded.letters().iter().map(|letter| (letter.event, letter.fault.reason)).collect();
    assert_eq!(letters, [(2, Reason::Panic)]);
}

/// 10.c: in place, with the original kept for the dead letter.
#[test]
fn translator_the_dead_letter_of_an_edit_is_what_came_in() {
    let out = Collect::new();
    let inner = Edit::new(double, Filter::new(|n: &u64| *n != 6, out.clone()).discard_to(refuse));
    let letters = LetterBox::new(4, || 0u64);
    let mut guarded = DeadLetter::keeping_original("edit", Overflow::Block, 0, letters, inner);
    let _ = turn_mut(&mut Script::new([1u64, 3, 4]), &mut guarded, Tick::ZERO);
    assert_eq!(guarded.letters().iter().map(|letter| letter.event).collect::<Vec<_>>(), [3], "3, and not 6");
    assert_eq!(out.events(), [2, 8]);
}

fn refuse(_: &mut u64, _: At) -> Flow {
    Err(ODD.into())
}
