//! Which priority is served next.

/// The most priorities that a queue has.
pub(super) const MOST: usize = 8;

/// How many priorities a [`Queue`](super::Queue) has, 1 to 8, and how they share its consumers. The larger number is the
/// higher priority. Within one, messages are in the order in which they were published.
///
/// | built with                     | next is                                                       | starvation            |
/// |--------------------------------|---------------------------------------------------------------|-----------------------|
/// | [`strict`](Self::strict)       | the highest priority that has a ready message                 | of the lower ones     |
/// | [`weighted`](Self::weighted)   | each of those that have one, as often as its weight says      | none                  |
///
/// Weighted is smooth weighted round robin: with weights 1 and 8, each 9 leases in a row have 8 of the one and 1 of the
/// other, while both have messages. A priority that has none saves nothing up.
///
/// 9 do not compile:
/// ```compile_fail,E0080
/// let _ = ringmain::pattern::Priorities::strict::<9>();
/// ```
/// 8 do:
/// ```
/// let _ = ringmain::pattern::Priorities::strict::<8>();
/// ```
#[derive(Clone, Debug)]
pub struct Priorities {
    count: u8,
    /// None if they are strict.
    weights: Option<[u32; MOST]>,
    credit: [i64; MOST],
}

impl Priorities {
    /// `K` priorities, the highest first.
    #[must_use]
    pub const fn strict<const K: usize>() -> Self {
        const { assert!(K >= 1 && K <= MOST, "there are between 1 and 8 priorities") };
        Self { count: K as u8, weights: None, credit: [0; MOST] }
    }
    /// `K` priorities, each with the weight of its number; 0 is taken for 1.
    #[must_use]
    pub fn weighted<const K: usize>(weights: [u32; K]) -> Self {
        let mut all = [1; MOST];
        for (place, weight) in all.iter_mut().zip(weights) {
            *place = weight.max(1);
        }
        Self { weights: Some(all), ..Self::strict::<K>() }
    }
    /// The priority that is there, for one that was asked for.
    #[inline]
    pub(super) const fn at_most(&self, asked: u8) -> u8 {
        if asked < self.count { asked } else { self.count - 1 }
    }
    /// The next one of those that have a bit in `filled`.
    #[inline]
    pub(super) fn next(&mut self, filled: u8) -> Option<u8> {
        let highest = filled.checked_ilog2()? as u8;
        let Some(weights) = &self.weights else { return Some(highest) };
        let mut total = 0;
        let mut best = highest;
        for priority in (0..self.count).rev() {
            let credit = &mut self.credit[usize::from(priority)];
            if filled >> priority & 1 == 0 {
                *credit = 0;
                continue;
            }
            let weight = i64::from(weights[usize::from(priority)]);
            *credit += weight;
            total += weight;
            if *credit > self.credit[usize::from(best)] {
                best = priority;
            }
        }
        self.credit[usize::from(best)] -= total;
        Some(best)
    }
}

impl Default for Priorities {
    /// One: all messages are equal.
    fn default() -> Self {
        Self::strict::<1>()
    }
}
