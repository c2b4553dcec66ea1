//! Why a message did not go its ordinary way: a closed list, so that every loss has a line in the ledger.

macro_rules! reasons {
    ($($name:ident: $text:literal,)+) => {
        /// Why a message was dropped or dead-lettered.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum Reason {
            $(#[doc = concat!("The message's fate: ", $text, ".")] $name,)+
        }

        impl Reason {
            /// Every reason, in the order of the ledger.
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$name),+];

            const fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }
        }
    };
}

reasons! {
    Filtered: "filtered",
    NoRoute: "no route",
    NoSubscriber: "no subscriber",
    Expired: "expired",
    Late: "late",
    Duplicate: "duplicate",
    TooOld: "too old",
    GapSkipped: "gap skipped",
    TableFull: "table full",
    WindowFull: "window full",
    RingFull: "ring full",
    InvalidKey: "invalid key",
    AttemptsExhausted: "attempts exhausted",
    NonRetryable: "not retryable",
    Panic: "panic",
    Poisoned: "poisoned",
    ReplyDead: "reply dead",
    Evicted: "evicted",
    Shutdown: "shutdown",
    LoopLimit: "loop limit",
    Closed: "closed branch",
}

impl core::fmt::Display for Reason {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.pad(self.text())
    }
}

/// One `T` for each [`Reason`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PerReason<T>([T; Reason::ALL.len()]);

impl<T> PerReason<T> {
    /// What `f` makes of each reason.
    pub fn from_fn(mut f: impl FnMut(Reason) -> T) -> Self {
        Self(Reason::ALL.map(&mut f))
    }
    /// Each reason with its value.
    pub fn iter(&self) -> impl Iterator<Item = (Reason, &T)> {
        Reason::ALL.into_iter().zip(&self.0)
    }
}

impl PerReason<u64> {
    /// The sum over all reasons.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

impl<T: Default> Default for PerReason<T> {
    fn default() -> Self {
        Self::from_fn(|_| T::default())
    }
}

impl<T> core::ops::Index<Reason> for PerReason<T> {
    type Output = T;
    #[inline]
    fn index(&self, reason: Reason) -> &T {
        &self.0[reason as usize]
    }
}

impl<T> core::ops::IndexMut<Reason> for PerReason<T> {
    #[inline]
    fn index_mut(&mut self, reason: Reason) -> &mut T {
        &mut self.0[reason as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_a_place_and_a_text_of_its_own() {
        let mut counts = PerReason::<u64>::default();
        for reason in Reason::ALL {
            counts[reason] += 1 + reason as u64;
        }
        for (reason, count) in counts.iter() {
            assert_eq!(*count, 1 + reason as u64);
            assert!(!reason.to_string().is_empty());
        }
        let n = Reason::ALL.len() as u64;
        assert_eq!(counts.total(), n * (n + 1) / 2);
    }
}
