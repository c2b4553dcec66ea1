//! Dispatch against a plain reference: 100,000 runs of one thread, in which events come, workers do some,
//! fail, are slow, leave half and whole, and letters are read or not. In half of the runs the library's [`Worker`] is at the
//! other end of the rings, in half a hand.

use super::{NOW, Wire, answer};
use crate::kit::{Dice, seeds};
use ringmain::contract::{At, Fault, Flow, Halt, PerReason, Reason, Sink, Source, Stage};
use ringmain::pattern::Letter;
use ringmain::pattern::point_to_point::{
    Ack, AtMostOnce, Choice, Dispatch, InTurn, Job, KeyHash, LeastLoaded, Loss, Redeliver, Worker,
};
use ringmain::ring::Sequence;
use ringmain::table::Handle;
use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};

const KEYS: u64 = 8;

fn key(event: &u64) -> u64 {
    event % KEYS
}

/// An event that is held.
#[derive(Clone)]
struct Item {
    event: u64,
    attempts: u32,
    worker: Option<usize>,
    fault: Fault,
}

#[derive(Clone, Copy, PartialEq)]
enum Way {
    InTurn,
    LeastLoaded,
    ByKey,
}

/// What the documentation says, in collections of the standard library. An event's name is the number of
/// events before it.
struct Model {
    way: Way,
    /// Attempts, if events are delivered again.
    attempts: Option<u32>,
    in_flight: usize,
    room: usize,
    held: BTreeMap<u64, Item>,
    waiting: VecDeque<u64>,
    rings: Vec<VecDeque<u64>>,
    /// Nothing goes in any more.
    closed: Vec<bool>,
    acks: Vec<VecDeque<(u64, Option<Fault>)>>,
    /// Nothing comes back any more.
    silent: Vec<bool>,
    here: Vec<bool>,
    turn: usize,
    letters: VecDeque<(u64, Fault, u32)>,
    letter_room: usize,
    accepted: u64,
    done: u64,
    dropped: PerReason<u64>,
    lettered: PerReason<u64>,
}

impl Model {
    fn load(&self, worker: usize) -> usize {
        self.held.values().filter(|item| item.worker == Some(worker)).count()
    }
    fn hear(&mut self) {
        for worker in 0..self.rings.len() {
            if !self.here[worker] {
                continue;
            }
            for (name, fault) in std::mem::take(&mut self.acks[worker]) {
                match fault {
                    None => {
                        self.held.remove(&name);
                        self.done += 1;
                    }
                    Some(fault) => self.fails(name, fault),
                }
            }
            if self.silent[worker] {
                self.here[worker] = false;
                let of_this = |item: &Item| item.worker == Some(worker);
                let names: Vec<_> =
                    self.held.iter().filter(|(_, item)| of_this(item)).map(|(name, _)| *name).collect();
                for name in names {
                    self.fails(name, Fault::of(Reason::Closed));
                }
            }
        }
    }
    fn fails(&mut self, name: u64, fault: Fault) {
        let item = self.held.get_mut(&name).unwrap();
        (item.worker, item.fault) = (None, fault);
        self.waiting.push_back(name);
    }
    /// Workers in the order in which they would be asked.
    fn asked(&self, event: u64) -> Vec<usize> {
        let n = self.rings.len();
        let mut asked: Vec<_> = match self.way {
            Way::InTurn => (0..n).map(|i| (self.turn + i) % n).collect(),
            Way::LeastLoaded => {
                let mut by_load: Vec<_> = (0..n).collect();
                by_load.sort_by_key(|worker| self.load(*worker));
                by_load
            }
            Way::ByKey => {
                let home = match n {
                    1 => 0,
                    2 => KeyHash::<_, 2>::new(key).owner(&event),
                    _ => KeyHash::<_, 3>::new(key).owner(&event),
                };
                (0..n).map(|i| (home + i) % n).collect()
            }
        };
        asked.retain(|worker| self.here[*worker]);
        if self.way == Way::ByKey {
            asked.truncate(1);
        }
        asked
    }
    /// The worker that takes it.
    fn gives(&mut self, name: u64, event: u64) -> Option<usize> {
        let free = |worker: &usize| !self.closed[*worker] && self.rings[*worker].len() < self.room;
        let asked = self.asked(event);
        let worker = asked.iter().copied().find(free);
        if let Some(last) = worker.or(asked.last().copied()) {
            self.turn = (last + 1) % self.rings.len();
        }
        self.rings[worker?].push_back(name);
        worker
    }
    /// Whether nobody waits.
    fn settles(&mut self) -> bool {
        while let Some(&name) = self.waiting.front() {
            let Item { event, attempts, fault, .. } = self.held[&name].clone();
            let reason = match self.attempts {
                None => {
                    self.dropped[fault.reason] += 1;
                    self.held.remove(&name);
                    self.waiting.pop_front();
                    continue;
                }
                Some(_) if fault.reason == Reason::NonRetryable => Reason::NonRetryable,
                Some(most) if attempts >= most => Reason::AttemptsExhausted,
                Some(_) if !self.here.contains(&true) => Reason::Closed,
                Some(_) => {
                    let Some(worker) = self.gives(name, event) else { return false };
                    let item = self.held.get_mut(&name).unwrap();
                    (item.worker, item.attempts) = (Some(worker), attempts + 1);
                    self.waiting.pop_front();
                    continue;
                }
            };
            if self.letters.len() == self.letter_room {
                return false;
            }
            self.letters.push_back((event, fault, attempts));
            self.lettered[reason] += 1;
            self.held.remove(&name);
            self.waiting.pop_front();
        }
        true
    }
    fn takes(&mut self, event: u64) -> bool {
        if self.way == Way::LeastLoaded || self.held.len() == self.in_flight {
            self.hear();
        }
        if !self.settles() || self.held.len() == self.in_flight {
            return false;
        }
        let name = self.accepted;
        let Some(worker) = self.gives(name, event) else { return false };
        let fault = Fault::of(Reason::Closed);
        self.held.insert(name, Item { event, attempts: 1, worker: Some(worker), fault });
        self.accepted += 1;
        true
    }
    fn ends(&mut self) -> Flow {
        self.hear();
        match (self.settles(), self.held.is_empty(), self.here.contains(&true)) {
            (true, true, false) => Err(Halt::Stop),
            (true, true, true) => Ok(()),
            _ => Err(Halt::Again),
        }
    }
}

fn play<C: Choice<u64, N>, L: Loss<u64>, const N: usize>(
    seed: u64,
    (way, choice): (Way, C),
    (attempts, loss, letters): (Option<u32>, L, Wire<Letter<u64>>),
) {
    let mut dice = Dice::new(seed);
    let (in_flight, room) = (1 + dice.below(8) as usize, 1 + dice.below(4) as usize);
    let letter_room = letters.0.borrow().capacity;
    let wires: [(Wire<Job<u64>>, Wire<Ack>); N] = std::array::from_fn(|_| (Wire::new(room), Wire::new(99)));
    let mut dispatch = Dispatch::new(choice, loss, in_flight, wires.clone()).unwrap();
    let books = dispatch.account();
    // What becomes of the job in hand.
    let fault = Cell::new(None::<Fault>);
    let verdict = |_: &u64, _: At| -> Flow { fault.get().map_or(Ok(()), |fault| Err(fault.into())) };
    let mut workers = wires.each_ref().map(|(_, acks)| Worker::new(acks.clone(), verdict));
    let (by_hand, mut done) = (seed % 2 == 1, 0);
    let mut model = Model {
        way,
        attempts,
        in_flight,
        room,
        held: BTreeMap::new(),
        waiting: VecDeque::new(),
        rings: vec![VecDeque::new(); N],
        closed: vec![false; N],
        acks: vec![VecDeque::new(); N],
        silent: vec![false; N],
        here: vec![true; N],
        turn: 0,
        letters: VecDeque::new(),
        letter_room,
        accepted: 0,
        done: 0,
        dropped: PerReason::default(),
        lettered: PerReason::default(),
    };
    let mut next = 0;
    for step in 0..32 {
        let worker = dice.below(N as u64) as usize;
        match dice.below(16) {
            0..6 => {
                let event = next * KEYS + dice.below(KEYS);
                let flow = dispatch.on_event(&event, At { seq: Sequence::new(event), now: NOW });
                let taken = model.takes(event);
                assert_eq!(flow, if taken { Ok(()) } else { Err(Halt::Again) }, "seed {seed}, step {step}");
                next += u64::from(taken);
            }
            6..12 if !model.silent[worker] => {
                for _ in 0..=dice.below(3) {
                    let (jobs, acks) = &wires[worker];
                    fault.set(match dice.below(8) {
                        0 | 1 => Some(Fault::of(Reason::Panic)),
                        2 => Some(Fault::new(4)),
                        _ => None,
                    });
                    let (mut seen, name) = (None, model.rings[worker].pop_front());
                    let mut work = |job: &Job<u64>, at: At| -> Flow {
                        seen = Some((job.event, job.attempt));
                        if by_hand {
                            acks.clone().push(answer(job.handle, fault.get())).unwrap();
                            return Ok(());
                        }
                        done += 1;
                        workers[worker].on_event(job, at)
                    };
                    let _ = jobs.clone().drain(NOW, 1, &mut work);
                    let expected = name.map(|name| (model.held[&name].event, model.held[&name].attempts));
                    assert_eq!(seen, expected, "seed {seed}, step {step}");
                    let Some(name) = name else { break };
                    model.acks[worker].push_back((name, fault.get()));
                    if dice.one_in(4) {
                        acks.clone().push(answer(Handle::NONE, fault.get())).unwrap();
                    }
                }
            }
            12 => {
                if let Some(letter) = letters.pop() {
                    let read = (letter.event, letter.fault, letter.attempts);
                    assert_eq!(model.letters.pop_front(), Some(read), "seed {seed}, step {step}");
                }
            }
            13 if dice.one_in(3) => {
                // Half of those that go let their jobs go first.
                wires[worker].0.close();
                model.closed[worker] = true;
                if dice.one_in(2) {
                    wires[worker].1.close();
                    model.silent[worker] = true;
                }
            }
            _ => {
                let flow = Stage::<&u64>::on_batch_end(&mut dispatch, NOW);
                assert_eq!(flow, model.ends(), "seed {seed}, step {step}");
                let books = books.read();
                assert_eq!(books.check(), Ok(()));
                assert_eq!(
                    (books.input, books.out),
                    (model.accepted, model.done),
                    "seed {seed}, step {step}"
                );
                assert_eq!(books.held, model.held.len() as u64, "seed {seed}, step {step}");
                assert_eq!(books.dropped, model.dropped, "seed {seed}, step {step}");
                assert_eq!(books.dead_lettered, model.lettered, "seed {seed}, step {step}");
            }
        }
        for worker in 0..N {
            let load = dispatch.workers().load(worker) as usize;
            assert_eq!(load, model.load(worker), "seed {seed}, step {step}");
            assert_eq!(dispatch.workers().is_here(worker), model.here[worker], "seed {seed}, step {step}");
        }
    }
    let accounts = workers.each_ref().map(|worker| worker.account());
    drop((dispatch, workers));
    let theirs = accounts.map(|account| account.read());
    assert!(theirs.iter().all(|books| books.input == books.out && books.check() == Ok(())), "seed {seed}");
    assert_eq!(theirs.iter().map(|books| books.out).sum::<u64>(), done, "seed {seed}");
    let read: Vec<_> = std::iter::from_fn(|| letters.pop()).map(|l| (l.event, l.fault, l.attempts)).collect();
    assert_eq!(read, Vec::from(model.letters), "seed {seed}");
    assert_eq!(books.read().dropped[Reason::Shutdown], model.held.len() as u64, "seed {seed}");
}

fn with_workers<const N: usize>(seed: u64) {
    fn with_choice<C: Choice<u64, N>, const N: usize>(seed: u64, choice: (Way, C)) {
        let letters = Wire::new(1 + (seed / 7 % 3) as usize);
        match (seed / 2 % 4) as u32 {
            0 => play(seed, choice, (None, AtMostOnce, letters)),
            most => {
                play(seed, choice, (Some(most), Redeliver::new("oracle", most, letters.clone()), letters))
            }
        }
    }
    match seed / 8 % 3 {
        0 => with_choice::<_, N>(seed, (Way::InTurn, InTurn::new())),
        1 => with_choice::<_, N>(seed, (Way::LeastLoaded, LeastLoaded)),
        _ => with_choice::<_, N>(seed, (Way::ByKey, KeyHash::new(key))),
    }
}

/// 2.c: every mode of dispatch, against a plain reference, over 100,000 seeds.
#[test]
fn dispatch_is_what_the_reference_says() {
    for seed in seeds(100_000) {
        match seed / 24 % 3 {
            0 => with_workers::<1>(seed),
            1 => with_workers::<2>(seed),
            _ => with_workers::<3>(seed),
        }
    }
}
