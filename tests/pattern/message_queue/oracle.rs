//! The queue against a plain reference: 100,000 runs of calls in random order, with answers that come too late, consumers
//! that come and go, and letters that are read or not.

use super::*;
use crate::kit::{Dice, seeds};
use std::collections::{BTreeMap, VecDeque};

#[derive(Clone, Copy, PartialEq, Debug)]
enum Stand {
    Ready,
    Leased(u64, usize),
    Delayed,
    Doomed(Reason),
}

#[derive(Clone, Debug)]
struct Item {
    priority: usize,
    stand: Stand,
    attempts: u32,
    expires: u64,
    /// What the letter says.
    fault: Reason,
    /// When its lease or delay is over, and how many timers were set before.
    turn: Option<(u64, u64)>,
    /// The same of its time to live.
    expiry: Option<(u64, u64)>,
}

/// What the documentation says, in collections of the standard library. A message is its number.
struct Model {
    capacity: usize,
    at_capacity: AtCapacity,
    lazy: bool,
    attempts: u32,
    items: BTreeMap<u64, Item>,
    ready: [Vec<u64>; 2],
    /// The last one that went to its own place.
    hint: [Option<u64>; 2],
    delayed: Vec<u64>,
    doomed: VecDeque<u64>,
    /// Of each consumer that is here, what it has, in the order of the leases; and its prefetch.
    has: BTreeMap<usize, (Vec<u64>, usize)>,
    letters: VecDeque<(Reason, u64, u32)>,
    room: usize,
    newest: u64,
    timers: u64,
    leases: u64,
    books: BTreeMap<&'static str, u64>,
}

impl Model {
    fn count(&mut self, what: &'static str) {
        *self.books.entry(what).or_default() += 1;
    }
    fn timer(&mut self, deadline: u64) -> Option<(u64, u64)> {
        self.timers += 1;
        (deadline != u64::MAX).then_some((deadline, self.timers))
    }
    /// Takes it out of where it is, and stops its lease or delay.
    fn out(&mut self, number: u64) {
        let item = self.items.get_mut(&number).unwrap();
        item.turn = None;
        let priority = item.priority;
        if item.stand == Stand::Ready && self.hint[priority] == Some(number) {
            self.hint[priority] = None;
        }
        self.ready[priority].retain(|n| *n != number);
        self.delayed.retain(|n| *n != number);
        self.doomed.retain(|n| *n != number);
        for (has, _) in self.has.values_mut() {
            has.retain(|n| *n != number);
        }
    }
    fn make_ready(&mut self, number: u64, place: Option<Requeue>) {
        let item = self.items.get_mut(&number).unwrap();
        item.stand = Stand::Ready;
        let (list, hint) = (&mut self.ready[item.priority], &mut self.hint[item.priority]);
        let at = match place {
            Some(Requeue::Front) => 0,
            Some(_) => list.len(),
            None => {
                let near = hint.filter(|hint| *hint < number);
                let from = near.map_or(0, |near| 1 + list.iter().position(|n| *n == near).unwrap());
                *hint = Some(number);
                from + list[from..].iter().take_while(|n| **n < number).count()
            }
        };
        list.insert(at, number);
    }
    fn doom(&mut self, number: u64, reason: Reason) {
        let item = self.items.get_mut(&number).unwrap();
        (item.stand, item.turn, item.expiry) = (Stand::Doomed(reason), None, None);
        self.doomed.push_back(number);
    }
    fn expire(&mut self, number: u64) {
        self.items.get_mut(&number).unwrap().fault = Reason::Expired;
        self.doom(number, Reason::Expired);
    }
    fn settle(&mut self) {
        while self.letters.len() < self.room
            && let Some(number) = self.doomed.pop_front()
        {
            let item = self.items.remove(&number).unwrap();
            let Stand::Doomed(reason) = item.stand else { unreachable!() };
            self.letters.push_back((item.fault, number, item.attempts));
            self.count(match reason {
                Reason::Expired => "expired",
                Reason::AttemptsExhausted => "exhausted",
                _ => "refused",
            });
        }
    }
    fn give_back(&mut self, number: u64, fault: Reason, requeue: Option<Requeue>, now: u64) {
        self.out(number);
        let item = self.items.get_mut(&number).unwrap();
        item.fault = fault;
        let (exhausted, late) = (item.attempts >= self.attempts, !self.lazy && item.expires <= now);
        match requeue {
            Some(Requeue::DeadLetter) => self.doom(number, fault),
            _ if exhausted => self.doom(number, Reason::AttemptsExhausted),
            _ if late => self.expire(number),
            Some(Requeue::Delay(span)) => {
                let turn = self.timer(now + span.as_nanos() as u64);
                let item = self.items.get_mut(&number).unwrap();
                (item.stand, item.turn) = (Stand::Delayed, turn);
                self.delayed.push(number);
            }
            place => self.make_ready(number, place),
        }
    }
    fn put_back(&mut self, number: u64, now: u64) {
        self.out(number);
        let item = self.items.get_mut(&number).unwrap();
        item.attempts -= 1;
        if !self.lazy && item.expires <= now {
            self.expire(number);
        } else {
            self.make_ready(number, None);
        }
    }
    fn fire(&mut self, now: u64) {
        loop {
            let turns = self.items.iter().filter_map(|(n, item)| Some((item.turn?, *n, true)));
            let expiries = self.items.iter().filter_map(|(n, item)| Some((item.expiry?, *n, false)));
            let due = turns.chain(expiries).filter(|((deadline, _), ..)| *deadline <= now).min();
            let Some((_, number, is_turn)) = due else { break };
            let item = self.items.get_mut(&number).unwrap();
            if is_turn {
                item.turn = None;
                if item.stand == Stand::Delayed {
                    self.out(number);
                    self.make_ready(number, None);
                } else {
                    self.give_back(number, Reason::Late, None, now);
                }
            } else {
                item.expiry = None;
                if !matches!(item.stand, Stand::Leased(..)) {
                    self.out(number);
                    self.expire(number);
                }
            }
        }
        self.settle();
    }
    fn publish(&mut self, now: u64, priority: usize, ttl: Option<u64>) -> Result<Option<u64>, ()> {
        self.fire(now);
        if self.items.len() == self.capacity {
            match self.at_capacity {
                AtCapacity::Reject => return Err(()),
                AtCapacity::DropNewest => {
                    self.count("newest");
                    return Ok(None);
                }
                AtCapacity::DropOldest => {
                    let lowest = (0..=priority).find(|p| !self.ready[*p].is_empty()).ok_or(())?;
                    let oldest = self.ready[lowest][0];
                    self.out(oldest);
                    self.items.remove(&oldest);
                    self.count("evicted");
                }
                AtCapacity::DeadLetter if self.letters.len() < self.room => {
                    self.newest += 1;
                    self.letters.push_back((Reason::TableFull, self.newest, 0));
                    self.count("diverted");
                    return Ok(None);
                }
                AtCapacity::DeadLetter => return Err(()),
            }
        }
        self.newest += 1;
        let expires = ttl.map_or(u64::MAX, |ttl| now + ttl);
        let expiry = if self.lazy { None } else { self.timer(expires) };
        let fault = Reason::Closed;
        let item = Item { priority, stand: Stand::Ready, attempts: 0, expires, fault, turn: None, expiry };
        self.items.insert(self.newest, item);
        self.ready[priority].push(self.newest);
        Ok(Some(self.newest))
    }
    fn lease(&mut self, who: usize, now: u64, span: Option<u64>) -> Result<(u64, u64, u32), NoLease> {
        self.fire(now);
        let (has, prefetch) = self.has.get(&who).ok_or(NoLease::Gone)?;
        if has.len() >= *prefetch {
            return Err(NoLease::Prefetch);
        }
        loop {
            let list = self.ready.iter().rev().find(|list| !list.is_empty()).ok_or(NoLease::Empty)?;
            let number = list[0];
            self.out(number);
            if self.items[&number].expires <= now {
                self.expire(number);
                self.settle();
                continue;
            }
            let turn = self.timer(span.map_or(u64::MAX, |span| now + span));
            self.leases += 1;
            let item = self.items.get_mut(&number).unwrap();
            (item.stand, item.turn) = (Stand::Leased(self.leases, who), turn);
            item.attempts += 1;
            let attempts = item.attempts;
            self.has.get_mut(&who).unwrap().0.push(number);
            return Ok((self.leases, number, attempts));
        }
    }
    fn holder(&self, lease: u64) -> Result<u64, StaleLease> {
        let found =
            self.items.iter().find(|(_, item)| matches!(item.stand, Stand::Leased(n, _) if n == lease));
        found.map(|(number, _)| *number).ok_or(StaleLease)
    }
    fn depth(&self) -> Depth {
        let leased = self.has.values().map(|(has, _)| has.len()).sum();
        let ready = self.ready.iter().map(Vec::len).sum();
        Depth { ready, leased, delayed: self.delayed.len(), doomed: self.doomed.len() }
    }
}

fn span(of: Option<u64>) -> Duration {
    of.map_or(EVER, ns)
}

fn run(seed: u64) {
    let mut dice = Dice::new(seed);
    let capacity = 1 + dice.below(6) as usize;
    let room = dice.below(4) as usize;
    let at_capacity = dice.pick(&[
        AtCapacity::Reject,
        AtCapacity::DropNewest,
        AtCapacity::DropOldest,
        AtCapacity::DeadLetter,
    ]);
    let (lazy, attempts) = (dice.one_in(2), 1 + dice.below(4) as u32);
    let post = LetterBox::new(room, || 0);
    let mut queue: Numbers = Queue::new(capacity, 3, at_capacity, "", post)
        .unwrap()
        .priorities(Priorities::strict::<2>())
        .attempts(attempts)
        .ttl(if lazy { Ttl::Lazy } else { Ttl::Exact });
    let mut model = Model {
        capacity,
        at_capacity,
        lazy,
        attempts,
        items: BTreeMap::new(),
        ready: [vec![], vec![]],
        hint: [None; 2],
        delayed: vec![],
        doomed: VecDeque::new(),
        has: BTreeMap::new(),
        letters: VecDeque::new(),
        room,
        newest: 0,
        timers: 0,
        leases: 0,
        books: BTreeMap::new(),
    };
    let mut consumers = Vec::new();
    let mut leases = vec![(Lease::default(), 0)];
    let mut now = 0;
    let mut acked = 0;
    for _ in 0..24 {
        now += if dice.one_in(2) { 0 } else { dice.below(6) };
        let t = at(now);
        let short = if dice.one_in(3) { None } else { Some(dice.below(12)) };
        // Mostly one of the last leases, so that many answers are in time.
        let back = dice.below(4).min(leases.len() as u64 - 1) as usize;
        let (lease, same) = leases[leases.len() - 1 - back];
        match dice.below(12) {
            0..=2 => {
                let priority = dice.below(2);
                let terms = Terms { priority: priority as u8, ttl: span(short) };
                let number = model.newest + 1;
                let published = queue.publish(t, terms, number);
                assert_eq!(published.map_err(drop), model.publish(now, priority as usize, short));
            }
            3..=5 if !consumers.is_empty() => {
                let who = dice.below(consumers.len() as u64) as usize;
                let given = next(&mut queue, consumers[who], t, span(short));
                let same = model.lease(who, now, short);
                assert_eq!(given.map(|(_, event, attempt)| (event, attempt)), same.map(|(_, n, a)| (n, a)));
                if let (Ok((lease, ..)), Ok((same, ..))) = (given, same) {
                    leases.push((lease, same));
                }
            }
            6 => {
                let number = model.holder(same);
                assert_eq!(queue.ack(lease), number);
                if let Ok(number) = number {
                    model.out(number);
                    model.items.remove(&number);
                    acked += 1;
                }
            }
            7 => {
                let delay = Requeue::Delay(ns(1 + dice.below(9)));
                let requeue = dice.pick(&[Requeue::Front, Requeue::Back, delay, Requeue::DeadLetter]);
                let number = model.holder(same);
                assert_eq!(queue.nack(lease, t, FAULT, requeue), number.map(drop));
                if let Ok(number) = number {
                    model.give_back(number, FAULT.reason, Some(requeue), now);
                    model.settle();
                }
            }
            8 => {
                let number = model.holder(same);
                assert_eq!(queue.release(lease, t), number.map(drop));
                if let Ok(number) = number {
                    model.put_back(number, now);
                    model.settle();
                }
            }
            9 => {
                let number = model.holder(same);
                assert_eq!(queue.extend(lease, t, span(short)), number.map(drop));
                if let Ok(number) = number {
                    let turn = model.timer(short.map_or(u64::MAX, |short| now + short));
                    model.items.get_mut(&number).unwrap().turn = turn;
                }
            }
            10 => {
                let prefetch = 1 + dice.below(3) as usize;
                match queue.join(prefetch as u32) {
                    Ok(consumer) => {
                        model.has.insert(consumers.len(), (vec![], prefetch));
                        consumers.push(consumer);
                    }
                    Err(NoPlace) if dice.one_in(2) => {
                        assert_eq!(model.has.len(), 3);
                        let who = *model.has.keys().nth(dice.below(3) as usize).unwrap();
                        let had = model.has[&who].0.clone();
                        let leaves = dice.one_in(2);
                        let left = if leaves {
                            queue.leave(consumers[who], t)
                        } else {
                            queue.lose(consumers[who], t)
                        };
                        assert_eq!(left, had.len());
                        for number in had.iter().rev() {
                            match leaves {
                                true => model.put_back(*number, now),
                                false => model.give_back(*number, Reason::Closed, None, now),
                            }
                        }
                        model.has.remove(&who);
                        model.settle();
                    }
                    Err(NoPlace) if dice.one_in(8) => {
                        let purged: Vec<_> =
                            model.ready.iter().flatten().chain(&model.delayed).copied().collect();
                        assert_eq!(queue.purge(), purged.len());
                        for number in purged {
                            model.out(number);
                            model.items.remove(&number);
                            model.count("evicted");
                        }
                    }
                    Err(NoPlace) => {}
                }
            }
            _ => {
                if dice.one_in(2) {
                    assert_eq!(queue.letters().drop_oldest(), model.letters.pop_front().is_some());
                }
                queue.poll(t);
                model.fire(now);
            }
        }
        assert_eq!(queue.depth(), model.depth(), "seed {seed}");
        let watermark = model.items.keys().next().map_or(model.newest, |oldest| oldest - 1);
        assert_eq!((queue.watermark(), letters(&mut queue)), (watermark, Vec::from(model.letters.clone())));
    }
    let account = queue.account();
    model.fire(now);
    balanced(queue, at(now));
    let books = account.read();
    let of = |what| model.books.get(what).copied().unwrap_or(0);
    assert_eq!((books.out, books.dropped[Reason::Evicted]), (acked, of("evicted")));
    assert_eq!(books.dropped[Reason::TableFull], of("newest"));
    assert_eq!(books.dead_lettered[Reason::TableFull], of("diverted"));
    assert_eq!(books.dead_lettered[Reason::AttemptsExhausted], of("exhausted"));
}

/// Every message is where the reference has it, in 100,000 runs; and none is lost.
#[test]
fn message_queue_agrees_with_a_plain_one() {
    for seed in seeds(100_000) {
        run(seed);
    }
}
