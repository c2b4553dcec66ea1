//! Random events, times, losses, duplicates and refusals, against a plain machine in a map.

mod model;
use super::order::{Command, Event, LABEL, Orders, PAY, POLICY, RESERVE, Verb, What, ns};
use crate::kit::{Dice, seeds};
use model::Model;
use ringmain::contract::{At, Flow, Halt, Refused, Room, Sink, Stage, Tick};
use ringmain::pattern::process_manager::{Full, Missing, Policy, ProcessManager};
use ringmain::ring::Sequence;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

const HOLDS: usize = 3;
const CAPACITY: usize = 3;

/// Refuses at random, and then tells so.
#[derive(Clone)]
struct Moody {
    dice: Dice,
    refused: Rc<Cell<bool>>,
    out: Rc<RefCell<Vec<(u64, Verb)>>>,
}

impl Sink for Moody {
    type Event = Command;
    fn fill<R>(&mut self, fill: impl FnOnce(&mut Command) -> Flow<R>) -> Flow<R> {
        let mut slot = Command::default();
        let filled = fill(&mut slot)?;
        self.out.borrow_mut().push((slot.order, slot.verb));
        Ok(filled)
    }
}

impl Room for Moody {
    fn room(&mut self, _: usize) -> Result<(), Refused> {
        let refuses = self.dice.one_in(4);
        self.refused.set(refuses);
        if refuses { Err(Refused::Full) } else { Ok(()) }
    }
}

fn random_event(dice: &mut Dice, sent: &mut Vec<Event>) -> Event {
    const WHATS: [What; 18] = [
        What::Submit,
        What::Submit,
        What::Submit,
        What::Reserved,
        What::Reserved,
        What::Paid,
        What::Paid,
        What::PayFailed,
        What::Ping,
        What::Shipped,
        What::ShipFailed,
        What::Undone(RESERVE),
        What::Undone(RESERVE),
        What::Undone(PAY),
        What::Undone(LABEL),
        What::UndoFailed(RESERVE),
        What::UndoFailed(LABEL),
        What::Operator,
    ];
    if !sent.is_empty() && dice.one_in(6) {
        return sent[dice.below(sent.len() as u64) as usize];
    }
    let id = (!dice.one_in(3)).then(|| (dice.below(2) as u8, 1 + sent.len() as u64));
    let event = Event { order: 1 + dice.below(5), what: dice.pick(&WHATS), id, ..Event::default() };
    sent.push(event);
    event
}

fn run(seed: u64) {
    let mut dice = Dice::new(seed);
    let mut either = |one, other| if dice.one_in(2) { one } else { other };
    let policy = Policy {
        holds: HOLDS,
        patience: ns(40),
        deadline: either(Some(ns(150)), None),
        full: if either(Some(ns(1)), None).is_some() { Full::EvictFinished } else { Full::Reject },
        missing: either(Some(ns(20)), None).map_or(Missing::Discard, Missing::Hold),
        remember: either(Some(ns(60)), None).unwrap_or_default(),
        ..POLICY
    };
    let sink = Moody { dice: Dice::new(!seed), refused: Rc::default(), out: Rc::default() };
    let mut real = ProcessManager::new(CAPACITY, policy, Orders::default(), sink.clone()).unwrap();
    let account = real.account();
    let mut model = Model::new(policy);
    let mut sent = Vec::new();
    for step in 0..25 {
        let now = Tick::from_nanos(model.now);
        if !dice.one_in(4) {
            let event = random_event(&mut dice, &mut sent);
            let at = At { seq: Sequence::new(step), now };
            let answer = loop {
                match real.on_event(&event, at) {
                    Err(Halt::Again) => assert_eq!(real.on_batch_end(now), Err(Halt::Again)),
                    Err(Halt::Reject(fault)) => break Err(fault.reason),
                    flow => {
                        assert_eq!(flow, Ok(()));
                        break Ok(());
                    }
                }
            };
            assert_eq!(answer, model.event(event), "seed {seed}, step {step}: {event:?}");
        }
        sink.refused.set(true);
        while sink.refused.replace(false) {
            let _ = real.on_batch_end(now);
        }
        model.turn();
        let mut all: Vec<_> = real.iter().map(|one| (one.key(), one.state(), one.phase())).collect();
        all.sort_unstable_by_key(|one| one.0);
        assert_eq!(all, model.processes(), "seed {seed}, step {step}");
        assert_eq!(*sink.out.borrow(), model.out, "seed {seed}, step {step}");
        model.now += dice.below(40);
    }
    drop(real);
    let books = model.books();
    assert_eq!(account.read(), books, "seed {seed}");
    assert_eq!(books.check(), Ok(()), "seed {seed}");
}

/// 19.d4 and all others: every process is what a plain machine would be, whatever comes in whatever order.
#[test]
fn process_manager_is_a_plain_machine_for_each_key() {
    seeds(100_000).for_each(run);
}
