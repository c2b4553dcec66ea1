//! 3 (c), `poll_reply`: answers fetched by ticket, in any order, through a bounded number of places.

use super::{LONG, NOW, Rig, Told, ns, rig};
use crate::kit::{Dice, allocations, reached, seeds};
use ringmain::channel::spsc;
use ringmain::contract::{Fault, Reason, Sink, SourceMut};
use ringmain::pattern::{Mailbox, NoAnswer, Outcome, RESPONDER_GONE, Reply, Request, Says, Ticket};
use std::collections::VecDeque;
use std::panic::catch_unwind;
use std::time::Duration;

type Ringed = Mailbox<u64, spsc::Consumer<Reply<u64>>, spsc::Producer<Request<u64>>>;

fn told(outcome: Outcome<u64>) -> Told {
    match outcome {
        Outcome::Part(n) => Told::Part(n),
        Outcome::Reply(n) => Told::Reply(n),
        Outcome::End => Told::End,
        Outcome::Fault(fault) => Told::Fault(fault),
        Outcome::Timeout => Told::Timeout,
    }
}

fn boxed(
    outstanding: usize,
    ring: usize,
    places: usize,
) -> (Ringed, spsc::Producer<Reply<u64>>, spsc::Consumer<Request<u64>>) {
    let Rig { client, requests, replies } = rig(outstanding, ring, ring);
    (Mailbox::new(client, places), replies, requests)
}

fn ask(mailbox: &mut Ringed, timeout: Duration) -> Ticket {
    mailbox.client_mut().request(NOW, timeout, |_| ()).unwrap()
}

fn say(replies: &mut spsc::Producer<Reply<u64>>, to: Ticket, says: Says, body: u64) {
    replies.push(super::reply(to.id(), says, body)).unwrap();
}

#[test]
fn poll_reply_fetches_in_any_order_and_once() {
    let (mut mailbox, mut replies, _requests) = boxed(4, 4, 4);
    let tickets = [(); 4].map(|()| ask(&mut mailbox, LONG));
    for (n, ticket) in tickets.iter().enumerate() {
        assert_eq!(mailbox.poll_reply(NOW, *ticket), Err(NoAnswer::NotYet));
        say(&mut replies, *ticket, Says::Reply, n as u64);
    }
    for (n, ticket) in tickets.iter().enumerate().rev() {
        assert_eq!(mailbox.poll_reply(NOW, *ticket), Ok(Outcome::Reply(n as u64)));
        assert_eq!(mailbox.poll_reply(NOW, *ticket), Err(NoAnswer::Unknown));
    }
    let books = mailbox.account().read();
    assert_eq!((books.input, books.out, books.held, books.check()), (4, 4, 0, Ok(())));
}

/// What there is no place for stays in the ring; the parts of one answer come in order, kept or not.
#[test]
fn poll_reply_says_when_its_places_are_full_and_loses_nothing() {
    let (mut mailbox, mut replies, _requests) = boxed(4, 4, 1);
    let [a, b] = [(); 2].map(|()| ask(&mut mailbox, LONG));
    for (says, body) in [(Says::Part, 1), (Says::Part, 2), (Says::End, 0)] {
        say(&mut replies, a, says, body);
    }
    say(&mut replies, b, Says::Reply, 9);
    assert_eq!(mailbox.poll_reply(NOW, b), Err(NoAnswer::Full { places: 1 }));
    assert_eq!(mailbox.poll_reply(NOW, b), Err(NoAnswer::Full { places: 1 }));
    for outcome in [Outcome::Part(1), Outcome::Part(2), Outcome::End] {
        assert_eq!(mailbox.poll_reply(NOW, a), Ok(outcome));
    }
    assert_eq!(mailbox.poll_reply(NOW, b), Ok(Outcome::Reply(9)));
    assert_eq!((mailbox.kept(), mailbox.client().late()), (0, 0));
}

#[test]
fn a_cancelled_ticket_leaves_nothing_behind() {
    let (mut mailbox, mut replies, _requests) = boxed(4, 4, 4);
    let [kept, open, other] = [(); 3].map(|()| ask(&mut mailbox, LONG));
    say(&mut replies, kept, Says::Reply, 1);
    assert_eq!(mailbox.poll_reply(NOW, other), Err(NoAnswer::NotYet));
    assert_eq!(mailbox.kept(), 1);
    for ticket in [kept, open] {
        assert!(mailbox.cancel(ticket));
        assert!(!mailbox.cancel(ticket));
        assert_eq!(mailbox.poll_reply(NOW, ticket), Err(NoAnswer::Unknown));
    }
    say(&mut replies, open, Says::Reply, 2);
    say(&mut replies, other, Says::Reply, 3);
    assert_eq!(mailbox.poll_reply(NOW, other), Ok(Outcome::Reply(3)));
    assert_eq!(mailbox.client().late(), 1);
    let books = mailbox.account().read();
    assert_eq!((books.input, books.out, books.filtered, books.check()), (2, 1, 1, Ok(())));
}

#[test]
fn what_nobody_fetched_is_in_the_books() {
    let (mut mailbox, mut replies, _requests) = boxed(4, 4, 4);
    let [kept, other] = [(); 2].map(|()| ask(&mut mailbox, LONG));
    say(&mut replies, kept, Says::Reply, 1);
    assert_eq!(mailbox.poll_reply(NOW, other), Err(NoAnswer::NotYet));
    let account = mailbox.account();
    assert_eq!((account.read().held, account.read().check()), (1, Ok(())));
    drop(mailbox);
    let books = account.read();
    assert_eq!((books.held, books.dropped[Reason::Shutdown], books.check()), (0, 1, Ok(())));
}

/// Kept, fetched, full, timed out, cancelled, the server gone.
#[test]
fn poll_reply_allocates_nothing() {
    let (mut mailbox, mut replies, requests) = boxed(4, 8, 2);
    let ((), allocated) = allocations(|| {
        let [a, b, c] = [(); 3].map(|()| ask(&mut mailbox, Duration::from_nanos(10)));
        for ticket in [a, b, c] {
            say(&mut replies, ticket, Says::Reply, 1);
        }
        assert_eq!(mailbox.poll_reply(NOW, c), Ok(Outcome::Reply(1)));
        let [d, e] = [(); 2].map(|()| ask(&mut mailbox, Duration::from_nanos(10)));
        say(&mut replies, d, Says::Reply, 1);
        assert_eq!(mailbox.poll_reply(NOW, e), Err(NoAnswer::Full { places: 2 }));
        assert!(mailbox.cancel(a));
        assert_eq!(mailbox.poll_reply(ns(10), e), Ok(Outcome::Timeout));
        assert_eq!(mailbox.poll_reply(NOW, b), Ok(Outcome::Reply(1)));
        let f = ask(&mut mailbox, LONG);
        drop((replies, requests));
        assert_eq!(mailbox.poll_reply(NOW, f), Ok(Outcome::Fault(RESPONDER_GONE)));
        assert_eq!(mailbox.poll_reply(NOW, d), Ok(Outcome::Reply(1)));
        drop(mailbox);
    });
    assert_eq!(allocated, 0);
}

/// Lists of what is open, in the reply ring and kept.
struct Model {
    /// By when it was asked, with its deadline.
    open: Vec<(Ticket, u64)>,
    ring: VecDeque<(Ticket, Says, u64)>,
    kept: Vec<(Ticket, Told)>,
    places: usize,
    gone: bool,
}

impl Model {
    fn is_open(&self, ticket: Ticket) -> bool {
        self.open.iter().any(|(whose, _)| *whose == ticket)
    }
    fn close(&mut self, ticket: Ticket) {
        self.open.retain(|(whose, _)| *whose != ticket);
    }
    /// An answer that is there: found, kept, or (false) left where it is.
    fn meet(&mut self, ticket: Ticket, whose: Ticket, told: Told, found: &mut Option<Told>) -> bool {
        if found.is_some() || whose != ticket && self.kept.len() == self.places {
            return false;
        }
        if whose == ticket {
            *found = Some(told);
        } else {
            self.kept.push((whose, told));
        }
        if !matches!(told, Told::Part(_)) {
            self.close(whose);
        }
        true
    }
    fn poll_reply(&mut self, now: u64, ticket: Ticket) -> Result<Told, NoAnswer> {
        if let Some(at) = self.kept.iter().position(|(whose, _)| *whose == ticket) {
            return Ok(self.kept.remove(at).1);
        }
        let (mut found, mut goes_on) = (None, true);
        while goes_on && let Some(&(whose, says, body)) = self.ring.front() {
            let told = match says {
                Says::Part => Told::Part(body),
                Says::Reply => Told::Reply(body),
                Says::End => Told::End,
                Says::Fault(fault) => Told::Fault(fault),
            };
            goes_on = !self.is_open(whose) || self.meet(ticket, whose, told, &mut found);
            if goes_on {
                self.ring.pop_front();
            }
        }
        let mut ends: Vec<_> = if self.gone {
            self.open.iter().map(|(whose, _)| (whose.slot() as u64, *whose)).collect()
        } else {
            self.open.iter().filter(|(_, at)| *at <= now).map(|(whose, at)| (*at, *whose)).collect()
        };
        ends.sort_by_key(|(order, _)| *order);
        let end = if self.gone { Told::Fault(RESPONDER_GONE) } else { Told::Timeout };
        for (_, whose) in ends {
            goes_on = goes_on && self.meet(ticket, whose, end, &mut found);
        }
        found.ok_or(match self.is_open(ticket) {
            false => NoAnswer::Unknown,
            true if !goes_on => NoAnswer::Full { places: self.places },
            true => NoAnswer::NotYet,
        })
    }
}

/// One random run beside the model; how often it came to a reply, a timeout, full places, nothing open.
fn run(seed: u64) -> [u64; 4] {
    let mut dice = Dice::new(seed);
    let (outstanding, places) = (1 + dice.below(4) as usize, dice.below(4) as usize);
    let (mut mailbox, replies, mut requests) = boxed(outstanding, 4, places);
    let account = mailbox.account();
    let mut replies = Some(replies);
    let mut model = Model { open: vec![], ring: VecDeque::new(), kept: vec![], places, gone: false };
    let (mut known, mut now, mut reached) = (Vec::new(), 0, [0; 4]);
    // What was told of each, and that it ended.
    let mut fetched = 0;
    for step in 0..24 {
        let any = |dice: &mut Dice, known: &Vec<Ticket>| {
            // Often one of the last, which may well be open.
            let from = if dice.one_in(3) { 0 } else { known.len().saturating_sub(outstanding) };
            (from < known.len()).then(|| known[from + dice.below((known.len() - from) as u64) as usize])
        };
        match dice.below(10) {
            0..3 => {
                let timeout = dice.below(30);
                let asked = mailbox.client_mut().request(ns(now), Duration::from_nanos(timeout), |_| ());
                let _ = requests.pop();
                let nobody = model.gone && model.ring.is_empty();
                assert_eq!(asked.is_ok(), !nobody && model.open.len() < outstanding);
                if let Ok(ticket) = asked {
                    known.push(ticket);
                    model.open.push((ticket, now + timeout));
                }
            }
            3..6 => {
                let (Some(to), Some(replies)) = (any(&mut dice, &known), &mut replies) else { continue };
                let fault = Says::Fault(Fault::new(3));
                let says = dice.pick(&[Says::Part, Says::Reply, Says::Reply, Says::End, fault]);
                let pushed = replies.push(super::reply(to.id(), says, step)).is_ok();
                assert_eq!(pushed, model.ring.len() < 4);
                if pushed {
                    model.ring.push_back((to, says, step));
                }
            }
            6 => {
                let Some(ticket) = any(&mut dice, &known) else { continue };
                let kept = model.kept.len();
                model.kept.retain(|(whose, _)| *whose != ticket);
                let there = model.is_open(ticket) || model.kept.len() < kept;
                model.close(ticket);
                assert_eq!(mailbox.cancel(ticket), there);
            }
            _ => {
                now += dice.below(10);
                let Some(ticket) = any(&mut dice, &known) else { continue };
                let got = mailbox.poll_reply(ns(now), ticket).map(told);
                assert_eq!(got, model.poll_reply(now, ticket));
                fetched += u64::from(got.is_ok());
                match got {
                    Ok(Told::Timeout) => reached[1] += 1,
                    Ok(_) => reached[0] += 1,
                    Err(NoAnswer::Full { .. }) => reached[2] += 1,
                    Err(NoAnswer::Unknown) => reached[3] += 1,
                    Err(NoAnswer::NotYet) => {}
                }
            }
        }
        if dice.one_in(200) && replies.take().is_some() {
            model.gone = true;
        }
        assert_eq!((mailbox.kept(), mailbox.client().pending()), (model.kept.len(), model.open.len()));
        assert_eq!((account.read().check(), account.read().out), (Ok(()), fetched));
    }
    reached
}

/// A hundred thousand random runs beside the model: any order of tickets, parts, too few places, cancelled, timed out, late,
/// the server gone.
#[test]
fn poll_reply_oracle() {
    let mut all = [0; 4];
    for seed in seeds(100_000) {
        let reached = catch_unwind(|| run(seed)).unwrap_or_else(|_| panic!("seed {seed}"));
        for (sum, n) in all.iter_mut().zip(reached) {
            *sum += n;
        }
    }
    assert!(all.iter().all(|n| reached(*n, 1_000)), "the runs do not reach everything: {all:?}");
}
