use crate::kit::{Choke, Collect, Dice, Script, conforms, panic_on_purpose, seeds, turn};
use ringmain::channel::spsc;
use ringmain::contract::{
    Addressed, Agent, At, Fault, Flow, Header, Ids, Message, MessageId, Reason, ReturnAddress,
};
use ringmain::contract::{Sink, Source, Stage, Tick, Work};
use ringmain::pattern::{Catch, Causal, Context, DeadLetter, LetterBox, Origin, Overflow};
use ringmain::pattern::{Changed, Expiry, Filter, HopLimit, IfItPanics, RateLimit, Sample, Verdict};
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

/// 7.d7: a request that names a return address has one answer, also over a sink that is full at times.
#[test]
fn filter_7_a_request_that_is_not_let_through_is_told_once() {
    let (kept, answers) = (Collect::new(), Collect::<Message<Option<Fault>>>::new());
    let decline = |request: &Message<u64>, ctx: &mut Context<'_, _>| -> Flow {
        if request.reply_to() != ReturnAddress::default() {
            ctx.reply(request, |answer: &mut Message<Option<Fault>>| {
                answer.body = Some(Fault::of(Reason::Filtered));
                Ok(())
            })?;
        }
        Ok(())
    };
    let declined = Causal::new(Origin::new(2), decline, Choke::new(2, answers.clone()));
    let told = declined.account();
    // Every third expects no answer.
    let request = |n: u64| {
        let id = MessageId::new(1, n);
        let ids = Ids { id, conversation: id, cause: MessageId::NONE };
        let reply_to = match n % 3 {
            0 => ReturnAddress::default(),
            _ => ReturnAddress { port: 7, generation: n as u16 },
        };
        Message { header: Header { ids, reply_to, ..Header::default() }, body: n }
    };
    let mut script = Script::new((1..=6).map(request));
    let mut filter =
        Filter::new(|request: &Message<u64>| is_even(&request.body), kept.clone()).discard_to(declined);
    while script.consumed() < 6 {
        let _ = turn(&mut script, &mut filter, Tick::ZERO);
    }
    let seen: Vec<_> = answers.events().iter().map(|a| (a.header.ids.cause, a.reply_to(), a.body)).collect();
    let told_of = |n: u64| {
        let address = ReturnAddress { port: 7, generation: n as u16 };
        (MessageId::new(1, n), address, Some(Fault::of(Reason::Filtered)))
    };
    assert_eq!(seen, [told_of(1), told_of(5)]);
    assert_eq!(kept.len(), 3);
    drop(filter);
    assert_eq!((told.read().generated, told.read().filtered), (2, 1));
    assert_eq!(told.read().check(), Ok(()));
}

/// 7.c: a predicate on the header looks at the first 64 bytes of an event, however large it is.
#[test]
fn filter_by_the_header_finds_it_in_front() {
    type Large = Message<[u64; 512]>;
    assert_eq!((std::mem::offset_of!(Large, header), size_of::<Header>()), (0, 64));
    let kept = Collect::new();
    let of_topic_3 = |message: &Large| message.header.topic == 3;
    let messages =
        (0..6).map(|topic| Message { header: Header { topic, ..Header::default() }, body: [0; 512] });
    let _ = turn(&mut Script::new(messages), &mut Filter::new(of_topic_3, kept.clone()), Tick::ZERO);
    assert_eq!(kept.events().iter().map(|message| message.header.topic).collect::<Vec<_>>(), [3]);
}

/// 7.c: what has been round too often is given up, and the books say why.
#[test]
fn filter_gives_up_what_has_been_round_too_often() {
    for (limit, expected) in [(0, vec![]), (2, vec![0, 1]), (u8::MAX, vec![0, 1, 2, 254])] {
        let kept = Collect::new();
        let mut filter = Filter::new(HopLimit::new(limit, |hops: &u8| *hops), kept.clone());
        let account = filter.account();
        let _ = turn(&mut Script::new([0u8, 1, 2, 254, 255]), &mut filter, Tick::ZERO);
        assert_eq!(kept.events(), expected);
        assert_eq!(account.read().dropped[Reason::LoopLimit], 5 - expected.len() as u64);
        assert_eq!(account.read().check(), Ok(()));
    }
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

/// 7: all criteria in one chain, over outputs that are full at random, with a clock that sometimes goes back: what each
/// says by itself, on plain numbers.
#[test]
fn filter_agrees_with_each_criterion_by_itself() {
    for seed in seeds(100_000) {
        agrees_with_plain_criteria(seed);
    }
}

#[derive(Clone, Copy, PartialEq, Debug)]
struct Item {
    n: u64,
    key: u64,
    deadline: u64,
    hops: u8,
}

/// What becomes of an item in the reference.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Fate {
    Kept,
    Discarded,
    Dropped(Reason),
}

/// The criteria of one run.
#[derive(Clone, Copy)]
struct Criteria {
    hops: u8,
    /// The predicate panics on this key, which means this.
    brittle: (u64, Verdict),
    modulus: u64,
    one_in: u64,
    rate: (u64, u64, u64),
}

/// The reference: each criterion in the plainest words, and what it has to remember.
struct Plain {
    criteria: Criteria,
    last: Option<u64>,
    sampled: u64,
    /// What is in the bucket, in parts of a token of which `per` make one; and until when it was filled.
    bucket: (u64, u64),
}

impl Plain {
    fn judge(&mut self, item: Item, now: u64) -> Fate {
        let Criteria { hops, brittle, modulus, one_in, rate: (tokens, per, burst) } = self.criteria;
        if item.deadline != 0 && now > item.deadline {
            return Fate::Dropped(Reason::Expired);
        }
        if item.hops >= hops {
            return Fate::Dropped(Reason::LoopLimit);
        }
        let holds = if item.key == brittle.0 {
            brittle.1 == Verdict::Keep
        } else {
            !item.key.is_multiple_of(modulus)
        };
        if !holds || self.last.replace(item.key) == Some(item.key) {
            return Fate::Discarded;
        }
        self.sampled += 1;
        if !(self.sampled - 1).is_multiple_of(one_in) {
            return Fate::Discarded;
        }
        while self.bucket.1 < now {
            self.bucket = ((self.bucket.0 + tokens).min(burst * per), self.bucket.1 + 1);
        }
        if self.bucket.0 < per {
            return Fate::Discarded;
        }
        self.bucket.0 -= per;
        Fate::Kept
    }
}

fn agrees_with_plain_criteria(seed: u64) {
    let mut dice = Dice::new(seed);
    let criteria = Criteria {
        hops: dice.pick(&[3, 4, u8::MAX]),
        brittle: (if dice.one_in(8) { 5 } else { u64::MAX }, dice.pick(&[Verdict::Keep, Verdict::Discard])),
        modulus: 2 + dice.below(3),
        one_in: 1 + dice.below(3),
        rate: (dice.below(4), 1 + dice.below(9), dice.below(4)),
    };
    let items: Vec<_> = (0..16)
        .map(|n| Item {
            n,
            key: dice.below(7),
            deadline: if dice.one_in(4) { dice.below(60) } else { 0 },
            hops: dice.below(5) as u8,
        })
        .collect();

    let (kept, rest) = (Collect::new(), Collect::new());
    let choke = |n: u64, end: &Collect<Item>| Choke::at_random(seed.wrapping_mul(7) + n, 2, end.clone());
    let (tokens, per, burst) = criteria.rate;
    let rate = RateLimit::new(tokens as u32, Duration::from_nanos(per)).burst(burst as u32);
    let limited = Filter::new(rate, choke(0, &kept)).discard_to(choke(1, &rest));
    let sampled = Filter::new(Sample::one_in(criteria.one_in), limited).discard_to(choke(2, &rest));
    let changed = Filter::new(Changed::new(|item: &Item| item.key), sampled).discard_to(choke(3, &rest));
    let predicate = move |item: &Item| {
        if item.key == criteria.brittle.0 {
            panic_on_purpose()
        }
        !item.key.is_multiple_of(criteria.modulus)
    };
    let predicate = IfItPanics::new(criteria.brittle.1, predicate);
    let judged = Filter::new(predicate, changed).discard_to(choke(4, &rest));
    let hops = Filter::new(HopLimit::new(criteria.hops, |item: &Item| item.hops), judged);
    let looped = hops.account();
    let fresh = Filter::new(Expiry::new(|item: &Item| Tick::from_nanos(item.deadline)), hops);
    let expired = fresh.account();

    let mut plain = Plain { criteria, last: None, sampled: 0, bucket: (burst * per, 0) };
    let (mut fates, mut filter) = (Vec::new(), fresh);
    // An event is judged when it comes for the first time.
    let mut first_met = |item: &Item, at: At| -> Flow {
        if fates.len() as u64 == item.n {
            fates.push(plain.judge(*item, at.now.nanos()));
        }
        filter.on_event(item, at)
    };
    let mut script = Script::new(items.clone());
    let mut now = 0u64;
    while script.consumed() < items.len() {
        now = if dice.one_in(8) { now.saturating_sub(dice.below(9)) } else { now + dice.below(9) };
        let _ = turn(&mut script, &mut first_met, Tick::from_nanos(now));
    }
    drop(filter);
    let of = |fate: Fate| -> Vec<Item> {
        items.iter().zip(&fates).filter(|(_, its)| **its == fate).map(|(item, _)| *item).collect()
    };
    assert_eq!(kept.take(), of(Fate::Kept), "seed {seed}");
    assert_eq!(rest.take(), of(Fate::Discarded), "seed {seed}");
    for (books, reason) in [(expired.read(), Reason::Expired), (looped.read(), Reason::LoopLimit)] {
        assert_eq!(books.dropped[reason], of(Fate::Dropped(reason)).len() as u64, "seed {seed}");
        assert_eq!(books.check(), Ok(()), "seed {seed}");
    }
}
