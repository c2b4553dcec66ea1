//! The agent that reads lines and parses them straight into the slots of the ring.
//!
//! ```text
//!   file | stdin | session ==> Lines --next--> parse --fill_many--> ring
//!                                ^ refill, between batches: a claimed slot never waits for a pipe
//! ```
//!
//! At a given rate, row `n` is due at `start + n / rate` and not sent before. If it is sent late, it is still due then.

use super::{
    event::{Bad, Body, Event},
    lines::{Line, Lines},
    row::{Row, Wrong},
};
use ringmain::{
    contract::{Account, Agent, Clock, Filled, Halt, Ledger, MessageId, Sink, Tick, Work},
    metric::Probe,
};
use std::{
    io::{self, Read},
    sync::{Arc, OnceLock},
};

/// Most rows published together.
const BATCH: usize = 256;

/// Publishes the lines of an input.
#[derive(Debug)]
pub(crate) struct Feed<R, K, C: Clock> {
    lines: Lines<R>,
    /// Dropped at the end of the input, which closes the ring.
    sink: Option<K>,
    /// Lines published.
    number: u64,
    pace: Option<Pace>,
    probe: Probe<C>,
    ledger: Ledger,
    failure: Arc<OnceLock<io::Error>>,
}

/// When rows are due.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Rows a second, at least one.
    rate: u64,
    /// The time of the first turn.
    start: Option<Tick>,
    /// Nanoseconds after `start` at which the next row is due, and the part of one, in units of `1 / rate`.
    next: u64,
    part: u64,
}

impl Pace {
    /// `rate` rows a second; 0 is taken for 1.
    pub(crate) fn new(rate: u64) -> Self {
        Self { rate: rate.max(1), start: None, next: 0, part: 0 }
    }
    /// When the next row is due.
    fn due(&mut self, now: Tick) -> Tick {
        let start = *self.start.get_or_insert(now);
        Tick::from_nanos(start.nanos() + self.next)
    }
    fn advance(&mut self) {
        const SECOND: u64 = 1_000_000_000;
        self.part += SECOND % self.rate;
        self.next += SECOND / self.rate + self.part / self.rate;
        self.part %= self.rate;
    }
}

impl<R: Read, K: Sink<Event = Event>, C: Clock> Feed<R, K, C> {
    pub(crate) fn new(lines: Lines<R>, sink: K, pace: Option<Pace>, probe: Probe<C>) -> Self {
        let failure = Arc::default();
        Self { lines, sink: Some(sink), number: 0, pace, probe, ledger: Ledger::new(), failure }
    }
    pub(crate) fn account(&self) -> Arc<Account> {
        self.ledger.account()
    }
    /// Why the input could not be read to its end, if so.
    pub(crate) fn failure(&self) -> Arc<OnceLock<io::Error>> {
        self.failure.clone()
    }

    /// Reads on; the ring is closed when there is nothing more.
    fn refill(&mut self) -> Work {
        if let Err(error) = self.lines.refill() {
            let _ = self.failure.set(error);
        }
        if self.lines.is_over() {
            self.sink = None;
            return Work::Done;
        }
        Work::Idle
    }
}

impl<R: Read, K: Sink<Event = Event>, C: Clock> Agent for Feed<R, K, C> {
    /// Publishes the lines that are in the buffer and due. If there are none in the buffer it reads, and **blocks** as
    /// the input does; the other agents of its thread wait as long, but all had a turn since the last line.
    fn work(&mut self, now: Tick) -> Work {
        let Self { lines, sink, number, pace, probe, ledger, .. } = self;
        let Some(sink) = sink else { return Work::Done };
        let mut dry = false;
        let Filled { count, end } = sink.fill_many(BATCH, |_, slot| {
            let due = pace.as_mut().map_or(now, |pace| pace.due(now));
            if due > now {
                return Err(Halt::Again);
            }
            probe.time(*number, || {
                let Some(line) = lines.next() else {
                    dry = true;
                    return Err(Halt::Again);
                };
                slot.body = read(line);
                Ok(())
            })?;
            *number += 1;
            (slot.number, slot.due, slot.id) = (*number, due, MessageId::NONE);
            pace.iter_mut().for_each(Pace::advance);
            Ok(())
        });
        ledger.generated(count as u64);
        ledger.passed(count as u64);
        ledger.publish();
        match (count, end) {
            (_, Some(Halt::Stop)) => {
                self.sink = None;
                Work::Done
            }
            (0, _) if dry => self.refill(),
            (0, _) => Work::Idle,
            (count, _) => Work::Busy(count),
        }
    }
}

/// What a line says.
fn read(line: Line<'_>) -> Body {
    let (line, parsed) = match line {
        Line::Whole(line) => (line, Row::parse(line)),
        Line::Last(line) => (line, Row::parse(line).map_err(|_| Wrong::HalfWritten)),
        Line::TooLong(line) => (line, Err(Wrong::TooLong)),
    };
    match parsed {
        Ok(row) => Body::Row(row),
        Err(wrong) => Body::Bad(Bad::line(wrong, line)),
    }
}
