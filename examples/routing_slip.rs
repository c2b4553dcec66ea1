//! Orders of a shop go by slips of their own: goods are reserved, paid and shipped; what is downloaded is only paid; a
//! gift is wrapped before it is shipped, which the shelf finds out. A card that is refused has what was reserved put back.
//! Warehouse and bank are stages of their own, and neither knows what comes before or after it.
//!
//! `cargo run --example routing_slip`

use ringmain::channel::mpsc;
use ringmain::contract::{Agent, Fault, Flow, Sink, SourceMut, Tick, each};
use ringmain::metric::Books;
use ringmain::pattern::routing_slip::{IfGone, Notice, Path, Progress, Then, Visit};
use ringmain::pattern::{Activity, ByPlace, ContentRouter, Forward, Planner, RoutingSlip, Traveller};
use std::cell::{Cell, RefCell};

const CARD_REFUSED: Fault = Fault::new(402);

#[derive(Clone, Copy, Default, Debug)]
struct Order {
    number: u64,
    cents: u64,
    gift: bool,
}
/// At most two steps of an order can be undone.
type Slip = Traveller<Order, 2>;

// What has become of an order, for the compiler to see that the steps fit.
struct Placed;
struct Reserved;
struct Paid;
struct Shipped;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut planner = Planner::new(8);
    let reserve = planner.step::<Placed, Reserved>("reserve")?;
    let pay = planner.step::<Reserved, Paid>("pay")?;
    let pay_at_once = planner.step::<Placed, Paid>("pay at once")?;
    let wrap = planner.step::<Paid, Paid>("wrap")?;
    let ship = planner.step::<Paid, Shipped>("ship")?;
    let names = [reserve.number(), pay.number(), pay_at_once.number(), wrap.number(), ship.number()]
        .map(|step| (step, planner.name(step).expect("it was declared")));

    let goods = planner.itinerary(&Path::new().then(reserve).then(pay).then(ship))?;
    let gifts = planner.itinerary(&Path::new().then(pay).then(wrap).then(ship))?;
    let download = planner.itinerary(&Path::new().then(pay_at_once))?;
    // The customer paid before anything was reserved: `planner.itinerary(&Path::new().then(reserve).then(ship))` does not
    // compile, and neither does what nobody knew when the program was written, when it is made:
    let wrong = planner.itinerary_of(&[reserve.number(), ship.number()]);
    println!("reserve, ship: {}", wrong.expect_err("it is shipped before it is paid"));

    let itineraries = planner.share();
    let (mut shop, to_warehouse) = mpsc::channel(16, Slip::default)?;
    let (to_bank, at_bank) = mpsc::channel(16, Slip::default)?;
    let mut online = to_bank.clone();
    let (done, said) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
    let stock = Cell::new(3);
    let by_place = ByPlace::new(itineraries.clone(), 2, 2)
        .step(reserve, 0)
        .step(wrap, 0)
        .step(ship, 0)
        .step(pay, 1)
        .step(pay_at_once, 1);
    let tell = |order: &Slip, notice: Notice| {
        let name = |step| names.iter().find(|(number, _)| *number == step).map_or("?", |(_, name)| name);
        said.borrow_mut().push(match notice {
            Notice::Done(step) => format!("order {}: {}", order.body.number, name(step)),
            Notice::Undone(step) => format!("order {}: {} undone", order.body.number, name(step)),
            Notice::Failed(step, fault) => {
                format!("order {}: {} failed, {fault}", order.body.number, name(step))
            }
            _ => return,
        });
    };
    let end = || each(|order: &mut Slip| done.borrow_mut().push((order.body.number, order.log.progress())));

    let warehouse = (
        Activity::new(reserve, |order: &mut Slip, visit: &mut Visit| -> Flow<Then> {
            stock.set(stock.get() - 1);
            visit.note(1);
            Ok(if order.body.gift { Then::Revise(gifts) } else { Then::Next })
        })
        .undone_by(|_: &mut Slip, pieces: u64| -> Flow {
            stock.set(stock.get() + pieces);
            Ok(())
        }),
        Activity::new(wrap, |_: &mut Slip, _: &mut Visit| -> Flow<Then> { Ok(Then::Next) }),
        Activity::new(ship, |_: &mut Slip, _: &mut Visit| -> Flow<Then> { Ok(Then::Next) }),
    );
    let charge = |order: &mut Slip, _: &mut Visit| -> Flow<Then> {
        if order.body.cents > 10_000 { Err(CARD_REFUSED.into()) } else { Ok(Then::Next) }
    };
    let bank = (Activity::new(pay, charge), Activity::new(pay_at_once, charge));

    let mut back = shop.clone();
    let warehouse = RoutingSlip::new(
        itineraries.clone(),
        IfGone::Fault,
        3,
        warehouse,
        ContentRouter::new(by_place.clone(), (end(), Forward::new(to_bank), end())),
    )
    .watched_by(tell);
    let bank = RoutingSlip::new(
        itineraries.clone(),
        IfGone::Fault,
        3,
        bank,
        ContentRouter::new(
            by_place,
            (|order: &mut Slip, _| -> Flow { Ok(back.offer(|slot| *slot = *order)?) }, end(), end()),
        ),
    )
    .watched_by(tell);
    let books = Books::new().with("warehouse", warehouse.account()).with("bank", bank.account());
    let mut agents = (to_warehouse.drive_mut(warehouse), at_bank.drive_mut(bank));

    for (number, cents, gift, itinerary) in [
        (1, 2_000, false, goods),
        (2, 500, false, download),
        (3, 99_000, false, goods),
        (4, 3_000, true, goods),
    ] {
        let ring = if itinerary == download { &mut online } else { &mut shop };
        ring.offer(|slip| {
            slip.body = Order { number, cents, gift };
            itineraries.start(slip, itinerary);
        })?;
    }
    drop((shop, online));
    while done.borrow().len() < 4 {
        let _ = agents.work(Tick::ZERO);
    }
    drop(agents);

    for line in said.borrow().iter() {
        println!("{line}");
    }
    let books = books.read();
    println!("{} pieces left\n{books}", stock.get());
    books.check()?;
    let mut done = done.take();
    done.sort_by_key(|(number, _)| *number);
    use Progress::{Completed, Faulted};
    assert_eq!(done, [(1, Completed), (2, Completed), (3, Faulted), (4, Completed)]);
    assert_eq!(stock.get(), 1, "what could not be paid was put back");
    assert!(said.borrow().contains(&"order 4: wrap".into()), "a gift");
    Ok(())
}
