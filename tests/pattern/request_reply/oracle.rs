//! The client against a plain model.

use super::{PRODUCER, Rig, Told, copied, ns, reply, rig};
use crate::kit::{Dice, reached, seeds};
use ringmain::contract::{Correlated, Fault, Halt, MessageId, Reason, Sink, SourceMut};
use ringmain::pattern::{RESPONDER_GONE, Says, Ticket, Unasked};
use std::collections::{HashMap, VecDeque};
use std::panic::catch_unwind;
use std::time::Duration;

/// What the model knows of a request.
#[derive(Clone, Copy)]
struct Known {
    ticket: Ticket,
    /// Of an open one.
    open: Option<u64>,
}

/// A plain reference: lists and maps, no generations.
struct Model {
    known: Vec<Known>,
    by_id: HashMap<MessageId, usize>,
    /// By slot, the last request that the server had the last word on.
    answered: HashMap<usize, MessageId>,
    request_ring: VecDeque<MessageId>,
    /// With when it was written.
    reply_ring: VecDeque<(MessageId, Says, u64, u64)>,
    strict: bool,
    gone: bool,
    counts: Counts,
}

#[derive(Clone, Copy, Default, PartialEq, Debug)]
struct Counts {
    accepted: u64,
    replied: u64,
    faulted: u64,
    timed_out: u64,
    /// Of those, with a reply there that was written too late.
    outrun: u64,
    gone: u64,
    cancelled: u64,
    taken: u64,
    late: u64,
    protocol_errors: u64,
    foreign: u64,
}

impl Model {
    fn new(strict: bool) -> Self {
        Self {
            strict,
            known: Vec::new(),
            by_id: HashMap::new(),
            answered: HashMap::new(),
            request_ring: VecDeque::new(),
            reply_ring: VecDeque::new(),
            gone: false,
            counts: Counts::default(),
        }
    }
    fn open(&self) -> usize {
        self.known.iter().filter(|known| known.open.is_some()).count()
    }
    /// What a poll tells, up to the first answer that is not taken: the `stop`th, from 0.
    fn poll(&mut self, now: u64, stop: usize) -> (Vec<(Ticket, Told)>, bool) {
        let mut told = Vec::new();
        while let Some(&(id, says, body, ts)) = self.reply_ring.front() {
            let counts = &mut self.counts;
            let open =
                self.by_id.get(&id).map(|&at| &mut self.known[at]).filter(|known| known.open.is_some());
            match open {
                None if id.producer() != PRODUCER => counts.foreign += 1,
                None => {
                    let stream = matches!(says, Says::Part | Says::End);
                    let slot = slot_of(id);
                    if stream && self.answered.get(&slot) == Some(&id) {
                        counts.protocol_errors += 1;
                    } else {
                        counts.late += 1;
                    }
                }
                Some(known) if self.strict && known.open.is_some_and(|deadline| deadline < ts) => {
                    if known.open.is_some_and(|deadline| deadline <= now) {
                        if told.len() == stop {
                            return (told, true);
                        }
                        told.push((known.ticket, Told::Timeout));
                        known.open = None;
                        counts.timed_out += 1;
                        counts.outrun += 1;
                    }
                    counts.late += 1;
                }
                Some(known) => {
                    if told.len() == stop {
                        return (told, true);
                    }
                    let answer = match says {
                        Says::Part => Told::Part(body),
                        Says::Reply => Told::Reply(body),
                        Says::End => Told::End,
                        Says::Fault(fault) => Told::Fault(fault),
                    };
                    told.push((known.ticket, answer));
                    if says != Says::Part {
                        known.open = None;
                        self.answered.insert(known.ticket.slot(), id);
                        match says {
                            Says::Fault(_) => counts.faulted += 1,
                            _ => counts.replied += 1,
                        }
                    }
                }
            }
            counts.taken += 1;
            self.reply_ring.pop_front();
        }
        if self.gone {
            let mut open: Vec<_> = self.known.iter_mut().filter(|known| known.open.is_some()).collect();
            open.sort_by_key(|known| known.ticket.slot());
            for known in open {
                if told.len() == stop {
                    return (told, true);
                }
                told.push((known.ticket, Told::Fault(RESPONDER_GONE)));
                known.open = None;
                self.counts.gone += 1;
            }
        }
        let mut due: Vec<_> = self
            .known
            .iter_mut()
            .filter(|known| known.open.is_some_and(|deadline| deadline <= now))
            .collect();
        due.sort_by_key(|known| known.open);
        for known in due {
            if told.len() == stop {
                return (told, true);
            }
            told.push((known.ticket, Told::Timeout));
            known.open = None;
            self.counts.timed_out += 1;
        }
        (told, false)
    }
}

/// As documented: the lower 16 bits.
fn slot_of(id: MessageId) -> usize {
    (id.0 & 0xFFFF) as usize
}

/// One random run, compared step by step. Nothing in it but `Client` is of the library.
fn run(seed: u64) -> Counts {
    let mut dice = Dice::new(seed);
    let outstanding = 1 + dice.below(4) as usize;
    let (request_ring, reply_ring) = (1 << dice.below(3), 1 << dice.below(3));
    let Rig { mut client, requests, replies } = rig(outstanding, request_ring, reply_ring);
    let strict = dice.one_in(2);
    if strict {
        client = client.strict();
    }
    let (asked, answered) = (client.account(), client.replies());
    let mut server = Some((requests, replies));
    let mut model = Model::new(strict);
    let mut now = dice.below(100);
    for step in 0..32 {
        match dice.below(12) {
            0..4 => {
                let timeout = dice.below(30);
                let result = client.request(ns(now), Duration::from_nanos(timeout), |slot| *slot = step);
                let expected = match () {
                    () if model.gone && model.reply_ring.is_empty() => Some(Unasked::NoResponder),
                    () if model.open() == outstanding => Some(Unasked::PendingFull),
                    // The ring may not have noticed yet that nobody reads it.
                    () if model.gone => result.err(),
                    () if model.request_ring.len() == request_ring => Some(Unasked::RingFull),
                    () => None,
                };
                assert_eq!(result.err(), expected);
                if let Ok(ticket) = result {
                    let known = Known { ticket, open: Some(now + timeout) };
                    assert!(model.by_id.insert(ticket.id(), model.known.len()).is_none(), "a ticket twice");
                    model.known.push(known);
                    model.request_ring.push_back(ticket.id());
                    model.counts.accepted += 1;
                }
            }
            4..6 => {
                if let Some((requests, _)) = &mut server {
                    let taken = requests.pop().ok().map(|request| request.ids().id);
                    assert_eq!(taken, model.request_ring.pop_front());
                }
            }
            6..9 => {
                let Some((_, replies)) = &mut server else { continue };
                let id = match dice.below(8) {
                    0 => MessageId::new(PRODUCER + 1, dice.below(1 << 20)),
                    1 => MessageId::new(PRODUCER, (1 << 40) + dice.below(8)),
                    _ if model.known.is_empty() => continue,
                    // Often one of the last, which may well be open.
                    2..5 => model.known[dice.below(model.known.len() as u64) as usize].ticket.id(),
                    _ => {
                        let last = model.known.len().saturating_sub(outstanding);
                        model.known[last + dice.below((model.known.len() - last) as u64) as usize].ticket.id()
                    }
                };
                let says =
                    dice.pick(&[Says::Part, Says::Reply, Says::Reply, Says::End, Says::Fault(Fault::new(3))]);
                // The clock of the server goes before that of the client, as it has polled last.
                let ts = now + dice.below(30);
                let mut reply = reply(id, says, step);
                reply.header.ts = ns(ts);
                let pushed = replies.push(reply).is_ok();
                assert_eq!(pushed, model.reply_ring.len() < reply_ring);
                if pushed {
                    model.reply_ring.push_back((id, says, step, ts));
                }
            }
            9 => {
                if let Some(known) = (!model.known.is_empty()).then(|| {
                    let at = dice.below(model.known.len() as u64) as usize;
                    &mut model.known[at]
                }) {
                    assert_eq!(client.cancel(known.ticket), known.open.is_some());
                    model.counts.cancelled += u64::from(known.open.take().is_some());
                }
            }
            _ => {
                now += dice.below(20);
                let stop = if dice.one_in(4) { dice.below(2) as usize } else { usize::MAX };
                let (expected, stopped) = model.poll(now, stop);
                let mut told = Vec::new();
                let result = client.poll(ns(now), |ticket, answer| {
                    if told.len() == stop {
                        return Err(Halt::Again);
                    }
                    told.push((ticket, copied(answer)));
                    Ok(())
                });
                assert_eq!(told, expected);
                assert_eq!(result, if stopped { Err(Halt::Again) } else { Ok(expected.len()) });
            }
        }
        if dice.one_in(100) && server.take().is_some() {
            model.gone = true;
        }
        assert_eq!(client.pending(), model.open());
    }
    let (counts, held) = (model.counts, model.open() as u64);
    drop(client);
    let (asked, answered) = (asked.read(), answered.read());
    let own = Counts {
        accepted: asked.input,
        replied: asked.out,
        faulted: asked.dropped[Reason::NonRetryable],
        timed_out: asked.dropped[Reason::Expired],
        outrun: counts.outrun,
        gone: asked.dropped[Reason::Shutdown] - held,
        cancelled: asked.filtered,
        taken: answered.input,
        late: answered.dropped[Reason::Late],
        protocol_errors: answered.dropped[Reason::Duplicate],
        foreign: answered.dropped[Reason::InvalidKey],
    };
    assert_eq!((own, asked.check(), answered.check()), (counts, Ok(()), Ok(())));
    counts
}

/// A hundred thousand random runs of the client against the model: replies in time, late, twice, behind the end, foreign
/// and forged; timeouts; clients that are strict and such that
/// are not; cancelled; rings and table full; answers that are not taken; the server gone.
#[test]
fn oracle() {
    let mut all = Counts::default();
    for seed in seeds(100_000) {
        let counts = catch_unwind(|| run(seed)).unwrap_or_else(|_| panic!("seed {seed}"));
        for (sum, n) in [
            (&mut all.replied, counts.replied),
            (&mut all.faulted, counts.faulted),
            (&mut all.timed_out, counts.timed_out),
            (&mut all.outrun, counts.outrun),
            (&mut all.gone, counts.gone),
            (&mut all.cancelled, counts.cancelled),
            (&mut all.late, counts.late),
            (&mut all.protocol_errors, counts.protocol_errors),
            (&mut all.foreign, counts.foreign),
        ] {
            *sum += n;
        }
    }
    let Counts { replied, faulted, timed_out, outrun, gone, .. } = all;
    let Counts { cancelled, late, protocol_errors, foreign, .. } = all;
    let each = [replied, faulted, timed_out, outrun, gone, cancelled, late, protocol_errors, foreign];
    assert!(each.iter().all(|n| reached(*n, 1_000)), "the runs do not reach everything: {all:?}");
}
