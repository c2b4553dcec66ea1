//! Scatter-gather: one result for each question, made of the answers to that question alone. The numbers of the tests are
//! those of the specification, where 9 is scatter-gather. The acceptance tests are here; open sets, questions asked one
//! after the other, and what it is compared with, have a file each.

mod alloc;
mod auction;
mod books;
mod gone;
mod hedge;
mod oracle;
mod panics;
mod refused;
mod rules;
mod threads;

use crate::kit::Dice;
use ringmain::channel::{mpsc, spsc};
use ringmain::contract::{Fault, MessageId, Reason, Sink, SourceMut, Tick};
use ringmain::pattern::{
    Addresses, All, Audience, Desk, Distribution, Ending, FirstSuccess, FitFor, Gathered, IfFull,
    IfImpossible, Origin, Policy, Quorum, Reply, Request, Rule, Says, Scatter, Tally, Ticket, Unasked, best,
};
use std::cmp::Reverse;
use std::time::Duration;

const NOW: Tick = Tick::ZERO;
/// The number of the rig's requester.
const PRODUCER: u16 = 1;

fn ns(n: u64) -> Tick {
    Tick::from_nanos(n)
}

fn policy<R>(rule: R) -> Policy<R> {
    Policy { rule, if_impossible: IfImpossible::FailFast, if_full: IfFull::AllOrNothing }
}

fn waiting<R>(rule: R) -> Policy<R> {
    Policy { rule, if_impossible: IfImpossible::WaitPartial, if_full: IfFull::BestEffort }
}

/// All answers, with whose they are.
type Quotes = Vec<(usize, u64)>;

fn note(quotes: &mut Quotes, recipient: usize, quote: &mut u64) {
    quotes.push((recipient, *quote));
}

/// An outcome, copied.
#[derive(Clone, PartialEq, Debug)]
struct Told<Acc> {
    ticket: Ticket,
    ending: Ending,
    acc: Acc,
    answered: u64,
    failed: u64,
    missing: u64,
    faults: Vec<(usize, Fault)>,
}

impl<Acc: Clone> Told<Acc> {
    fn of(ticket: Ticket, outcome: &Gathered<'_, Acc>) -> Self {
        let tally = outcome.tally;
        let Tally { answered, failed, .. } = tally;
        let (ending, acc, faults) = (outcome.ending, outcome.acc.clone(), outcome.faults().collect());
        Self { ticket, ending, acc, answered, failed, missing: tally.missing(), faults }
    }
}

type Requests = spsc::Consumer<Request<u64>>;
type Replies = mpsc::Producer<Reply<u64>>;
type Asks<const N: usize> = Distribution<spsc::Producer<Request<u64>>, N>;
type Here<Acc, R, F, To> = Scatter<u64, Acc, R, F, mpsc::Consumer<Reply<u64>>, To>;

/// A requester between rings, whose other ends the test holds.
struct Rig<Acc, R, F, const N: usize> {
    scatter: Here<Acc, R, F, Asks<N>>,
    to: [Requests; N],
    replies: Replies,
}

/// With request rings of `ring` slots.
fn rig<Acc, R, F, const N: usize>(
    outstanding: usize,
    ring: usize,
    policy: Policy<R>,
    fold: F,
) -> Rig<Acc, R, F, N>
where
    R: Rule<Acc>,
    F: FnMut(&mut Acc, usize, &mut u64),
{
    let (replies, rx) = mpsc::channel(512, Reply::default).unwrap();
    let port = Addresses::new(1..=1).open().unwrap();
    let (mut sinks, mut to) = (Vec::new(), Vec::new());
    for _ in 0..N {
        let (sink, requests) = spsc::channel(ring, Request::default).unwrap();
        sinks.push(sink);
        to.push(requests);
    }
    let (Ok(sinks), Ok(to)) = (sinks.try_into(), to.try_into()) else { unreachable!("there are N") };
    let desk = Desk::new(Origin::new(PRODUCER), port, rx, Distribution::new(sinks));
    Rig { scatter: Scatter::new(outstanding, policy, fold, desk).unwrap(), to, replies }
}

fn say(replies: &mut Replies, to: MessageId, says: Says, body: u64) {
    let mut reply = Reply { says, body, ..Reply::default() };
    reply.header.ids.cause = to;
    replies.push(reply).unwrap();
}

/// What one poll tells.
fn poll<Acc, R, F, To>(scatter: &mut Here<Acc, R, F, To>, now: u64) -> Vec<Told<Acc>>
where
    Acc: Clone,
    R: Rule<Acc> + FitFor<To>,
    F: FnMut(&mut Acc, usize, &mut u64),
    To: Audience<u64>,
{
    let mut told = Vec::new();
    let count = scatter.poll(ns(now), |ticket, outcome| {
        told.push(Told::of(ticket, &outcome));
        Ok(())
    });
    assert_eq!(count, Ok(told.len()));
    told
}

impl<Acc, R, F, const N: usize> Rig<Acc, R, F, N>
where
    Acc: Clone,
    R: Rule<Acc>,
    F: FnMut(&mut Acc, usize, &mut u64),
{
    /// Everybody, by default.
    fn ask(&mut self, now: u64, timeout: u64, acc: Acc) -> Result<Ticket, Unasked> {
        self.scatter.ask(ns(now), Duration::from_nanos(timeout), acc, |slot| *slot = now)
    }
    /// The request that this recipient would see next.
    fn take(&mut self, recipient: usize) -> Request<u64> {
        self.to[recipient].pop().unwrap()
    }
    fn say(&mut self, to: &Request<u64>, says: Says, body: u64) {
        say(&mut self.replies, to.header.ids.id, says, body);
    }
    /// This recipient takes its next request, and answers it.
    fn answer(&mut self, recipient: usize, body: u64) -> Request<u64> {
        let request = self.take(recipient);
        self.say(&request, Says::Reply, body);
        request
    }
    fn fault(&mut self, recipient: usize, code: u32) {
        let request = self.take(recipient);
        self.say(&request, Says::Fault(Fault::new(code)), 0);
    }
    fn poll(&mut self, now: u64) -> Vec<Told<Acc>> {
        poll(&mut self.scatter, now)
    }
}

/// Tenths of a unit; the lowest is the best.
fn lowest() -> impl FnMut(&mut Option<(usize, u64)>, usize, &mut u64) {
    best(|price: &u64| Reverse(*price))
}

/// 9.d1: best price: replies 10.2 at t1, 9.9 at t2, 10.0 at t3, `All`: 9.9 at t3, answered 0b111.
#[test]
fn scatter_gather_1_best_price_of_all() {
    let mut rig = rig::<_, _, _, 3>(4, 4, policy(All), lowest());
    let ticket = rig.ask(0, 50, None).unwrap();
    rig.answer(0, 102);
    assert_eq!(rig.poll(1), []);
    rig.answer(1, 99);
    assert_eq!(rig.poll(2), []);
    rig.answer(2, 100);
    let [told] = &rig.poll(3)[..] else { panic!("one") };
    assert_eq!((told.ticket, told.ending, told.acc), (ticket, Ending::Complete, Some((1, 99))));
    assert_eq!((told.answered, told.failed, told.missing), (0b111, 0, 0));
    assert_eq!((rig.poll(1000), rig.scatter.pending(), rig.scatter.next_deadline()), (vec![], 0, None));
}

/// 9.d2: the deadline at 50, the third never answers: the partial 9.9 at 50, missing 0b100.
#[test]
fn scatter_gather_2_what_is_there_at_the_deadline() {
    let mut rig = rig::<_, _, _, 3>(4, 4, policy(All), lowest());
    rig.ask(0, 50, None).unwrap();
    rig.answer(0, 102);
    rig.answer(1, 99);
    assert_eq!(rig.poll(49), []);
    let [told] = &rig.poll(50)[..] else { panic!("one") };
    assert_eq!((told.ending, told.acc), (Ending::Deadline, Some((1, 99))));
    assert_eq!((told.answered, told.failed, told.missing), (0b011, 0, 0b100));
}

/// A reply that was published before the deadline counts, however late the poll is.
#[test]
fn a_reply_beats_its_timeout() {
    let mut rig = rig::<_, _, _, 2>(4, 4, policy(All), lowest());
    rig.ask(0, 50, None).unwrap();
    rig.answer(0, 102);
    rig.answer(1, 99);
    assert_eq!(rig.poll(5000)[0].ending, Ending::Complete);
}

/// 9.d3: `Quorum(2)` at t2; the third reply is late, by recipient.
#[test]
fn scatter_gather_3_a_quorum_and_the_late() {
    let mut rig = rig::<_, _, _, 3>(4, 4, policy(Quorum(2)), note);
    rig.ask(0, 50, vec![]).unwrap();
    rig.answer(2, 1);
    assert_eq!(rig.poll(1), []);
    rig.answer(0, 2);
    let [told] = &rig.poll(2)[..] else { panic!("one") };
    assert_eq!((told.ending, &told.acc[..]), (Ending::Complete, &[(2, 1), (0, 2)][..]));
    assert_eq!((told.answered, told.missing), (0b101, 0b010));
    rig.answer(1, 3);
    assert_eq!(rig.poll(3), []);
    assert_eq!([0, 1, 2].map(|recipient| rig.scatter.late(recipient)), [0, 1, 0]);
}

/// 9.d3: also if it comes with those that made the quorum.
#[test]
fn scatter_gather_3_late_in_the_same_poll() {
    let mut rig = rig::<_, _, _, 3>(4, 4, policy(Quorum(2)), note);
    rig.ask(0, 50, vec![]).unwrap();
    for recipient in 0..3 {
        rig.answer(recipient, 1);
    }
    assert_eq!((rig.poll(1)[0].answered, rig.scatter.late(2)), (0b011, 1));
}

/// 9.d4: `FirstSuccess`: a fault of B at 1, an answer of A at 2: A. If all fail: so it is told, with three codes.
#[test]
fn scatter_gather_4_the_first_success_or_all_faults() {
    for policy in [policy(FirstSuccess), waiting(FirstSuccess)] {
        let mut rig = rig::<_, _, _, 3>(4, 4, policy, note);
        rig.ask(0, 50, vec![]).unwrap();
        rig.fault(1, 7);
        assert_eq!(rig.poll(1), []);
        rig.answer(0, 5);
        let [told] = &rig.poll(2)[..] else { panic!("one") };
        assert_eq!((told.ending, &told.acc[..]), (Ending::Complete, &[(0, 5)][..]));
        assert_eq!((told.answered, told.failed, told.missing), (0b001, 0b010, 0b100));
        assert_eq!(told.faults, [(1, Fault::new(7))]);

        rig.take(2);
        rig.ask(2, 50, vec![]).unwrap();
        for (recipient, code) in [(2, 3), (0, 1), (1, 2)] {
            assert_eq!(rig.poll(3), []);
            rig.fault(recipient, code);
        }
        let [told] = &rig.poll(3)[..] else { panic!("one") };
        assert_eq!((told.ending, told.failed), (Ending::Impossible, 0b111));
        assert_eq!(told.faults, [(0, Fault::new(1)), (1, Fault::new(2)), (2, Fault::new(3))]);
    }
}

/// 9.d5: `FailFast`, `All`: a fault of B at 1: the result is there at 1.
#[test]
fn scatter_gather_5_failing_fast() {
    let mut rig = rig::<_, _, _, 3>(4, 4, policy(All), note);
    rig.ask(0, 50, vec![]).unwrap();
    rig.fault(1, 7);
    let [told] = &rig.poll(1)[..] else { panic!("one") };
    assert_eq!((told.ending, told.failed, told.missing), (Ending::Impossible, 0b010, 0b101));
}

/// 9.d5, the other way: `WaitPartial` gathers what the others have to say, no longer than there are others.
#[test]
fn scatter_gather_5_waiting_for_the_others() {
    let mut rig = rig::<_, _, _, 3>(4, 4, waiting(All), note);
    for last_comes in [true, false] {
        rig.ask(0, 50, vec![]).unwrap();
        rig.fault(1, 7);
        rig.answer(0, 1);
        assert_eq!(rig.poll(1), []);
        let (ending, missing) = if last_comes {
            rig.answer(2, 2);
            (Ending::Impossible, 0)
        } else {
            (Ending::Deadline, 0b100)
        };
        let [told] = &rig.poll(if last_comes { 2 } else { 50 })[..] else { panic!("one") };
        assert_eq!(
            (told.ending, told.missing, told.acc.len()),
            (ending, missing, if last_comes { 2 } else { 1 })
        );
    }
}

/// 9.d6: a hundred scatters at once, with three recipients, and their replies shuffled: every result has its own only.
#[test]
fn scatter_gather_6_every_result_has_its_own_answers() {
    let mut rig = rig::<_, _, _, 3>(100, 128, policy(All), note);
    let mut tickets = Vec::new();
    let mut requests = Vec::new();
    for n in 0..100 {
        let asked = rig.scatter.ask(NOW, Duration::from_secs(1), vec![], |slot| *slot = n);
        tickets.push(asked.unwrap());
        requests.extend((0..3).map(|recipient| (recipient, rig.take(recipient as usize))));
    }
    let mut dice = Dice::new(6);
    for left in (1..=requests.len() as u64).rev() {
        let (recipient, request) = requests.swap_remove(dice.below(left) as usize);
        rig.say(&request, Says::Reply, request.body * 10 + recipient);
    }
    let told = rig.poll(1);
    assert_eq!(told.len(), 100);
    for Told { ticket, ending, mut acc, .. } in told {
        let n = tickets.iter().position(|own| *own == ticket).unwrap() as u64;
        acc.sort_unstable();
        assert_eq!((ending, acc), (Ending::Complete, vec![(0, n * 10), (1, n * 10 + 1), (2, n * 10 + 2)]));
    }
}

/// 9.d7: the ring of B is full: `AllOrNothing`: full, nothing is sent to A and C; `BestEffort`: B has failed of it.
#[test]
fn scatter_gather_7_a_full_ring() {
    for if_full in [IfFull::AllOrNothing, IfFull::BestEffort] {
        let policy = Policy { rule: Quorum(2), if_impossible: IfImpossible::FailFast, if_full };
        let mut rig = rig::<_, _, _, 3>(4, 1, policy, note);
        rig.scatter.ask_of(0b010, NOW, Duration::from_nanos(9), vec![], |slot| *slot = 0).unwrap();
        // A quorum of two in a set of one.
        assert_eq!(rig.poll(0)[0].ending, Ending::Impossible);
        let asked = rig.ask(0, 50, vec![]);
        let lengths = |rig: &Rig<_, _, _, 3>| [0, 1, 2].map(|recipient| rig.to[recipient].len());
        if if_full == IfFull::AllOrNothing {
            assert_eq!((asked, lengths(&rig)), (Err(Unasked::RingFull), [0, 1, 0]));
            assert_eq!((rig.scatter.pending(), rig.scatter.next_deadline()), (0, None));
        } else {
            assert_eq!((asked.is_ok(), lengths(&rig)), (true, [1, 1, 1]));
            rig.answer(0, 1);
            rig.answer(2, 2);
            let [told] = &rig.poll(1)[..] else { panic!("one") };
            assert_eq!((told.ending, told.answered), (Ending::Complete, 0b101));
            assert_eq!(told.faults, [(1, Fault::of(Reason::RingFull))]);
        }
    }
}

/// 9.d9: as 3.d4: one slot, A times out, B takes it, the replies to A come: B is still open, and has its own.
#[test]
fn scatter_gather_9_an_entry_is_used_again() {
    let mut rig = rig::<_, _, _, 2>(1, 4, policy(All), note);
    let a = rig.ask(0, 10, vec![]).unwrap();
    assert_eq!(rig.poll(10)[0].ending, Ending::Deadline);
    let b = rig.ask(10, 10, vec![]).unwrap();
    assert_eq!((a.slot(), b.slot()), (0, 0));
    rig.answer(0, 1);
    rig.answer(1, 1);
    assert_eq!(rig.poll(11), []);
    assert_eq!((rig.scatter.late(0), rig.scatter.late(1), rig.scatter.pending()), (1, 1, 1));
    rig.answer(1, 22);
    rig.answer(0, 21);
    let [told] = &rig.poll(12)[..] else { panic!("one") };
    assert_eq!((told.ticket, &told.acc[..]), (b, &[(1, 22), (0, 21)][..]));
}

/// An answer in parts is folded part by part, and counts when it has ended; what one says twice is ignored, and counted.
#[test]
fn parts_and_duplicates() {
    let mut rig = rig::<_, _, _, 2>(4, 4, policy(All), note);
    rig.ask(0, 50, vec![]).unwrap();
    let (a, b) = (rig.take(0), rig.take(1));
    rig.say(&a, Says::Part, 1);
    rig.say(&b, Says::Reply, 9);
    rig.say(&b, Says::Reply, 9);
    rig.say(&b, Says::Fault(Fault::new(1)), 0);
    rig.say(&a, Says::Part, 2);
    assert_eq!((rig.poll(1), rig.scatter.duplicates()), (vec![], 2));
    rig.say(&a, Says::End, 3);
    let [told] = &rig.poll(2)[..] else { panic!("one") };
    assert_eq!((&told.acc[..], told.answered), (&[(0, 1), (1, 9), (0, 2)][..], 0b11));
}

/// What a request carries: one conversation, an id for each recipient, the deadline of all.
#[test]
fn a_request_says_whose_it_is() {
    let mut rig = rig::<_, _, _, 3>(4, 4, policy(All), note);
    let ticket = rig.ask(5, 50, vec![]).unwrap();
    for recipient in 0..3 {
        let Request { header, depth, body } = rig.take(recipient);
        assert_eq!((header.ids.conversation, header.ids.cause), (ticket.id(), MessageId::NONE));
        assert_eq!(header.ids.id.counter(), ticket.id().counter() | (recipient as u64) << 10);
        assert_eq!((header.deadline, header.ts, depth, body), (ns(55), ns(5), 1, 5));
        assert_eq!(header.reply_to.port, 1);
    }
}
