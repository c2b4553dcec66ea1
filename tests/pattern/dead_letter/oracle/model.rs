//! The reference of the oracle, as plainly as it can be said.

use crate::kit::Dice;
use ringmain::contract::{Balance, Reason};
use std::collections::{BTreeMap, VecDeque};

/// One that fails so many times in each of its lives, with a fault that is worth one thing or another.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Event {
    pub(super) id: u64,
    pub(super) key: u64,
    pub(super) fails: u32,
    pub(super) worth: u32,
    pub(super) hops: u8,
}

pub(super) const REDRIVES: u8 = 1;
pub(super) const RETRY: u32 = 0;
pub(super) const LETTER: u32 = 1;

#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Mode {
    Inline,
    Aside,
    ByKey,
}

/// What a run is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) mode: Mode,
    pub(super) rounds: u32,
    pub(super) immediate: u32,
    pub(super) delay: u64,
    pub(super) places: usize,
    pub(super) keys: usize,
    pub(super) breaker: (u32, u64),
    pub(super) letters: usize,
}

impl Plan {
    pub(super) fn new(dice: &mut Dice) -> Self {
        Self {
            mode: dice.pick(&[Mode::Inline, Mode::Aside, Mode::Aside, Mode::ByKey, Mode::ByKey]),
            rounds: dice.below(3) as u32,
            immediate: dice.below(2) as u32,
            delay: dice.below(4),
            places: 1 + dice.below(4) as usize,
            keys: 1 + dice.below(2) as usize,
            breaker: (1 + dice.below(8) as u32, dice.below(5)),
            letters: 1 + dice.below(4) as usize,
        }
    }
}

/// One delivery of an event, as the reference sees it.
#[derive(Clone, Debug)]
pub(super) struct Life {
    pub(super) event: Event,
    pub(super) attempts: u32,
    pub(super) first: u64,
    pub(super) last: u64,
}

/// What an attempt came to.
enum Came {
    Passed,
    Refused,
    Later(u64),
    Letter(Reason),
    Dropped,
}

/// The reference: lists, and a search through all of them at each step.
pub(super) struct Model {
    plan: Plan,
    live: VecDeque<Life>,
    /// When the event in hand may be tried.
    in_hand: u64,
    /// Due, in the order in which that was said, and which.
    waiting: Vec<(u64, u64, Life)>,
    said: u64,
    /// Interrupted by the breaker: it is next.
    front: Option<Life>,
    /// Of each key that waits, those behind the first.
    behind: BTreeMap<u64, VecDeque<Life>>,
    failures: u32,
    probe: u64,
    pub(super) attempts: Vec<(u64, u64)>,
    pub(super) letters: VecDeque<Life>,
    pub(super) books: Balance,
}

impl Model {
    pub(super) fn new(plan: Plan) -> Self {
        Self {
            plan,
            live: VecDeque::new(),
            in_hand: 0,
            waiting: Vec::new(),
            said: 0,
            front: None,
            behind: BTreeMap::new(),
            failures: 0,
            probe: 0,
            attempts: Vec::new(),
            letters: VecDeque::new(),
            books: Balance::default(),
        }
    }
    pub(super) fn send(&mut self, event: Event) {
        self.live.push_back(Life { event, attempts: 0, first: 0, last: 0 });
    }
    fn refuses(&self, now: u64) -> bool {
        self.failures >= self.plan.breaker.0 && self.probe > now
    }
    fn attempt(&mut self, life: &mut Life, now: u64) -> Came {
        loop {
            if self.refuses(now) {
                return Came::Refused;
            }
            life.attempts += 1;
            self.attempts.push((now, life.event.id));
            if life.attempts > life.event.fails {
                self.failures = 0;
                return Came::Passed;
            }
            life.last = now;
            if life.attempts == 1 {
                life.first = now;
            }
            match life.event.worth {
                RETRY => {}
                LETTER => return Came::Letter(Reason::NonRetryable),
                _ => return Came::Dropped,
            }
            self.failures += 1;
            if self.failures >= self.plan.breaker.0 {
                self.probe = now.saturating_add(self.plan.breaker.1);
            }
            let Plan { rounds, immediate, delay, .. } = self.plan;
            let (round, within) = (life.attempts / (immediate + 1), life.attempts % (immediate + 1));
            match (within, round) {
                (0, round) if round > rounds => return Came::Letter(Reason::AttemptsExhausted),
                _ if now == u64::MAX => return Came::Letter(Reason::Shutdown),
                (0, _) if delay > 0 => return Came::Later(now + (delay << (round - 1)).min(5)),
                _ => {}
            }
        }
    }
    pub(super) fn held(&self) -> usize {
        self.waiting.len()
            + usize::from(self.front.is_some())
            + self.behind.values().map(VecDeque::len).sum::<usize>()
    }
    fn wait(&mut self, due: u64, life: Life) {
        self.said += 1;
        self.waiting.push((due, self.said, life));
    }
    fn write(&mut self, life: Life, reason: Reason) {
        self.books.dead_lettered[reason] += 1;
        if self.letters.len() == self.plan.letters {
            self.letters.pop_front();
            self.books.generated += 1;
            self.books.dropped[Reason::Evicted] += 1;
        }
        self.letters.push_back(life);
    }
    /// What came of an event that is not tried any more.
    fn settle(&mut self, life: Life, came: Came) {
        match came {
            Came::Passed => self.books.out += 1,
            Came::Letter(reason) => self.write(life, reason),
            _ => self.books.dropped[Reason::NonRetryable] += 1,
        }
    }
    pub(super) fn drain(&mut self, now: u64, limit: usize) {
        for _ in 0..limit {
            if self.in_hand > now {
                return;
            }
            let Some(mut life) = self.live.pop_front() else { return };
            let key = life.event.key;
            let room = self.held() < self.plan.places;
            if self.plan.mode == Mode::ByKey
                && life.attempts == 0
                && let Some(behind) = self.behind.get_mut(&key)
            {
                self.books.input += 1;
                if room {
                    behind.push_back(life);
                } else {
                    (life.first, life.last) = (now, now);
                    self.write(life, Reason::TableFull);
                }
                continue;
            }
            match self.attempt(&mut life, now) {
                Came::Refused => return self.live.push_front(life),
                Came::Later(due) if self.plan.mode == Mode::Inline => {
                    self.in_hand = due;
                    return self.live.push_front(life);
                }
                Came::Later(due) => {
                    let key_room = self.plan.mode == Mode::Aside || self.behind.len() < self.plan.keys;
                    if !room || !key_room {
                        self.write(life, Reason::TableFull);
                    } else {
                        if self.plan.mode == Mode::ByKey {
                            self.behind.insert(key, VecDeque::new());
                        }
                        self.wait(due, life);
                    }
                }
                came => self.settle(life, came),
            }
            self.in_hand = 0;
            self.books.input += 1;
        }
    }
    pub(super) fn end_turn(&mut self, now: u64) {
        loop {
            let mut life = match self.front.take() {
                Some(life) => life,
                None if self.refuses(now) => return,
                None => {
                    let due = self.waiting.iter().enumerate().filter(|(_, (due, ..))| *due <= now);
                    let Some((first, _)) = due.min_by_key(|(_, (due, said, _))| (*due, *said)) else {
                        return;
                    };
                    self.waiting.remove(first).2
                }
            };
            let key = life.event.key;
            match self.attempt(&mut life, now) {
                Came::Refused => {
                    self.front = Some(life);
                    return;
                }
                Came::Later(due) => {
                    self.wait(due, life);
                    continue;
                }
                came => self.settle(life, came),
            }
            if self.plan.mode == Mode::ByKey {
                match self.behind.get_mut(&key).and_then(VecDeque::pop_front) {
                    Some(next) => self.wait(now, next),
                    None => _ = self.behind.remove(&key),
                }
            }
        }
    }
    /// Sends back up to `most` events whose letters are meant, while there is `room`, and counts them.
    pub(super) fn redrive(&mut self, most: usize, room: usize) -> (usize, usize) {
        let (mut sent, mut at_limit, mut stay) = (0, 0, VecDeque::new());
        let mut letters = std::mem::take(&mut self.letters);
        while let Some(life) = letters.pop_front() {
            if !life.event.id.is_multiple_of(2) {
                stay.push_back(life);
            } else if life.event.hops + 1 > REDRIVES {
                at_limit += 1;
                stay.push_back(life);
            } else if sent == most.min(room) {
                stay.push_back(life);
                break;
            } else {
                sent += 1;
                self.send(Event { hops: life.event.hops + 1, ..life.event });
            }
        }
        stay.append(&mut letters);
        self.letters = stay;
        (sent, at_limit)
    }
}
