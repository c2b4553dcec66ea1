//! A bell without a sleeper: many raise it, one looks.
//!
//! | read-modify-write (Release) | load (Acquire)      | what it hands over                                         |
//! |-----------------------------|---------------------|------------------------------------------------------------|
//! | [`Notice::raise`] S11       | [`Notice::is_news`] | all that everybody did before he raised it                  |

use crate::sync::{AtomicU64, Ordering};
use crossbeam_utils::CachePadded;

/// How often something was noticed, on a cache line of its own: whoever looks often has it to himself until it changes.
///
/// All operations are wait-free.
#[derive(Debug)]
pub struct Notice(CachePadded<AtomicU64>);

impl Notice {
    /// Nothing was noticed yet.
    #[must_use]
    pub fn new() -> Self {
        Self(CachePadded::new(AtomicU64::new(0)))
    }
    /// There is something to look at.
    ///
    /// ordering: Release; pairs with the Acquire of `is_news`, also for those who raised it before, as this one only
    /// modifies what they wrote.
    pub fn raise(&self) {
        self.0.fetch_add(1, Ordering::Release);
    }
    /// It was raised since the last time that this was asked with `seen`, which begins at 0.
    ///
    /// ordering: Acquire; pairs with the Release of `raise`, and takes over what all those did who raised it.
    #[inline]
    #[must_use]
    pub fn is_news(&self, seen: &mut u64) -> bool {
        let raised = self.0.load(Ordering::Acquire);
        core::mem::replace(seen, raised) != raised
    }
}

impl Default for Notice {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_news_once() {
        let (notice, mut seen) = (Notice::default(), 0);
        assert!(!notice.is_news(&mut seen));
        notice.raise();
        notice.raise();
        assert!(notice.is_news(&mut seen));
        assert!(!notice.is_news(&mut seen));
    }
}
