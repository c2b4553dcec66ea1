//! Messages of older versions, brought up to date step by step.
//!
//! ```text
//!   kind 1 --step 0--> kind 2 --step 1--> kind 3      enters at its own version, leaves at the newest
//! ```

use crate::contract::{Fault, Flow, Message, Reason};
use core::fmt::{Debug, Formatter};

/// Brings messages of older versions up to date: step `i` makes version `first + i + 1` of version `first +
/// i`.
///
/// The version is the header's `kind`. For an [`Edit`](super::Edit), or within a translation:
/// `upcast.apply(slot)`.
///
/// ```
/// use ringmain::contract::{Flow, Header, Message};
/// use ringmain::pattern::Upcast;
/// // Version 1 counted in dollars, version 2 counts in cents.
/// let upcast = Upcast::new(1, [|price: &mut u64| -> Flow { *price *= 100; Ok(()) }]);
/// let mut message = Message { header: Header { kind: 1, ..Header::default() }, body: 7 };
/// upcast.apply(&mut message).unwrap();
/// assert_eq!((message.header.kind, message.body), (2, 700));
/// ```
#[derive(Clone, Copy)]
pub struct Upcast<T, const N: usize> {
    first: u16,
    steps: [fn(&mut T) -> Flow; N],
}

impl<T, const N: usize> Upcast<T, N> {
    /// `first` is the oldest version known, the newest is `first + N`.
    #[must_use]
    pub const fn new(first: u16, steps: [fn(&mut T) -> Flow; N]) -> Self {
        Self { first, steps }
    }
    /// Brings `message` to the newest version.
    ///
    /// # Errors
    /// [`Reason::InvalidKey`] if the version is unknown; else what a step says (the message then is of the
    /// version before that step, as far as the step left it alone).
    pub fn apply(&self, message: &mut Message<T>) -> Flow {
        let known = message.header.kind.checked_sub(self.first).map(usize::from);
        let Some(steps) = known.and_then(|from| self.steps.get(from..)) else {
            return Err(Fault::of(Reason::InvalidKey).into());
        };
        for step in steps {
            step(&mut message.body)?;
            message.header.kind += 1;
        }
        Ok(())
    }
}

impl<T, const N: usize> Debug for Upcast<T, N> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        write!(f, "Upcast({}..={})", self.first, usize::from(self.first) + N)
    }
}
