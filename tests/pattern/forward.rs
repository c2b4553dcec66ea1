use crate::kit::{Collect, Script, conforms, turn, turn_mut};
use ringmain::channel::spsc;
use ringmain::contract::{Agent, Reason, Source, SourceMut, Tick, Work};
use ringmain::pattern::Forward;

conforms!(shared, 1..=100u64, |kit| Forward::new(kit.sink::<u64>()));
conforms!(mut lent, 1..=100u64, |kit| Forward::new(kit.sink::<u64>()));

#[test]
fn forward_copies_what_is_shared() {
    let to = Collect::new();
    let mut from = Script::new([vec![1], vec![2, 3]]);
    let _ = turn(&mut from, &mut Forward::new(to.clone()), Tick::ZERO);
    assert_eq!(to.events(), from.events());
}

#[test]
fn forward_swaps_what_is_lent() {
    let (tx, mut rx) = spsc::channel(2, || vec![0]).unwrap();
    let event = vec![7, 7];
    let address = event.as_ptr().addr();
    let mut from = Script::new([event]);
    let mut forward = Forward::new(tx);
    let _ = turn_mut(&mut from, &mut forward, Tick::ZERO);
    assert_eq!(from.events(), [vec![0]], "what lay in the slot came back");
    let mut met = None;
    let _ =
        rx.drain(Tick::ZERO, 1, &mut ringmain::contract::each(|v: &Vec<i32>| met = Some(v.as_ptr().addr())));
    assert_eq!(met, Some(address), "the event itself went on, not a copy");
}

#[test]
fn forward_waits_for_room_and_ends_at_a_closed_ring() {
    let (tx, mut rx) = spsc::channel(2, || 0u64).unwrap();
    let forward = Forward::new(tx);
    let account = forward.account();
    let mut agent = Script::new(1..=4u64).drive(forward);
    assert_eq!(agent.work(Tick::ZERO), Work::Busy(2));
    assert_eq!(agent.work(Tick::ZERO), Work::Idle, "the ring is full");
    let to = Collect::new();
    let _ = rx.drain(Tick::ZERO, 1, &mut to.clone());
    assert_eq!(agent.work(Tick::ZERO), Work::Busy(1));
    drop(rx);
    assert_eq!(agent.work(Tick::ZERO), Work::Done);
    let books = account.read();
    assert_eq!((books.input, books.out, books.dropped[Reason::Shutdown]), (4, 3, 1));
    assert_eq!(books.check(), Ok(()));
    assert_eq!(to.events(), [1]);
}

#[test]
fn forward_is_an_agent_over_lent_events_too() {
    let (tx, mut rx) = spsc::channel(4, || 0u64).unwrap();
    let mut agent = Script::new(1..=3u64).drive_mut(Forward::new(tx));
    assert_eq!(agent.work(Tick::ZERO), Work::Done);
    let to = Collect::new();
    let _ = rx.drain(Tick::ZERO, 9, &mut to.clone());
    assert_eq!(to.events(), [1, 2, 3]);
}
