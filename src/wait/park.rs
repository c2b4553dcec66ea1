//! Waiting that sleeps until somebody rings.
//!
//! ```text
//!            idle          idle           idle                 rung, or the limit is over
//!   awake ---------> .. ---------> listed ---------> asleep ---------------------------+
//!     ^   spin, yield                | ^                                               |
//!     |                              | +-----------------------------------------------+
//!     +------------------------------+                  idle (one more turn first)
//!                  reset
//! ```
//!
//! A turn that was made before the sleeper is listed proves nothing: what came after it was published to a bell that
//! saw nobody asleep. So the strategy never sleeps on such a turn. The `idle` that finds the patience used up lists the
//! thread and returns; one more turn is made; only if that one is empty too, the next `idle` sleeps. Why no wake-up is
//! lost then is shown in [`bell`](super::Bell).

use super::{Bell, patience::Patience};
use crate::contract::Wait;
use crate::sync::{Arc, Token};
use core::time::Duration;

/// Spins and yields a little, then sleeps until its [`Bell`] is rung, or until a limit is over.
///
/// | empty turns in a row | latency                                        | processor      | system calls          |
/// |----------------------|------------------------------------------------|----------------|-----------------------|
/// | the first few        | as [`BusySpin`](super::BusySpin)               | 100 % of one   | none                  |
/// | some more            | as [`Yielding`](super::Yielding)               | 100 %, if free | one an empty turn     |
/// | all after            | one wake-up by the system, if the bell is rung; else at most the limit | nearly none | one an empty turn, and one for who rings |
///
/// Whoever makes work for this thread must ring: wrap the ports at the other end with [`Bell::on`]. Where nobody rings
/// (timers, a bridge, a stop) the limit is the latency.
///
/// It owns the sleeping side of its bell, so no two threads can sleep on one.
///
/// ```
/// use ringmain::{channel::spsc, contract::{Sink, Source, Tick, Wait, each}, wait::Park};
///
/// let (tx, mut rx) = spsc::channel(8, || 0u64)?;
/// let mut wait = Park::new();
/// let mut tx = wait.bell().on(tx);
/// let other = std::thread::spawn(move || tx.offer(|slot| *slot = 42));
/// let mut seen = 0;
/// while rx.drain(Tick::ZERO, usize::MAX, &mut each(|n: &u64| seen = *n)).count == 0 {
///     wait.idle();
/// }
/// wait.reset();
/// assert_eq!(seen, 42);
/// # other.join().unwrap()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Park {
    patience: Patience,
    limit: Duration,
    /// What this thread sleeps on, and the bell gives.
    token: Arc<Token>,
    bell: Bell,
    /// The bell knows that this thread is about to sleep, and a turn has been made since.
    listed: bool,
}

impl Park {
    /// The spinning turns of [`Park::new`].
    pub const SPINS: u32 = 8;
    /// The yielding turns of [`Park::new`].
    pub const YIELDS: u32 = 4;
    /// The longest sleep of [`Park::new`]: so late may a timer be.
    pub const LIMIT: Duration = Duration::from_millis(1);

    /// [`Self::SPINS`] turns of spinning, [`Self::YIELDS`] turns of yielding, then sleeps of at most [`Self::LIMIT`].
    /// Allocates the bell.
    #[must_use]
    pub fn new() -> Self {
        let token = Arc::new(Token::default());
        Self {
            patience: Patience::new(Self::SPINS, Self::YIELDS),
            limit: Self::LIMIT,
            token: token.clone(),
            bell: Bell::new(move || token.give()),
            listed: false,
        }
    }
    /// Spins for so many turns; the `n`-th, counted from 0, has `2^n` pauses, but at most 64.
    #[must_use]
    pub fn spins(mut self, turns: u32) -> Self {
        self.patience.set_spins(turns);
        self
    }
    /// Yields for so many turns.
    #[must_use]
    pub fn yields(mut self, turns: u32) -> Self {
        self.patience.set_yields(turns);
        self
    }
    /// Sleeps no longer than this, rung or not; [`Duration::MAX`] for ever.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }
    /// The bell that ends this thread's sleep.
    #[must_use]
    pub fn bell(&self) -> Bell {
        self.bell.clone()
    }
    fn unlist(&mut self) {
        if self.listed {
            self.listed = false;
            self.bell.unlist();
        }
    }
}

impl Default for Park {
    fn default() -> Self {
        Self::new()
    }
}

impl Wait for Park {
    fn idle(&mut self) {
        if self.listed {
            self.token.take(self.limit);
            self.unlist();
        } else if !self.patience.spend() {
            self.bell.list();
            self.listed = true;
        }
    }
    #[inline]
    fn reset(&mut self) {
        self.patience.reset();
        self.unlist();
    }
}

impl Drop for Park {
    /// Nobody has to wake a thread that waits no more.
    fn drop(&mut self) {
        self.unlist();
    }
}
