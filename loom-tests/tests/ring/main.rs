//! The models of `src/ring/`: what each structure hands over from one thread to another.

#[path = "../common/mod.rs"]
mod common;

mod claim;
mod counter;
mod cursor;
mod exchange;
mod notice;
mod presence;
mod region;
mod seat;
mod slots;
mod stamp;
mod tally;
mod words;

use common::outcomes;
use loom::{
    sync::Arc,
    thread::{self, JoinHandle},
};
use ringmain::ring::{Sequence, Slots};

/// The last position before the wrap, where every model starts.
fn start() -> Sequence {
    Sequence::ZERO.minus(1)
}

/// A ring of one slot, with a mark that `mark` makes.
fn one_slot<M>(mark: impl FnMut(Sequence) -> M) -> Slots<u64, M> {
    Slots::new(1, start(), || 0, mark).unwrap()
}

/// `shared`, in the hands of two threads.
fn for_two<S>(shared: S) -> (Arc<S>, Arc<S>) {
    let shared = Arc::new(shared);
    (Arc::clone(&shared), shared)
}

/// Writes into the slot of `at`.
fn put<M>(slots: &Slots<u64, M>, at: Sequence, event: u64) {
    // SAFETY: [R2] the model says whose slot it is; if it errs, loom reports the race.
    unsafe { slots.lend(at, |slot| *slot = event) }
}

/// Reads what the slot of `at` holds.
fn look<M>(slots: &Slots<u64, M>, at: Sequence) -> u64 {
    // SAFETY: [R1] as in `put`.
    unsafe { slots.share(at, |slot| *slot) }
}

/// What two threads share: slots, and what says whose they are.
trait Shared: Send + Sync + 'static {
    type Mark;
    fn slots(&self) -> &Slots<u64, Self::Mark>;
}

/// A cursor or a seat stands beside them.
impl<X: Send + Sync + 'static> Shared for (X, Slots<u64>) {
    type Mark = ();
    fn slots(&self) -> &Slots<u64> {
        &self.1
    }
}

/// A stamp is their mark.
impl<M: Send + Sync + 'static> Shared for Slots<u64, M> {
    type Mark = M;
    fn slots(&self) -> &Self {
        self
    }
}

/// One thread fills the slot and then `tells`; the other looks into it if it `hears` of that.
fn hands_over<S: Shared>(name: &str, parts: fn() -> (Arc<S>, Arc<S>), tells: fn(&S), hears: fn(&S) -> bool) {
    outcomes(name, &[None, Some(7)], move || {
        let (writer, reader) = parts();
        let writer = thread::spawn(move || {
            put(writer.slots(), start(), 7);
            tells(&writer);
        });
        let found = hears(&reader).then(|| look(reader.slots(), start()));
        writer.join().unwrap();
        found
    });
}

/// The way back: one thread looks into the slot and then `leaves` it; the other fills it again if it `sees` that.
fn gives_back<S: Shared>(name: &str, parts: fn() -> (Arc<S>, Arc<S>), leaves: fn(&S), sees: fn(&S) -> bool) {
    outcomes(name, &[7, 8], move || {
        let (reader, writer) = parts();
        put(writer.slots(), start(), 7);
        let reader = thread::spawn(move || {
            assert_eq!(look(reader.slots(), start()), 7);
            leaves(&reader);
        });
        if sees(&writer) {
            put(writer.slots(), start(), 8);
        }
        reader.join().unwrap();
        look(writer.slots(), start())
    });
}

/// Two threads: each fills a slot of its own and then `tells`.
fn two_fill<X: Send + Sync + 'static>(
    shared: &Arc<X>,
    tells: fn(&X),
) -> ([Arc<Slots<u64>>; 2], [JoinHandle<()>; 2]) {
    let slots = [(); 2].map(|()| Arc::new(one_slot(|_| ())));
    let threads = slots.clone().map(|slots| {
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            put(&slots, start(), 7);
            tells(&shared);
        })
    });
    (slots, threads)
}
