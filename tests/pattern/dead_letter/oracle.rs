//! Random events, delays, places, breakers, boxes and redrives against a plain reference.

mod model;

use super::{at, nanos};
use crate::kit::{Choke, Collect, Dice, Script, seeds};
use model::{Event, LETTER, Mode, Model, Plan, REDRIVES, RETRY};
use ringmain::channel::spsc;
use ringmain::contract::{At, End, Fault, Flow, Sink, Source, Stage};
use ringmain::pattern::{DeadLetter, Letter, LetterBox, Overflow, RateLimit, Redrive, Remedy, Retry};
use std::cell::{Cell, RefCell};

fn worth(fault: Fault) -> Remedy {
    match fault.code {
        RETRY => Remedy::Retry,
        LETTER => Remedy::Letter,
        _ => Remedy::Drop,
    }
}

fn event(dice: &mut Dice, id: u64) -> Event {
    let fails = dice.pick(&[0, 0, 0, 1, 2, 9]);
    Event { id, key: dice.below(3), fails, worth: dice.pick(&[RETRY, RETRY, RETRY, LETTER, 2]), hops: 0 }
}

/// Fails as each event says, by how often it came since it was sent.
struct Plays<'a> {
    attempts: &'a RefCell<Vec<(u64, u64)>>,
    lives: [u32; 16],
}

impl Stage<&Event> for Plays<'_> {
    fn on_event(&mut self, event: &Event, at: At) -> Flow {
        self.attempts.borrow_mut().push((at.now.nanos(), event.id));
        let life = &mut self.lives[2 * event.id as usize + usize::from(event.hops)];
        *life += 1;
        if *life <= event.fails { Err(Fault::new(event.worth).into()) } else { Ok(()) }
    }
}

#[test]
fn retry_park_and_redrive_are_those_of_the_reference() {
    for seed in seeds(100_000) {
        let mut dice = Dice::new(seed);
        let plan = Plan::new(&mut dice);
        let mut model = Model::new(plan);
        let attempts = RefCell::new(Vec::new());
        let (mut tx, mut rx) = spsc::channel(8, Event::default).unwrap();
        let inner = Plays { attempts: &attempts, lives: [0; 16] };
        let letters = RefCell::new(LetterBox::new(plan.letters, Event::default));
        let make_room = Overflow::DropOldest(|letters: &mut Shared<'_>| letters.0.borrow_mut().drop_oldest());
        let mut stage = DeadLetter::new("oracle", make_room, Shared(&letters), inner)
            .retry(
                Retry::exponential(plan.rounds, nanos(plan.delay), 2, nanos(5))
                    .each_with_immediate(plan.immediate),
                worth,
            )
            .hops(9, |event| event.hops)
            .breaker(plan.breaker.0, nanos(plan.breaker.1));
        stage = match plan.mode {
            Mode::Inline => stage,
            Mode::Aside => stage.aside(plan.places, Event::default).unwrap(),
            Mode::ByKey => stage.by_key(plan.places, plan.keys, |event| event.key, Event::default).unwrap(),
        };
        let account = stage.account();
        let (mut sent, count) = (0, 3 + dice.below(5));
        let turns = 4 + dice.below(12);
        for turn in 0..=turns {
            let now = if turn == turns { u64::MAX } else { turn };
            for _ in 0..dice.below(4).min(count - sent) {
                let event = event(&mut dice, sent);
                tx.push(event).unwrap();
                model.send(event);
                sent += 1;
            }
            if dice.one_in(3) {
                let most = dice.below(3) as usize;
                let free = tx.free();
                let which = |letter: &Letter<Event>| letter.event.id.is_multiple_of(2);
                let readdress = |letter: &Letter<Event>, event: &mut Event| {
                    *event = Event { hops: letter.hops, ..letter.event };
                };
                let rate = RateLimit::new(most as u32, nanos(1));
                let mut redrive = Redrive::new(REDRIVES, rate, which, readdress, &mut tx);
                let round = redrive.redrive(&mut letters.borrow_mut(), at(now));
                assert_eq!((round.sent, round.at_limit), model.redrive(most, free), "seed {seed}");
            }
            let limit = if turn == turns { 99 } else { dice.below(4) as usize };
            let _ = rx.drain(at(now), limit, &mut stage);
            model.drain(now, limit);
            let _ = Stage::<&Event>::on_batch_end(&mut stage, at(now));
            model.end_turn(now);
            model.books.held = model.held() as u64;
            assert_eq!(*attempts.borrow(), model.attempts, "seed {seed}, turn {turn}: {plan:?}");
            assert_eq!(account.read(), model.books, "seed {seed}, turn {turn}: {plan:?}");
            assert_eq!(account.read().check(), Ok(()), "seed {seed}");
        }
        let letters = letters.borrow();
        let told = letters.iter().map(|l| (l.event, l.attempts, l.first, l.last, l.hops));
        let known = model.letters.iter();
        let known = known.map(|l| (l.event, l.attempts, at(l.first), at(l.last), l.event.hops + 1));
        assert!(told.eq(known), "seed {seed}: {plan:?}");
        assert_eq!((account.read().held, rx.len()), (0, 0), "seed {seed}");
    }
}

/// The box, also while the stage is there.
struct Shared<'a>(&'a RefCell<LetterBox<Event>>);

impl Sink for Shared<'_> {
    type Event = Letter<Event>;
    fn fill<R>(&mut self, fill: impl FnOnce(&mut Letter<Event>) -> Flow<R>) -> Flow<R> {
        self.0.borrow_mut().fill(fill)
    }
}

#[test]
fn every_event_passes_or_is_a_letter_once_whatever_is_full() {
    for seed in seeds(10_000) {
        let mut dice = Dice::new(seed);
        let plan = Plan::new(&mut dice);
        let (good, bad) = (Collect::new(), Collect::new());
        let choked = Choke::at_random(seed, 3, good.clone());
        let lives = Cell::new([0; 16]);
        let mut out = choked;
        let inner = |event: &Event, at: At| -> Flow {
            let mut tried = lives.get();
            let life = &mut tried[event.id as usize];
            if *life < event.fails {
                *life += 1;
                lives.set(tried);
                Err(Fault::new(event.worth % 2))?;
            }
            out.on_event(event, at)
        };
        let letters = Choke::at_random(seed + 1, 3, bad.clone());
        let stage = DeadLetter::new("row", Overflow::Block, letters, inner)
            .retry(Retry::fixed(plan.rounds, nanos(plan.delay)), worth)
            .breaker(plan.breaker.0, nanos(plan.breaker.1));
        let mut stage = match plan.mode {
            Mode::Inline => stage,
            Mode::Aside => stage.aside(plan.places, Event::default).unwrap(),
            Mode::ByKey => stage.by_key(plan.places, 2, |event| event.key, Event::default).unwrap(),
        };
        let account = stage.account();
        let events: Vec<_> = (0..2 + dice.below(12)).map(|id| event(&mut dice, id)).collect();
        let mut script = Script::new(events.clone());
        let mut now = 0;
        loop {
            let closed = script.drain(at(now), usize::MAX, &mut stage).end == Some(End::Closed);
            let after = Stage::<&Event>::on_batch_end(&mut stage, at(now));
            if closed && after.is_ok() {
                break;
            }
            now += 1;
            assert!(now < 1000, "seed {seed}: it does not end");
        }
        drop(stage);
        let passed = good.events();
        let mut all = passed.clone();
        all.extend(bad.events().iter().map(|letter: &Letter<Event>| letter.event));
        all.sort_unstable_by_key(|event| event.id);
        assert_eq!(all, events, "seed {seed}: {plan:?}");
        let in_order = |key| passed.iter().filter(|e| e.key == key).is_sorted_by_key(|e| e.id);
        assert!(plan.mode == Mode::Aside || (0..3).all(in_order), "seed {seed}: {plan:?}");
        assert!(plan.mode != Mode::Inline || passed.is_sorted_by_key(|e| e.id), "seed {seed}: {plan:?}");
        assert_eq!((account.read().input, account.read().check()), (events.len() as u64, Ok(())));
    }
}
