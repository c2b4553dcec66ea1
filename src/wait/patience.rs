//! The short part of a wait: spin, then yield.

use crate::sync;

/// Counts the empty turns in a row, and spends the first of them awake.
///
/// The `n`-th spinning turn pauses `2^n` times, at most [`Patience::LONGEST`]: a row that ends soon ends at once, and
/// a longer one leaves the other side's cache line alone for longer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    spins: u32,
    yields: u32,
    /// Empty turns in a row, counted up to `spins + yields`.
    turns: u32,
}

impl Patience {
    /// The most pauses in one turn, as a power of two.
    const LONGEST: u32 = 6;

    pub(super) const fn new(spins: u32, yields: u32) -> Self {
        Self { spins, yields, turns: 0 }
    }
    pub(super) fn set_spins(&mut self, turns: u32) {
        self.spins = turns;
    }
    pub(super) fn set_yields(&mut self, turns: u32) {
        self.yields = turns;
    }
    /// Spends one turn awake; false if there is no such turn left.
    #[inline]
    pub(super) fn spend(&mut self) -> bool {
        if self.turns < self.spins {
            for _ in 0..1u32 << self.turns.min(Self::LONGEST) {
                sync::spin();
            }
        } else if self.turns < self.spins.saturating_add(self.yields) {
            sync::yield_now();
        } else {
            return false;
        }
        self.turns += 1;
        true
    }
    #[inline]
    pub(super) fn reset(&mut self) {
        self.turns = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_used_up_after_the_turns_it_was_given() {
        for (spins, yields) in [(0, 0), (3, 0), (0, 3), (9, 2)] {
            let mut patience = Patience::new(spins, yields);
            for _ in 0..2 {
                let turns = (0..100).take_while(|_| patience.spend()).count();
                assert_eq!(turns as u32, spins + yields);
                assert!(!patience.spend());
                patience.reset();
            }
        }
    }

    #[test]
    fn does_not_overflow() {
        let mut patience = Patience::new(1, u32::MAX);
        assert!(patience.spend() && patience.spend());
    }
}
