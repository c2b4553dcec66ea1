//! Numbers that look random and are the same in every run.

/// Knuth's generator, by the seed that a failure names.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Self(seed);
        // Seeds that are neighbours begin alike.
        dice.below(1);
        dice
    }
    /// From 0, and less than `n`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
    /// True once in `n` times.
    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
    /// One of them.
    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

/// How many seeds an oracle is compared with: all of them in a release build, a tenth in a debug build, a few where an
/// interpreter runs the test.
pub(crate) fn seeds(all: u64) -> core::ops::Range<u64> {
    0..if cfg!(miri) { share(all).min(20) } else { share(all) }
}

/// Whether something was reached as often in the runs of [`seeds`] as it has to be, more than `all` times in all of them.
pub(crate) fn reached(times: u64, all: u64) -> bool {
    cfg!(miri) || times > share(all)
}

const fn share(all: u64) -> u64 {
    if cfg!(debug_assertions) { all.div_ceil(10) } else { all }
}
