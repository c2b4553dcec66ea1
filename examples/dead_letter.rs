//! Payments go to a bank. Branch 7 does not answer for a while: its payments are tried again, later and later, in their
//! order, and all others overtake them. Then the line to the bank is down: after two failures one payment a time asks
//! whether it is back. One payment is to an account that does not exist: a letter, which is sent back when the account
//! does. Nothing is lost, and the books say so.
//!
//! `cargo run --example dead_letter`

use ringmain::channel::spsc;
use ringmain::contract::{
    Agent, At, Clock, Fault, Flow, Halt, ManualClock, Reason, Sink, Source, Tick, Work,
};
use ringmain::pattern::{DeadLetter, Letter, LetterBox, Overflow, RateLimit, Redrive, Remedy, Retry};
use std::cell::{Cell, RefCell};
use std::time::Duration;

#[derive(Clone, Copy, Default, Debug)]
struct Payment {
    number: u32,
    account: u32,
    /// How many letters it has been in.
    hops: u8,
}

/// Trying again may mend these two.
const LINE_DOWN: Fault = Fault { reason: Reason::Expired, code: 1 };
const NO_ANSWER: Fault = Fault { reason: Reason::Expired, code: 2 };
/// Trying again will not.
const NO_SUCH_ACCOUNT: Fault = Fault::new(3);

const SECOND: Duration = Duration::from_secs(1);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let hand = ManualClock::new();
    let mut clock = hand.clone();
    let second = |now: Tick| now.nanos() / 1_000_000_000;

    let (mut payments, to_bank) = spsc::channel(16, Payment::default)?;
    let (letters, post) = spsc::channel(16, Letter::<Payment>::default)?;
    let account_99_exists = Cell::new(false);
    let booked = RefCell::new(Vec::new());
    let bank = |payment: &Payment, at: At| -> Flow {
        let Payment { number, account, .. } = *payment;
        let fault = match (second(at.now), account) {
            (10..15, _) => Some(LINE_DOWN),
            (1..6, 7) => Some(NO_ANSWER),
            (_, 99) if !account_99_exists.get() => Some(NO_SUCH_ACCOUNT),
            _ => None,
        };
        let outcome = fault.map_or("booked".into(), |fault| fault.to_string());
        println!("{:>4} s  payment {number} to account {account}: {outcome}", second(at.now));
        match fault {
            Some(fault) => Err(fault.into()),
            None => {
                booked.borrow_mut().push(number);
                Ok(())
            }
        }
    };
    let guarded = DeadLetter::new("bank", Overflow::Block, letters, bank)
        .retry(Retry::exponential(4, SECOND, 2, SECOND * 30), |fault| match fault {
            NO_SUCH_ACCOUNT => Remedy::Letter,
            _ => Remedy::Retry,
        })
        .by_key(32, 8, |payment| payment.account.into(), Payment::default)?
        .breaker(2, SECOND * 2)
        .hops(9, |payment| payment.hops)
        .detail(|payment, _, text| text[..4].copy_from_slice(&payment.account.to_be_bytes()));
    let account = guarded.account();
    let mut bank = to_bank.drive(guarded);

    // The clerk keeps the letters in a box.
    let desk = RefCell::new(LetterBox::new(16, Payment::default));
    let mut clerk = post.drive(|letter: &Letter<Payment>, _: At| -> Flow {
        let Letter { event, fault, attempts, .. } = letter;
        println!("        letter: payment {} after {attempts} attempt(s): {fault}", event.number);
        desk.borrow_mut().offer(|slot| slot.clone_from(letter)).map_err(Halt::from)
    });

    // When, and to which account.
    let plan = [(0, 1), (1, 7), (1, 2), (2, 7), (2, 99), (3, 3), (10, 4), (11, 5), (12, 6)];
    for now in 0..=22 {
        hand.set(Tick::ZERO.after(SECOND * now));
        for (number, (_, account)) in (1..).zip(plan).filter(|(_, (when, _))| *when == now) {
            payments.push(Payment { number, account, hops: 0 })?;
        }
        if now == 20 {
            account_99_exists.set(true);
            let of_the_account = |letter: &Letter<Payment>| letter.fault == NO_SUCH_ACCOUNT;
            let readdress = |letter: &Letter<Payment>, payment: &mut Payment| {
                *payment = Payment { hops: letter.hops, ..letter.event };
            };
            let ten_a_second = RateLimit::new(10, SECOND);
            let mut redrive = Redrive::new(3, ten_a_second, of_the_account, readdress, &mut payments);
            let round = redrive.redrive(&mut desk.borrow_mut(), clock.now());
            println!("{now:>4} s  account 99 is opened, and {} payment is sent back", round.sent);
        }
        let _ = (bank.work(clock.now()), clerk.work(clock.now()));
    }
    drop(payments);
    assert_eq!(bank.work(clock.now()), Work::Done, "nothing waits any more");
    drop((bank, clerk));

    let mut numbers = booked.into_inner();
    assert_eq!(numbers[..5], [1, 3, 6, 2, 4], "others overtake 2 and 4, which keep their order");
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8, 9], "each of them once");
    assert!(desk.borrow().is_empty());
    let books = account.read();
    books.check()?;
    println!(
        "{} came = {} booked + {} letter + {} waiting",
        books.input,
        books.out,
        books.dead_lettered.total(),
        books.held
    );
    Ok(())
}
