//! The plain machine: a map, and lists that are searched.

use super::{CAPACITY, HOLDS};
use crate::process_manager::order::{Event, LABEL, PAY, RESERVE, State, Verb, What};
use ringmain::contract::{Balance, Reason};
use ringmain::pattern::process_manager::{Full, Missing, Phase, Policy, Undo};
use std::collections::{HashMap, VecDeque};

struct Plain {
    state: State,
    paid: bool,
    asked: bool,
    phase: Phase,
    steps: Vec<u8>,
    seen: [u64; 2],
}

#[derive(Clone, Copy, PartialEq)]
enum Alarm {
    PayLate,
    /// The deadline, the answer, the next attempt, being forgotten.
    Other,
}

struct Held {
    event: Event,
    noted: bool,
    until: Option<u64>,
    ready: bool,
}

pub(super) struct Model {
    policy: Policy,
    pub(super) now: u64,
    table: HashMap<u64, Plain>,
    ended: VecDeque<u64>,
    held: Vec<Held>,
    /// In the order in which they were armed.
    alarms: Vec<(u64, u64, Alarm)>,
    pub(super) out: Vec<(u64, Verb)>,
    books: Balance,
}

pub(super) type Answer = Result<(), Reason>;

impl Model {
    pub(super) fn new(policy: Policy) -> Self {
        Self {
            policy,
            now: 0,
            table: HashMap::new(),
            ended: VecDeque::new(),
            held: Vec::new(),
            alarms: Vec::new(),
            out: Vec::new(),
            books: Balance::default(),
        }
    }
    pub(super) fn books(&self) -> Balance {
        Balance { held: self.held.len() as u64, ..self.books }
    }
    /// By key.
    pub(super) fn processes(&self) -> Vec<(u64, State, Phase)> {
        let mut all: Vec<_> = self.table.iter().map(|(key, one)| (*key, one.state, one.phase)).collect();
        all.sort_unstable_by_key(|one| one.0);
        all
    }
    fn say(&mut self, order: u64, verb: Verb) {
        self.out.push((order, verb));
        self.books.generated += 1;
        self.books.out += 1;
    }
    fn set(&mut self, order: u64, alarm: Alarm, due: Option<u64>) {
        self.alarms.retain(|(_, whose, what)| (*whose, *what) != (order, alarm));
        self.alarms.extend(due.map(|due| (due, order, alarm)));
    }
    fn wake(&mut self, order: u64) {
        self.held.iter_mut().filter(|held| held.event.order == order).for_each(|held| held.ready = true);
    }
    fn hold(&mut self, event: Event, noted: bool, until: Option<u64>) -> Answer {
        if self.held.len() == HOLDS {
            return Err(Reason::WindowFull);
        }
        self.held.push(Held { event, noted, until, ready: false });
        Ok(())
    }
    /// Nothing is said of what was held: it is neither folded nor filtered.
    fn meet(&mut self, event: Event, noted: bool) -> Answer {
        let (order, what) = (event.order, event.what);
        let Some(plain) = self.table.get_mut(&order) else { return self.begin(event) };
        if !noted && event.id.is_some_and(|(source, id)| id <= plain.seen[usize::from(source)]) {
            self.books.dropped[Reason::Duplicate] += 1;
            return Ok(());
        }
        let answer = match (plain.phase, plain.state, what) {
            (Phase::Completed, ..) => Err(Reason::Late),
            (Phase::Running, State::Reserving, What::Paid) => self.hold(event, true, None),
            (Phase::Running, state, _) => self.forward(order, state, what),
            _ => match self.back(order, what) {
                // It is told as what it is, and nothing is noted.
                Ok(false) => return Ok(()),
                Ok(true) => Ok(()),
                Err(reason) => Err(reason),
            },
        };
        if let (Ok(()), Some((source, id)), Some(plain)) = (answer, event.id, self.table.get_mut(&order)) {
            let last = &mut plain.seen[usize::from(source)];
            *last = id.max(*last);
        }
        answer
    }
    fn begin(&mut self, event: Event) -> Answer {
        let order = event.order;
        if event.what != What::Submit {
            return match self.policy.missing {
                Missing::Hold(span) => self.hold(event, false, Some(self.now + span.as_nanos() as u64)),
                _ => {
                    self.books.dropped[Reason::InvalidKey] += 1;
                    Ok(())
                }
            };
        }
        if self.table.len() == CAPACITY {
            match self.ended.pop_front() {
                Some(first) if self.policy.full == Full::EvictFinished => {
                    self.set(first, Alarm::Other, None);
                    self.table.remove(&first);
                }
                other => {
                    other.into_iter().for_each(|first| self.ended.push_front(first));
                    return Err(Reason::TableFull);
                }
            }
        }
        let mut seen = [0; 2];
        if let Some((source, id)) = event.id {
            seen[usize::from(source)] = id;
        }
        let (state, phase) = (State::Reserving, Phase::Running);
        self.table.insert(order, Plain { state, paid: false, asked: false, phase, steps: vec![], seen });
        let deadline = self.policy.deadline.map(|span| self.now + span.as_nanos() as u64);
        self.set(order, Alarm::Other, deadline);
        self.wake(order);
        self.say(order, Verb::Reserve);
        self.books.folded += 1;
        Ok(())
    }
    fn forward(&mut self, order: u64, state: State, what: What) -> Answer {
        let now = self.now;
        let plain = self.table.get_mut(&order).unwrap();
        match (state, what) {
            (State::Reserving, What::Reserved) => {
                plain.state = State::Paying;
                plain.asked = true;
                plain.steps.push(RESERVE);
                self.set(order, Alarm::PayLate, Some(now + 100));
                self.wake(order);
                self.say(order, Verb::Pay);
            }
            (State::Paying, What::Paid) => {
                plain.state = State::Shipping;
                plain.paid = true;
                plain.asked = false;
                plain.steps.extend([PAY, LABEL]);
                self.set(order, Alarm::PayLate, None);
                self.wake(order);
                self.say(order, Verb::Ship);
            }
            (State::Paying, What::PayFailed) | (State::Shipping, What::ShipFailed) => self.undo_last(order),
            (State::Paying, What::Ping) => {
                self.say(order, Verb::Status);
                self.say(order, Verb::Bill);
            }
            (State::Shipping, What::Shipped) => self.end(order, Phase::Completed),
            (_, What::Ping) => {
                self.books.filtered += 1;
                return Ok(());
            }
            _ => return Err(Reason::NoRoute),
        }
        self.books.folded += 1;
        Ok(())
    }
    fn end(&mut self, order: u64, phase: Phase) {
        self.set(order, Alarm::PayLate, None);
        let remember = self.policy.remember.as_nanos() as u64;
        if phase == Phase::Compensated && remember > 0 {
            self.wake(order);
        } else {
            let before = self.held.len();
            self.held.retain(|held| held.event.order != order);
            self.books.dropped[Reason::Late] += (before - self.held.len()) as u64;
        }
        if remember == 0 {
            self.set(order, Alarm::Other, None);
            self.table.remove(&order);
        } else {
            self.table.get_mut(&order).unwrap().phase = phase;
            self.ended.push_back(order);
            self.set(order, Alarm::Other, Some(self.now + remember));
        }
    }
    fn undo_last(&mut self, order: u64) {
        self.ended.retain(|ended| *ended != order);
        match self.table.get_mut(&order).unwrap().steps.pop() {
            None => self.end(order, Phase::Compensated),
            Some(step) => {
                self.wake(order);
                self.set(order, Alarm::PayLate, None);
                self.try_to(order, step, 1);
            }
        }
    }
    fn try_to(&mut self, order: u64, step: u8, attempts: u32) {
        let verb = match step {
            RESERVE => Verb::CancelReserve,
            PAY => Verb::Refund,
            _ => Verb::CancelLabel,
        };
        self.say(order, verb);
        let phase = Phase::Undoing { undo: Undo::of(step, order), attempts, sent: true };
        self.table.get_mut(&order).unwrap().phase = phase;
        self.set(order, Alarm::Other, Some(self.now + 40));
    }
    fn fail(&mut self, order: u64, undo: Undo, attempts: u32) -> Answer {
        let plain = self.table.get_mut(&order).unwrap();
        if attempts <= 2 {
            plain.phase = Phase::Undoing { undo, attempts, sent: false };
            self.set(order, Alarm::Other, Some(self.now + 10));
            self.books.folded += 1;
            return Ok(());
        }
        plain.phase = Phase::Stuck(undo);
        self.set(order, Alarm::Other, None);
        self.say(order, Verb::Stuck(undo.step));
        Err(Reason::AttemptsExhausted)
    }
    /// False if it is of no account.
    fn back(&mut self, order: u64, what: What) -> Result<bool, Reason> {
        let plain = self.table.get_mut(&order).unwrap();
        match (plain.phase, what) {
            (Phase::Undoing { undo, .. } | Phase::Stuck(undo), What::Undone(step)) if step == undo.step => {
                self.undo_last(order);
            }
            (Phase::Undoing { undo, attempts, sent: true }, What::UndoFailed(step)) if step == undo.step => {
                return self.fail(order, undo, attempts).map(|()| true);
            }
            (Phase::Stuck(undo), What::UndoFailed(step)) if step == undo.step => {
                return Err(Reason::AttemptsExhausted);
            }
            (Phase::Stuck(undo), What::Operator) => self.try_to(order, undo.step, 1),
            (_, What::Undone(_) | What::UndoFailed(_) | What::Operator) => {
                self.books.dropped[Reason::Duplicate] += 1;
                return Ok(false);
            }
            (_, What::Ping) => {
                self.books.filtered += 1;
                return Ok(true);
            }
            (phase, What::Paid) if !plain.paid => {
                plain.paid = true;
                plain.steps.push(PAY);
                if phase == Phase::Compensated {
                    self.undo_last(order);
                }
            }
            _ => return Err(Reason::Late),
        }
        self.books.folded += 1;
        Ok(true)
    }
    fn bring(&mut self) {
        while let Some(place) = self.held.iter().position(|held| held.ready) {
            let held = self.held.remove(place);
            if let Err(reason) = self.meet(held.event, held.noted) {
                self.books.dropped[reason] += 1;
            }
        }
    }
    pub(super) fn event(&mut self, event: Event) -> Answer {
        self.bring();
        let answer = self.meet(event, false);
        self.books.input += 1;
        if let Err(reason) = answer {
            self.books.dead_lettered[reason] += 1;
        }
        self.bring();
        answer
    }
    pub(super) fn turn(&mut self) {
        self.bring();
        let now = self.now;
        let before = self.held.len();
        self.held.retain(|held| held.ready || held.until.is_none_or(|until| until > now));
        self.books.dropped[Reason::Expired] += (before - self.held.len()) as u64;
        // Of those that are due at one time, the one that was armed first.
        while let Some(first) =
            (0..self.alarms.len()).filter(|n| self.alarms[*n].0 <= now).min_by_key(|n| self.alarms[*n].0)
        {
            let (_, order, alarm) = self.alarms.remove(first);
            let phase = self.table[&order].phase;
            if matches!(phase, Phase::Completed | Phase::Compensated) {
                self.ended.retain(|ended| *ended != order);
                self.table.remove(&order);
                continue;
            }
            self.books.generated += 1;
            let mut answer = Ok(());
            match (alarm, phase) {
                (_, Phase::Undoing { undo, attempts, sent: true }) => {
                    answer = self.fail(order, undo, attempts)
                }
                (_, Phase::Undoing { undo, attempts, .. }) => {
                    self.try_to(order, undo.step, attempts + 1);
                    self.books.folded += 1;
                }
                _ => {
                    self.undo_last(order);
                    self.books.folded += 1;
                }
            }
            if let Err(reason) = answer {
                self.books.dropped[reason] += 1;
            }
            self.bring();
        }
    }
}
