//! A work queue for three workers: the orders of a customer go to the same worker, in order. One worker dies
//! on the way, an order that no worker can do is tried three times, and the books say where every order
//! went.
//!
//! `cargo run --example point_to_point`

use ringmain::channel::spsc;
use ringmain::contract::{Agent, At, Fault, Flow, Halt, Reason, Sink, Source, Tick, Work, each};
use ringmain::pattern::point_to_point::{Ack, Dispatch, Job, KeyHash, Redeliver, Worker};
use ringmain::pattern::{Catch, Letter};
use std::collections::BTreeMap;

#[derive(Clone, Copy, Default, Debug)]
struct Order {
    customer: u64,
    number: u64,
}

const CUSTOMERS: u64 = 6;
const ORDERS: u64 = 60;
/// No worker can do it: its price is not to be had.
const POISON: u64 = 17;
/// A worker that has seen this one does nothing more, and says nothing.
const LAST: u64 = 25;

/// What was done: worker, order.
type Log = Vec<(usize, Order)>;

/// A worker as an agent: whom it is, and what it does.
fn hire(
    who: usize,
    jobs: spsc::Consumer<Job<Order>>,
    acks: spsc::Producer<Ack>,
    log: spsc::Producer<(usize, Order)>,
) -> impl Agent {
    let mut log = log;
    let work = move |order: &Order, _: At| -> Flow {
        if order.number == POISON {
            // A panic would come to the same, as there is a `Catch`; but it would fill the screen.
            Err(Fault::of(Reason::Expired))?;
        }
        log.offer(|slot| *slot = (who, *order)).map_err(Halt::from)
    };
    jobs.drive(Worker::new(acks, Catch::new(work))).limit(2)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut orders, from_shop) = spsc::channel(64, Order::default)?;
    let (letters, mut from_letters) = spsc::channel(8, Letter::<Order>::default)?;
    let (mut logs, mut workers) = (Vec::new(), Vec::new());
    let mut post = |who| -> Result<_, Box<dyn std::error::Error>> {
        let (to_worker, jobs) = spsc::channel(8, Job::default)?;
        let (acks, from_worker) = spsc::channel(32, Ack::default)?;
        let (log, read) = spsc::channel(64, <(usize, Order)>::default)?;
        workers.push(Some(hire(who, jobs, acks, log)));
        logs.push(read);
        Ok((to_worker, from_worker))
    };
    let posts = [post(0)?, post(1)?, post(2)?];
    let by_customer = KeyHash::<_, 3>::new(|order: &Order| order.customer);
    let victim = by_customer.owner(&Order { customer: LAST % CUSTOMERS, number: LAST });
    let dispatch = Dispatch::new(by_customer, Redeliver::new("orders", 3, letters), 32, posts)?;
    let books = dispatch.account();
    let mut dispatcher = from_shop.drive(dispatch);

    for number in 1..=ORDERS {
        orders.push(Order { customer: number % CUSTOMERS, number })?;
    }
    drop(orders);

    let mut done: Log = Vec::new();
    while dispatcher.work(Tick::ZERO) != Work::Done {
        for agent in workers.iter_mut().flatten() {
            let _ = agent.work(Tick::ZERO);
        }
        for log in &mut logs {
            let _ = log.drain(Tick::ZERO, usize::MAX, &mut each(|entry: &(usize, Order)| done.push(*entry)));
        }
        if workers[victim].is_some() && done.iter().any(|(_, order)| order.number == LAST) {
            println!("worker {victim} dies after order {LAST}; what it had goes to the others");
            workers[victim] = None;
        }
    }

    let mut by_customer: BTreeMap<u64, Vec<(usize, u64)>> = BTreeMap::new();
    for (who, order) in &done {
        by_customer.entry(order.customer).or_default().push((*who, order.number));
    }
    for (customer, orders) in &by_customer {
        let numbers: Vec<_> = orders.iter().map(|(_, number)| number).collect();
        let mut whom: Vec<_> = orders.iter().map(|(who, _)| who).collect();
        whom.dedup();
        println!("customer {customer}: by worker {whom:?}, in order: {}", numbers.is_sorted());
        assert!(numbers.is_sorted() && whom.len() <= 2);
    }
    let letter = |letter: &Letter<Order>| {
        println!("dead letter: {:?}, {}, tried {} times", letter.event, letter.fault, letter.attempts);
    };
    let _ = from_letters.drain(Tick::ZERO, usize::MAX, &mut each(letter));

    let books = books.read();
    println!(
        "{} orders in = {} done + {} dead letter + {} held",
        books.input,
        books.out,
        books.dead_lettered.total(),
        books.held
    );
    books.check()?;
    assert_eq!((books.out, books.dead_lettered[Reason::AttemptsExhausted]), (ORDERS - 1, 1));
    Ok(())
}
