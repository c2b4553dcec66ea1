//! Return address: replies go where the request says, and to nobody else. The numbers of the tests are those of the
//! specification, pattern 15.
//!
//! 15.d6, a wrong type of reply, is two `compile_fail` tests in the documentation of the module, each beside what does
//! compile, and as many in that of request-reply. 15.d8 is in `saga`.

mod full;
mod saga;

use crate::kit::{Choke, Collect, Script, Terms, allocations, conforms, rejected, turn};
use ringmain::channel::{mpsc, spsc};
use ringmain::contract::{
    Account, Addressed, Agent, At, End, Fault, Flow, Halt, Message, Reason, ReturnAddress, Sink, Source,
    SourceMut, Stage, Tick, Work,
};
use ringmain::pattern::{
    Addresses, DeadLetter, Forward, IfDead, LetterBox, NO_RETURN_ADDRESS, NoPort, NoReply, Overflow, Port,
    PortChange, REPLY_DEAD, Replier, ReplyPorts, WhenFull,
};
use std::ops::RangeInclusive;
use std::sync::Arc;

const NOW: Tick = Tick::ZERO;

type Request = Message<u64>;

fn to(address: ReturnAddress, body: u64) -> Request {
    let mut request = Message { body, ..Message::default() };
    request.set_reply_to(address);
    request
}

/// Ports 1 to `sinks.len()`, each with a sink.
fn open<K: Sink>(sinks: impl IntoIterator<Item = K>) -> (Vec<Port<K::Event>>, ReplyPorts<K>) {
    let sinks: Vec<_> = sinks.into_iter().collect();
    let numbers = 1..=sinks.len() as u16;
    let (mut addresses, mut ports) = (Addresses::new(numbers.clone()), ReplyPorts::new(numbers));
    let open = |sink| {
        let port = addresses.open().unwrap();
        assert!(ports.open(port, sink).is_none());
        port
    };
    (sinks.into_iter().map(open).collect(), ports)
}

fn twice(request: &Request, reply: &mut u64) -> Flow {
    *reply = request.body * 2;
    Ok(())
}

/// Each by turns to one of two ports.
fn to_two() -> impl Iterator<Item = Request> {
    (1..=100).map(|n| to(ReturnAddress { port: 1 + (n % 2) as u16, generation: 1 }, n))
}

conforms!(
    replier,
    to_two(),
    |kit| {
        let hazard = kit.hazard();
        let handler = move |request: &Request, reply: &mut u64| {
            hazard.pass();
            twice(request, reply)
        };
        let (_, ports) = open([kit.sink::<u64>(), kit.sink::<u64>()]);
        Replier::new(WhenFull::Block, IfDead::Drop, handler, ports)
    },
    Terms { stop_ends: false, ..Terms::STRICT }
);
conforms!(
    replier_that_tells_faults,
    to_two(),
    |kit| {
        let handler = |request: &Request, reply: &mut u64| match request.body {
            // Behind the events that the suite plays its tricks on.
            n if n > 40 && n % 5 == 0 => Err(Fault::new(5).into()),
            _ => twice(request, reply),
        };
        let (_, ports) = open([kit.sink::<u64>(), kit.sink::<u64>()]);
        let write = |request: &Request, _, reply: &mut u64| *reply = request.body;
        Replier::new(WhenFull::Block, IfDead::Drop, handler, ports).faults_to(Addressed::reply_to, write)
    },
    Terms { stop_ends: false, ..Terms::STRICT }
);

/// 15.d1: R1 -> port A, R2 -> port B, interleaved.
#[test]
fn return_address_1_two_requesters_get_only_their_own() {
    let (a, b) = (Collect::new(), Collect::new());
    let (addresses, ports) = open([a.clone(), b.clone()]);
    let mut replier = Replier::new(WhenFull::Block, IfDead::Reject, twice, ports);
    let account = replier.account();
    let requests = (0..2000).map(|n| to(addresses[(n % 2) as usize].address(), n));
    assert_eq!(Script::new(requests).drain(NOW, usize::MAX, &mut replier).count, 2000);
    drop(replier);
    assert!(a.events().into_iter().eq((0..2000).step_by(2).map(|n| 2 * n)));
    assert!(b.events().into_iter().eq((1..2000).step_by(2).map(|n| 2 * n)));
    let books = account.read();
    assert_eq!((books.input, books.out, books.check()), (2000, 2000, Ok(())));
}

/// 15.d1 on real threads: the ring of each requester is its own.
#[test]
fn return_address_1_two_threads_get_only_their_own() {
    let each = if cfg!(miri) { 20 } else { 1000 };
    let (requests, to_replier) = mpsc::channel(8, Request::default).unwrap();
    let (sinks, inboxes): (Vec<_>, Vec<_>) = (0..2).map(|_| spsc::channel(8, u64::default).unwrap()).unzip();
    let (addresses, ports) = open(sinks);
    let mut agent = to_replier.drive(Replier::new(WhenFull::Block, IfDead::Reject, twice, ports));
    let served = std::thread::spawn(move || {
        while agent.work(NOW) != Work::Done {
            std::thread::yield_now();
        }
    });
    let ask = |mut requests: mpsc::Producer<Request>, port: Port<u64>, mut inbox: spsc::Consumer<u64>| {
        move || {
            let (mut asked, mut answered) = (0, 0);
            while answered < each {
                if asked < each && requests.push(to(port.address(), asked << 16 | port_of(port))).is_ok() {
                    asked += 1;
                }
                match inbox.pop() {
                    Ok(reply) => {
                        assert_eq!(reply, 2 * (answered << 16 | port_of(port)));
                        answered += 1;
                    }
                    Err(_) => std::thread::yield_now(),
                }
            }
        }
    };
    let asking: Vec<_> = addresses
        .into_iter()
        .zip(inboxes)
        .map(|(port, inbox)| std::thread::spawn(ask(requests.clone(), port, inbox)))
        .collect();
    drop(requests);
    for thread in asking {
        thread.join().unwrap();
    }
    served.join().unwrap();
}

fn port_of(port: Port<u64>) -> u64 {
    port.address().port.into()
}

/// What a replier says: a number, or that it failed.
type Answer = (u64, Option<Fault>);

/// A request that has an address for faults in its body.
type Guarded = Message<ReturnAddress>;

fn seven(_: &Guarded, _: &mut Answer) -> Flow {
    Err(Fault::new(7).into())
}

fn tell(_: &Guarded, fault: Fault, reply: &mut Answer) {
    *reply = (0, Some(fault));
}

/// 15.d2: fault_to=F: Err -> F gets the fault, A nothing; without it A gets the fault.
#[test]
fn return_address_2_a_fault_goes_where_faults_go() {
    let (a, f) = (Collect::<Answer>::new(), Collect::<Answer>::new());
    let (addresses, ports) = open([a.clone(), f.clone()]);
    let mut replier = Replier::new(WhenFull::Block, IfDead::Drop, seven, ports)
        .faults_to(|request: &Guarded| request.body, tell);
    let account = replier.account();
    let mut request = Guarded { body: addresses[1].address(), ..Message::default() };
    request.set_reply_to(addresses[0].address());
    let _ = Script::new([request]).drain(NOW, 1, &mut replier);
    assert_eq!((a.take(), f.take()), (vec![], vec![(0, Some(Fault::new(7)))]));

    request.body = ReturnAddress::default();
    let _ = Script::new([request]).drain(NOW, 1, &mut replier);
    assert_eq!((a.take(), f.take()), (vec![(0, Some(Fault::new(7)))], vec![]));
    drop(replier);
    assert_eq!((account.read().out, account.read().check()), (2, Ok(())));
}

/// Without an address for faults, what a handler rejects passes on and nothing is published.
#[test]
fn return_address_2_a_fault_that_nobody_is_told_passes_on() {
    let a = Collect::<Answer>::new();
    let (addresses, ports) = open([a.clone()]);
    let mut replier = Replier::new(WhenFull::Block, IfDead::Drop, seven, ports);
    let account = replier.account();
    let mut request = Guarded::default();
    request.set_reply_to(addresses[0].address());
    let drained = Script::new([request]).drain(NOW, 1, &mut replier);
    assert_eq!(drained.end, Some(End::Halted(Fault::new(7).into())));
    drop(replier);
    assert_eq!(a.take(), []);
    assert_eq!(account.read().dead_lettered[Reason::NonRetryable], 1);
    assert_eq!(account.read().check(), Ok(()));
}

/// A full port for faults: the handler does not meet the request a second time.
#[test]
fn a_fault_waits_for_room_without_another_attempt() {
    let seen = Collect::new();
    let (addresses, ports) = open([Choke::new(0, seen.clone()), Choke::new(2, seen.clone())]);
    let mut asked = 0;
    let handler = |_: &Request, _: &mut u64| {
        asked += 1;
        Err(Fault::new(7).into())
    };
    let faults = addresses[1].address();
    assert_eq!(faults, ReturnAddress { port: 2, generation: 1 });
    let desk: fn(&Request) -> ReturnAddress = |_| ReturnAddress { port: 2, generation: 1 };
    let mut replier = Replier::new(WhenFull::Block, IfDead::Drop, handler, ports)
        .faults_to(desk, |_, fault, slot| *slot = fault.code.into());
    let account = replier.account();
    let mut script = Script::new([to(addresses[0].address(), 1)]);
    for end in [Some(End::Halted(Halt::Again)), Some(End::Halted(Halt::Again)), Some(End::Closed)] {
        assert_eq!(script.drain(NOW, 1, &mut replier).end, end);
    }
    drop(replier);
    assert_eq!((asked, seen.events()), (1, vec![7]));
    assert_eq!((account.read().input, account.read().out), (1, 1));
}

/// 15.d3, the delegate: X -> Y -> Z. Z's reply reaches A, and Y's ring of replies stays empty.
#[test]
fn return_address_3_a_delegate_keeps_the_address() {
    let (a, of_y) = (Collect::new(), Collect::<u64>::new());
    let (addresses, ports) = open([a.clone(), of_y.clone()]);
    let (to_z, mut from_y) = spsc::channel(8, Request::default).unwrap();
    let mut y = Forward::new(to_z);
    let mut z = Replier::new(WhenFull::Block, IfDead::Reject, twice, ports);
    let _ = Script::new((1..=3).map(|n| to(addresses[0].address(), n))).drain(NOW, 9, &mut y);
    let _ = from_y.drain(NOW, 9, &mut z);
    assert_eq!(a.events(), [2, 4, 6]);
    assert!(of_y.is_empty());
}

/// 15.d4: the port is closed before the reply: ReplyDead=1, and the replier goes on.
#[test]
fn return_address_4_a_dead_address_is_counted_and_the_replier_goes_on() {
    for if_dead in [IfDead::Drop, IfDead::Reject] {
        let (a, b) = (Collect::new(), Collect::new());
        let (addresses, ports) = open([a.clone(), b.clone()]);
        let mut replier = Replier::new(WhenFull::Block, if_dead, twice, ports);
        let account = replier.account();
        assert!(replier.ports_mut().close(addresses[0]).is_some());
        assert!(replier.ports_mut().close(addresses[0]).is_none());
        let mut script = Script::new([(0, 1), (1, 2)].map(|(port, n)| to(addresses[port].address(), n)));
        let fault = rejected(turn(&mut script, &mut replier, NOW));
        let _ = turn(&mut script, &mut replier, NOW);
        drop(replier);
        let books = account.read();
        assert_eq!((a.events(), b.events()), (vec![], vec![4]));
        if if_dead == IfDead::Drop {
            assert_eq!((fault, books.dropped[Reason::ReplyDead]), (None, 1));
        } else {
            assert_eq!((fault, books.dead_lettered[Reason::ReplyDead]), (Some(REPLY_DEAD), 1));
        }
        assert_eq!((books.out, books.check()), (1, Ok(())));
    }
}

/// 15.d4: the same where the reader of the port has gone, and with a dead letter channel.
#[test]
fn return_address_4_a_port_that_nobody_reads_is_dead() {
    let (gone, here) = (Collect::new(), Collect::new());
    gone.close();
    let (addresses, ports) = open([gone, here.clone()]);
    let mut letters = LetterBox::new(4, Request::default);
    let replier = Replier::new(WhenFull::Block, IfDead::Reject, twice, ports);
    let mut guarded = DeadLetter::new("squares", Overflow::Block, &mut letters, replier);
    let mut script = Script::new([(0, 1), (1, 2)].map(|(port, n)| to(addresses[port].address(), n)));
    assert_eq!(script.drain(NOW, 9, &mut guarded).end, Some(End::Closed));
    drop(guarded);
    assert_eq!(here.events(), [4]);
    let letter = letters.iter().next().unwrap();
    assert_eq!((letter.event.body, letter.fault), (1, REPLY_DEAD));
}

/// 15.d5: reply_to=0 -> NoReturnAddress, not a panic; and the handler is not asked.
#[test]
fn return_address_5_no_address_is_an_error() {
    let (_, mut ports) = open([Collect::<u64>::new()]);
    let none = ReturnAddress::default();
    assert_eq!(ports.reply(none, |_| Ok(())), Err(NoReply::NoReturnAddress));
    assert_eq!(
        ports.reply(ReturnAddress { port: 0, generation: 1 }, |_| Ok(())),
        Err(NoReply::NoReturnAddress)
    );
    let never = |_: &Request, _: &mut u64| -> Flow { unreachable!("nobody could get the answer") };
    let mut replier = Replier::new(WhenFull::Block, IfDead::Drop, never, ports);
    let account = replier.account();
    let drained = Script::new([to(none, 1)]).drain(NOW, 1, &mut replier);
    assert_eq!(drained.end, Some(End::Halted(NO_RETURN_ADDRESS.into())));
    drop(replier);
    assert_eq!(account.read().dead_lettered[Reason::NoRoute], 1);
    assert_eq!(account.read().check(), Ok(()));
}

/// 15.d7: the address of somebody else than the requester (a log): it goes there.
#[test]
fn return_address_7_the_address_of_a_third_party() {
    let (a, log) = (Collect::new(), Collect::new());
    let (addresses, ports) = open([a.clone(), log.clone()]);
    let mut replier = Replier::new(WhenFull::Block, IfDead::Drop, twice, ports);
    let _ = Script::new([to(addresses[1].address(), 21)]).drain(NOW, 1, &mut replier);
    assert_eq!((a.events(), log.events()), (vec![], vec![42]));
}

/// iceoryx2 #1905: what is answered to an address whose port was given to somebody else never reaches him.
#[test]
fn iceoryx2_1905_an_old_address_does_not_reach_the_new_tenant() {
    let mut addresses = Addresses::<u64>::new(1..=2);
    let mut ports = ReplyPorts::new(1..=2);
    let (old, new) = (Collect::new(), Collect::new());
    let first = addresses.open().unwrap();
    ports.open(first, old);
    // The new tenant moves in without the old one having been taken out.
    assert!(addresses.close(first));
    let second = addresses.open().unwrap();
    assert_eq!(second.address().port, first.address().port);
    assert!(ports.open(second, new.clone()).is_some(), "the sink of the old one comes back");
    assert_eq!(ports.reply(first.address(), |_| Ok(())), Err(NoReply::Dead));
    assert!(ports.close(first).is_none(), "nor can the old one close it");
    assert_eq!(ports.reply(second.address(), put(5)), Ok(()));
    assert_eq!(new.events(), [5]);
}

#[test]
fn a_port_is_retired_before_its_tenants_repeat() {
    let mut addresses = Addresses::<u64>::new(3..=3);
    let mut seen = std::collections::HashSet::new();
    for _ in 0..u16::MAX {
        let port = addresses.open().unwrap();
        assert_eq!(addresses.open(), Err(NoPort));
        assert!(seen.insert(port.address()), "{port:?} a second time");
        assert!(addresses.close(port));
        assert!(!addresses.close(port));
    }
    assert_eq!(addresses.open(), Err(NoPort));
}

#[test]
fn ports_at_the_ends_of_their_range() {
    #[expect(clippy::reversed_empty_ranges, reason = "one without a port")]
    const EMPTY: RangeInclusive<u16> = 5..=4;
    for range in [0..=0, EMPTY] {
        assert_eq!(Addresses::<u64>::new(range).open(), Err(NoPort));
    }
    let mut addresses = Addresses::<u64>::new(0..=1);
    assert_eq!(addresses.open().unwrap().address(), ReturnAddress { port: 1, generation: 1 });
    assert_eq!(addresses.open(), Err(NoPort));
    let mut last = Addresses::new(u16::MAX..=u16::MAX);
    let port = last.open().unwrap();
    let mut ports = ReplyPorts::new(u16::MAX - 1..=u16::MAX);
    let seen = Collect::new();
    assert!(ports.open(port, seen.clone()).is_none());
    assert_eq!(ports.reply(port.address(), put(1)), Ok(()));
    // Ports of other tables are dead in this one: before the first, and behind the last.
    let mut others = ReplyPorts::new(2..=3);
    for number in [1, 4, u16::MAX] {
        let foreign = ReturnAddress { port: number, generation: 1 };
        assert_eq!(others.reply(foreign, |_: &mut u64| Ok(())), Err(NoReply::Dead));
    }
    assert!(others.open(port, seen).is_some(), "a port that the table does not have");
    assert!(!addresses.close(port));
}

/// Another thread opens a port before it sends a request, closes it, and gives it to somebody else.
#[test]
fn ports_are_opened_and_closed_while_the_replier_runs() {
    let mut addresses = Addresses::new(1..=1);
    let (mut control, changes) = spsc::channel(4, || PortChange::Done(None)).unwrap();
    let ports = ReplyPorts::<Collect<u64>>::new(1..=1).controlled_by(changes);
    let mut replier = Replier::new(WhenFull::Block, IfDead::Drop, twice, ports);
    let account = replier.account();
    let (a, b) = (Collect::new(), Collect::new());
    let first = addresses.open().unwrap();
    control.push(PortChange::Open(first, a.clone())).unwrap();
    let mut script = Script::new([to(first.address(), 1)]).open();
    let _ = turn(&mut script, &mut replier, NOW);
    assert_eq!(a.events(), [2]);

    assert!(addresses.close(first));
    let second = addresses.open().unwrap();
    control.push(PortChange::Close(first)).unwrap();
    control.push(PortChange::Open(second, b.clone())).unwrap();
    // Taken over at the end of this turn, or as its own address is not known, whichever comes first.
    script.then(to(second.address(), 2));
    script.then(to(first.address(), 3));
    let _ = turn(&mut script, &mut replier, NOW);
    assert_eq!((a.events(), b.events()), (vec![2], vec![4]));
    // A control that is gone changes nothing.
    drop(control);
    script.then(to(second.address(), 5));
    let _ = turn(&mut script, &mut replier, NOW);
    assert_eq!(b.events(), [4, 10]);
    drop(replier);
    assert_eq!(account.read().dropped[Reason::ReplyDead], 1);
    assert_eq!(account.read().check(), Ok(()));
}

/// Puts `n` into a slot.
fn put(n: u64) -> impl FnOnce(&mut u64) -> Flow {
    move |slot| {
        *slot = n;
        Ok(())
    }
}

/// A turn without requests is enough for a port to be closed.
#[test]
fn a_port_is_closed_at_the_end_of_a_turn() {
    let mut addresses = Addresses::new(1..=1);
    let (mut control, changes) = spsc::channel(4, || PortChange::Done(None)).unwrap();
    let mut ports = ReplyPorts::new(1..=1).controlled_by(changes);
    let (sink, inbox) = spsc::channel(4, u64::default).unwrap();
    let port = addresses.open().unwrap();
    assert!(ports.open(port, sink).is_none());
    let mut replier = Replier::new(WhenFull::Block, IfDead::Drop, twice, ports);
    control.push(PortChange::Close(port)).unwrap();
    let _ = Stage::<&Request>::on_batch_end(&mut replier, NOW);
    // The sink lies in the ring of changes now, and goes when its slot is filled again.
    assert!(!inbox.is_closed());
    for _ in 0..4 {
        control.push(PortChange::Done(None)).unwrap();
        let _ = Stage::<&Request>::on_batch_end(&mut replier, NOW);
    }
    assert!(inbox.is_closed());
}

/// Also where the address is dead, where there is none, where the port is full, and where ports change.
#[test]
fn no_path_allocates() {
    let mut addresses = Addresses::new(1..=2);
    let (mut control, changes) = spsc::channel(4, || PortChange::Done(None)).unwrap();
    let ports = ReplyPorts::<Collect<u64>>::new(1..=2).controlled_by(changes);
    let handler = |request: &Request, reply: &mut u64| match request.body {
        7 => Err(Fault::new(7).into()),
        _ => twice(request, reply),
    };
    let mut replier = Replier::new(WhenFull::Block, IfDead::Reject, handler, ports)
        .faults_to(Addressed::reply_to, |_, _, slot| *slot = 0);
    let account: Arc<Account> = replier.account();
    let sink = Collect::with_capacity(2);
    let at = At { seq: ringmain::ring::Sequence::ZERO, now: NOW };
    let ((), count) = allocations(|| {
        let port = addresses.open().unwrap();
        control.push(PortChange::Open(port, sink)).unwrap();
        for request in [to(port.address(), 1), to(port.address(), 7)] {
            assert_eq!(replier.on_event(&request, at), Ok(()));
        }
        for body in [2, 7] {
            assert_eq!(replier.on_event(&to(port.address(), body), at), Err(Halt::Again));
        }
        assert!(addresses.close(port));
        control.push(PortChange::Close(port)).unwrap();
        let _ = Stage::<&Request>::on_batch_end(&mut replier, NOW);
        assert_eq!(replier.on_event(&to(port.address(), 3), at), Err(REPLY_DEAD.into()));
        let none = ReturnAddress::default();
        assert_eq!(replier.on_event(&to(none, 3), at), Err(NO_RETURN_ADDRESS.into()));
    });
    assert_eq!(count, 0);
    drop(replier);
    assert_eq!((account.read().input, account.read().out, account.read().check()), (4, 2, Ok(())));
}
