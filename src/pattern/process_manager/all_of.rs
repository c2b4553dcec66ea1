//! Several events in any order, of which the last one counts.

/// Which of `N` things (at most 32) have come: for the data of a process that goes on when all have.
///
/// ```
/// use ringmain::pattern::process_manager::AllOf;
/// let mut paid_and_packed = AllOf::<2>::default();
/// assert!(!paid_and_packed.came(1));
/// assert!(!paid_and_packed.came(1), "twice is not both");
/// assert!(paid_and_packed.came(0));
/// assert!(!paid_and_packed.came(0), "once");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct AllOf<const N: u32>(u32);

impl<const N: u32> AllOf<N> {
    const ALL: u32 = {
        assert!(0 < N && N <= u32::BITS, "of 1 to 32 things");
        u32::MAX >> (u32::BITS - N)
    };

    /// This thing, less than `N`, has come. True if it was the last one missing, and so only once.
    #[inline]
    pub const fn came(&mut self, thing: u32) -> bool {
        let before = self.0;
        self.0 |= 1 << thing & Self::ALL;
        before != Self::ALL && self.0 == Self::ALL
    }
    /// Whether all have come.
    #[inline]
    #[must_use]
    pub const fn all(self) -> bool {
        self.0 == Self::ALL
    }
}
