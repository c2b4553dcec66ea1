//! A replier before a full port.

use super::*;

conforms!(
    replier_that_drops_replies,
    to_two(),
    |kit| {
        let (_, ports) = open([kit.sink::<u64>(), kit.sink::<u64>()]);
        Replier::new(WhenFull::DropReply, IfDead::Drop, twice, ports)
    },
    Terms { stop_ends: false, waits: false, ..Terms::STRICT }
);

/// Full, as for request-reply (3.d9): the requester that does not read loses its replies, the other none, and the
/// handler does no work for nobody; with `Block` both wait.
#[test]
fn a_requester_that_does_not_read_stops_nobody_but_where_it_is_said() {
    for (when_full, got, end) in [
        (WhenFull::DropReply, vec![4, 8, 12, 16], End::Closed),
        (WhenFull::Block, vec![4, 8], End::Halted(Halt::Again)),
    ] {
        let (lazy, busy) = (Collect::with_capacity(2), Collect::with_capacity(8));
        let (addresses, ports) = open([lazy.clone(), busy.clone()]);
        let mut worked = 0;
        let handler = |request: &Request, reply: &mut u64| -> Flow {
            worked += 1;
            twice(request, reply)
        };
        let mut replier = Replier::new(when_full, IfDead::Drop, handler, ports);
        let account = replier.account();
        let mut script = Script::new((1..=8).map(|n| to(addresses[(n % 2 == 0) as usize].address(), n)));
        assert_eq!(script.drain(NOW, 9, &mut replier).end, Some(end));
        drop(replier);
        assert_eq!((lazy.events(), busy.events()), (vec![2, 6], got));
        let books = account.read();
        assert_eq!((worked, books.check()), (books.out, Ok(())));
        assert_eq!(books.dropped[Reason::RingFull], if when_full == WhenFull::DropReply { 2 } else { 0 });
    }
}

/// A fault that finds its place full is dropped, too, and the handler met the request once.
#[test]
fn a_fault_that_finds_no_room_is_dropped() {
    let (a, f) = (Collect::<Answer>::new(), Collect::<Answer>::with_capacity(1));
    let (addresses, ports) = open([a.clone(), f.clone()]);
    let mut replier = Replier::new(WhenFull::DropReply, IfDead::Drop, seven, ports)
        .faults_to(|request: &Guarded| request.body, tell);
    let account = replier.account();
    let mut request = Guarded { body: addresses[1].address(), ..Message::default() };
    request.set_reply_to(addresses[0].address());
    assert_eq!(Script::new([request; 3]).drain(NOW, 9, &mut replier).end, Some(End::Closed));
    drop(replier);
    assert_eq!((a.len(), f.events()), (0, vec![(0, Some(Fault::new(7)))]));
    let books = account.read();
    assert_eq!((books.out, books.dropped[Reason::RingFull], books.check()), (1, 2, Ok(())));
}
