//! The way back: each event once, as often as it may, as fast as it may.

use super::{BAD, at, nanos};
use crate::kit::{Collect, allocations};
use ringmain::channel::spsc;
use ringmain::contract::{At, Fault, Flow, Halt, Sink, Source};
use ringmain::pattern::{DeadLetter, Letter, LetterBox, Overflow, RateLimit, Redrive, Redriven};
use std::time::Duration;

/// An event that knows how many letters it has been in.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Order {
    n: u64,
    hops: u8,
}

fn order(n: u64) -> Order {
    Order { n, hops: 0 }
}
fn fast() -> RateLimit {
    RateLimit::new(1000, Duration::from_nanos(1))
}
fn all(_: &Letter<Order>) -> bool {
    true
}
fn readdress(letter: &Letter<Order>, order: &mut Order) {
    *order = Order { hops: letter.hops, ..letter.event };
}
fn fails(_: &Order, _: At) -> Flow {
    Err(BAD.into())
}
/// A box with a letter of each of these numbers.
fn letters(of: impl IntoIterator<Item = u64>) -> LetterBox<Order> {
    let mut letters = LetterBox::new(16, Order::default);
    for n in of {
        let put = letters.offer(|letter| {
            (letter.event, letter.hops, letter.fault) = (order(n), 1, Fault::new(n as u32 % 3));
            letter.origin = if n < 5 { "low" } else { "high" };
        });
        put.unwrap();
    }
    letters
}
fn numbers(letters: &LetterBox<Order>) -> Vec<u64> {
    letters.iter().map(|letter| letter.event.n).collect()
}

#[test]
fn dead_letter_8_after_two_redrives_a_letter_is_at_its_limit_and_stays() {
    let (mut tx, mut orders) = spsc::channel(4, Order::default).unwrap();
    tx.push(order(7)).unwrap();
    let mut attempts = 0;
    let mut letters = LetterBox::new(4, Order::default);
    let mut redrive = Redrive::new(2, fast(), all, readdress, tx);
    let account = redrive.account();
    let mut rounds = Vec::new();
    for now in 0..5 {
        let inner = |order: &Order, at: At| {
            attempts += 1;
            fails(order, at)
        };
        let mut stage =
            DeadLetter::new("bank", Overflow::Block, &mut letters, inner).hops(9, |order: &Order| order.hops);
        let _ = orders.drain(at(now), 9, &mut stage);
        drop(stage);
        let letter = letters.iter().next().unwrap();
        assert_eq!((letters.len(), letter.attempts, letter.event.n), (1, 1, 7), "its attempts begin anew");
        rounds.push((letter.hops, redrive.redrive(&mut letters, at(now))));
    }
    let sent = Redriven { sent: 1, ..Redriven::default() };
    let at_limit = Redriven { at_limit: 1, ..Redriven::default() };
    assert_eq!(rounds, [(1, sent), (2, sent), (3, at_limit), (3, at_limit), (3, at_limit)]);
    assert_eq!((attempts, letters.len()), (3, 1));
    assert_eq!((account.read().input, account.read().out, account.read().check()), (2, 2, Ok(())));
}

#[test]
fn redrive_takes_what_it_means_and_leaves_the_rest_in_order() {
    let sent = Collect::new();
    let mut some = letters(0..9);
    let by_cause = |letter: &Letter<Order>| letter.fault == Fault::new(1);
    let mut redrive = Redrive::new(1, fast(), by_cause, readdress, sent.clone());
    assert_eq!(redrive.redrive(&mut some, at(0)).sent, 3);
    assert_eq!(sent.take().iter().map(|order: &Order| order.n).collect::<Vec<_>>(), [1, 4, 7]);
    assert_eq!(numbers(&some), [0, 2, 3, 5, 6, 8]);
    let by_origin = |letter: &Letter<Order>| letter.origin == "high";
    let mut redrive = Redrive::new(1, fast(), by_origin, readdress, sent.clone());
    assert_eq!(redrive.redrive(&mut some, at(0)).sent, 3);
    assert_eq!(sent.take(), [5, 6, 8].map(|n| Order { n, hops: 1 }));
    assert_eq!(numbers(&some), [0, 2, 3]);
}

#[test]
fn redrive_is_no_faster_than_it_may() {
    let sent = Collect::<Order>::new();
    let mut some = letters(0..10);
    // Two in each ten nanoseconds.
    let mut redrive = Redrive::new(1, RateLimit::new(2, nanos(10)), all, readdress, sent.clone());
    let counts: Vec<_> = (0..30).map(|now| redrive.redrive(&mut some, at(now)).sent).collect();
    assert_eq!(counts[0], 2);
    for (now, count) in counts.iter().enumerate().skip(1) {
        assert_eq!(*count, usize::from(now % 5 == 0), "at {now}");
    }
    assert_eq!(numbers(&some), (7..10).collect::<Vec<_>>());
}

#[test]
fn redrive_loses_nothing_where_there_is_no_room_or_nobody() {
    let (tx, mut orders) = spsc::channel(2, Order::default).unwrap();
    let mut some = letters(0..5);
    let mut redrive = Redrive::new(1, RateLimit::new(3, nanos(1_000_000)), all, readdress, tx);
    let full = Some(Halt::Again);
    assert_eq!(redrive.redrive(&mut some, at(0)), Redriven { sent: 2, at_limit: 0, end: full });
    for now in 0..9 {
        assert_eq!(redrive.redrive(&mut some, at(now)), Redriven { sent: 0, at_limit: 0, end: full });
    }
    assert_eq!(numbers(&some), [2, 3, 4]);
    let seen = Collect::new();
    let _ = orders.drain(at(9), 9, &mut seen.clone());
    assert_eq!(redrive.redrive(&mut some, at(9)).sent, 1, "the one that was refused does not pay twice");
    let _ = orders.drain(at(9), 9, &mut seen.clone());
    let nobody = Collect::new();
    nobody.close();
    let round = Redrive::new(1, fast(), all, readdress, nobody).redrive(&mut some, at(9));
    assert_eq!(round, Redriven { sent: 0, at_limit: 0, end: Some(Halt::Stop) });
    assert_eq!(seen.events().iter().map(|order: &Order| order.n).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(numbers(&some), [3, 4]);
}

#[test]
fn redrive_out_of_the_middle_moves_no_other_letter_past_one() {
    // In every state of the circle in the box, and with every one of the letters.
    for turned in 0..16 {
        for out in 0..12 {
            let mut some = letters(0..12);
            for n in 12..12 + turned {
                assert!(some.drop_oldest());
                some.offer(|letter| letter.event = order(n)).unwrap();
            }
            let which = move |letter: &Letter<Order>| letter.event.n == turned + out;
            let sent = Collect::<Order>::new();
            assert_eq!(Redrive::new(9, fast(), which, readdress, sent).redrive(&mut some, at(0)).sent, 1);
            let rest: Vec<_> = (turned..turned + 12).filter(|n| *n != turned + out).collect();
            assert_eq!(numbers(&some), rest);
        }
    }
}

#[test]
fn a_readdress_that_panics_loses_no_letter() {
    let sent = Collect::<Order>::new();
    let mut some = letters(0..3);
    let mut calls = 0;
    let bomb = |letter: &Letter<Order>, order: &mut Order| {
        calls += 1;
        assert!(calls != 2, "the panic that the test asked for");
        readdress(letter, order);
    };
    let mut redrive = Redrive::new(1, fast(), all, bomb, sent.clone());
    let round = std::panic::AssertUnwindSafe(|| redrive.redrive(&mut some, at(0)));
    assert!(std::panic::catch_unwind(round).is_err());
    assert_eq!((sent.len(), numbers(&some)), (1, vec![1, 2]));
    let redriven = Redrive::new(1, fast(), all, readdress, sent.clone()).redrive(&mut some, at(0));
    assert_eq!((redriven.sent, sent.len()), (2, 3));
}

#[test]
fn a_redrive_allocates_nothing() {
    let (tx, mut orders) = spsc::channel(4, Order::default).unwrap();
    let mut some = letters(0..12);
    let mut redrive = Redrive::new(1, RateLimit::new(1, nanos(3)), all, readdress, tx);
    let ((), count) = allocations(|| {
        for now in 0..99 {
            let _ = redrive.redrive(&mut some, at(now));
            let _ =
                orders.drain(at(now), usize::from(now % 7 == 0), &mut |_: &Order, _: At| -> Flow { Ok(()) });
        }
    });
    assert_eq!((count, some.len()), (0, 0));
}
