//! What a scatter comes to.

use super::Tally;
use super::tally::bits;
use crate::contract::Fault;

/// How a scatter ends, and what is there then.
#[derive(Debug)]
pub struct Gathered<'a, Acc> {
    /// Why it is over.
    pub ending: Ending,
    /// Who has answered, who has failed, who is missing.
    pub tally: Tally,
    /// What the answers were folded into: to be looked at or taken out.
    pub acc: &'a mut Acc,
    /// By recipient.
    pub(super) faults: &'a [Fault],
}

impl<Acc> Gathered<'_, Acc> {
    /// Who failed, and of what.
    pub fn faults(&self) -> impl Iterator<Item = (usize, Fault)> + '_ {
        bits(self.tally.failed).map(|recipient| (recipient, self.faults[recipient]))
    }
}

/// Why a scatter is over.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Ending {
    /// The rule is met.
    Complete,
    /// The rule could not be met any more; see [`IfImpossible`](super::IfImpossible).
    Impossible,
    /// The time is up; what had come is there.
    Deadline,
    /// There was nobody to ask.
    Empty,
}
