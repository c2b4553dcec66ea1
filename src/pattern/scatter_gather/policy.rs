//! What a requester has to say before it asks.

/// When a scatter is over, and what is done when things go wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Policy<R> {
    /// When it is complete: [`All`](super::All), [`Quorum`](super::Quorum), [`FirstSuccess`](super::FirstSuccess),
    /// [`FirstAny`](super::FirstAny), [`AtDeadline`](super::AtDeadline), [`Until`](super::Until).
    pub rule: R,
    /// When it never will be.
    pub if_impossible: IfImpossible,
    /// When somebody cannot be asked.
    pub if_full: IfFull,
}

/// What is done when the rule cannot be met any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IfImpossible {
    /// The scatter is over at once.
    FailFast,
    /// It waits for the answers of the others, until nobody is left or the time is up.
    WaitPartial,
}

/// What is done when the ring of a recipient is full, or closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IfFull {
    /// Nobody is asked, and the scatter is refused.
    AllOrNothing,
    /// The others are asked, and this one has failed.
    BestEffort,
}
