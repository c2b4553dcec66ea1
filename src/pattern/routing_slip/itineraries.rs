//! Itineraries: lists of steps, checked before a message starts on one.

use super::{Itinerant, Progress};
use crate::ring::Counter;
use crate::sync::Arc;
use core::any::{TypeId, type_name};
use core::marker::PhantomData;

/// Steps of an itinerary, at most.
pub const MAX_STEPS: usize = 16;

/// A step: its number, and what it makes of what. `I` and `O` name the states of the body that it takes and leaves; they are
/// types of the user's for the compiler alone, and need not be those of any event.
#[derive(Debug)]
pub struct Step<I, O> {
    number: u8,
    takes: PhantomData<fn(I) -> O>,
}

impl<I, O> Clone for Step<I, O> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<I, O> Copy for Step<I, O> {}

impl<I, O> Step<I, O> {
    /// Its number, from 1.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.number
    }
}

/// A list of steps that fit together, which the compiler has seen to.
#[derive(Clone, Debug)]
pub struct Path<I, O> {
    steps: Vec<u8>,
    takes: PhantomData<fn(I) -> O>,
}

impl<I> Path<I, I> {
    /// No step at all.
    #[must_use]
    pub const fn new() -> Self {
        Self { steps: Vec::new(), takes: PhantomData }
    }
}

impl<I> Default for Path<I, I> {
    fn default() -> Self {
        Self::new()
    }
}

impl<I, O> Path<I, O> {
    /// Then `step`, which takes what the one before leaves.
    #[must_use]
    pub fn then<P>(mut self, step: Step<O, P>) -> Path<I, P> {
        self.steps.push(step.number);
        Path { steps: self.steps, takes: PhantomData }
    }
}

/// An itinerary of [`Itineraries`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Itinerary(u32);

/// Why there is no such step or itinerary.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unplanned {
    /// There are 255 steps already.
    TooManySteps,
    /// The table is full: build it for more.
    Full {
        /// So many itineraries does it hold.
        capacity: usize,
    },
    /// More than [`MAX_STEPS`]: let the last step revise the itinerary to the rest.
    TooLong {
        /// So many steps.
        steps: usize,
    },
    /// Nobody has declared this step, or it was removed.
    UnknownStep(u8),
    /// It is there twice: say [`Planner::repeating`] if that is meant.
    Repeated(u8),
    /// A step does not take what the one before leaves.
    Mismatch {
        /// The step.
        step: &'static str,
        /// What it takes.
        takes: &'static str,
        /// What the one before leaves.
        given: &'static str,
    },
}

impl core::fmt::Display for Unplanned {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::TooManySteps => f.write_str("there are 255 steps already, which is the most"),
            Self::Full { capacity } => {
                write!(f, "there are {capacity} itineraries already: build the planner for more")
            }
            Self::TooLong { steps } => {
                write!(
                    f,
                    "{steps} steps are more than {MAX_STEPS}: let the last one revise the itinerary to the rest"
                )
            }
            Self::UnknownStep(step) => write!(f, "step {step} was not declared, or was removed"),
            Self::Repeated(step) => {
                write!(f, "step {step} is there twice: if that is meant, let the planner say `repeating`")
            }
            Self::Mismatch { step, takes, given } => {
                write!(f, "step `{step}` takes `{takes}`, and is given `{given}` by the one before")
            }
        }
    }
}

impl core::error::Error for Unplanned {}

#[derive(Clone, Copy, Debug)]
struct Declared {
    name: &'static str,
    takes: (TypeId, &'static str),
    leaves: (TypeId, &'static str),
}

/// Declares steps and makes itineraries of them, at any time, on one thread. All errors are told here, before a message
/// starts.
#[derive(Debug)]
pub struct Planner {
    steps: Vec<Declared>,
    used: usize,
    repeats: bool,
    itineraries: Arc<Itineraries>,
}

impl Planner {
    /// A planner of at most `capacity` itineraries, none of which is given back; not more than 2^24 - 1. Allocates 24 bytes
    /// for each; making one allocates nothing.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        let capacity = capacity.min((1 << 24) - 1);
        // The first is none, so that an empty header has none.
        let words = (0..(capacity + 1) * WORDS).map(|_| Counter::new(0)).collect();
        let gone = core::array::from_fn(|_| Counter::new(0));
        let itineraries = Arc::new(Itineraries { words, gone, limit: u8::MAX });
        Self { steps: Vec::new(), used: 0, repeats: false, itineraries }
    }
    /// No message does more than `limit` steps, by all itineraries it is revised to: the next one is a fault,
    /// [`Reason::LoopLimit`](crate::contract::Reason::LoopLimit). 255 if this is not said.
    ///
    /// # Panics
    /// If the itineraries are shared already.
    #[must_use]
    pub fn visits(mut self, limit: u8) -> Self {
        Arc::get_mut(&mut self.itineraries)
            .expect("the limit is said before the itineraries are shared")
            .limit = limit;
        self
    }
    /// An itinerary may have a step more than once.
    #[must_use]
    pub fn repeating(mut self) -> Self {
        self.repeats = true;
        self
    }
    /// A new step.
    ///
    /// # Errors
    /// [`Unplanned::TooManySteps`].
    pub fn step<I: 'static, O: 'static>(&mut self, name: &'static str) -> Result<Step<I, O>, Unplanned> {
        let number = u8::try_from(self.steps.len() + 1).map_err(|_| Unplanned::TooManySteps)?;
        let [takes, leaves] = [(TypeId::of::<I>(), type_name::<I>()), (TypeId::of::<O>(), type_name::<O>())];
        self.steps.push(Declared { name, takes, leaves });
        Ok(Step { number, takes: PhantomData })
    }
    /// The name of a step.
    #[must_use]
    pub fn name(&self, step: u8) -> Option<&'static str> {
        self.declared(step).map(|declared| declared.name)
    }
    fn declared(&self, step: u8) -> Option<&Declared> {
        self.steps.get(usize::from(step).checked_sub(1)?)
    }
    /// An itinerary of steps that the compiler knows to fit.
    ///
    /// # Errors
    /// [`Unplanned`]; of what it says, only a mismatch cannot be.
    pub fn itinerary<I, O>(&mut self, path: &Path<I, O>) -> Result<Itinerary, Unplanned> {
        self.itinerary_of(&path.steps)
    }
    /// An itinerary of steps that are known when the program runs.
    ///
    /// # Errors
    /// [`Unplanned`] says what is wrong with it. Nothing is changed then.
    pub fn itinerary_of(&mut self, steps: &[u8]) -> Result<Itinerary, Unplanned> {
        if steps.len() > MAX_STEPS {
            return Err(Unplanned::TooLong { steps: steps.len() });
        }
        let mut before: Option<&Declared> = None;
        for (n, step) in steps.iter().enumerate() {
            let declared = self.declared(*step).filter(|_| !self.itineraries.is_gone(*step));
            let declared = declared.ok_or(Unplanned::UnknownStep(*step))?;
            if !self.repeats && steps[..n].contains(step) {
                return Err(Unplanned::Repeated(*step));
            }
            match before {
                Some(before) if before.leaves.0 != declared.takes.0 => {
                    let (takes, given) = (declared.takes.1, before.leaves.1);
                    return Err(Unplanned::Mismatch { step: declared.name, takes, given });
                }
                _ => before = Some(declared),
            }
        }
        let capacity = self.itineraries.words.len() / WORDS - 1;
        if self.used == capacity {
            return Err(Unplanned::Full { capacity });
        }
        self.used += 1;
        let mut numbers = [0; MAX_STEPS];
        numbers[..steps.len()].copy_from_slice(steps);
        for (word, eight) in numbers.chunks_exact(8).enumerate() {
            let steps = eight.iter().rev().fold(0, |word, step| word << 8 | u64::from(*step));
            self.itineraries.words[self.used * WORDS + word].set(steps);
        }
        Ok(Itinerary(self.used as u32))
    }
    /// Nobody does this step any more, in any itinerary. A message that comes to it, as soon as its stage sees that, does
    /// what that says of steps that are [gone](super::IfGone).
    pub fn remove(&mut self, step: u8) {
        let word = &self.itineraries.gone[usize::from(step) / 64];
        word.set(word.get() | 1 << (step % 64));
    }
    /// For the stages, and for whoever starts messages.
    #[must_use]
    pub fn share(&self) -> Arc<Itineraries> {
        self.itineraries.clone()
    }
}

/// 16 steps of 8 bits, and an end.
const WORDS: usize = MAX_STEPS / 8 + 1;

/// The itineraries of a [`Planner`], for other threads to read. An itinerary is written before the message that has it is
/// published, so whoever sees the message sees its itinerary; more than that nobody needs.
#[derive(Debug)]
pub struct Itineraries {
    words: Box<[Counter]>,
    gone: [Counter; 4],
    limit: u8,
}

/// Where a message goes next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// To the stage that does this step.
    Do(u8),
    /// To the stage that undoes this step.
    Undo(u8),
    /// Nowhere: its way is at an end.
    End(Progress),
    /// It has no itinerary.
    Lost,
}

impl Itineraries {
    /// Sets a message at the beginning of an itinerary, with an empty log.
    #[inline]
    pub fn start<T: Itinerant + ?Sized>(&self, event: &mut T, itinerary: Itinerary) {
        event.log_mut().clear();
        event.header_mut().slip = Self::at_begin(itinerary);
    }
    pub(super) const fn at_begin(itinerary: Itinerary) -> u32 {
        itinerary.0 << 8
    }
    pub(super) const fn limit(&self) -> u8 {
        self.limit
    }
    #[inline]
    pub(super) fn is_gone(&self, step: u8) -> bool {
        self.gone[usize::from(step) / 64].get() & 1 << (step % 64) != 0
    }
    /// The step at `slip`; 0 behind the last one; nothing if that is no itinerary.
    #[inline]
    pub(super) fn step(&self, slip: u32) -> Option<u8> {
        let (itinerary, position) = ((slip >> 8) as usize, (slip & 0xFF) as usize);
        if itinerary == 0 || position >= WORDS * 8 {
            return None;
        }
        let word = self.words.get(itinerary * WORDS + position / 8)?.get();
        Some((word >> (position % 8 * 8)) as u8)
    }
    /// Where `event` goes next.
    #[inline]
    pub fn place<T: Itinerant + ?Sized>(&self, event: &T) -> Place {
        let log = event.log();
        match (log.progress(), log.last()) {
            (Progress::Underway, _) => match self.step(event.header().slip) {
                Some(0) => Place::End(Progress::Completed),
                Some(step) => Place::Do(step),
                None => Place::Lost,
            },
            (Progress::Undoing, Some(entry)) => Place::Undo(entry.step),
            (Progress::Undoing, None) => Place::End(Progress::Faulted),
            (ended, _) => Place::End(ended),
        }
    }
    /// The steps from `slip` on.
    pub fn rest(&self, slip: u32) -> impl Iterator<Item = u8> {
        (slip..).map_while(|slip| self.step(slip).filter(|step| *step != 0))
    }
}
