//! Payments go to a bank whose line is down for a while. A payment that only meets the outage is tried again, later and
//! later; one to an account that does not exist is a letter at once. Nothing is lost, and nothing overtakes.
//!
//! `cargo run --example dead_letter`

use ringmain::channel::spsc;
use ringmain::contract::{
    Agent, At, Clock, Fault, Flow, ManualClock, Reason, Sink, Source, Tick, Work, each,
};
use ringmain::pattern::{DeadLetter, Letter, Overflow, Remedy, Retry};
use std::time::Duration;

#[derive(Clone, Copy, Default, Debug)]
struct Payment {
    account: u32,
    cents: u64,
}

/// Trying again may mend it.
const LINE_DOWN: Fault = Fault { reason: Reason::Expired, code: 1 };
/// Trying again will not.
const NO_SUCH_ACCOUNT: Fault = Fault::new(2);

const SECOND: Duration = Duration::from_secs(1);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let hand = ManualClock::new();
    let mut clock = hand.clone();
    let at_second = |n: u32| Tick::ZERO.after(SECOND * n);

    let (mut payments, to_bank) = spsc::channel(16, Payment::default)?;
    let (letters, post) = spsc::channel(16, Letter::<Payment>::default)?;
    let mut booked = Vec::new();
    let bank = |payment: &Payment, at: At| -> Flow {
        if (at_second(2)..at_second(9)).contains(&at.now) {
            Err(LINE_DOWN)?;
        }
        if payment.account == 0 {
            Err(NO_SUCH_ACCOUNT)?;
        }
        println!(
            "{:>4} s  booked {} for account {}",
            at.now.nanos() / 1_000_000_000,
            payment.cents,
            payment.account
        );
        booked.push(payment.account);
        Ok(())
    };
    let guarded = DeadLetter::new("bank", Overflow::Block, letters, bank)
        .retry(Retry::exponential(4, SECOND, 2, SECOND * 30), |fault| match fault {
            LINE_DOWN => Remedy::Retry,
            _ => Remedy::Letter,
        })
        .detail(|payment, _, text| {
            let cents = payment.cents.to_string();
            text[..cents.len()].copy_from_slice(cents.as_bytes());
        });
    let account = guarded.account();
    let mut bank = to_bank.drive(guarded);
    let mut read = Vec::new();
    let mut clerk = post.drive(each(|letter: &Letter<Payment>| read.push(letter.clone())));

    // A payment a second; the third, at second 2, is the first to meet the outage.
    for second in 0..6 {
        hand.set(at_second(second));
        let account = if second == 4 { 0 } else { second + 1 };
        payments.push(Payment { account, cents: 100 * u64::from(second + 1) })?;
        let _ = bank.work(clock.now());
    }
    drop(payments);
    while bank.work(clock.now()) != Work::Done {
        hand.advance(SECOND);
    }
    while clerk.work(clock.now()) != Work::Done {}
    drop((bank, clerk));

    for letter in &read {
        println!(
            "letter: {:?} by {}: {} after {} attempt(s)",
            letter.event, letter.origin, letter.fault, letter.attempts
        );
    }
    assert_eq!(booked, [1, 2, 3, 4, 6], "in order, the outage notwithstanding");
    assert_eq!(read.len(), 1);
    assert_eq!((read[0].fault, read[0].event.cents, read[0].attempts), (NO_SUCH_ACCOUNT, 500, 1));
    assert_eq!(&read[0].detail[..3], b"500");
    let books = account.read();
    books.check()?;
    println!("{} payments = {} booked + {} letter", books.input, books.out, books.dead_lettered.total());
    Ok(())
}
