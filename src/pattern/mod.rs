//! The patterns of the book, as stages. Each is in a module with a page: its options, its bounds, its costs and a
//! scene; the types of all are here.
//!
//! | pattern              | type                                                        | holds | at a full output                     |
//! |----------------------|-------------------------------------------------------------|-------|--------------------------------------|
//! | publish-subscribe    | [`publish_subscribe`]                                       | gate  | as each subscription says            |
//! | message filter       | [`Filter`], [`Criterion`]                                   | gate  | waits                                |
//! | content-based router | [`ContentRouter`], [`RuleSwitch`]                           | gate  | waits for the branch                 |
//! | recipient list       | [`RecipientList`]                                           | gate  | the others are served, then waits    |
//! | fan-out              | [`Fanout`]                                                  | gate  | the others are served, then waits    |
//! | fan-out into rings   | [`AllOrNothing`]                                            | gate  | waits, with no ring changed          |
//! | full branch          | [`Shed`], [`Refuse`], [`Divert`], [`Fail`]                  | gate  | drops, rejects, goes elsewhere, ends |
//! | full branch          | [`Park`]                                                    | hold  | up to k go aside, then waits         |
//! | message translator   | [`Translator`], [`Edit`]                                    | gate  | waits                                |
//! | splitter             | [`Splitter`]                                                | gate  | waits with the next part             |
//! | dead letter channel  | [`DeadLetter`], [`LetterBox`], [`Redrive`]                  | gate  | as its [`Overflow`] says             |
//! | ... retries aside    | [`DeadLetter::aside`], [`by_key`]                           | hold  | a letter at once                     |
//! | catching panics      | [`Catch`]                                                   | -     | waits                                |
//! | sequencer            | [`Sequencer`]                                               | gate  | waits                                |
//! | resequencer          | [`Resequencer`], [`KeyedResequencer`], [`BatchResequencer`] | hold  | waits with the rest of what is due   |
//! | aggregator           | [`Aggregator`]                                              | fold  | waits, while there is room           |
//! | correlation          | [`Correlate`], [`Causal`]                                   | gate  | waits                                |
//! | request-reply        | [`Client`], [`Server`], [`Proxy`], [`Mailbox`]              | hold  | refuses; as [`WhenFull`] says        |
//! | scatter-gather       | [`Scatter`], [`Distribution`], [`Auction`]                  | fold  | refuses; as [`IfFull`] says          |
//! | return address       | [`Replier`], [`ReplyPorts`]                                 | gate  | as [`WhenFull`] says                 |
//! | routing slip         | [`RoutingSlip`], [`ByPlace`]                                | gate  | waits                                |
//! | process manager      | [`ProcessManager`]                                          | hold  | waits, with nothing changed          |
//! | crossing to a ring   | [`Forward`]                                                 | gate  | waits                                |
//! | point-to-point       | [`Partition`] of a reader                                   | gate  | waits, and all readers               |
//! | point-to-point       | [`Dispatch`] to [`Worker`]s                                 | hold  | the next worker, or waits            |
//! | message queue        | [`Queue`], [`QueueStage`] to [`Worker`]s                    | hold  | as its [`AtCapacity`] says           |
//! | one active consumer  | [`SingleActive`]                                            | -     | waits                                |
//!
//! *Gate*: the event stays in its slot and the stage's cursor does not pass it: nothing is copied, and while
//! it waits, everything behind it waits. *Fold*: it goes into an accumulator at once. *Hold*: it is moved to
//! a bounded store.
//!
//! What all have in common:
//! * The stage after is the last argument. Every stage forwards `on_batch_end`, keeps books ([`Ledger`]) and
//!   shows them ([`Account`], by `account()`), and allocates nothing after construction.
//! * Full is [`Halt::Again`], and the event comes again; what the stage did with it already, it remembers. So
//!   a user's closure meets each event once, also one that has state.
//! * A rejection that a stage makes is `dead_lettered` in its own books, whether or not a dead letter channel
//!   is there to take it; one that only passes through it from the stage after is `out`. What nobody catches,
//!   the pump drops.
//! * A panic of the user's code unwinds through the stages to the pump, which ends, unless a [`Catch`] stands
//!   between. Nothing that came before the event is lost, and the event in hand is not booked.
//!
//! [`by_key`]: DeadLetter::by_key
//! [`Ledger`]: crate::contract::Ledger
//! [`Account`]: crate::contract::Account
//! [`Halt::Again`]: crate::contract::Halt::Again
#![forbid(unsafe_code)]

pub mod aggregator;
pub mod catch;
pub mod content_router;
pub mod correlation;
pub mod dead_letter;
pub mod fanout;
pub mod filter;
pub mod forward;
pub mod message_queue;
pub mod point_to_point;
pub mod process_manager;
pub mod publish_subscribe;
pub mod request_reply;
pub mod resequencer;
pub mod return_address;
pub mod routing_slip;
pub mod scatter_gather;
pub mod sequencer;
pub mod translator;

pub use aggregator::Aggregator;
pub use catch::Catch;
pub use content_router::{Branches, ContentRouter, NO_ROUTE, Open, Row, RuleList, Rules, Selector};
pub use content_router::{Change, RuleSwitch};
pub use content_router::{Divert, Fail, Park, Refuse, Shed};
pub use content_router::{RecipientList, Recipients};
pub use correlation::{Causal, Context, Correlate, Exhausted, Origin, Origins};
pub use dead_letter::{DeadLetter, Edits, Keeps, Letter, LetterBox, Looks, Overflow};
pub use dead_letter::{Redrive, Redriven, Remedy, Retry};
pub use fanout::{AllOrNothing, Fanout, Sinks};
pub use filter::{Changed, Criterion, Expiry, HopLimit, IfItPanics, RateLimit, Sample, Verdict};
pub use filter::{Filter, Nowhere};
pub use forward::Forward;
pub use message_queue::{AtCapacity, Consumer, Depth, Full, Lease, NoLease, NoPlace, StaleLease};
pub use message_queue::{Priorities, Queue, QueueStage, Requeue, Terms, Ttl};
pub use point_to_point::{Ack, Dispatch, Job, Worker};
pub use point_to_point::{AtMostOnce, Loss, Redeliver};
pub use point_to_point::{Badge, Badges, WorkerChange};
pub use point_to_point::{BySeq, KeyHash, Partition, SingleActive};
pub use point_to_point::{Choice, InTurn, LeastLoaded, Standing};
pub use process_manager::ProcessManager;
pub use request_reply::{Answer, Client, RESPONDER_GONE, RingClient, Unasked, service};
pub use request_reply::{Caller, MAX_DEPTH, Reply, Request, Says, Ticket};
pub use request_reply::{Handler, Once, Parts, Proxy, Responder, Server};
pub use request_reply::{Mailbox, NoAnswer, Outcome};
pub use resequencer::{BatchResequencer, KeyedResequencer, Resequencer};
pub use return_address::{Addresses, NoPort, Port};
pub use return_address::{Control, Fixed, NoReply, PortChange, ReplyPorts};
pub use return_address::{IfDead, NO_RETURN_ADDRESS, REPLY_DEAD, Replier, WhenFull};
pub use routing_slip::{Activity, ByPlace, Itinerant, Itineraries, Planner, RoutingSlip, Traveller};
pub use scatter_gather::{All, AtDeadline, FirstAny, FirstSuccess, FitFor, Quorum, Rule, Until};
pub use scatter_gather::{Auction, Audience, Desk, Distribution, RingDealer, RingDesk, best, distribution};
pub use scatter_gather::{Ending, Gathered, IfFull, IfImpossible, Policy, Scatter, Tally};
pub use sequencer::{ByKey, Order, RoundRobin, Sequencer};
pub use translator::{Edit, Splitter, Translator, Upcast, as_parts, deriving_header, keeping_header};

use crate::contract::{Flow, Halt};

/// Of two answers to the end of a turn, the one that says more.
fn worse(one: Flow, other: Flow) -> Flow {
    match (one, other) {
        (Err(Halt::Stop), _) | (_, Ok(())) => one,
        (_, Err(Halt::Stop)) | (Ok(()), _) => other,
        (Err(Halt::Again), _) => one,
        _ => other,
    }
}
