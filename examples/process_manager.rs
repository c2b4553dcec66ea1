//! A shop's orders: stock is reserved, the customer pays, the parcel is sent. Who does not pay in time has his stock put
//! back; if his money comes after that, he gets it back as well.
//!
//! `cargo run --example process_manager`

use ringmain::channel::spsc;
use ringmain::contract::{Agent, Fault, Sink, Source, Tick, each};
use ringmain::pattern::Retry;
use ringmain::pattern::process_manager::{
    Full, Late, Listed, Machine, Missing, Next, Policy, ProcessManager, Rule, Says, Then, Undo, mermaid,
};
use std::time::Duration;

/// Where an order stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    New,
    Reserving,
    Paying,
    Shipping,
}
impl Listed for State {
    const ALL: &'static [Self] = &[Self::New, Self::Reserving, Self::Paying, Self::Shipping];
}

/// What happens to an order. `PaymentOverdue` is a timer.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
enum Happens {
    #[default]
    Submitted,
    Reserved,
    Paid,
    PaymentOverdue,
    Shipped,
    StockIsBack,
    MoneyIsBack,
}
impl Listed for Happens {
    const ALL: &'static [Self] = &[
        Self::Submitted,
        Self::Reserved,
        Self::Paid,
        Self::PaymentOverdue,
        Self::Shipped,
        Self::StockIsBack,
        Self::MoneyIsBack,
    ];
}

#[derive(Clone, Copy, Default, Debug)]
struct Event {
    order: u64,
    what: Happens,
}

#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
enum Command {
    #[default]
    Nothing,
    Reserve(u64),
    AskForPayment(u64),
    Ship(u64),
    PutBack(u64),
    Refund(u64),
}

/// The steps that can be undone.
const STOCK: u8 = 1;
const MONEY: u8 = 2;

const TIME_TO_PAY: Duration = Duration::from_millis(100);

struct Shop;
type Done = Result<Next<State>, Fault>;

/// What is done at each step. The data of an order is its number.
impl Shop {
    fn reserve(&mut self, order: &mut u64, event: Option<&Event>, then: &mut Then<Self>) -> Done {
        *order = event.map_or(0, |event| event.order);
        then.send(Command::Reserve(*order));
        Ok(Next::To(State::Reserving))
    }
    fn ask_for_payment(&mut self, order: &mut u64, _: Option<&Event>, then: &mut Then<Self>) -> Done {
        then.done(Undo::of(STOCK, *order));
        then.arm(Happens::PaymentOverdue, TIME_TO_PAY);
        then.send(Command::AskForPayment(*order));
        Ok(Next::To(State::Paying))
    }
    fn ship(&mut self, order: &mut u64, _: Option<&Event>, then: &mut Then<Self>) -> Done {
        then.disarm(Happens::PaymentOverdue);
        then.done(Undo::of(MONEY, *order));
        then.send(Command::Ship(*order));
        Ok(Next::To(State::Shipping))
    }
    fn give_up(&mut self, _: &mut u64, _: Option<&Event>, _: &mut Then<Self>) -> Done {
        Ok(Next::Compensate)
    }
    fn end(&mut self, _: &mut u64, _: Option<&Event>, _: &mut Then<Self>) -> Done {
        Ok(Next::Complete)
    }
}

impl Machine for Shop {
    type Event = Event;
    type Command = Command;
    type Key = u64;
    type State = State;
    type Kind = Happens;
    type Data = u64;
    const INITIAL: State = State::New;

    fn key(event: &Event) -> u64 {
        event.order
    }
    fn kind(event: &Event) -> Happens {
        event.what
    }
    /// The whole machine. A pair that is left out does not compile.
    fn rule(state: State, happens: Happens) -> Rule<Self> {
        use {Happens::*, Next::*, State::*};
        match (state, happens) {
            (New, Submitted) => Rule::Do(Self::reserve, &[To(Reserving)]),
            (Reserving, Reserved) => Rule::Do(Self::ask_for_payment, &[To(Paying)]),
            (Paying, Paid) => Rule::Do(Self::ship, &[To(Shipping)]),
            (Paying, PaymentOverdue) => Rule::Do(Self::give_up, &[Compensate]),
            (Shipping, Shipped) => Rule::Do(Self::end, &[Complete]),
            // The bank may be faster than the warehouse.
            (Reserving, Paid) => Rule::Defer,
            (Reserving | Paying | Shipping, Submitted) => Rule::Ignore,
            (New, Reserved | Paid | PaymentOverdue | Shipped)
            | (Reserving, PaymentOverdue | Shipped)
            | (Paying, Reserved | Shipped)
            | (Shipping, Reserved | Paid | PaymentOverdue)
            | (_, StockIsBack | MoneyIsBack) => Rule::Error,
        }
    }
    fn undo(&mut self, undo: &Undo, _: &u64, then: &mut Then<Self>) {
        then.send(match undo.step {
            STOCK => Command::PutBack(undo.arg()),
            _ => Command::Refund(undo.arg()),
        });
    }
    fn says(event: &Event) -> Option<Says> {
        match event.what {
            Happens::StockIsBack => Some(Says::Undone(STOCK)),
            Happens::MoneyIsBack => Some(Says::Undone(MONEY)),
            _ => None,
        }
    }
    fn late(&mut self, event: &Event, _: &mut u64) -> Late {
        match event.what {
            Happens::Paid => Late::Undo(Undo::of(MONEY, event.order)),
            _ => Late::Ignore,
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("{}", mermaid::<Shop>());
    let (mut events, to_shop) = spsc::channel(16, Event::default)?;
    let (commands, from_shop) = spsc::channel(16, || Command::Nothing)?;
    let policy = Policy {
        outputs: 1,
        holds: 4,
        full: Full::Reject,
        missing: Missing::DeadLetter,
        deadline: Some(Duration::from_secs(60)),
        patience: Duration::from_secs(1),
        retry: Retry::fixed(3, Duration::from_millis(10)),
        remember: Duration::from_secs(5),
    };
    let shop = ProcessManager::new(1024, policy, Shop, commands)?;
    let account = shop.account();
    let mut shop = to_shop.drive(shop);
    let mut sent = Vec::new();
    let mut world = from_shop.drive(each(|command: &Command| {
        println!("        -> {command:?}");
        sent.push(*command);
    }));

    let mut happens = |ms, order, what| -> Result<(), Box<dyn std::error::Error>> {
        let now = Tick::ZERO.after(Duration::from_millis(ms));
        println!("{ms:>4} ms  order {order}: {what:?}");
        events.push(Event { order, what })?;
        let _ = shop.work(now);
        let _ = world.work(now);
        Ok(())
    };
    // Order 1 is paid before its stock is reserved; order 2 is paid one millisecond too late.
    happens(0, 1, Happens::Submitted)?;
    happens(1, 2, Happens::Submitted)?;
    happens(2, 1, Happens::Paid)?;
    happens(3, 1, Happens::Reserved)?;
    happens(4, 2, Happens::Reserved)?;
    happens(50, 1, Happens::Shipped)?;
    // Time passes with another order's event: order 2 is overdue.
    happens(104, 3, Happens::Submitted)?;
    happens(105, 2, Happens::Paid)?;
    happens(106, 2, Happens::StockIsBack)?;
    happens(107, 2, Happens::MoneyIsBack)?;
    drop((shop, world));

    use Command::{AskForPayment, PutBack, Refund, Reserve, Ship};
    let one = [Reserve(1), Reserve(2), AskForPayment(1), Ship(1), AskForPayment(2)];
    let two = [Reserve(3), PutBack(2), Refund(2)];
    assert_eq!(sent, [&one[..], &two].concat());
    let books = account.read();
    books.check()?;
    println!("{} events and {} timers and commands made here", books.input, books.generated);
    println!("= {} steps taken + {} commands sent", books.folded, books.out);
    Ok(())
}
