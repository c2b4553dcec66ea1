//! A work queue with seats for three workers: the orders of a customer go to the same worker, in order. Two are there
//! from the start; a third one joins on the way, and one of the first two leaves. An order that no worker can do is
//! tried three times, and the books say where every order went.
//!
//! `cargo run --example point_to_point`

use ringmain::channel::spsc;
use ringmain::contract::{Agent, At, Fault, Flow, Halt, Reason, Sink, Source, Tick, Work, each};
use ringmain::pattern::point_to_point::{
    Ack, Badges, Dispatch, Job, KeyHash, Redeliver, Worker, WorkerChange,
};
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
/// When so many are done, a worker joins.
const JOINS: usize = 15;
/// When so many are done, the first one leaves.
const LEAVES: usize = 30;

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
    let (mut changes, to_dispatch) = spsc::channel(4, WorkerChange::default)?;
    let (mut badges, mut logs, mut workers) = (Badges::<3>::new(), Vec::new(), Vec::new());
    let by_customer = KeyHash::new(|order: &Order| order.customer);
    let again = Redeliver::new("orders", 3, letters);
    let dispatch = Dispatch::controlled_by(by_customer, again, 32, &badges, to_dispatch)?;
    let mut join = |workers: &mut Vec<_>, logs: &mut Vec<_>| -> Result<(), Box<dyn std::error::Error>> {
        let (to_worker, jobs) = spsc::channel(8, Job::default)?;
        let (acks, from_worker) = spsc::channel(32, Ack::default)?;
        let (log, read) = spsc::channel(64, <(usize, Order)>::default)?;
        workers.push(Some(hire(workers.len(), jobs, acks, log)));
        logs.push(read);
        Ok(changes.push(WorkerChange::Join(badges.issue(), to_worker, from_worker))?)
    };
    join(&mut workers, &mut logs)?;
    join(&mut workers, &mut logs)?;
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
        if workers.len() == 2 && done.len() >= JOINS {
            println!("worker 2 joins");
            join(&mut workers, &mut logs)?;
        }
        if workers[0].is_some() && done.len() >= LEAVES {
            println!("worker 0 leaves; what it has not begun with goes to the others");
            workers[0] = None;
        }
        if books.read().input == ORDERS && books.read().held == 0 {
            break;
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
        assert!(numbers.is_sorted() && whom.len() <= 3);
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
