//! The middle of the bus: whatever takes events.

use super::{At, Flow, Tick};

/// Takes events of type `In`: `&T` where others look on, `&mut T` where it is alone with the slot, `T` where it owns.
///
/// A stage has no thread, no loop and no clock: a [`Pump`](super::Pump) calls it, and what it says is the pump's next
/// step. Stages nest; the outermost is the first to see an event.
///
/// # The `Again` contract
/// After `Err(Halt::Again)` the next call brings the same event. A stage must not repeat effects: it asks before it
/// acts (fill the sink first, change state inside), or remembers what is done, or does only what may be done twice.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not take events of type `{In}`",
    label = "not a stage for `{In}`",
    note = "a closure `|event: {In}, at: At| -> Flow {{ ... }}` is a stage; annotate the event's type",
    note = "a source driven with `drive` gives `&T`, one driven with `drive_mut` gives `&mut T`",
    note = "if stages stand after it, one of them may be what does not fit: it has to take what it is given there; \
            each branch of a `Fanout` is shown `&T`, so write `|event: &T, at: At|` in all of them, also under `drive_mut`"
)]
pub trait Stage<In> {
    /// Handles one event.
    ///
    /// # Errors
    /// [`Halt`](super::Halt) says why the batch does not go on, and whether the event counts as consumed.
    fn on_event(&mut self, event: In, at: At) -> Flow;

    /// Called once a turn, after the (perhaps empty) batch, with the time of the turn: flush, look at the clock,
    /// publish the ledger. Every combinator forwards it.
    ///
    /// # Errors
    /// `Stop` ends it. `Again` says that the stage holds events which it could not bring downstream yet: it wants another
    /// turn, also if the source is closed. `Reject` concerns no event; nobody listens.
    #[inline]
    fn on_batch_end(&mut self, _now: Tick) -> Flow {
        Ok(())
    }
}

impl<In, F: FnMut(In, At) -> Flow> Stage<In> for F {
    #[inline]
    fn on_event(&mut self, event: In, at: At) -> Flow {
        self(event, at)
    }
}

/// A stage made of a handler that cannot fail; see [`each`].
#[derive(Clone, Copy)]
pub struct Each<F>(F);

/// Lifts a handler that cannot fail, and does not care where an event lies, to a [`Stage`].
///
/// ```
/// use ringmain::contract::{Stage, each};
/// let mut sum = 0;
/// fn takes_u64(_: impl for<'e> Stage<&'e u64>) {}
/// takes_u64(each(|n: &u64| sum += n));
/// ```
pub fn each<F>(f: F) -> Each<F> {
    Each(f)
}

impl<In, F: FnMut(In)> Stage<In> for Each<F> {
    #[inline]
    fn on_event(&mut self, event: In, _: At) -> Flow {
        (self.0)(event);
        Ok(())
    }
}

impl<F> core::fmt::Debug for Each<F> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Each(..)")
    }
}
