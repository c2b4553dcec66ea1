//! Several events of one cause, or none of them.

use super::{Refused, Sink};

/// A sink that is asked first, and keeps its word: for who has several events that must not be there by halves.
///
/// Only a sink that nobody else fills can say so: the producer of a ring of one producer.
///
/// ```
/// use ringmain::channel::spsc;
/// use ringmain::contract::{Refused, Room, Sink};
///
/// let (mut tx, _rx) = spsc::channel(4, || 0)?;
/// tx.push(1)?;
/// assert_eq!(tx.room(3), Ok(()));
/// assert_eq!(tx.room(4), Err(Refused::Full));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Room: Sink {
    /// Whether the next `n` fills find a slot. So they do, unless the sink is closed meanwhile; nobody sees any of what
    /// comes after that. Takes no slot. Never blocks.
    ///
    /// # Errors
    /// [`Refused::Full`] if fewer slots are free, for ever if there are fewer in all; [`Refused::Closed`] if the sink is
    /// known to be closed.
    fn room(&mut self, n: usize) -> Result<(), Refused>;
}

impl<K: Room + ?Sized> Room for &mut K {
    #[inline]
    fn room(&mut self, n: usize) -> Result<(), Refused> {
        (**self).room(n)
    }
}
