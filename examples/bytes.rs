//! A log that costs its writers no allocation, no lock and no copy: two threads format their lines straight into a ring of
//! bytes each, and a third one merges the two, keeps what is serious, and writes it out. Where the ring is full, what is
//! serious waits, and all else is dropped and counted.
//!
//! `cargo run --example bytes`

use ringmain::channel::bytes::{self, ClaimError, Producer};
use ringmain::contract::{Agent, Source, Tick, Work, each};
use ringmain::pattern::{Filter, Sequencer};
use std::fmt::Arguments;
use std::io::{self, Write};
use std::thread;

const LONGEST_LINE: usize = 96;
const INFO: u8 = b'I';
const WARNING: u8 = b'W';
const LINES: usize = 10_000;

/// One thread's way into the log.
struct Log {
    lines: Producer,
    dropped: usize,
}

impl Log {
    /// A line that does not fit into [`LONGEST_LINE`] is cut.
    fn write(&mut self, level: u8, line: Arguments<'_>) -> Result<(), ClaimError> {
        let mut claim = loop {
            match self.lines.claim(LONGEST_LINE) {
                Ok(claim) => break claim,
                Err(ClaimError::Full) if level == WARNING => thread::yield_now(),
                Err(ClaimError::Full) => {
                    self.dropped += 1;
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        };
        let mut room = &mut claim[..];
        // The only error there is: no room is left, and as much as fitted was written.
        let _ = room.write_all(&[level]).and_then(|()| room.write_fmt(line));
        let len = LONGEST_LINE - room.len();
        claim.commit_len(len);
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut logs, mut sources) = (Vec::new(), Vec::new());
    for _ in 0..2 {
        let (lines, source) = bytes::channel(1 << 20)?;
        logs.push(Log { lines, dropped: 0 });
        sources.push(source);
    }

    let (mut passed, mut written) = (0, Vec::new());
    let mut sink = io::BufWriter::new(&mut written);
    let serious = |line: &[u8]| {
        passed += 1;
        line[0] == WARNING
    };
    let mut log = Sequencer::round_robin(sources, 64).drive(Filter::new(
        serious,
        each(|line: &[u8]| {
            sink.write_all(line).and_then(|()| sink.write_all(b"\n")).expect("a vector takes everything");
        }),
    ));

    let dropped = thread::scope(|scope| {
        let writers: Vec<_> = ["feed", "risk"]
            .into_iter()
            .zip(logs)
            .map(|(name, mut log)| {
                scope.spawn(move || {
                    for n in 0..LINES {
                        match n % 1000 {
                            999 => log.write(WARNING, format_args!(" {name}: late by {} us", n % 77))?,
                            _ => {
                                log.write(INFO, format_args!(" {name}: order {n} of {:x<1$}", "", n % 70))?
                            }
                        }
                    }
                    Ok::<usize, ClaimError>(log.dropped)
                })
            })
            .collect();
        while log.work(Tick::ZERO) != Work::Done {
            thread::yield_now();
        }
        writers.into_iter().map(|writer| writer.join().expect("nothing panics")).sum::<Result<usize, _>>()
    })?;
    drop(log);
    drop(sink);

    let lines = written.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    println!(
        "{passed} lines, {} of them serious, {dropped} dropped; the first of them:",
        lines.clone().count()
    );
    for line in lines.clone().take(3) {
        println!("  {}", String::from_utf8_lossy(line));
    }
    assert_eq!(passed + dropped, 2 * LINES);
    assert_eq!(lines.filter(|line| line.ends_with(b" us")).count(), 2 * LINES / 1000);
    Ok(())
}
