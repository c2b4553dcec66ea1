use crate::kit::{MulticastMany, MulticastOne, channel_conforms};
use ringmain::channel::multicast::{
    Editor, Gated, Many, Multicast, One, Reader, SharedProducer, TopologyError,
};
use ringmain::contract::{At, Drained, End, Fault, Flow, Halt, Refused, Sink, Source, SourceMut, Tick, each};
use ringmain::ring::Sequence;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

const NOW: Tick = Tick::ZERO;
const ALL: usize = usize::MAX;

fn drain<T: Copy>(rx: &mut impl Source<Event = T>) -> Vec<T> {
    drain_at_most(rx, ALL)
}

fn drain_at_most<T: Copy>(rx: &mut impl Source<Event = T>, limit: usize) -> Vec<T> {
    let mut seen = Vec::new();
    let _ = rx.drain(NOW, limit, &mut each(|event: &T| seen.push(*event)));
    seen
}

fn fill(tx: &mut impl Sink<Event = u64>, numbers: std::ops::RangeInclusive<u64>) {
    for n in numbers {
        tx.push(n).unwrap();
    }
}

fn ring() -> Multicast<u64> {
    Multicast::new(4, || 0).unwrap()
}

fn many(capacity: usize) -> Multicast<u64, Many> {
    Multicast::starting_at(Sequence::ZERO.minus(2), capacity, || 0).unwrap()
}

channel_conforms!(one, MulticastOne);
channel_conforms!(many, MulticastMany);

#[test]
fn a_graph_without_readers_is_refused() {
    assert_eq!(ring().build().unwrap_err(), TopologyError::NoReaders);
}

#[test]
fn an_editor_beside_anybody_is_refused_and_both_are_named() {
    let mut ring = ring();
    let _audit = ring.reader("audit", &[]);
    let _stamp = ring.editor("stamp", &[]);
    let error = ring.build().unwrap_err();
    assert_eq!(error, TopologyError::EditorRaces { editor: "stamp", other: "audit" });
    assert!(error.to_string().contains("`stamp` and `audit`"));
}

#[test]
fn an_editor_between_is_fine_also_through_others() {
    let mut ring = ring();
    let first = ring.editor("first", &[]);
    let left = ring.reader("left", &[&first]);
    let right = ring.reader("right", &[&first]);
    let join = ring.reader("join", &[&left, &right]);
    let _last = ring.editor("last", &[&join]);
    ring.build().unwrap();
}

#[test]
fn mistakes_are_told_by_name() {
    let mut other = ring();
    let stranger = other.reader("stranger", &[]);

    let mut foreign = ring();
    let _lost = foreign.reader("lost", &[&stranger]);
    let error = TopologyError::ForeignUpstream { name: "lost", upstream: "stranger" };
    assert_eq!(foreign.build().unwrap_err(), error);

    let mut same = ring();
    let _one = same.reader("twin", &[]);
    let _two = same.reader("twin", &[]);
    assert_eq!(same.build().unwrap_err(), TopologyError::SameName { name: "twin" });

    let mut optional = ring();
    let view = optional.optional().reader("view", &[]);
    let _behind = optional.reader("behind", &[&view]);
    let error = TopologyError::OptionalUpstream { name: "behind", upstream: "view" };
    assert_eq!(optional.build().unwrap_err(), error);
    assert!(error.to_string().contains("may leave"));
}

#[test]
fn sixty_four_nodes_are_enough() {
    // In a static, because a name lives for ever, and what is leaked is reported by Miri.
    static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| (0..65).map(|i| i.to_string()).collect());
    let names: Vec<&'static str> = NAMES.iter().map(String::as_str).collect();
    let (mut full, mut over) = (ring(), ring());
    let fits: Vec<_> = names[..64].iter().map(|name| full.reader(name, &[])).collect();
    let mut tx = full.build().unwrap();
    tx.push(1).unwrap();
    assert!(fits.into_iter().all(|mut reader| drain(&mut reader) == [1]));
    let _readers: Vec<_> = names.iter().map(|name| over.reader(name, &[])).collect();
    assert_eq!(over.build().unwrap_err(), TopologyError::TooManyNodes { name: "64" });
}

/// Every reader sees everything; the slowest leaf gates; nothing is lost at any capacity, across the wrap.
#[test]
fn every_reader_sees_every_event_and_the_slowest_gates() {
    for capacity in [1, 2, 8] {
        let start = Sequence::ZERO.minus(capacity as u64 + 1);
        let mut ring = Multicast::<u64, One>::starting_at(start, capacity, || 0).unwrap();
        let mut fast = ring.reader("fast", &[]);
        let mut slow = ring.reader("slow", &[]);
        let mut tx = ring.build().unwrap();
        let mut next = 0;
        for _ in 0..4 {
            let from = next;
            while tx.push(next).is_ok() {
                next += 1;
            }
            assert_eq!(next - from, capacity as u64);
            let expected: Vec<u64> = (from..next).collect();
            assert_eq!(drain(&mut fast), expected);
            assert_eq!(tx.push(0).unwrap_err().refused, Refused::Full);
            assert_eq!((tx.free(), tx.len()), (0, capacity));
            assert_eq!(tx.joined(), start.plus(from));
            assert_eq!(drain(&mut slow), expected);
            assert_eq!(tx.joined(), start.plus(next));
        }
    }
}

#[test]
fn a_diamond_joins_behind_both_sides() {
    let mut ring = ring();
    let mut left = ring.reader("left", &[]);
    let mut right = ring.reader("right", &[]);
    let mut join = ring.reader("join", &[&left, &right]);
    let mut tx = ring.build().unwrap();
    fill(&mut tx, 1..=3);
    assert_eq!(drain(&mut join), []);
    assert_eq!(drain(&mut left), [1, 2, 3]);
    assert_eq!(drain(&mut join), []);
    let _ = right.drain(NOW, 2, &mut each(|_: &u64| ()));
    assert_eq!(drain(&mut join), [1, 2]);
    assert_eq!(tx.len(), 1);
}

#[test]
fn an_editor_changes_what_those_behind_it_see_in_the_same_place() {
    let mut ring = ring();
    let mut stamp = ring.editor("stamp", &[]);
    let mut show = ring.reader("show", &[&stamp]);
    let mut tx = ring.build().unwrap();
    let written = tx
        .fill(|slot| {
            *slot = 5;
            Ok(std::ptr::from_ref(slot) as usize)
        })
        .unwrap();
    let _ = stamp.drain(NOW, 0, &mut each(|_: &u64| ()));
    let _ = stamp.drain_mut(NOW, ALL, &mut each(|n: &mut u64| *n += 1));
    let _ = show.drain(
        NOW,
        ALL,
        &mut each(|n: &u64| {
            assert_eq!((*n, std::ptr::from_ref(n) as usize), (6, written));
        }),
    );
}

#[test]
fn an_optional_reader_leaves_and_gates_nobody() {
    let mut ring = ring();
    let mut main = ring.reader("main", &[]);
    let view = ring.optional().reader("view", &[]);
    let mut tx = ring.build().unwrap();
    fill(&mut tx, 0..=3);
    assert_eq!(drain(&mut main).len(), 4);
    assert_eq!(tx.push(4).unwrap_err().refused, Refused::Full);
    drop(view);
    fill(&mut tx, 4..=7);
    assert!(!tx.is_closed());
    assert_eq!(drain(&mut main), [4, 5, 6, 7]);
}

#[test]
fn without_any_reader_left_publishing_goes_on() {
    let mut single = ring();
    let view = single.optional().reader("view", &[]);
    let mut tx = single.build().unwrap();
    drop(view);
    fill(&mut tx, 0..=19);
    assert!(tx.is_empty());

    let mut shared = many(2);
    let view = shared.optional().reader("view", &[]);
    let mut tx = shared.build().unwrap();
    let mut other = tx.clone();
    drop(view);
    for n in 0..20 {
        tx.push(n).unwrap();
        other.push(n).unwrap();
    }
    // One producer is inside its fill: the other may fill the rest of the lap, and no slot twice.
    let inside = tx.fill(|_| Ok((0..3).map(|n| other.push(n).is_ok()).collect::<Vec<_>>())).unwrap();
    assert_eq!(inside, [true, false, false]);
    other.push(1).unwrap();
}

#[test]
fn a_required_leaf_that_goes_closes_the_ring_and_is_named() {
    let mut ring = ring();
    let mut book = ring.reader("book", &[]);
    let risk = ring.reader("risk", &[]);
    let mut tx = ring.build().unwrap();
    fill(&mut tx, 0..=1);
    assert_eq!(tx.closed_by(), None);
    drop(risk);
    assert_eq!((tx.is_closed(), tx.closed_by()), (true, Some("risk")));
    // What was known to be free is still taken; then it is told.
    let refused = std::iter::repeat_with(|| tx.push(9)).find_map(Result::err).unwrap();
    assert_eq!((refused.event, refused.refused), (9, Refused::Closed));
    assert_eq!(drain(&mut book)[..2], [0, 1]);
}

#[test]
fn a_node_in_the_middle_that_goes_ends_those_behind_it_at_its_position() {
    let mut ring = ring();
    let mut first = ring.reader("first", &[]);
    let mut second = ring.reader("second", &[&first]);
    let mut tx = ring.build().unwrap();
    fill(&mut tx, 1..=3);
    let _ = first.drain(NOW, 2, &mut each(|_: &u64| ()));
    drop(first);
    let mut seen = Vec::new();
    let drained = second.drain(NOW, ALL, &mut each(|n: &u64| seen.push(*n)));
    assert_eq!((seen, drained.end), (vec![1, 2], Some(End::Closed)));
    assert!(second.is_closed());
    drop(second);
    assert!(tx.is_closed());
    assert_eq!(tx.len(), 1);
}

#[test]
fn the_last_producer_closes_behind_its_last_event() {
    let mut ring = many(4);
    let mut rx = ring.reader("rx", &[]);
    let mut behind = ring.reader("behind", &[&rx]);
    let mut a = ring.build().unwrap();
    let mut b = a.clone();
    a.push(1).unwrap();
    drop(a);
    b.push(2).unwrap();
    assert_eq!(rx.drain(NOW, ALL, &mut each(|_: &u64| ())), Drained { count: 2, end: None });
    b.push(3).unwrap();
    drop(b);
    let end = Some(End::Closed);
    assert_eq!(rx.drain(NOW, ALL, &mut each(|_: &u64| ())), Drained { count: 1, end });
    assert_eq!(rx.drain(NOW, 1, &mut each(|_: &u64| ())), Drained { count: 0, end });
    assert_eq!(behind.drain(NOW, ALL, &mut each(|_: &u64| ())), Drained { count: 3, end: None });
    drop(rx);
    assert_eq!(behind.drain(NOW, ALL, &mut each(|_: &u64| ())), Drained { count: 0, end });
}

#[test]
fn what_is_claimed_is_counted_and_hides_what_is_behind_it() {
    let mut ring = many(4);
    let mut rx = ring.reader("rx", &[]);
    let mut tx = ring.build().unwrap();
    let mut other = tx.clone();
    let at = rx.next();
    tx.offer(|slot| {
        fill(&mut other, 1..=3);
        assert_eq!((other.len(), other.free()), (4, 0));
        assert_eq!((drain(&mut rx), rx.next(), rx.len()), (vec![], at, 0), "it stops exactly there");
        *slot = 0;
    })
    .unwrap();
    assert_eq!((rx.len(), drain(&mut rx)), (4, vec![0, 1, 2, 3]));
}

#[test]
fn a_fill_that_fails_leaves_a_void_slot_that_readers_pass_over() {
    let mut ring = many(4);
    let mut rx = ring.reader("rx", &[]);
    let mut behind = ring.editor("behind", &[&rx]);
    let mut tx = ring.build().unwrap();
    let fault = Halt::Reject(Fault::new(1));
    for lap in 0..3u64 {
        tx.push(lap).unwrap();
        assert_eq!(
            tx.fill(|slot| -> Flow {
                *slot = 666;
                Err(fault)
            }),
            Err(fault)
        );
        let panicked = catch_unwind(AssertUnwindSafe(|| tx.offer(|_| panic!("on purpose"))));
        assert!(panicked.is_err());
        tx.push(10 + lap).unwrap();
        assert_eq!((tx.free(), rx.len()), (0, 4));
        let mut at = Vec::new();
        let drained = rx.drain(NOW, ALL, &mut |n: &u64, place: At| -> Flow {
            at.push((*n, place.seq));
            Ok(())
        });
        let from = Sequence::ZERO.minus(2).plus(4 * lap);
        assert_eq!((drained.count, at), (2, vec![(lap, from), (10 + lap, from.plus(3))]));
        assert_eq!(drain(&mut behind), [lap, 10 + lap]);
    }
}

/// Each of `producers` sends `n` numbers; two readers and an editor behind them see all of them in one order.
fn soak(producers: u64, capacity: usize, n: u64) {
    let mut ring =
        Multicast::<(u64, u64), Many>::starting_at(Sequence::ZERO.minus(3), capacity, || (0, 0)).unwrap();
    let a = ring.reader("a", &[]);
    let b = ring.reader("b", &[]);
    let c = ring.reader("c", &[&a, &b]);
    let tx = ring.build().unwrap();
    let send = |mut tx: SharedProducer<(u64, u64)>, who: u64| {
        move || {
            let mut next = 0;
            while next < n {
                let filled = tx.fill_many(3.min((n - next) as usize), |i, slot| {
                    if next % 7 == 6 && i == 0 {
                        return Err(Fault::new(0).into());
                    }
                    *slot = (who, next + i as u64);
                    Ok(())
                });
                next += filled.count as u64;
                match filled.end {
                    Some(Halt::Reject(_)) => {
                        while tx.push((who, next)).is_err() {
                            std::thread::yield_now();
                        }
                        next += 1;
                    }
                    _ if filled.count == 0 => std::thread::yield_now(),
                    _ => {}
                }
            }
        }
    };
    let receive = |mut rx: ringmain::channel::multicast::Reader<(u64, u64), Many>| {
        move || {
            let mut next = vec![0; producers as usize];
            let mut hash = 0u64;
            loop {
                let drained = rx.drain(
                    NOW,
                    ALL,
                    &mut each(|&(who, number): &(u64, u64)| {
                        assert_eq!(number, next[who as usize]);
                        next[who as usize] += 1;
                        hash = (hash ^ (who << 32 | number)).wrapping_mul(0x100_0000_01b3);
                    }),
                );
                match drained {
                    Drained { end: Some(_), .. } => break,
                    Drained { count: 0, .. } => std::thread::yield_now(),
                    Drained { .. } => {}
                }
            }
            assert_eq!(next, vec![n; producers as usize]);
            hash
        }
    };
    let hashes: Vec<u64> = std::thread::scope(|scope| {
        let readers = [a, b, c].map(|rx| scope.spawn(receive(rx)));
        for who in 0..producers {
            scope.spawn(send(tx.clone(), who));
        }
        drop(tx);
        readers.map(|reader| reader.join().unwrap()).to_vec()
    });
    assert!(hashes.iter().all(|hash| *hash == hashes[0]), "the readers saw different orders");
}

#[test]
fn all_readers_see_one_order_of_many_producers() {
    let n = if cfg!(miri) { 12 } else { 30_000 };
    soak(1, 2, n);
    soak(2, 4, n);
    soak(4, 256, n);
}

#[test]
fn one_producer_and_a_pipeline_on_three_threads() {
    let n: u64 = if cfg!(miri) { 100 } else { 100_000 };
    let mut ring = Multicast::<u64, One>::starting_at(Sequence::ZERO.minus(9), 64, || 0).unwrap();
    let mut double = ring.editor("double", &[]);
    let mut check = ring.reader("check", &[&double]);
    let mut tx = ring.build().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for i in 0..n {
                while tx.push(i).is_err() {
                    std::thread::yield_now();
                }
            }
        });
        scope.spawn(move || {
            while double.drain_mut(NOW, ALL, &mut each(|x: &mut u64| *x *= 2)).end.is_none() {
                std::thread::yield_now();
            }
        });
        let mut expected = 0;
        while check
            .drain(
                NOW,
                ALL,
                &mut each(|x: &u64| {
                    assert_eq!(*x, 2 * expected);
                    expected += 1;
                }),
            )
            .end
            .is_none()
        {
            std::thread::yield_now();
        }
        assert_eq!(expected, n);
    });
}

mod property {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 2 } else { 300 }, failure_persistence: None, ..ProptestConfig::default() })]

        /// Any graph, any interleaving of turns, with fills that fail: each node sees what was published, in order,
        /// and never more than the least of those it names; the ring never takes more than a lap.
        #[test]
        fn every_node_sees_what_those_before_it_have_seen(
            bits in 0usize..4,
            before in 0u64..20,
            graph in prop::collection::vec(any::<u8>(), 1..6),
            steps in prop::collection::vec((0usize..8, 0usize..12, any::<bool>()), 0..80),
        ) {
            let capacity = 1 << bits;
            let start = Sequence::ZERO.minus(before);
            let mut ring = Multicast::<u64, Many>::starting_at(start, capacity, || 0).unwrap();
            let names = ["a", "b", "c", "d", "e"];
            let mut nodes: Vec<ringmain::channel::multicast::Reader<u64, Many>> = Vec::new();
            let mut named: Vec<Vec<usize>> = Vec::new();
            for (i, mask) in graph.iter().enumerate() {
                let after: Vec<usize> = (0..i).filter(|j| mask & 1 << j != 0).collect();
                let upstream: Vec<_> =
                    after.iter().map(|j| &nodes[*j] as &dyn ringmain::channel::multicast::Upstream).collect();
                let node = ring.reader(names[i], &upstream);
                nodes.push(node);
                named.push(after);
            }
            let first = ring.build().unwrap();
            let mut producers = [first.clone(), first];
            // What was claimed, an event or void, and how many claims each node is past.
            let mut claimed: Vec<Option<u64>> = Vec::new();
            let mut past = vec![0; nodes.len()];
            for (who, n, fails) in steps {
                if who < 2 {
                    let room = capacity - (claimed.len() - past.iter().min().unwrap());
                    let claims = n.min(room);
                    let fails_at = if fails { claims / 2 } else { claims };
                    let first = claimed.len() as u64;
                    let filled = producers[who].fill_many(n, |i, slot| {
                        if i == fails_at {
                            return Err(Fault::new(1).into());
                        }
                        *slot = first + i as u64;
                        Ok(())
                    });
                    prop_assert_eq!(filled.count, fails_at);
                    claimed.extend((0..claims).map(|i| (i < fails_at).then_some(first + i as u64)));
                } else if let Some(node) = nodes.get_mut(who - 2) {
                    let me = who - 2;
                    let most = named[me].iter().map(|up| past[*up]).min().unwrap_or(claimed.len());
                    let mut expected = Vec::new();
                    while past[me] < most && expected.len() < n {
                        expected.extend(claimed[past[me]]);
                        past[me] += 1;
                    }
                    prop_assert_eq!(drain_at_most(node, n), expected);
                    prop_assert_eq!(node.next(), start.plus(past[me] as u64));
                }
                let slowest = *past.iter().min().unwrap();
                prop_assert_eq!(producers[0].len(), claimed.len() - slowest);
            }
        }
    }
}

fn gated(name: &'static str, behind: usize) -> Option<Gated> {
    Some(Gated { name, behind })
}

/// A chain, a reader beside it, and one that may leave: whoever is furthest behind is named, as things change.
#[test]
fn a_producer_is_told_which_leaf_gates_it_and_by_how_much() {
    let mut ring = ring();
    let mut check = ring.editor("check", &[]);
    let mut book = ring.reader("book", &[&check]);
    let mut audit = ring.reader("audit", &[&check]);
    let mut view = ring.optional().reader("view", &[&check]);
    let mut tx = ring.build().unwrap();
    assert_eq!(tx.gated_by(), None);

    fill(&mut tx, 1..=4);
    assert_eq!(drain(&mut check).len(), 4);
    // The node in the middle gates nobody itself.
    assert!(matches!(tx.gated_by(), Some(Gated { name: "book" | "audit" | "view", behind: 4 })));
    assert_eq!(drain_at_most(&mut book, 3).len(), 3);
    assert_eq!(drain_at_most(&mut audit, 2).len(), 2);
    assert_eq!((tx.gated_by(), tx.len()), (gated("view", 4), 4));
    assert_eq!(drain(&mut view).len(), 4);
    assert_eq!(tx.gated_by(), gated("audit", 2));
    tx.push(5).unwrap();
    assert_eq!(tx.gated_by(), gated("audit", 3));
    assert_eq!(drain(&mut audit).len(), 2);
    assert_eq!(tx.gated_by(), gated("book", 2));

    // Whoever has left gates nobody, whoever has closed the ring still does.
    assert_eq!(drain(&mut book).len(), 1);
    assert_eq!(drain(&mut check).len(), 1);
    assert_eq!((drain(&mut audit).len(), drain(&mut book).len()), (1, 1));
    assert_eq!(tx.gated_by(), gated("view", 1));
    drop(view);
    assert_eq!((tx.gated_by(), tx.is_empty()), (None, true));
    tx.push(6).unwrap();
    drop(audit);
    assert_eq!(drain(&mut check).len() + drain(&mut book).len(), 2);
    assert_eq!((tx.gated_by(), tx.closed_by()), (gated("audit", 1), Some("audit")));
}

#[test]
fn each_of_many_producers_is_told_the_same() {
    let mut ring = many(4);
    let (mut fast, mut slow) = (ring.reader("fast", &[]), ring.reader("slow", &[]));
    let view = ring.optional().reader("view", &[]);
    let mut tx = ring.build().unwrap();
    let mut other = tx.clone();
    let both = |tx: &SharedProducer<u64>, other: &SharedProducer<u64>| {
        assert_eq!(tx.gated_by(), other.gated_by());
        assert_eq!(tx.len(), tx.gated_by().map_or(0, |gated| gated.behind));
        tx.gated_by()
    };
    assert_eq!(both(&tx, &other), None);
    tx.push(1).unwrap();
    other.push(2).unwrap();
    assert!(tx.fill(|_| -> Flow { Err(Halt::Again) }).is_err());
    assert_eq!(both(&tx, &other), gated("view", 3), "void slots are counted, too");
    drop(view);
    assert_eq!(drain(&mut fast), [1, 2]);
    assert_eq!(both(&tx, &other), gated("slow", 3));
    assert_eq!(drain_at_most(&mut slow, 1), [1]);
    assert_eq!(both(&tx, &other), gated("slow", 2));
    other.push(3).unwrap();
    tx.push(4).unwrap();
    assert_eq!((both(&tx, &other), tx.push(5).is_err()), (gated("slow", 4), true), "the ring is full");
    assert_eq!(drain(&mut slow), [2, 3, 4]);
    assert_eq!(both(&tx, &other), gated("fast", 2));
    assert_eq!(drain(&mut fast), [3, 4]);
    assert_eq!(both(&tx, &other), None);
}

#[test]
fn a_node_says_whom_it_waits_for() {
    let mut ring = ring();
    let mut first = ring.editor("first", &[]);
    let mut left = ring.reader("left", &[&first]);
    let mut right = ring.reader("right", &[&first]);
    let mut join = ring.reader("join", &[&left, &right]);
    let mut tx = ring.build().unwrap();
    let asked = |first: &Editor<u64>, others: [&Reader<u64>; 3]| {
        assert_eq!(first.held_back_by(), None, "it waits for the producer alone");
        others.map(Reader::held_back_by)
    };
    assert_eq!(asked(&first, [&left, &right, &join]), [Some("first"), Some("first"), Some("left")]);
    fill(&mut tx, 1..=3);
    assert_eq!(asked(&first, [&left, &right, &join]), [Some("first"), Some("first"), Some("left")]);
    assert_eq!(drain(&mut first).len(), 3);
    assert_eq!(asked(&first, [&left, &right, &join]), [None, None, Some("left")]);
    assert_eq!(drain(&mut left).len(), 3);
    assert_eq!(asked(&first, [&left, &right, &join]), [Some("first"), None, Some("right")]);
    assert_eq!(drain_at_most(&mut right, 2).len(), 2);
    assert_eq!(asked(&first, [&left, &right, &join]), [Some("first"), None, None]);
    assert_eq!(drain(&mut join).len(), 2);
    assert_eq!(asked(&first, [&left, &right, &join]), [Some("first"), None, Some("right")]);
    // From the leaf that gates to the node that has something to do.
    assert_eq!((tx.gated_by(), right.is_empty()), (gated("join", 1), false));
}
