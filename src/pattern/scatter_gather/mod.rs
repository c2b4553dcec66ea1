//! Scatter-gather.

mod auction;
mod audience;
mod best;
mod desk;
mod gathering;
mod hedge;
mod outcome;
mod rule;
mod scatter;
mod tally;
mod terms;

pub use auction::Auction;
pub use audience::{Audience, Distribution};
pub use best::best;
pub use desk::{Desk, RingDealer, RingDesk, distribution};
pub use outcome::{Ending, Outcome};
pub use rule::{All, AtDeadline, FirstAny, FirstSuccess, FitFor, Quorum, Rule, Until};
pub use scatter::Scatter;
pub use tally::Tally;
pub use terms::{IfFull, IfImpossible, Terms};
