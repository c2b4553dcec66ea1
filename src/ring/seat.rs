//! A place at a ring that readers come to and leave while it runs.
//!
//! ```text
//!        take            ask             admit              leave            free
//!  Free -----> Taken -----> Joining -----------> Seated ------------> Left ------> Free
//!                              \________________________________________^
//! ```
//!
//! What belongs to a seat, its desk (the request of the reader, the answer of the writer), changes hands with its standing:
//!
//! | standing                             | whose the seat and its desk are                        | rule |
//! |--------------------------------------|--------------------------------------------------------|------|
//! | `Free`                               | nobody's; the reader's whose [`take`](Seat::take) succeeds |   |
//! | `Taken`, `Seated`                    | the reader's                                           | R5   |
//! | `Joining`, `Left`, `Gone`            | the writer's                                           | R6   |
//! | `Seated`, of a reader that may be ended and resumed | the reader's while it is inside, the writer's while it is ended | R5 R6 |
//!
//! Only the writer sets a seat free, and only after its reader has said that it does not come back: so nobody ever meets
//! the next tenant of a seat that he takes for his own, and no generation has to be counted.
//!
//! The place is how far the reader is. A reader that gates stores it. One that may be moved is *inside* while it looks at
//! slots, and outside of that the writer may move it on, or end it: both do so by compare-exchange, so one of them comes
//! first, and the other is told. To change its desk the writer ends a reader, and then resumes it further on.
//!
//! | store, or read-modify-write          | load, or read-modify-write               | what it hands over                          |
//! |--------------------------------------|------------------------------------------|---------------------------------------------|
//! | `free` (Release) S12                 | `take` (Acquire)                         | the desk, to the next reader                |
//! | `ask`, `leave` (Release) S13         | `standing` (Acquire), the writer's       | the desk; that the reader is in no slot     |
//! | `admit` (Release) S14                | `standing` (Acquire), the reader's       | the desk, the place, all that was published |
//! | `stand` (Release) S15                | `place`, `displace`, `end` (Acquire)     | the slots that the reader is done with      |
//! | `displace`, `end` (Release) S16      | `enter` that fails (Acquire)             | all that was published before               |
//! | `resume` (Release) S17               | `enter` that fails (Acquire)             | the same, and the desk                      |

use super::Sequence;
use crate::sync::{AtomicU64, AtomicUsize, Ordering};
use crossbeam_utils::CachePadded;

/// One place at a ring. All operations are wait-free.
#[derive(Debug)]
pub struct Seat {
    standing: AtomicUsize,
    /// A position, and whether the reader is inside, or was ended.
    place: CachePadded<AtomicU64>,
}

/// Whose a [`Seat`] is, and what is to be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Nobody's.
    Free,
    /// A reader's, who has not said yet what it wants.
    Taken,
    /// The writer is asked to let the reader in.
    Joining,
    /// A reader's, who reads.
    Seated,
    /// The reader said that it goes, and went.
    Left,
    /// The reader went without a word.
    Gone,
}

/// How far a reader is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// It is done with every event before this position.
    pub done: Sequence,
    /// It is looking at slots from `done` on.
    pub inside: bool,
    /// The writer has ended it: it does not come in again, unless it is resumed.
    pub ended: bool,
}

const STANDINGS: [Standing; 6] =
    [Standing::Free, Standing::Taken, Standing::Joining, Standing::Seated, Standing::Left, Standing::Gone];

const INSIDE: u64 = 1;
const ENDED: u64 = 2;

impl Place {
    const fn of_word(word: u64) -> Self {
        Self { done: Sequence::of_word(word), inside: word & INSIDE != 0, ended: word & ENDED != 0 }
    }
}

impl Seat {
    /// A free seat.
    #[must_use]
    pub fn new() -> Self {
        Self {
            standing: AtomicUsize::new(Standing::Free as usize),
            place: CachePadded::new(AtomicU64::new(0)),
        }
    }
    /// Whose it is.
    ///
    /// ordering: Acquire; pairs with the Release of `ask`, `leave` and `admit`, and takes over the desk.
    #[must_use]
    pub fn standing(&self) -> Standing {
        STANDINGS[self.standing.load(Ordering::Acquire) % STANDINGS.len()]
    }

    // ------------------------------------------------------------------------------------------------- by a reader

    /// Takes the seat if it is free.
    ///
    /// ordering: Acquire; pairs with the Release of `free`, and takes over the desk. Relaxed where it fails: nothing is
    /// taken over.
    #[must_use]
    pub fn take(&self) -> bool {
        let (free, taken) = (Standing::Free as usize, Standing::Taken as usize);
        self.standing.compare_exchange(free, taken, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }
    /// Asks the writer for admission; the seat was taken by the caller.
    ///
    /// ordering: Release; pairs with the Acquire of `standing`, and hands over the desk.
    pub fn ask(&self) {
        self.standing.store(Standing::Joining as usize, Ordering::Release);
    }
    /// Goes for good, and says so or not; the caller asked before, and does not touch the seat any more.
    ///
    /// ordering: Release; pairs with the Acquire of `standing`, and hands over the desk, and the slots. A read-modify-write,
    /// as it races with the one of `admit`: loom has no order between that and a store.
    pub fn leave(&self, said: bool) {
        let how = if said { Standing::Left } else { Standing::Gone };
        self.standing.swap(how as usize, Ordering::Release);
    }
    /// Is done with everything before `done`, and stays inside, or is not.
    ///
    /// ordering: Release; pairs with the Acquire of the writer's looks, and hands over every slot before `done`.
    #[inline]
    pub fn stand(&self, done: Sequence, inside: bool) {
        self.place.store(done.word(if inside { INSIDE } else { 0 }), Ordering::Release);
    }
    /// Goes in, for a reader that the writer may move: from now on until it [stands](Self::stand) outside it will not be
    /// moved.
    ///
    /// ordering: Relaxed; who goes in takes over the slots by the writer's cursor. Acquire where it fails; pairs with the
    /// Release of `displace` and `end`, and takes over all that was published before.
    ///
    /// # Errors
    /// Where the writer has moved it, or that it is ended; it is outside.
    pub fn enter(&self, done: Sequence) -> Result<(), Place> {
        let (old, new) = (done.word(0), done.word(INSIDE));
        let entered = self.place.compare_exchange(old, new, Ordering::Relaxed, Ordering::Acquire);
        entered.map(|_| ()).map_err(Place::of_word)
    }

    // ---------------------------------------------------------------------------------------------- by the writer

    /// Lets the reader in, at `done`; false if it has gone meanwhile.
    ///
    /// ordering: Release; pairs with the Acquire of `standing`, and hands over the desk, the place (which is Relaxed
    /// therefore), and all that was published. Relaxed where it fails: the next look at the standing says why.
    #[must_use]
    pub fn admit(&self, done: Sequence) -> bool {
        self.place.store(done.word(0), Ordering::Relaxed);
        let (old, new) = (Standing::Joining as usize, Standing::Seated as usize);
        self.standing.compare_exchange(old, new, Ordering::Release, Ordering::Relaxed).is_ok()
    }
    /// Sets the seat free, whose reader has left.
    ///
    /// ordering: Release; pairs with the Acquire of `take`, and hands over the desk.
    pub fn free(&self) {
        self.standing.store(Standing::Free as usize, Ordering::Release);
    }
    /// How far the reader is.
    ///
    /// ordering: Acquire; pairs with the Release of `stand`, and takes over every slot before `done`.
    #[inline]
    #[must_use]
    pub fn place(&self) -> Place {
        Place::of_word(self.place.load(Ordering::Acquire))
    }
    /// Moves the reader from `done` on to `to`.
    ///
    /// # Errors
    /// Where it is, if it is inside or was not at `done` any more.
    pub fn displace(&self, done: Sequence, to: Sequence) -> Result<(), Place> {
        self.change(done, to.word(0))
    }
    /// Ends the reader at `done`: it does not come in again.
    ///
    /// # Errors
    /// As [`displace`](Self::displace).
    pub fn end(&self, done: Sequence) -> Result<(), Place> {
        self.change(done, done.word(ENDED))
    }
    /// Lets the reader in again, at `to`, that the writer has ended and nobody else resumes.
    ///
    /// ordering: Release; pairs with the Acquire of an `enter` that fails, as one from before `to` does, and hands over the
    /// desk and all that was published before.
    pub fn resume(&self, to: Sequence) {
        self.place.store(to.word(0), Ordering::Release);
    }
    /// ordering: AcqRel; Acquire pairs with the Release of `stand`: the reader may have been inside and out again at the
    /// same position, and it was in slots then. Release pairs with the Acquire of an `enter` that fails. Acquire where it
    /// fails, as `place`.
    fn change(&self, done: Sequence, to: u64) -> Result<(), Place> {
        let changed = self.place.compare_exchange(done.word(0), to, Ordering::AcqRel, Ordering::Acquire);
        changed.map(|_| ()).map_err(Place::of_word)
    }
}

impl Default for Seat {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Sequence = Sequence::ZERO.minus(1);

    fn seated() -> Seat {
        let seat = Seat::default();
        assert!(seat.take());
        seat.ask();
        assert!(seat.admit(AT));
        seat
    }

    #[test]
    fn a_seat_goes_round() {
        let seat = seated();
        assert_eq!((seat.standing(), seat.take()), (Standing::Seated, false));
        for (said, how) in [(true, Standing::Left), (false, Standing::Gone)] {
            seat.leave(said);
            assert_eq!((seat.standing(), seat.take()), (how, false));
            seat.free();
            assert!(seat.take());
            assert_eq!((seat.standing(), seat.take()), (Standing::Taken, false));
            seat.ask();
            assert_eq!((seat.standing(), seat.take()), (Standing::Joining, false));
        }
        seat.leave(true);
        assert!(!seat.admit(AT), "it has gone");
        assert_eq!(seat.standing(), Standing::Left);
    }

    #[test]
    fn who_is_inside_is_not_moved() {
        let (seat, to) = (seated(), AT.plus(2));
        seat.enter(AT).unwrap();
        let inside = Place { done: AT, inside: true, ended: false };
        assert_eq!((seat.displace(AT, to), seat.end(AT)), (Err(inside), Err(inside)));
        seat.stand(AT.next(), true);
        assert_eq!(seat.place(), Place { done: AT.next(), ..inside });
        seat.stand(AT, false);
        assert_eq!(seat.displace(AT, to), Ok(()));
        let moved = Place { done: to, inside: false, ended: false };
        assert_eq!((seat.enter(AT), seat.displace(AT, to)), (Err(moved), Err(moved)));
        assert_eq!(seat.end(to), Ok(()));
        assert_eq!(seat.enter(to), Err(Place { ended: true, ..moved }));
        seat.resume(to.next());
        assert_eq!(
            (seat.enter(to), seat.enter(to.next())),
            (Err(Place { done: to.next(), ..moved }), Ok(()))
        );
    }
}
