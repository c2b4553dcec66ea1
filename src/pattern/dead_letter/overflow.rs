//! What becomes of a letter that there is no room for.

/// What happens to an event that failed when the letter box is full. There is no default: it is always said.
///
/// | policy       | a full box               | a closed box                       | may lose                      |
/// |--------------|--------------------------|------------------------------------|-------------------------------|
/// | `Block`      | waits, and all behind it | stops                              | nothing, while a box is there |
/// | `DropNewest` | goes on without a letter | goes on without a letter           | the event that failed         |
/// | `DropOldest` | goes on                  | goes on without a letter           | the oldest letter             |
/// | `HaltStage`  | stops                    | stops                              | the event that failed         |
///
/// An event without a letter is counted as dropped, under [`Reason::RingFull`] or, if the box is closed,
/// [`Reason::Shutdown`].
///
/// [`Reason::RingFull`]: crate::contract::Reason::RingFull
/// [`Reason::Shutdown`]: crate::contract::Reason::Shutdown
#[derive(Debug)]
pub enum Overflow<K> {
    /// The event waits for room (`Again`).
    Block,
    /// The letter is not written.
    DropNewest,
    /// The given function of the sink makes room by giving up its oldest letter (which is counted as dropped under
    /// [`Reason::Evicted`]), such as [`LetterBox::drop_oldest`](super::LetterBox::drop_oldest). If it returns false, the event waits.
    ///
    /// [`Reason::Evicted`]: crate::contract::Reason::Evicted
    DropOldest(fn(&mut K) -> bool),
    /// The letter is not written, and the stage stops.
    HaltStage,
}
