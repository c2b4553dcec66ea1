//! Dispatch against a plain reference: 100,000 runs of one thread, in which events come, workers do some,
//! fail, are slow, leave half and whole, and letters are read or not. In half of the runs the library's [`Worker`] is at the
//! other end of the rings, in half a hand. In half the workers are fixed, in half they join and leave.

use super::{NOW, Wire, answer};
use crate::kit::{Dice, seeds};
use ringmain::channel::spsc;
use ringmain::contract::{At, Fault, Flow, Halt, PerReason, Reason, Sink, Source, Stage};
use ringmain::pattern::point_to_point::{
    Ack, AtMostOnce, Badges, Choice, Dispatch, InTurn, Job, KeyHash, LeastLoaded, Loss, Redeliver, Worker,
    WorkerChange,
};
use ringmain::pattern::{Control, Letter};
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
    /// Who was ever hired.
    posts: Vec<Post>,
    /// Who sits where, or sat there last.
    seats: Vec<Option<usize>>,
    /// In each seat, whether somebody is there and takes events.
    here: Vec<bool>,
    /// ... and whether somebody is heard.
    heard: Vec<bool>,
    /// Who joins, and who is to leave; nothing that can be told where the workers are fixed.
    changes: VecDeque<(bool, usize)>,
    /// There may be more of them.
    office: bool,
    /// ... as far as the dispatcher knew at the end of its last turn.
    open: bool,
    turn: usize,
    letters: VecDeque<(u64, Fault, u32)>,
    letter_room: usize,
    accepted: u64,
    done: u64,
    dropped: PerReason<u64>,
    lettered: PerReason<u64>,
}

/// A worker's rings, and how it is with it.
#[derive(Clone, Default)]
struct Post {
    ring: VecDeque<u64>,
    /// Nothing goes in any more.
    closed: bool,
    acks: VecDeque<(u64, Option<Fault>)>,
    /// Nothing comes back any more; whether it said so.
    silent: Option<bool>,
}

impl Model {
    fn load(&self, worker: usize) -> usize {
        self.held.values().filter(|item| item.worker == Some(worker)).count()
    }
    fn hear(&mut self) {
        for worker in 0..self.seats.len() {
            let Some(post) = self.seats[worker].filter(|_| self.heard[worker]) else { continue };
            for (name, fault) in std::mem::take(&mut self.posts[post].acks) {
                match fault {
                    None => {
                        self.held.remove(&name);
                        self.done += 1;
                    }
                    Some(fault) => self.fails(name, fault),
                }
            }
            if let Some(in_order) = self.posts[post].silent {
                (self.here[worker], self.heard[worker]) = (false, false);
                let of_this = |item: &Item| item.worker == Some(worker);
                let names: Vec<_> =
                    self.held.iter().filter(|(_, item)| of_this(item)).map(|(name, _)| *name).collect();
                for name in names {
                    let item = self.held.get_mut(&name).unwrap();
                    item.attempts -= u32::from(in_order);
                    let fault =
                        if in_order && item.attempts > 0 { item.fault } else { Fault::of(Reason::Closed) };
                    self.fails(name, fault);
                }
            }
        }
    }
    fn fails(&mut self, name: u64, fault: Fault) {
        let item = self.held.get_mut(&name).unwrap();
        (item.worker, item.fault) = (None, fault);
        self.waiting.push_back(name);
    }
    /// Makes the changes that there are.
    fn changes(&mut self) {
        self.open = self.office;
        for (joins, post) in std::mem::take(&mut self.changes) {
            let seat = if joins {
                let vacant = |model: &Self| model.heard.iter().position(|heard| !heard);
                if vacant(self).is_none() {
                    self.hear();
                }
                vacant(self)
            } else {
                (0..self.seats.len()).find(|seat| self.heard[*seat] && self.seats[*seat] == Some(post))
            };
            let Some(seat) = seat else { continue };
            self.here[seat] = joins;
            if joins {
                (self.heard[seat], self.seats[seat]) = (true, Some(post));
            }
        }
    }
    /// Workers in the order in which they would be asked.
    fn asked(&self, event: u64) -> Vec<usize> {
        let n = self.seats.len();
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
            // Where its key is, it goes, or nowhere.
            let of_key = |item: &&Item| key(&item.event) == key(&event) && item.worker.is_some();
            if let Some(with) = self.held.values().find(of_key).and_then(|item| item.worker) {
                asked = Vec::from_iter(self.here[with].then_some(with));
            }
        }
        asked
    }
    /// The worker that takes it.
    fn gives(&mut self, name: u64, event: u64) -> Option<usize> {
        let free = |worker: &usize| {
            let post = &self.posts[self.seats[*worker].unwrap()];
            !post.closed && post.ring.len() < self.room
        };
        let asked = self.asked(event);
        let worker = asked.iter().copied().find(free);
        if let Some(last) = worker.or(asked.last().copied()) {
            self.turn = (last + 1) % self.seats.len();
        }
        self.posts[self.seats[worker?]?].ring.push_back(name);
        worker
    }
    /// Whether nobody waits.
    fn settles(&mut self) -> bool {
        while let Some(&name) = self.waiting.front() {
            let Item { event, attempts, fault, .. } = self.held[&name].clone();
            let anyone = self.open || self.here.contains(&true);
            let reason = match self.attempts {
                None if attempts > 0 || !anyone => {
                    self.dropped[fault.reason] += 1;
                    self.held.remove(&name);
                    self.waiting.pop_front();
                    continue;
                }
                Some(_) if fault.reason == Reason::NonRetryable => Reason::NonRetryable,
                Some(most) if attempts >= most => Reason::AttemptsExhausted,
                Some(_) if !anyone => Reason::Closed,
                _ => {
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
        self.changes();
        match (self.settles(), self.held.is_empty(), self.open || self.heard.contains(&true)) {
            (true, true, false) => Err(Halt::Stop),
            (true, true, true) => Ok(()),
            _ => Err(Halt::Again),
        }
    }
}

type Rings = (Wire<Job<u64>>, Wire<Ack>);
type Change = WorkerChange<Wire<Job<u64>>, Wire<Ack>>;

/// Whose changes they are, and where they go.
type Office<const N: usize> = Option<(Badges<N>, spsc::Producer<Change>)>;

fn play<C: Choice<u64, N>, L: Loss<u64>, const N: usize>(
    seed: u64,
    way: (Way, C),
    (attempts, loss, letters): (Option<u32>, L, Wire<Letter<u64>>),
) {
    let mut dice = Dice::new(seed);
    let (in_flight, room) = (1 + dice.below(8) as usize, 1 + dice.below(4) as usize);
    let letter_room = letters.0.borrow().capacity;
    let fixed = (seed / 216).is_multiple_of(2);
    let model = Model {
        way: way.0,
        attempts,
        in_flight,
        room,
        held: BTreeMap::new(),
        waiting: VecDeque::new(),
        posts: vec![Post::default(); if fixed { N } else { 0 }],
        seats: (0..N).map(|seat| fixed.then_some(seat)).collect(),
        here: vec![fixed; N],
        heard: vec![fixed; N],
        changes: VecDeque::new(),
        open: !fixed,
        office: !fixed,
        turn: 0,
        letters: VecDeque::new(),
        letter_room,
        accepted: 0,
        done: 0,
        dropped: PerReason::default(),
        lettered: PerReason::default(),
    };
    if fixed {
        let wires: [Rings; N] = std::array::from_fn(|_| (Wire::new(room), Wire::new(99)));
        let dispatch = Dispatch::new(way.1, loss, in_flight, wires.clone()).unwrap();
        run(seed, dice, model, dispatch, Vec::from(wires), (None, letters));
    } else {
        let badges = Badges::new();
        let (changes, to_dispatch) = spsc::channel(64, Change::default).unwrap();
        let dispatch = Dispatch::controlled_by(way.1, loss, in_flight, &badges, to_dispatch).unwrap();
        run(seed, dice, model, dispatch, Vec::new(), (Some((badges, changes)), letters));
    }
}

fn run<C: Choice<u64, N>, L: Loss<u64>, M: Control<Change>, const N: usize>(
    seed: u64,
    mut dice: Dice,
    mut model: Model,
    mut dispatch: Dispatch<u64, C, L, Wire<Job<u64>>, Wire<Ack>, N, M>,
    mut wires: Vec<Rings>,
    (mut office, letters): (Office<N>, Wire<Letter<u64>>),
) {
    let books = dispatch.account();
    // What becomes of the job in hand.
    let fault = Cell::new(None::<Fault>);
    let verdict = |_: &u64, _: At| -> Flow { fault.get().map_or(Ok(()), |fault| Err(fault.into())) };
    let hire = |acks: &Wire<Ack>| Some(Worker::new(acks.clone(), &verdict));
    let mut workers: Vec<_> = wires.iter().map(|(_, acks)| hire(acks)).collect();
    let mut accounts: Vec<_> = workers.iter().flatten().map(Worker::account).collect();
    let (by_hand, mut done) = (seed % 2 == 1, 0);
    let (mut next, mut hired) = (0, Vec::new());
    for step in 0..32 {
        let who = dice.below(wires.len().max(1) as u64) as usize;
        match dice.below(20) {
            0..6 => {
                let event = next * KEYS + dice.below(KEYS);
                let flow = dispatch.on_event(&event, At { seq: Sequence::new(event), now: NOW });
                let taken = model.takes(event);
                assert_eq!(flow, if taken { Ok(()) } else { Err(Halt::Again) }, "seed {seed}, step {step}");
                next += u64::from(taken);
            }
            6..12 if model.posts.get(who).is_some_and(|post| post.silent.is_none()) => {
                for _ in 0..=dice.below(3) {
                    let (jobs, acks) = &wires[who];
                    fault.set(match dice.below(8) {
                        0 | 1 => Some(Fault::of(Reason::Panic)),
                        2 => Some(Fault::new(4)),
                        _ => None,
                    });
                    let (mut seen, name) = (None, model.posts[who].ring.pop_front());
                    let mut work = |job: &Job<u64>, at: At| -> Flow {
                        seen = Some((job.event, job.attempt));
                        if by_hand {
                            acks.clone().push(answer(job.handle, fault.get())).unwrap();
                            return Ok(());
                        }
                        done += 1;
                        workers[who].as_mut().unwrap().on_event(job, at)
                    };
                    let _ = jobs.clone().drain(NOW, 1, &mut work);
                    let expected = name.map(|name| (model.held[&name].event, model.held[&name].attempts));
                    assert_eq!(seen, expected, "seed {seed}, step {step}");
                    let Some(name) = name else { break };
                    model.posts[who].acks.push_back((name, fault.get()));
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
            13 if dice.one_in(3) && who < wires.len() => {
                let (jobs, acks) = &wires[who];
                let post = &mut model.posts[who];
                match dice.below(3) {
                    // It leaves in order.
                    0 if post.silent.is_none() => {
                        if by_hand {
                            acks.clone().push(Ack::Leaves).unwrap();
                        }
                        workers[who] = None;
                        post.silent = Some(true);
                    }
                    // Half of the others let their jobs go first.
                    1 => {
                        jobs.close();
                        post.closed = true;
                    }
                    _ if post.silent.is_none() => {
                        jobs.close();
                        acks.close();
                        (post.closed, post.silent) = (true, Some(false));
                    }
                    _ => {}
                }
            }
            14 if office.is_some() && dice.one_in(40) => {
                office = None;
                model.office = false;
            }
            14..17 => {
                let Some((badges, changes)) = &mut office else { continue };
                if dice.below(4) < 3 {
                    let (rings, badge) = ((Wire::new(model.room), Wire::new(99)), badges.issue());
                    let (jobs, acks) = rings.clone();
                    changes.push(WorkerChange::Join(badge, jobs, acks)).unwrap();
                    let worker = hire(&rings.1);
                    accounts.extend(worker.iter().map(Worker::account));
                    workers.push(worker);
                    hired.push(badge);
                    model.changes.push_back((true, wires.len()));
                    model.posts.push(Post::default());
                    wires.push(rings);
                } else if who < hired.len() {
                    changes.push(WorkerChange::Leave(hired[who])).unwrap();
                    model.changes.push_back((false, who));
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
    drop((dispatch, workers));
    let theirs: Vec<_> = accounts.iter().map(|account| account.read()).collect();
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
