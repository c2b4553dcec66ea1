//! The order of the specification: Submit, Reserve, Pay, Ship.

use crate::kit::{Collect, Hazard};
use ringmain::contract::{Addressed, At, Fault, Flow, ReturnAddress, Stage, Tick};
use ringmain::pattern::Retry;
use ringmain::pattern::process_manager::{
    Full, Late, Listed, Machine, Missing, Next, Policy, ProcessManager, Rule, Says, Then, Undo,
};
use ringmain::ring::Sequence;
use std::time::Duration;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    New,
    Reserving,
    Paying,
    Shipping,
}

impl Listed for State {
    const ALL: &'static [Self] = &[Self::New, Self::Reserving, Self::Paying, Self::Shipping];
}

#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum What {
    #[default]
    Submit,
    Reserved,
    Paid,
    PayFailed,
    /// The shop looks on.
    Ping,
    Shipped,
    ShipFailed,
    /// What is said on the way back.
    Undone(u8),
    UndoFailed(u8),
    Operator,
    Panic,
    Fault,
    /// To where no rule leads.
    Astray,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Submit,
    Reserved,
    Paid,
    PayFailed,
    /// The timer.
    PayLate,
    Ping,
    Shipped,
    ShipFailed,
    Answer,
    Trouble,
}

impl Listed for Kind {
    const ALL: &'static [Self] = &[
        Self::Submit,
        Self::Reserved,
        Self::Paid,
        Self::PayFailed,
        Self::PayLate,
        Self::Ping,
        Self::Shipped,
        Self::ShipFailed,
        Self::Answer,
        Self::Trouble,
    ];
}

#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Event {
    pub(crate) order: u64,
    pub(crate) what: What,
    pub(crate) id: Option<(u8, u64)>,
    pub(crate) reply_to: ReturnAddress,
}

pub(crate) fn event(order: u64, what: What) -> Event {
    Event { order, what, ..Event::default() }
}

#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum Verb {
    #[default]
    Reserve,
    Pay,
    Ship,
    CancelReserve,
    Refund,
    CancelLabel,
    Unknown,
    Stuck(u8),
    Status,
    Bill,
}

#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Command {
    pub(crate) order: u64,
    pub(crate) verb: Verb,
    pub(crate) to: ReturnAddress,
}

impl Addressed for Command {
    fn reply_to(&self) -> ReturnAddress {
        self.to
    }
    fn set_reply_to(&mut self, address: ReturnAddress) {
        self.to = address;
    }
}

pub(crate) const RESERVE: u8 = 1;
pub(crate) const PAY: u8 = 2;
pub(crate) const LABEL: u8 = 3;

#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Data {
    pub(crate) order: u64,
    pub(crate) paid: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Orders {
    pub(crate) hazard: Option<Hazard>,
    pub(crate) submit_panics: bool,
    pub(crate) undo_panics: bool,
}

type Done = Result<Next<State>, Fault>;

fn say(then: &mut Then<Orders>, order: u64, verb: Verb) {
    then.send(Command { order, verb, ..Command::default() });
}

impl Orders {
    fn submit(&mut self, data: &mut Data, event: Option<&Event>, then: &mut Then<Self>) -> Done {
        if let Some(hazard) = &self.hazard {
            hazard.pass();
        }
        data.order = event.map_or(0, |event| event.order);
        say(then, data.order, Verb::Reserve);
        assert!(!self.submit_panics, "the panic that the test asked for");
        Ok(Next::To(State::Reserving))
    }
    fn reserved(&mut self, data: &mut Data, _: Option<&Event>, then: &mut Then<Self>) -> Done {
        then.done(Undo::of(RESERVE, data.order));
        then.arm(Kind::PayLate, ns(100));
        then.ask(PAY);
        say(then, data.order, Verb::Pay);
        Ok(Next::To(State::Paying))
    }
    fn paid(&mut self, data: &mut Data, _: Option<&Event>, then: &mut Then<Self>) -> Done {
        assert!(then.answered(PAY), "it was asked for");
        data.paid = true;
        then.disarm(Kind::PayLate);
        then.done(Undo::of(PAY, data.order));
        then.done(Undo::of(LABEL, data.order));
        say(then, data.order, Verb::Ship);
        Ok(Next::To(State::Shipping))
    }
    fn turn_back(&mut self, _: &mut Data, _: Option<&Event>, _: &mut Then<Self>) -> Done {
        Ok(Next::Compensate)
    }
    fn shipped(&mut self, _: &mut Data, _: Option<&Event>, _: &mut Then<Self>) -> Done {
        Ok(Next::Complete)
    }
    /// Two to two different places.
    fn ping(&mut self, data: &mut Data, _: Option<&Event>, then: &mut Then<Self>) -> Done {
        then.reply(Command { order: data.order, verb: Verb::Status, ..Command::default() });
        then.reply_to_originator(Command { order: data.order, verb: Verb::Bill, ..Command::default() });
        Ok(Next::To(State::Paying))
    }
    fn trouble(&mut self, data: &mut Data, event: Option<&Event>, then: &mut Then<Self>) -> Done {
        data.order = 77;
        say(then, 77, Verb::Ship);
        then.arm(Kind::Ping, ns(1));
        then.done(Undo::of(LABEL, 77));
        match event.map(|event| event.what) {
            Some(What::Panic) => panic!("the panic that the test asked for"),
            Some(What::Astray) => Ok(Next::Complete),
            _ => Err(Fault::new(5)),
        }
    }
}

impl Machine for Orders {
    type Event = Event;
    type Command = Command;
    type Key = u64;
    type State = State;
    type Kind = Kind;
    type Data = Data;

    const INITIAL: State = State::New;

    fn key(event: &Event) -> u64 {
        event.order
    }
    fn kind(event: &Event) -> Kind {
        match event.what {
            What::Submit => Kind::Submit,
            What::Reserved => Kind::Reserved,
            What::Paid => Kind::Paid,
            What::PayFailed => Kind::PayFailed,
            What::Ping => Kind::Ping,
            What::Shipped => Kind::Shipped,
            What::ShipFailed => Kind::ShipFailed,
            What::Undone(_) | What::UndoFailed(_) | What::Operator => Kind::Answer,
            What::Panic | What::Fault | What::Astray => Kind::Trouble,
        }
    }
    fn rule(state: State, kind: Kind) -> Rule<Self> {
        use {Kind::*, Next::*, State::*};
        match (state, kind) {
            (New, Submit) => Rule::Do(Self::submit, &[To(Reserving)]),
            (New, _) => Rule::Error,
            (Reserving, Reserved) => Rule::Do(Self::reserved, &[To(Paying)]),
            (Reserving, Paid) => Rule::Defer,
            (Paying, Paid) => Rule::Do(Self::paid, &[To(Shipping)]),
            (Paying, PayFailed | PayLate) => Rule::Do(Self::turn_back, &[Compensate]),
            (Paying, Ping) => Rule::Do(Self::ping, &[To(Paying)]),
            (Paying, Trouble) => Rule::Do(Self::trouble, &[To(Shipping)]),
            (Shipping, Shipped) => Rule::Do(Self::shipped, &[Complete]),
            (Shipping, ShipFailed) => Rule::Do(Self::turn_back, &[Compensate]),
            (Reserving | Shipping, Ping) => Rule::Ignore,
            (Reserving, Submit | PayFailed | PayLate | Shipped | ShipFailed | Answer | Trouble)
            | (Paying, Submit | Reserved | Shipped | ShipFailed | Answer)
            | (Shipping, Submit | Reserved | Paid | PayFailed | PayLate | Answer | Trouble) => Rule::Error,
        }
    }
    fn identity(event: &Event) -> Option<(u8, u64)> {
        event.id
    }
    fn reply_to(event: &Event) -> ReturnAddress {
        event.reply_to
    }
    fn undo(&mut self, undo: &Undo, _: &Data, then: &mut Then<Self>) {
        assert!(!self.undo_panics, "the panic that the test asked for");
        let verb = match undo.step {
            RESERVE => Verb::CancelReserve,
            PAY => Verb::Refund,
            _ => Verb::CancelLabel,
        };
        say(then, undo.arg(), verb);
    }
    fn says(event: &Event) -> Option<Says> {
        match event.what {
            What::Undone(step) => Some(Says::Undone(step)),
            What::UndoFailed(step) => Some(Says::Failed(step)),
            What::Operator => Some(Says::Retry),
            _ => None,
        }
    }
    fn late(&mut self, event: &Event, data: &mut Data) -> Late {
        match event.what {
            What::Paid if !data.paid => {
                data.paid = true;
                Late::Undo(Undo::of(PAY, event.order))
            }
            What::Ping => Late::Ignore,
            _ => Late::Error,
        }
    }
    fn stuck(&mut self, undo: &Undo, data: &Data, then: &mut Then<Self>) {
        say(then, data.order, Verb::Stuck(undo.step));
    }
    fn missing(&mut self, event: &Event, then: &mut Then<Self>) {
        then.reply(Command { order: event.order, verb: Verb::Unknown, ..Command::default() });
    }
}

pub(crate) const fn ns(nanos: u64) -> Duration {
    Duration::from_nanos(nanos)
}

pub(crate) const POLICY: Policy = Policy {
    outputs: 2,
    holds: 4,
    full: Full::Reject,
    missing: Missing::Discard,
    deadline: None,
    patience: ns(1000),
    retry: Retry::fixed(2, ns(10)),
    remember: Duration::ZERO,
};

/// A manager of orders, and where its commands go.
pub(crate) struct Rig {
    pub(crate) manager: ProcessManager<Orders, Collect<Command>>,
    pub(crate) out: Collect<Command>,
    next: u64,
}

impl Rig {
    pub(crate) fn new(policy: Policy) -> Self {
        Self::of(8, policy)
    }
    pub(crate) fn of(capacity: usize, policy: Policy) -> Self {
        Self::into_sink(capacity, policy, Collect::new())
    }
    pub(crate) fn into_sink(capacity: usize, policy: Policy, out: Collect<Command>) -> Self {
        let manager = ProcessManager::new(capacity, policy, Orders::default(), out.clone()).unwrap();
        Self { manager, out, next: 0 }
    }
    pub(crate) fn give(&mut self, now: u64, event: Event) -> Flow {
        self.next += 1;
        let at = At { seq: Sequence::new(self.next), now: Tick::from_nanos(now) };
        self.manager.on_event(&event, at)
    }
    /// Events of order 1, in one turn.
    pub(crate) fn tell(&mut self, now: u64, what: impl IntoIterator<Item = What>) {
        for what in what {
            assert_eq!(self.give(now, event(1, what)), Ok(()), "{what:?}");
        }
        let _ = self.turn(now);
    }
    pub(crate) fn turn(&mut self, now: u64) -> Flow {
        self.manager.on_batch_end(Tick::from_nanos(now))
    }
    /// What went out since the last time.
    pub(crate) fn verbs(&self) -> Vec<Verb> {
        self.out.take().into_iter().map(|command| command.verb).collect()
    }
    /// The books balance at the end.
    pub(crate) fn books(mut self) -> ringmain::contract::Balance {
        let _ = self.turn(0);
        let account = self.manager.account();
        drop(self.manager);
        let books = account.read();
        assert_eq!(books.check(), Ok(()), "{books:?}");
        books
    }
}
