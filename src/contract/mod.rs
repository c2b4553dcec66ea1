//! The words that everything else is said in: what a stage answers, where events come from and go to, who has turns.
#![forbid(unsafe_code)]

mod agent;
mod flow;
mod header;
mod ledger;
mod port;
mod reason;
mod room;
mod stage;
mod tick;
mod wait;

pub use agent::{Agent, Pump, PumpMut, Work};
pub use flow::{At, Fault, Flow, Halt};
pub use header::{
    Addressed, Correlated, Headed, Header, Ids, Message, MessageId, PartOf, ReturnAddress, Slipped,
};
pub use ledger::{Account, Balance, Imbalance, Ledger};
pub use port::{Drained, End, Filled, NoEvent, Refusal, Refused, Sink, Source, SourceMut};
pub use reason::{PerReason, Reason};
pub use room::Room;
pub use stage::{Each, Stage, each};
pub use tick::{Clock, ManualClock, Tick};
pub use wait::{Until, Wait};
