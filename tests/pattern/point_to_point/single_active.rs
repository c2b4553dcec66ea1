//! Single active consumer: one at a time, and the next goes on where the last one stopped.

use super::{MANY, NOW, publish};
use crate::kit::{Dice, allocations, panic_on_purpose, panics, reached, seeds};
use ringmain::channel::{multicast::Multicast, spmc, spsc};
use ringmain::contract::{Agent, At, End, Flow, Halt, Sink, Source, SourceMut, Work, each};
use ringmain::pattern::point_to_point::SingleActive;
use ringmain::pattern::{Catch, DeadLetter, LetterBox, Overflow};
use ringmain::ring::Sequence;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

fn take(rx: &mut impl Source<Event = u64>, limit: usize) -> Vec<u64> {
    let mut seen = Vec::new();
    let _ = rx.drain(NOW, limit, &mut each(|n: &u64| seen.push(*n)));
    seen
}

/// 2.d6: A gets 1..=10 and leaves, B gets 11 and so on. Over each kind of ring whose consumer can go from
/// hand to hand.
#[test]
fn point_to_point_6_another_goes_on_with_exactly_the_next() {
    fn check(mut tx: impl Sink<Event = u64>, source: impl Source<Event = u64>) {
        for n in 1..=20 {
            tx.push(n).map_err(|refusal| refusal.refused).unwrap();
        }
        let mut a = SingleActive::new(source);
        let mut b = a.clone();
        assert!(take(&mut b, 20).is_empty() && !b.is_active(), "A is active");
        assert!(take(&mut a, 10).into_iter().eq(1..=10));
        let again = a.drain(NOW, 9, &mut |n: &u64, _: At| -> Flow {
            assert_eq!(*n, 11);
            Err(Halt::Again)
        });
        assert_eq!((again.count, b.position()), (0, None));
        drop(a);
        assert!(!b.is_active(), "not before it has a turn");
        assert!(take(&mut b, 3).into_iter().eq(11..=13), "no gap, no duplicate");
        let mut c = b.clone();
        drop(b);
        drop(tx);
        assert!(take(&mut c, 20).into_iter().eq(14..=20));
        assert_eq!(c.drain(NOW, 1, &mut each(|_: &u64| ())).end, Some(End::Closed));
    }
    let (tx, rx) = spsc::channel(32, || 0).unwrap();
    check(tx, rx);
    let (tx, rx) = spmc::channel(32, || 0).unwrap();
    check(tx, rx);
    let mut ring = Multicast::new(32, || 0).unwrap();
    let reader = ring.reader("reader", &[]);
    check(ring.build().unwrap(), reader);
}

/// 2.d6: one that panics leaves, and the event it panicked on was not consumed.
#[test]
fn point_to_point_6_a_panic_hands_over_too() {
    let (mut tx, rx) = spsc::channel(8, || 0u64).unwrap();
    for n in 1..=5 {
        tx.push(n).unwrap();
    }
    let a = SingleActive::new(rx);
    let mut b = a.clone();
    let mut agent = a.drive(each(|n: &u64| {
        if *n == 3 {
            panic_on_purpose();
        }
    }));
    assert!(panics(|| _ = agent.work(NOW)));
    assert_eq!(take(&mut b, 9), [3, 4, 5]);
    assert_eq!(agent.work(NOW), Work::Done);
}

/// An event that each one panics on ends each one; with a `Catch` it is a letter, and nobody goes.
#[test]
fn poison_is_for_a_catch() {
    let brittle = |n: &u64, _: At| -> Flow {
        if *n == 1 {
            panic_on_purpose();
        }
        Ok(())
    };
    let (mut tx, rx) = spsc::channel(4, || 0u64).unwrap();
    tx.push(1).unwrap();
    let a = SingleActive::new(rx);
    let members = [a.clone(), a.clone(), a];
    for member in members.into_iter().rev() {
        assert!(panics(|| _ = member.drive(brittle).work(NOW)));
    }
    assert!(tx.is_closed(), "the last one took the source along");
    assert_eq!(tx.len(), 1);

    let (mut tx, rx) = spsc::channel(4, || 0u64).unwrap();
    for n in 1..=2 {
        tx.push(n).unwrap();
    }
    let mut letters = LetterBox::new(1, || 0);
    let guarded = DeadLetter::new("active", Overflow::Block, &mut letters, Catch::new(brittle));
    let mut agent = SingleActive::new(rx).drive(guarded);
    assert_eq!(agent.work(NOW), Work::Busy(2));
    drop(agent);
    assert_eq!(letters.iter().map(|letter| letter.event).collect::<Vec<_>>(), [1]);
}

/// 2.d6 with threads: whoever is active takes a few and leaves, another joins. Never two at once, and all in
/// order.
#[test]
fn point_to_point_6_there_is_one_at_a_time() {
    let (tx, rx) = spsc::channel(64, || 0u64).unwrap();
    let (busy, log) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    let first = SingleActive::new(rx);
    thread::scope(|scope| {
        for who in 0..3u64 {
            let (mut me, busy, log) = (first.clone(), &busy, &log);
            scope.spawn(move || {
                let mut turns = 0;
                loop {
                    let mut stage = |n: &u64, _: At| -> Flow {
                        assert!(!busy.swap(true, Relaxed), "another one is at it");
                        log.lock().unwrap().push((*n, who));
                        busy.store(false, Relaxed);
                        Ok(())
                    };
                    let drained = me.drain(NOW, 100, &mut stage);
                    if drained.end == Some(End::Closed) {
                        return;
                    }
                    turns += 1;
                    if me.is_active() && turns % 4 == 0 {
                        let other = me.clone();
                        me = other;
                    }
                    thread::yield_now();
                }
            });
        }
        drop(first);
        publish(tx);
    });
    let log = log.into_inner().unwrap();
    assert!(log.iter().map(|(n, _)| *n).eq(1..=MANY), "no gap, no duplicate, in order");
}

/// The last one drops the source, which closes it for whoever fills it.
#[test]
fn the_last_one_closes() {
    let (tx, rx) = spsc::channel(4, || 0u64).unwrap();
    let a = SingleActive::new(rx);
    let b = a.clone();
    drop(a);
    assert!(!tx.is_closed());
    drop(b);
    assert!(tx.is_closed(), "though it never had a turn");
}

/// Lent events, positions, and no allocation by those that join, take over and leave.
#[test]
fn nothing_is_allocated() {
    let (mut tx, rx) = spmc::channel(4, || 0u64).unwrap();
    let mut active = SingleActive::new(rx);
    let ((), count) = allocations(|| {
        for n in 0..100 {
            tx.push(n).unwrap();
            assert_eq!(active.position(), Some(Sequence::new(n)));
            assert_eq!(active.pop(), Ok(n));
            let next = active.clone();
            active = next;
            assert!(active.pop().is_err() && active.is_active());
        }
    });
    assert_eq!(count, 0);
}

/// Members join, have turns, say `Again`, panic and leave at random: against a queue and the number of the
/// active one. Each run is short, and all of them reach each of these often.
#[test]
fn it_is_a_queue_with_one_reader() {
    let (mut full, mut took_over, mut waited, mut again, mut panicked) = (0, 0, 0, 0, 0);
    for seed in seeds(100_000) {
        let mut dice = Dice::new(seed);
        let capacity = 1 << dice.below(4);
        let (mut tx, rx) = spsc::channel(capacity, || 0u64).unwrap();
        let mut members = [Some(SingleActive::new(rx)), None, None];
        let (mut active, mut queue, mut sent) = (Some(0), VecDeque::new(), 0);
        for _ in 0..16 {
            let who = dice.below(3) as usize;
            match dice.below(6) {
                0 | 1 => {
                    let pushed = tx.push(sent).is_ok();
                    assert_eq!(pushed, queue.len() < capacity, "seed {seed}");
                    full += u32::from(!pushed);
                    if pushed {
                        queue.push_back(sent);
                        sent += 1;
                    }
                }
                2 if members[who].is_none() => members[who] = members.iter().flatten().next().cloned(),
                3 if members.iter().flatten().count() > 1 => {
                    members[who] = None;
                    active = active.filter(|active| *active != who);
                }
                _ => {
                    let Some(member) = &mut members[who] else { continue };
                    let (limit, halts_at) = (dice.below(4) as usize, dice.below(5));
                    let mut seen = Vec::new();
                    let panics = panics(|| {
                        let mut stage = |n: &u64, _: At| -> Flow {
                            match halts_at.checked_sub(seen.len() as u64) {
                                Some(0) if seed % 2 == 0 => return Err(Halt::Again),
                                Some(0) => panic_on_purpose(),
                                _ => {}
                            }
                            seen.push(*n);
                            Ok(())
                        };
                        let _ = member.drain(NOW, limit, &mut stage);
                    });
                    took_over += u32::from(active.is_none());
                    let is_active = *active.get_or_insert(who) == who;
                    let there = if is_active { queue.len().min(limit) } else { 0 };
                    let expected: Vec<u64> = queue.drain(..there.min(halts_at as usize)).collect();
                    assert_eq!(seen, expected, "seed {seed}");
                    let halts = there as u64 > halts_at;
                    assert_eq!(panics, seed % 2 == 1 && halts, "seed {seed}");
                    waited += u32::from(!is_active);
                    again += u32::from(halts && !panics);
                    panicked += u32::from(panics);
                    assert_eq!(member.is_active(), is_active, "seed {seed}");
                }
            }
        }
    }
    let all = [full, took_over, waited, again, panicked];
    assert!(all.iter().all(|times| reached(u64::from(*times), 10_000)), "{all:?}");
}
