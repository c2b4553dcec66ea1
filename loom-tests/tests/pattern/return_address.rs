//! Ports are opened and closed by one thread, while another replies through them.

use crate::common::outcomes;
use loom::thread;
use ringmain::channel::spsc::{Consumer, Producer, channel_from};
use ringmain::contract::{Addressed, Flow, Message, NoEvent, Sink, Source, SourceMut, Stage, Tick};
use ringmain::pattern::{Addresses, IfDead, Port, PortChange, Replier, ReplyPorts, WhenFull};
use ringmain::ring::Sequence;

const NOW: Tick = Tick::ZERO;
/// The rings wrap at once.
const START: Sequence = Sequence::ZERO.minus(1);

type Request = Message<u64>;
type Changes = Consumer<PortChange<Producer<u64>>>;

fn twice(request: &Request, reply: &mut u64) -> Flow {
    *reply = request.body * 2;
    Ok(())
}

/// A port, and a request with its address.
fn addressed() -> (Port<u64>, Request) {
    let port = Addresses::new(1..=1).open().unwrap();
    let mut request = Request { body: 21, ..Request::default() };
    request.set_reply_to(port.address());
    (port, request)
}

/// One turn: what is there now is answered.
fn turn(requests: &mut Consumer<Request>, replier: &mut impl for<'e> Stage<&'e Request>) -> usize {
    let served = requests.drain(NOW, usize::MAX, replier).count;
    let _ = replier.on_batch_end(NOW);
    served
}

type Handler = fn(&Request, &mut u64) -> Flow;

fn replier(changes: Changes) -> Replier<Request, Handler, Producer<u64>, Changes> {
    let ports = ReplyPorts::new(1..=1).controlled_by(changes);
    Replier::new(WhenFull::Block, IfDead::Drop, twice as Handler, ports)
}

/// A port is opened, through the ring of changes, before a request with its address is published: whenever the replier
/// looks, it knows the port when it serves that request.
#[test]
fn return_address_a_port_that_is_opened_before_its_request_is_known() {
    // Requests that were served while the other thread was at work.
    outcomes("return address: a port opened in time", &[0, 1], || {
        let (mut tx, mut requests) = channel_from(START, 2, Request::default).unwrap();
        let (mut control, changes) = channel_from(START, 1, || PortChange::Done(None)).unwrap();
        let (sink, mut inbox) = channel_from(START, 1, u64::default).unwrap();
        let (port, request) = addressed();
        let requester = thread::spawn(move || {
            control.push(PortChange::Open(port, sink)).unwrap();
            tx.push(request).unwrap();
            (control, tx)
        });
        let mut replier = replier(changes);
        let early = turn(&mut requests, &mut replier);
        let ends = requester.join().unwrap();
        turn(&mut requests, &mut replier);
        assert_eq!(inbox.pop(), Ok(42));
        drop((replier, ends));
        assert_eq!(inbox.pop(), Err(NoEvent::Closed));
        early
    });
}

/// A port is closed while the request with its address is served: there is a reply or a dead address, booked as such, and
/// either way nobody replies after the turn in which the change was seen.
#[test]
fn return_address_4_a_port_that_is_closed_while_it_is_replied_to() {
    outcomes("return address: closed while replied to", &[true, false], || {
        let (mut tx, mut requests) = channel_from(START, 2, Request::default).unwrap();
        let (mut control, changes) = channel_from(START, 1, || PortChange::Done(None)).unwrap();
        let (sink, mut inbox) = channel_from(START, 2, u64::default).unwrap();
        let (port, request) = addressed();
        let mut replier = replier(changes);
        assert!(replier.ports_mut().open(port, sink).is_none());
        let account = replier.account();
        tx.push(request).unwrap();
        let closes = thread::spawn(move || {
            control.push(PortChange::Close(port)).unwrap();
            control
        });
        // The change may be seen in the turn without a request, or behind that one.
        let _ = Stage::<&Request>::on_batch_end(&mut replier, NOW);
        turn(&mut requests, &mut replier);
        let mut control = closes.join().unwrap();
        let _ = Stage::<&Request>::on_batch_end(&mut replier, NOW);
        tx.push(request).unwrap();
        turn(&mut requests, &mut replier);
        let replied = inbox.pop();
        // The sink lies in the slot of the change, and goes with what is put there next.
        assert_eq!(inbox.pop(), Err(NoEvent::Empty));
        control.push(PortChange::Done(None)).unwrap();
        assert_eq!(inbox.pop(), Err(NoEvent::Closed));
        drop(replier);
        let books = account.read();
        assert_eq!((books.input, books.out, books.check()), (2, u64::from(replied.is_ok()), Ok(())));
        assert!(replied.is_err() || replied == Ok(42));
        replied.is_ok()
    });
}
