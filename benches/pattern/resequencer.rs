use crate::{EVENTS, at, events, group, pass};
use criterion::Criterion;
use ringmain::contract::{At, Flow, Stage, Tick, each};
use ringmain::pattern::resequencer::{
    Ahead, Batch, BatchResequencer, Closing, Duplicate, Equals, Hole, Keyed, KeyedResequencer, Keys, Late,
    Ordered, Policy, Resequencer, Sort, Start, TableFull,
};
use std::hint::black_box;
use std::time::Duration;

fn item(item: Ordered<&u64>, _: At) -> Flow {
    black_box(&item);
    Ok(())
}

/// Begins with the first of a pass, so that each pass may begin anew.
pub(crate) const POLICY: Policy = Policy {
    start: Start::Fixed(0),
    late: Late::Drop,
    duplicate: Duplicate::KeepFirst,
    ahead: Ahead::Advance,
    hole: Hole::Skip { after: Duration::from_secs(1) },
    closing: Closing::Release,
};

/// The numbers of a pass, which a base adds to them: a pass goes on where the one before ended.
struct Pass<S> {
    base: u64,
    stage: S,
}

impl<S: for<'e> Stage<&'e u64>> Pass<S> {
    fn run(&mut self, events: &[u64]) {
        for (n, event) in events.iter().enumerate() {
            let event = self.base + event;
            let _ = black_box(self.stage.on_event(&event, at(n)));
        }
        let _ = black_box(self.stage.on_batch_end(Tick::ZERO));
        self.base += EVENTS as u64;
    }
}

/// Each block of `window` numbers backwards: all but one of them are held, and go on together.
fn backwards(window: u64) -> Vec<u64> {
    (0..EVENTS as u64).map(|n| n / window * window + (window - 1 - n % window)).collect()
}

pub(crate) fn benches(c: &mut Criterion) {
    let mut group = group(c, "resequencer");
    let in_order: Vec<u64> = (0..EVENTS as u64).collect();
    let mut base = Pass { base: 0, stage: |event: &u64, at: At| item(Ordered::Event(event), at) };
    group.bench_function("base", |b| b.iter(|| base.run(&in_order)));
    for window in [16, 256, 1024] {
        let stage =
            || Resequencer::new(window, POLICY, |n: &u64| *n, u64::default, item).expect("a power of two");
        let mut ordered = Pass { base: 0, stage: stage() };
        group.bench_function(format!("in order, window {window}"), |b| b.iter(|| ordered.run(&in_order)));
        let reversed = backwards(window as u64);
        let mut disordered = Pass { base: 0, stage: stage() };
        group.bench_function(format!("backwards, window {window}"), |b| b.iter(|| disordered.run(&reversed)));
    }
    let swapped = backwards(2);
    let stage = Resequencer::new(256, POLICY, |n: &u64| *n, u64::default, item).expect("a power of two");
    let mut pairs = Pass { base: 0, stage };
    group.bench_function("pairs swapped, window 256", |b| b.iter(|| pairs.run(&swapped)));

    // Sixteen keys by turns, of which each has numbers of its own.
    let after = |Keyed { item: of, .. }: Keyed<u64, Ordered<&u64>>, at: At| item(of, at);
    let full = TableFull::EvictLru(Closing::Release);
    let in_turn: Vec<u64> = (0..EVENTS as u64).collect();
    let turned: Vec<u64> = in_turn.iter().map(|n| n ^ 16).collect();
    for (name, most, events) in [
        ("16 keys, in order", 16, &in_turn),
        ("16 keys, pairs swapped", 16, &turned),
        ("16 keys in 8 places", 8, &in_turn),
    ] {
        let (key, number) = (|n: &u64| n % 16, |n: &u64| n / 16);
        let policy = Policy { start: Start::FirstSeen, ..POLICY };
        let stage = KeyedResequencer::new(Keys { most, full }, 16, policy, key, number, u64::default, after);
        let mut keyed = Pass { base: 0, stage: stage.expect("a power of two") };
        group.bench_function(name, |b| b.iter(|| keyed.run(events)));
    }

    let events = events();
    for size in [16, 256] {
        let batch =
            Batch { size, timeout: Duration::from_secs(1), sort: Sort::Ascending, equals: Equals::Allow };
        let next = each(|n: &u64| _ = black_box(n));
        let key = |n: &u64| n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut stage = BatchResequencer::new(batch, key, u64::default, next).expect("not 0");
        group.bench_function(format!("batch of {size}, shuffled"), |b| b.iter(|| pass(&events, &mut stage)));
    }
}
