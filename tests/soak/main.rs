//! Many messages through every ring, each accounted for: none lost, none twice, none out of order, none torn.
//!
//! ```text
//! cargo test --release --test soak                                   200,000 messages a line, some seconds
//! cargo test --release --test soak -- --messages 10000000            the long version
//! cargo test --release --test soak -- mpsc --seed 7                  some lines, with the chances of an earlier run
//! ```
//!
//! A producer numbers its messages and adds up a hash of them; so does every consumer, for each producer. Numbers of one
//! producer must grow wherever they arrive, without a gap where one consumer sees all of them, and in the end both
//! sums must be equal. Where a reader may miss some, it must know exactly how many. Batches of all sizes, fills that fail, and threads that stand still at bad times (between two
//! batches, inside of a fill, inside of a stage) come by chance. Who waits gives its time slice away.
//!
//! Without the test harness, because it has arguments and a table of its own.

#[path = "../kit/mod.rs"]
mod kit;

use kit::*;
use ringmain::contract::{Drained, End, Fault, Filled, Flow, Halt};
use ringmain::ring::Sequence;
use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

/// One line of the table.
struct Line {
    ring: &'static str,
    cargo: &'static str,
    /// Producers and consumers.
    ends: (usize, usize),
    sees: Sees,
    build: Build,
}

/// What each consumer sees.
#[derive(Clone, Copy, PartialEq)]
enum Sees {
    All,
    /// They compete: together they see each message once.
    Share,
    /// All but those that it knows to have missed.
    Some,
}

const CAPACITY: usize = 64;

fn lines() -> Vec<Line> {
    type Words = [u64; 4];
    let mut lines = Vec::new();
    let mut line = |ring, cargo, ends, sees, build| lines.push(Line { ring, cargo, ends, sees, build });
    line("spsc", "words", (1, 1), Sees::All, scene::<Spsc, Words>(1, 1));
    line("spsc", "boxes", (1, 1), Sees::All, scene::<Spsc, Parcel>(1, 1));
    line("spsc spaced", "boxes", (1, 1), Sees::All, scene::<SpscSpaced, Parcel>(1, 1));
    line("mpsc", "words", (4, 1), Sees::All, scene::<Mpsc, Words>(4, 1));
    line("mpsc", "boxes", (2, 1), Sees::All, scene::<Mpsc, Parcel>(2, 1));
    line("mpsc lanes", "words", (4, 1), Sees::All, scene::<MpscLanes, Words>(4, 1));
    line("mpsc lanes", "boxes", (2, 1), Sees::All, scene::<MpscLanes, Parcel>(2, 1));
    line("spmc", "words", (1, 4), Sees::Share, scene::<Spmc, Words>(1, 4));
    line("spmc", "boxes", (1, 2), Sees::Share, scene::<Spmc, Parcel>(1, 2));
    line("mpmc", "words", (4, 4), Sees::Share, scene::<Mpmc, Words>(4, 4));
    line("mpmc", "boxes", (2, 2), Sees::Share, scene::<Mpmc, Parcel>(2, 2));
    line("mpmc strict", "words", (4, 4), Sees::Share, scene::<MpmcStrict, Words>(4, 4));
    line("mpmc strict", "boxes", (2, 2), Sees::Share, scene::<MpmcStrict, Parcel>(2, 2));
    line("multicast one", "boxes", (1, 1), Sees::All, scene::<MulticastOne, Parcel>(1, 1));
    line("multicast one", "words", (1, 3), Sees::All, readers_of_one::<Words>(3));
    line("multicast many", "boxes", (2, 1), Sees::All, scene::<MulticastMany, Parcel>(2, 1));
    line("multicast many", "words", (4, 2), Sees::All, readers_of_many::<Words>(4, 2));
    line("publish-subscribe", "boxes", (1, 2), Sees::All, subscribers::<Parcel>(2));
    line("publish-subscribe, lagging", "boxes", (1, 2), Sees::Some, laggards::<Parcel>(2));
    line("broadcast", "words", (1, 3), Sees::Some, broadcasts::<Words>(3));
    line("latest", "words", (1, 3), Sees::Some, latests::<Words>(3));
    line("bytes", "bytes", (1, 1), Sees::All, long_records());
    lines
}

fn main() {
    let args = Args::read(std::env::args().skip(1));
    if args.list {
        println!("soak: test");
        return;
    }
    let lines: Vec<_> = lines().into_iter().filter(|line| args.wants(line.ring)).collect();
    if lines.is_empty() {
        return;
    }
    println!("{} messages a line, --seed {}", args.messages, args.seed);
    println!(
        "{:<15} {:<6} {:>5} {:>11} {:>8} {:>8} {:>11} {:>11}",
        "ring", "cargo", "ends", "seen", "seconds", "M/s", "full", "empty"
    );
    for line in lines {
        let begin = Instant::now();
        let done = line.run(args.messages, args.seed);
        let seconds = begin.elapsed().as_secs_f64();
        let ends = format!("{}x{}", line.ends.0, line.ends.1);
        println!(
            "{:<15} {:<6} {:>5} {:>11} {:>8.2} {:>8.2} {:>11} {:>11}",
            line.ring,
            line.cargo,
            ends,
            done.seen,
            seconds,
            args.messages as f64 / seconds / 1e6,
            done.full,
            done.empty
        );
    }
}

struct Args {
    messages: u64,
    seed: u64,
    names: Vec<String>,
    list: bool,
}

impl Args {
    /// What the test harness would understand is passed over: `cargo test` gives all targets the same arguments.
    fn read(mut args: impl Iterator<Item = String>) -> Self {
        let mut read = Self {
            messages: 200_000,
            seed: RandomState::new().hash_one(0) >> 32,
            names: Vec::new(),
            list: false,
        };
        while let Some(arg) = args.next() {
            let mut number = || args.next().and_then(|n| n.parse().ok()).expect("a number behind it");
            match &*arg {
                "--messages" => read.messages = number(),
                "--seed" => read.seed = number(),
                "--test-threads" => drop(args.next()),
                "--list" => read.list = true,
                name if !name.starts_with('-') => read.names.push(name.to_owned()),
                _ => {}
            }
        }
        read
    }
    fn wants(&self, ring: &str) -> bool {
        self.names.is_empty()
            || self.names.iter().any(|name| "soak".contains(&**name) || ring.contains(&**name))
    }
}

/// What the threads of a line came to.
#[derive(Default)]
struct Done {
    /// By all consumers.
    seen: u64,
    /// So often a producer, or a consumer, had to wait.
    full: u64,
    empty: u64,
}

/// What one thread saw of one producer.
#[derive(Clone, Copy, Default, PartialEq, Debug)]
struct Sum {
    count: u64,
    hash: u64,
}

impl Sum {
    fn add(&mut self, number: u64) {
        self.count += 1;
        self.hash = self.hash.wrapping_add(mixed(number));
    }
    fn and(self, other: Self) -> Self {
        Self { count: self.count + other.count, hash: self.hash.wrapping_add(other.hash) }
    }
}

impl Line {
    fn run(&self, messages: u64, seed: u64) -> Done {
        let parcels = Parcel::counts();
        let producers = self.ends.0;
        let each = messages / producers as u64;
        let scene = (self.build)(Sequence::ZERO.minus(messages / 2), CAPACITY);
        assert_eq!((scene.tx.len(), scene.rx.len()), self.ends);
        let mut done = Done::default();
        std::thread::scope(|scope| {
            let puts: Vec<_> = (scene.tx.into_iter().zip(0..))
                .map(|(tx, who)| scope.spawn(move || produce(tx, who, each, Chance::new(seed, who))))
                .collect();
            let gapless = self.sees == Sees::All;
            let takes: Vec<_> = (scene.rx.into_iter().zip(100..))
                .map(|(rx, who)| scope.spawn(move || consume(rx, producers, gapless, Chance::new(seed, who))))
                .collect();
            let mut sent = Vec::new();
            for put in puts {
                let (sum, full) = put.join().expect("a producer is well");
                assert_eq!(sum.count, each);
                sent.push(sum);
                done.full += full;
            }
            let mut shares = vec![Sum::default(); producers];
            for take in takes {
                let Taken { sums, missed, empty } = take.join().expect("a consumer is well");
                let seen = sums.iter().map(|sum| sum.count).sum::<u64>();
                done.empty += empty;
                done.seen += seen;
                match self.sees {
                    Sees::All => assert_eq!(sums, sent, "{}: not what was sent", self.ring),
                    Sees::Some => assert_eq!(seen + missed, each, "{}: not each seen or missed", self.ring),
                    Sees::Share => shares = shares.iter().zip(sums).map(|(a, b)| a.and(b)).collect(),
                }
            }
            if self.sees == Sees::Share {
                assert_eq!(shares, sent, "{}: not each once", self.ring);
            }
        });
        let (packed, dropped) = Parcel::counts();
        assert_eq!(packed - parcels.0, dropped - parcels.1, "{}: not each dropped once", self.ring);
        done
    }
}

/// Sends `n` messages: what was sent, and how often the ring was full.
fn produce(mut tx: Box<dyn Put>, who: u64, n: u64, chance: Chance) -> (Sum, u64) {
    let (mut sum, mut wait) = (Sum::default(), Waiting::default());
    while sum.count < n {
        let first = sum.count;
        let batch = chance.batch().min((n - first) as usize);
        let Filled { count, end } = tx.put(batch, &mut |i| {
            chance.stall();
            if chance.one_in(64) { Err(Fault::new(0).into()) } else { Ok(who << 48 | (first + i as u64)) }
        });
        (first..first + count as u64).for_each(|number| sum.add(who << 48 | number));
        match end {
            Some(Halt::Again) if count == 0 => wait.turn("a producer"),
            Some(Halt::Stop) => panic!("closed, and everybody is there"),
            _ => wait.over(),
        }
        chance.stall();
    }
    (sum, wait.turns)
}

/// What a consumer came to.
struct Taken {
    /// Of each producer.
    sums: Vec<Sum>,
    missed: u64,
    /// So often there was nothing.
    empty: u64,
}

/// Takes until the end.
fn consume(mut rx: Box<dyn Take>, producers: usize, gapless: bool, chance: Chance) -> Taken {
    let (mut sums, mut wait) = (vec![Sum::default(); producers], Waiting::default());
    let mut next = vec![0; producers];
    loop {
        let Drained { count, end } = rx.take(chance.batch(), &mut |message| -> Flow {
            chance.stall();
            if chance.one_in(64) {
                return Err(Halt::Again);
            }
            let (who, number) = ((message >> 48) as usize, message & ((1 << 48) - 1));
            let expected = next[who];
            assert!(number == expected || number > expected && !gapless, "{number} in place of {expected}");
            next[who] = number + 1;
            sums[who].add(message);
            Ok(())
        });
        match end {
            Some(End::Closed) => return Taken { sums, missed: rx.missed(), empty: wait.turns },
            None if count == 0 => wait.turn("a consumer"),
            _ => wait.over(),
        }
        chance.stall();
    }
}

/// Waits, but not for ever.
#[derive(Default)]
struct Waiting {
    turns: u64,
    since: Option<Instant>,
}

impl Waiting {
    fn turn(&mut self, who: &str) {
        self.turns += 1;
        let since = *self.since.get_or_insert_with(Instant::now);
        assert!(since.elapsed() < Duration::from_secs(60), "{who} hangs");
        std::thread::yield_now();
    }
    fn over(&mut self) {
        self.since = None;
    }
}

/// A thread's luck.
struct Chance(Cell<u64>);

impl Chance {
    fn new(seed: u64, who: u64) -> Self {
        Self(Cell::new(mixed(seed ^ who << 32)))
    }
    fn next(&self) -> u64 {
        self.0.set(self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        mixed(self.0.get())
    }
    fn one_in(&self, n: u64) -> bool {
        self.next().is_multiple_of(n)
    }
    /// One, some, or more than the ring has.
    fn batch(&self) -> usize {
        match self.next() % 8 {
            0..4 => 1,
            4..7 => 1 + (self.next() % 32) as usize,
            _ => 2 * CAPACITY,
        }
    }
    /// Seldom nothing is done for a moment, and very seldom for a long one.
    fn stall(&self) {
        match self.next() % (1 << 16) {
            0..64 => std::thread::yield_now(),
            64 => std::thread::sleep(Duration::from_micros(self.next() % 1000)),
            _ => {}
        }
    }
}

/// SplitMix64's finisher (Steele, Lea and Flood, OOPSLA 2014).
fn mixed(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
