//! What is done at a step, and what undoes it.

use super::{Itinerary, Step};
use crate::contract::{At, Fault, Flow, Reason};
use core::fmt::{Debug, Formatter};

/// What an activity says when it is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Then {
    /// The next step.
    Next,
    /// Another itinerary, from its beginning; the rest of this one is not done.
    Revise(Itinerary),
    /// It is enough: the message has completed, and the rest is not done.
    Terminate,
}

/// One visit of a message to an activity.
#[derive(Clone, Copy, Debug)]
pub struct Visit {
    /// Where and when.
    pub at: At,
    pub(super) note: Option<u64>,
}

impl Visit {
    /// Has this step undone if a later one fails; `note` is what the one who undoes it is given. Nothing comes of it where
    /// nobody [undoes](Activity::undone_by) it.
    #[inline]
    pub const fn note(&mut self, note: u64) {
        self.note = Some(note);
    }
}

/// The activity of one step: what does it, and perhaps what undoes it.
#[derive(Clone, Copy)]
pub struct Activity<F, U = NoUndo> {
    step: u8,
    run: F,
    undo: U,
}

impl<F> Activity<F> {
    /// Does `step` by `run`, where the event lies. A rejection, or a panic, is the failure of the step; `Again` has the
    /// event come again, and `run` with it.
    pub const fn new<T: ?Sized, I, O>(step: Step<I, O>, run: F) -> Self
    where
        F: FnMut(&mut T, &mut Visit) -> Flow<Then>,
    {
        Self { step: step.number(), run, undo: NoUndo }
    }
    /// Undoes the step by `undo`, for those who had it [noted](Visit::note): it is given the note. The step is not done if
    /// the log of the event is full.
    pub fn undone_by<T: ?Sized, U>(self, undo: U) -> Activity<F, U>
    where
        U: FnMut(&mut T, u64) -> Flow,
    {
        let Self { step, run, .. } = self;
        Activity { step, run, undo }
    }
}

/// Of a step that cannot be undone, or need not.
#[derive(Clone, Copy, Debug)]
pub struct NoUndo;

/// What undoes a step: [`NoUndo`], or a closure.
pub trait Undo<T: ?Sized> {
    #[doc(hidden)]
    const UNDOES: bool;
    #[doc(hidden)]
    fn undo(&mut self, event: &mut T, note: u64) -> Flow;
}

impl<T: ?Sized> Undo<T> for NoUndo {
    const UNDOES: bool = false;
    fn undo(&mut self, _: &mut T, _: u64) -> Flow {
        Ok(())
    }
}

impl<T: ?Sized, U: FnMut(&mut T, u64) -> Flow> Undo<T> for U {
    const UNDOES: bool = true;
    #[inline]
    fn undo(&mut self, event: &mut T, note: u64) -> Flow {
        self(event, note)
    }
}

/// The activities of a stage: a tuple of up to 8, an array, or a `Vec`. They are asked in this order; of two for one step, the
/// first does it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` are no activities for events of type `{T}`",
    note = "activities are a tuple of up to 8 `Activity`, an array, or a `Vec`; of one, write `(activity,)`",
    note = "what an activity runs is `|event: &mut {T}, visit: &mut Visit| -> Flow<Then> {{ ... }}`; annotate the types"
)]
pub trait Activities<T: ?Sized> {
    /// Does `step`, if it is one of these. `room` says whether the log has any.
    #[doc(hidden)]
    fn run(&mut self, step: u8, event: &mut T, visit: &mut Visit, room: bool) -> Option<Flow<Then>>;
    /// Undoes `step`, if it is one of these.
    #[doc(hidden)]
    fn undo(&mut self, step: u8, event: &mut T, note: u64) -> Option<Flow>;
}

impl<T: ?Sized, F, U> Activities<T> for Activity<F, U>
where
    F: FnMut(&mut T, &mut Visit) -> Flow<Then>,
    U: Undo<T>,
{
    #[inline]
    fn run(&mut self, step: u8, event: &mut T, visit: &mut Visit, room: bool) -> Option<Flow<Then>> {
        if step != self.step {
            return None;
        }
        if U::UNDOES && !room {
            return Some(Err(Fault::of(Reason::TableFull).into()));
        }
        let said = (self.run)(event, visit);
        if !U::UNDOES {
            visit.note = None;
        }
        Some(said)
    }
    #[inline]
    fn undo(&mut self, step: u8, event: &mut T, note: u64) -> Option<Flow> {
        (step == self.step).then(|| self.undo.undo(event, note))
    }
}

macro_rules! list_of_activities {
    ($list:ty $(, const $N:ident)?) => {
        impl<T: ?Sized, A: Activities<T> $(, const $N: usize)?> Activities<T> for $list {
            #[inline]
            fn run(&mut self, step: u8, event: &mut T, visit: &mut Visit, room: bool) -> Option<Flow<Then>> {
                self.iter_mut().find_map(|activity| activity.run(step, event, visit, room))
            }
            #[inline]
            fn undo(&mut self, step: u8, event: &mut T, note: u64) -> Option<Flow> {
                self.iter_mut().find_map(|activity| activity.undo(step, event, note))
            }
        }
    };
}
list_of_activities!([A; N], const N);
list_of_activities!(Vec<A>);

macro_rules! tuple_activities {
    ($($A:ident $i:tt),+) => {
        impl<T: ?Sized, $($A: Activities<T>),+> Activities<T> for ($($A,)+) {
            #[inline]
            fn run(&mut self, step: u8, event: &mut T, visit: &mut Visit, room: bool) -> Option<Flow<Then>> {
                $(if let Some(said) = self.$i.run(step, event, visit, room) {
                    return Some(said);
                })+
                None
            }
            #[inline]
            fn undo(&mut self, step: u8, event: &mut T, note: u64) -> Option<Flow> {
                $(if let Some(said) = self.$i.undo(step, event, note) {
                    return Some(said);
                })+
                None
            }
        }
    };
}
tuple_activities!(A 0);
tuple_activities!(A 0, B 1);
tuple_activities!(A 0, B 1, C 2);
tuple_activities!(A 0, B 1, C 2, D 3);
tuple_activities!(A 0, B 1, C 2, D 3, E 4);
tuple_activities!(A 0, B 1, C 2, D 3, E 4, F 5);
tuple_activities!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuple_activities!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);

impl<F, U> Debug for Activity<F, U> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Activity").field("step", &self.step).finish_non_exhaustive()
    }
}
