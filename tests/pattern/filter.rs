use crate::kit::{Choke, Collect, Script, conforms, turn};
use ringmain::channel::spsc;
use ringmain::contract::{
    Addressed, Agent, At, Correlated, Fault, Flow, Message, MessageId, Reason, ReturnAddress,
};
use ringmain::contract::{Sink, Source, Tick, Work};
use ringmain::pattern::{Catch, DeadLetter, LetterBox, Overflow};
use ringmain::pattern::{Changed, Expiry, Filter, IfItPanics, RateLimit, Sample, Verdict};
use std::time::Duration;

conforms!(plain, 1..=100u64, |kit| {
    let hazard = kit.hazard();
    let even = move |n: &u64| {
        hazard.pass();
        n.is_multiple_of(2)
    };
    Filter::new(even, kit.leaf::<u64>())
});
conforms!(with_a_discard_output, 1..=100u64, |kit| {
    let kept = kit.leaf::<u64>();
    Filter::new(|n: &u64| n.is_multiple_of(2), kept).discard_to(kit.leaf::<u64>())
});
conforms!(mut over_lent_events, 1..=100u64, |kit| Filter::new(
    |n: &u64| n.is_multiple_of(3),
    kit.leaf::<u64>()
));
conforms!(with_state, 1..=100u64, |kit| Filter::new(Sample::one_in(3), kit.leaf::<u64>()));

/// 7.d1: even numbers of 1..=10.
#[test]
fn filter_1_lets_the_even_ones_through() {
    let kept = Collect::new();
    let filter = Filter::new(is_even, kept.clone());
    let account = filter.account();
    assert_eq!(Script::new(1..=10u64).drive(filter).work(Tick::ZERO), Work::Done);
    assert_eq!(kept.events(), [2, 4, 6, 8, 10]);
    let books = account.read();
    assert_eq!((books.input, books.out, books.filtered), (10, 5, 5));
    assert_eq!(books.check(), Ok(()));
}

/// 7.d2: 1, 3, 5, 7, 9 in order.
#[test]
fn filter_2_the_discard_output_gets_the_rest() {
    let (kept, rest) = (Collect::new(), Collect::new());
    let mut filter = Filter::new(is_even, kept).discard_to(rest.clone());
    let _ = turn(&mut Script::new(1..=10u64), &mut filter, Tick::ZERO);
    assert_eq!(rest.events(), [1, 3, 5, 7, 9]);
}

/// 7.d3: 8 slots, a million events, none of them let through.
#[test]
fn filter_3_reject_all_keeps_going() {
    const EVENTS: u64 = if cfg!(miri) { 1_000 } else { 1_000_000 };
    let (mut tx, rx) = spsc::channel(8, || 0u64).unwrap();
    let kept = Collect::<u64>::new();
    let filter = Filter::new(|_: &u64| false, kept.clone());
    let account = filter.account();
    let mut agent = rx.drive(filter);
    let mut n = 0;
    while n < EVENTS {
        while n < EVENTS && tx.push(n).is_ok() {
            n += 1;
        }
        assert!(matches!(agent.work(Tick::ZERO), Work::Busy(_)), "the filter does not free its ring");
    }
    assert!(kept.is_empty());
    assert_eq!((account.read().input, account.read().filtered), (EVENTS, EVENTS));
}

/// 7.d4: the predicate panics on 5.
#[test]
fn filter_4_a_panic_is_a_dead_letter_and_the_next_is_processed() {
    let kept = Collect::new();
    let brittle = |n: &u64| {
        assert!(*n != 5, "the panic that the test asked for");
        true
    };
    let letters = LetterBox::new(4, || 0u64);
    let filter = Catch::new(Filter::new(brittle, kept.clone()));
    let mut guarded = DeadLetter::new("filter", Overflow::Block, letters, filter);
    let _ = turn(&mut Script::new(1..=8u64), &mut guarded, Tick::ZERO);
    let letters: Vec<_> =
        guarded.letters().iter().map(|letter| (letter.event, letter.fault.reason)).collect();
    assert_eq!(letters, [(5, Reason::Panic)]);
    assert_eq!(kept.events(), [1, 2, 3, 4, 6, 7, 8]);
}

/// 7.c: or what a panic means is said.
#[test]
fn filter_4_a_panic_may_also_be_a_yes_or_a_no() {
    for (verdict, expected) in [(Verdict::Keep, vec![1, 2, 3]), (Verdict::Discard, vec![1, 3])] {
        let kept = Collect::new();
        let brittle = |n: &u64| {
            assert!(*n != 2, "the panic that the test asked for");
            true
        };
        let mut filter = Filter::new(IfItPanics::new(verdict, brittle), kept.clone());
        let _ = turn(&mut Script::new(1..=3u64), &mut filter, Tick::ZERO);
        assert_eq!(kept.events(), expected);
    }
}

/// 7.d5: deadline 10, looked at when it is 11.
#[test]
fn filter_5_what_is_past_its_deadline_is_not_looked_at() {
    let seen = Collect::new();
    let mut asked = 0;
    let inner = Filter::new(
        |_: &(u64, Tick)| {
            asked += 1;
            true
        },
        seen.clone(),
    );
    let mut filter = Filter::new(Expiry::new(|event: &(u64, Tick)| event.1), inner);
    let account = filter.account();
    let deadlines = [10, 11, 12, 0].map(Tick::from_nanos);
    let _ = turn(&mut Script::new((0..).zip(deadlines)), &mut filter, Tick::from_nanos(11));
    drop(filter);
    assert_eq!(seen.events().iter().map(|event| event.0).collect::<Vec<_>>(), [1, 2, 3], "0 is never");
    assert_eq!(asked, 3);
    assert_eq!(account.read().dropped[Reason::Expired], 1);
    assert_eq!(account.read().check(), Ok(()));
}

/// 7.d6: ten for each 100 ns.
#[test]
fn filter_6_a_rate_has_a_bucket_of_tokens() {
    let kept = Collect::new();
    let mut filter = Filter::new(RateLimit::new(10, Duration::from_nanos(100)), kept.clone());
    let account = filter.account();
    let mut passes = |t: u64, n: u64| {
        let before = kept.len();
        let _ = turn(&mut Script::new(0..n), &mut filter, Tick::from_nanos(t));
        kept.len() - before
    };
    assert_eq!(passes(0, 25), 10);
    assert_eq!(account.read().filtered, 15);
    assert_eq!(passes(9, 1), 0, "nine tenths of a token are none");
    assert_eq!(passes(10, 2), 1, "a token every 10 ns");
    assert_eq!(passes(110, 25), 10);
    assert_eq!(passes(100_000, 25), 10, "no more than a bucket of tokens, however long it was quiet");
    assert_eq!(passes(50, 25), 0, "a clock that goes back fills nothing");
}

/// 7.d6: and the cap on a burst.
#[test]
fn filter_6_a_burst_may_be_smaller_or_larger_than_the_rate() {
    for burst in [1, 3, 20] {
        let kept = Collect::new();
        let limit = RateLimit::new(10, Duration::from_nanos(100)).burst(burst);
        let _ = turn(&mut Script::new(0..25u64), &mut Filter::new(limit, kept.clone()), Tick::MAX);
        assert_eq!(kept.len(), burst as usize);
    }
    let none = Collect::new();
    let limit = RateLimit::new(0, Duration::ZERO);
    let _ = turn(&mut Script::new(0..25u64), &mut Filter::new(limit, none.clone()), Tick::MAX);
    assert!(none.is_empty());
}

/// 7.d7: a request that names a return address has one answer.
#[test]
fn filter_7_a_request_that_is_not_let_through_is_told_once() {
    let (kept, answers) = (Collect::new(), Collect::<(MessageId, Option<Fault>)>::new());
    let mut replies = Choke::new(2, answers.clone());
    let refuse = move |request: &Message<u64>, _: At| -> Flow {
        match request.reply_to() {
            ReturnAddress { port: 0, .. } => Ok(()),
            _ => replies.fill(|answer| {
                *answer = (request.ids().id, Some(Fault::of(Reason::Filtered)));
                Ok(())
            }),
        }
    };
    let request = |n: u64| {
        let mut message = Message { body: n, ..Message::default() };
        message.header.ids.id = MessageId::new(1, n);
        // Every third expects no answer.
        message.set_reply_to(ReturnAddress { port: u16::from(!n.is_multiple_of(3)), generation: 0 });
        message
    };
    let mut script = Script::new((1..=6).map(request));
    let mut filter =
        Filter::new(|request: &Message<u64>| is_even(&request.body), kept.clone()).discard_to(refuse);
    while script.consumed() < 6 {
        let _ = turn(&mut script, &mut filter, Tick::ZERO);
    }
    let refused = |n| (MessageId::new(1, n), Some(Fault::of(Reason::Filtered)));
    assert_eq!(answers.events(), [refused(1), refused(5)]);
    assert_eq!(kept.len(), 3);
}

/// 7.c: the gate copies nothing.
#[test]
fn filter_passes_on_the_event_itself() {
    let kept = Collect::new();
    let mut script = Script::new(1..=10u64);
    let _ = turn(&mut script, &mut Filter::new(is_even, kept.clone()), Tick::ZERO);
    let there = script.events().iter().filter(|n| is_even(n)).map(|n| std::ptr::from_ref(n).addr());
    assert_eq!(kept.addresses(), there.collect::<Vec<_>>());
}

/// 7.c: a criterion with state counts each event once.
#[test]
fn filter_asks_once_for_each_event() {
    let mut asked = Vec::new();
    let remember = |n: &u64| {
        asked.push(*n);
        is_even(n)
    };
    let full = || Choke::new(3, Collect::<u64>::new());
    let mut filter = Filter::new(remember, full()).discard_to(full());
    let mut script = Script::new(1..=6u64);
    while script.consumed() < 6 {
        let _ = turn(&mut script, &mut filter, Tick::ZERO);
    }
    drop(filter);
    assert_eq!(asked, [1, 2, 3, 4, 5, 6]);
}

/// 7.c: one in n, and changes only.
#[test]
fn filter_samples_and_sees_changes() {
    let kept = Collect::new();
    let _ = turn(&mut Script::new(0..10u64), &mut Filter::new(Sample::one_in(4), kept.clone()), Tick::ZERO);
    assert_eq!(kept.take(), [0, 4, 8]);
    let _ = turn(&mut Script::new(0..3u64), &mut Filter::new(Sample::one_in(0), kept.clone()), Tick::ZERO);
    assert_eq!(kept.take(), [0, 1, 2]);
    let prices = Script::new([(1, 'a'), (1, 'b'), (2, 'c'), (1, 'd'), (1, 'e')]);
    let quotes = Collect::new();
    let mut changes = Filter::new(Changed::new(|quote: &(i32, char)| quote.0), quotes.clone());
    let _ = turn(&mut { prices }, &mut changes, Tick::ZERO);
    assert_eq!(quotes.events(), [(1, 'a'), (2, 'c'), (1, 'd')]);
}

fn is_even(n: &u64) -> bool {
    n.is_multiple_of(2)
}
