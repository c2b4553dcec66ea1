//! The requester against a plain model, with servers of the library on the other side.

mod model;

use super::{Asks, Here, PRODUCER, Quotes, Rig, Told, note, ns, rig, say};
use crate::kit::{Dice, reached, seeds};
use model::{Counts, Known, Model, Wanted, With};
use ringmain::contract::{Fault, Flow, Halt, MessageId, Reason, Source};
use ringmain::pattern::{
    Addresses, All, AtDeadline, Ending, FirstAny, FirstSuccess, FitFor, IfDead, IfFull, IfImpossible, Origin,
    Policy, Quorum, RESPONDER_GONE, ReplyPorts, Request, Responder, Rule, Says, Server, Unasked, Until,
    WhenFull,
};
use std::collections::{HashMap, VecDeque};
use std::panic::catch_unwind;
use std::time::Duration;

const N: usize = 3;
const HEDGE: u64 = 7;

/// What a server says to a question: in parts, a fault, or an answer.
fn said(body: u64, part: u32) -> Says {
    match (body % 5, part) {
        (0, _) => Says::Fault(Fault::new(9)),
        (1, 0) => Says::Part,
        (1, _) => Says::End,
        _ => Says::Reply,
    }
}

/// One random run, compared step by step.
fn run<R: Rule<Quotes> + FitFor<Asks<N>>>(
    dice: &mut Dice,
    rule: R,
    wanted: Wanted,
    is_hedge: bool,
    prepare: impl FnOnce(Here<Quotes, R, Fold, Asks<N>>) -> Here<Quotes, R, Fold, Asks<N>>,
) -> Counts {
    let outstanding = 1 + dice.below(4) as usize;
    let ring = 1 << dice.below(3);
    let if_impossible = dice.pick(&[IfImpossible::FailFast, IfImpossible::WaitPartial]);
    let if_full = dice.pick(&[IfFull::AllOrNothing, IfFull::BestEffort]);
    let policy = Policy { rule, if_impossible, if_full };
    let Rig { scatter, to, mut replies } = rig::<Quotes, R, Fold, N>(outstanding, ring, policy, note as Fold);
    let mut scatter = prepare(scatter);
    let books = (scatter.account(), scatter.replies());
    let port = Addresses::new(1..=1).open().unwrap();
    let mut number = PRODUCER;
    let mut servers = to.map(|requests| {
        number += 1;
        let mut ports = ReplyPorts::new(1..=1);
        ports.open(port, replies.clone());
        let handler = |request: &Request<u64>, part: u32, body: &mut u64| -> Flow<Says> {
            *body = request.body * 10 + u64::from(part);
            match said(request.body, part) {
                Says::Fault(fault) => Err(fault.into()),
                says => Ok(says),
            }
        };
        let responder = Responder::new(Origin::new(number), ports);
        Some((requests, Server::in_parts(WhenFull::Block, IfDead::Drop, handler, responder)))
    });
    let mut model = Model {
        rule: wanted,
        fail_fast: if_impossible == IfImpossible::FailFast,
        ring,
        known: Vec::new(),
        by_id: HashMap::new(),
        requests: [(); N].map(|()| VecDeque::new()),
        replies: VecDeque::new(),
        gone: [false; N],
        over: Vec::new(),
        armed: 0,
        counts: Counts::default(),
    };
    let mut now = dice.below(100);
    for _ in 0..24 {
        match dice.below(12) {
            0..4 => {
                let (whom, timeout, body) = (dice.below(8), 1 + dice.below(40), dice.below(5));
                let to: Vec<_> = (0..N).filter(|recipient| whom & 1 << recipient != 0).collect();
                let nothing = if_full == IfFull::AllOrNothing && !is_hedge;
                let expected = match () {
                    () if model.open() == outstanding => Some(Unasked::PendingFull),
                    () if nothing && to.iter().any(|&n| model.gone[n]) => Some(Unasked::NoResponder),
                    () if nothing && to.iter().any(|&n| model.requests[n].len() == ring) => {
                        Some(Unasked::RingFull)
                    }
                    () => None,
                };
                let timeout_is = Duration::from_nanos(timeout);
                let mut asked = None;
                let result = scatter.ask_of(whom, ns(now), timeout_is, vec![], |slot| {
                    *slot = body;
                    asked = Some(body);
                });
                assert_eq!(result.err(), expected);
                assert!(result.is_ok() || asked.is_none(), "written in vain");
                let Ok(ticket) = result else { continue };
                let at = model.known.len();
                let first = if is_hedge { With::Unasked } else { With::Waiting };
                let with = to.iter().map(|&recipient| (recipient, first)).collect();
                let deadline = now + timeout;
                let known = Known {
                    ticket,
                    body,
                    with,
                    acc: vec![],
                    deadline,
                    armed: (deadline, 0),
                    over: None,
                    told: false,
                };
                model.known.push(known);
                model.arm(at, deadline);
                model.counts.accepted += 1;
                for recipient in 0..N {
                    let id = MessageId(ticket.id().0 | (recipient as u64) << 10);
                    assert!(model.by_id.insert(id, (at, recipient)).is_none(), "a ticket twice");
                }
                if to.is_empty() {
                    model.end(at, Ending::Empty);
                } else if is_hedge {
                    for recipient in to.into_iter().filter(|&n| model.gone[n]).collect::<Vec<_>>() {
                        model.fail(at, recipient, RESPONDER_GONE, false, now);
                    }
                    model.hop(at, now);
                } else {
                    for recipient in to {
                        if let Some(of) = model.send(at, recipient) {
                            model.fail(at, recipient, of, false, now);
                        }
                    }
                    model.check(at);
                }
            }
            4..8 => {
                let (recipient, most) = (dice.below(N as u64) as usize, 1 + dice.below(3) as usize);
                let Some((requests, server)) = &mut servers[recipient] else { continue };
                let drained = requests.drain(ns(now), most, server);
                assert_eq!(drained.count, most.min(model.requests[recipient].len()));
                for _ in 0..drained.count {
                    let known = &model.known[model.requests[recipient].pop_front().unwrap()];
                    if known.deadline < now {
                        continue;
                    }
                    let id = MessageId(known.ticket.id().0 | (recipient as u64) << 10);
                    for part in 0..2 {
                        let says = said(known.body, part);
                        model.replies.push_back((id, says, known.body * 10 + u64::from(part)));
                        if says != Says::Part {
                            break;
                        }
                    }
                }
            }
            8 => {
                // What no server should say: again, unasked, to nobody.
                let id = match dice.below(6) {
                    0 => MessageId::new(PRODUCER + 9, dice.below(1 << 20)),
                    _ if model.known.is_empty() => continue,
                    _ => {
                        let last = model.known.len().saturating_sub(outstanding);
                        let at = last + dice.below((model.known.len() - last) as u64) as usize;
                        MessageId(model.known[at].ticket.id().0 | dice.below(4) << 10)
                    }
                };
                let says = dice.pick(&[Says::Part, Says::Reply, Says::End, Says::Fault(Fault::new(3))]);
                say(&mut replies, id, says, 5);
                model.replies.push_back((id, says, 5));
            }
            9 => {
                let Some(at) = (model.known.len() as u64).checked_sub(1).map(|n| dice.below(n + 1) as usize)
                else {
                    continue;
                };
                let known = &mut model.known[at];
                assert_eq!(scatter.cancel(known.ticket), known.over.is_none());
                if known.over.is_none() {
                    // Over, and nobody is told.
                    (known.over, known.told) = (Some(Ending::Empty), true);
                    model.counts.cancelled += 1;
                }
            }
            _ => {
                now += dice.below(20);
                let stop = if dice.one_in(4) { dice.below(2) as usize } else { usize::MAX };
                let (expected, stopped) = model.poll(now, stop);
                let mut told = Vec::new();
                let result = scatter.poll(ns(now), |ticket, outcome| {
                    if told.len() == stop {
                        return Err(Halt::Again);
                    }
                    told.push(Told::of(ticket, &outcome));
                    Ok(())
                });
                assert_eq!(told, expected);
                assert_eq!(result, if stopped { Err(Halt::Again) } else { Ok(expected.len()) });
            }
        }
        let recipient = dice.below(N as u64) as usize;
        if dice.one_in(60) && servers[recipient].take().is_some() {
            scatter.remove(1 << recipient, ns(now));
            model.remove(recipient, now);
            // What it was asked is lost with it.
            model.requests[recipient].clear();
        }
        assert_eq!(scatter.pending(), model.open());
    }
    let (counts, held) = (model.counts, model.open() as u64);
    let late = [0, 1, 2].map(|recipient| scatter.late(recipient));
    drop(scatter);
    let (scatters, answers) = (books.0.read(), books.1.read());
    let own = Counts {
        accepted: scatters.input,
        complete: scatters.out - counts.empty,
        cancelled: scatters.filtered,
        expired: scatters.dropped[Reason::Expired],
        impossible: scatters.dropped.total() - scatters.dropped[Reason::Expired] - held,
        folded: answers.folded,
        late,
        duplicates: answers.dropped[Reason::Duplicate],
        invalid: answers.dropped[Reason::InvalidKey],
        ..counts
    };
    assert_eq!((own, scatters.check(), answers.check()), (counts, Ok(()), Ok(())));
    counts
}

type Fold = fn(&mut Quotes, usize, &mut u64);

fn one_of(seed: u64) -> Counts {
    let dice = &mut Dice::new(seed);
    match dice.below(7) {
        0 => run(dice, All, Wanted::All, false, |scatter| scatter),
        1 => run(dice, Quorum(2), Wanted::Quorum(2), false, |scatter| scatter),
        2 => run(dice, FirstSuccess, Wanted::FirstSuccess, false, |scatter| scatter),
        3 => run(dice, FirstAny, Wanted::FirstAny, false, |scatter| scatter),
        4 => run(dice, AtDeadline, Wanted::AtDeadline, false, |scatter| scatter),
        5 => {
            let rule = Until(|quotes: &Quotes| quotes.len() >= 3);
            run(dice, rule, Wanted::Folded(3), false, |scatter| scatter)
        }
        _ => run(dice, FirstSuccess, Wanted::FirstSuccess, true, |scatter| {
            scatter.hedged(Duration::from_nanos(HEDGE))
        }),
    }
}

/// A hundred thousand random runs of the requester against the model, with all rules, in their order and one after the
/// other: answers in one message and in parts, faults, replies twice, unasked, foreign and late; times that are up; rings
/// and table full, all or nothing and best effort; recipients removed; cancelled; outcomes that are not taken.
#[test]
fn oracle() {
    let mut each = [0; 14];
    for seed in seeds(100_000) {
        let counts = catch_unwind(|| one_of(seed)).unwrap_or_else(|_| panic!("seed {seed}"));
        let Counts { complete, empty, impossible, expired, cancelled, folded, .. } = counts;
        let Counts { late: [a, b, c], duplicates, invalid, hopped, unsent, accepted, .. } = counts;
        let all = [complete, empty, impossible, expired, cancelled, folded];
        let all = all.into_iter().chain([a, b, c, duplicates, invalid, hopped, unsent, accepted]);
        for (sum, n) in each.iter_mut().zip(all) {
            *sum += n;
        }
    }
    assert!(each.iter().all(|n| reached(*n, 1_000)), "the runs do not reach everything: {each:?}");
}
