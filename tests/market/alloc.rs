//! The main job allocates nothing between its first turn and its last: with full rings, rejects and the shutdown too.
//!
//! Without the test harness, which allocates itself.

#[path = "../../examples/market/mod.rs"]
#[allow(dead_code, reason = "the bus is tested, not the report")]
mod market;

use market::{
    pipeline::{Market, Named, Outcome, Plan},
    session::Session,
};
use ringmain::{
    contract::{Agent, Clock, ManualClock, Tick, Work},
    metric::OneIn,
};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::{
        Barrier,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

/// Counts allocations of all threads while it is armed.
struct Counting;

static ARMED: AtomicBool = AtomicBool::new(false);
static COUNT: AtomicU64 = AtomicU64::new(0);

fn note() {
    if ARMED.load(SeqCst) {
        COUNT.fetch_add(1, SeqCst);
    }
}

// SAFETY: every call goes on to `System` as it came; counting touches two statics and allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note();
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note();
        // SAFETY: as above.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often `work` allocates.
fn count(work: impl FnOnce()) -> u64 {
    COUNT.store(0, SeqCst);
    ARMED.store(true, SeqCst);
    work();
    ARMED.store(false, SeqCst);
    COUNT.load(SeqCst)
}

/// A clock that every thread can read and that allocates nothing.
#[derive(Clone, Copy)]
struct Turns(&'static AtomicU64);

impl Clock for Turns {
    fn now(&mut self) -> Tick {
        Tick::from_nanos(self.0.fetch_add(1, SeqCst))
    }
}

/// The agents of one thread, each with one turn in a turn.
struct Group(Vec<Named>);

impl Agent for Group {
    fn work(&mut self, now: Tick) -> Work {
        self.0.iter_mut().fold(Work::Done, |all, (_, agent)| all.and(agent.work(now)))
    }
}

const ROWS: u64 = 100_000;

fn market(threads: usize, rate: Option<u64>) -> (Vec<Group>, Outcome) {
    static TIME: AtomicU64 = AtomicU64::new(0);
    let plan = Plan {
        capacity: 64,
        letters: 1,
        buffer: 4_096,
        orders: 64, // far too few: orders find no room
        levels: 16,
        sample: OneIn::ONE,
        rate,
        large: 500,
        far: 1,
    };
    let market = Market::build(&plan, Session::new(3, ROWS), Turns(&TIME)).expect("the plan is sound");
    let outcome = market.outcome.clone();
    (market.share_out(threads).into_iter().map(Group).collect(), outcome)
}

/// One agent a group: each works until it can do no more, so that every ring gets full and every ring gets empty.
fn by_turns(groups: &mut Vec<Group>) {
    let mut now = 0;
    while !groups.is_empty() {
        now += 1_000_000;
        groups.retain_mut(|group| {
            loop {
                match group.work(Tick::from_nanos(now)) {
                    Work::Busy(_) => {}
                    Work::Idle => return true,
                    Work::Done => return false,
                }
            }
        });
    }
}

fn to_the_end(group: &mut Group) {
    let mut now = 0;
    loop {
        now += 1_000_000;
        match group.work(Tick::from_nanos(now)) {
            Work::Busy(_) => {}
            Work::Idle => std::thread::yield_now(),
            Work::Done => return,
        }
    }
}

fn expect_no_allocation(what: &str, allocations: u64, outcome: &Outcome) {
    let report = outcome.report(Duration::ZERO);
    assert_eq!(allocations, 0, "{what}: {allocations} allocations");
    assert_eq!(report.rows(), ROWS, "{what}: not every row got through");
    assert_eq!(report.statement.check(), Ok(()), "{what}");
    assert!(report.letters > 0 && report.refused > 0 && report.far > 0, "{what}: a path was not taken");
    println!("{what}: {ROWS} rows, {} dead letters, 0 allocations", report.letters);
}

fn main() {
    // Does it count at all? Also on another thread?
    assert_eq!(count(|| drop(std::hint::black_box(Box::new(1)))), 1, "the counter is not in place");
    let (ready, start, end) = (Barrier::new(2), Barrier::new(2), Barrier::new(2));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            ready.wait();
            start.wait();
            drop(std::hint::black_box(Vec::<u64>::with_capacity(9)));
            end.wait();
        });
        ready.wait(); // a thread may allocate while it starts
        let seen = count(|| {
            start.wait();
            end.wait();
        });
        assert_eq!(seen, 1, "other threads are not counted");
    });
    assert_eq!(count(|| _ = ManualClock::new().now()), 1, "an Arc is not counted");

    let (mut groups, outcome) = market(1, None);
    let allocations = count(|| groups.iter_mut().for_each(to_the_end));
    expect_no_allocation("one thread", allocations, &outcome);

    let (mut groups, outcome) = market(1, Some(1_000_000));
    let allocations = count(|| groups.iter_mut().for_each(to_the_end));
    expect_no_allocation("one thread, at a rate", allocations, &outcome);

    let (mut groups, outcome) = market(7, None);
    let allocations = count(|| by_turns(&mut groups));
    expect_no_allocation("every agent until it is stuck", allocations, &outcome);

    let (groups, outcome) = market(3, None);
    let (ready, start, end) = (Barrier::new(4), Barrier::new(4), Barrier::new(4));
    let allocations = std::thread::scope(|scope| {
        for mut group in groups {
            let (ready, start, end) = (&ready, &start, &end);
            scope.spawn(move || {
                ready.wait();
                start.wait();
                to_the_end(&mut group);
                drop(group);
                end.wait();
            });
        }
        ready.wait();
        count(|| {
            start.wait();
            end.wait();
        })
    });
    expect_no_allocation("three threads", allocations, &outcome);

    // A stage that goes early: what is upstream stops, and nothing is allocated on that path either.
    let (mut groups, outcome) = market(7, None);
    let allocations = count(|| {
        for now in 0..40 {
            groups.iter_mut().for_each(|group| _ = group.work(Tick::from_nanos(now)));
        }
        groups.remove(5); // the join
        by_turns(&mut groups);
    });
    assert_eq!(allocations, 0, "early end: {allocations} allocations");
    let report = outcome.report(Duration::ZERO);
    assert!(report.rows() < ROWS, "the join was gone, and the feed went on");
    assert_eq!(report.statement.check(), Ok(()), "early end");
    println!("early end: {} rows, 0 allocations", report.rows());
}
