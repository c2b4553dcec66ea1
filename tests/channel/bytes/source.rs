//! The consumer as a source of stages and patterns.

use super::{ALL, NOW, drain, ends};
use ringmain::channel::bytes::Consumer;
use ringmain::contract::{Agent, Drained, Source, Work, each};
use ringmain::pattern::{Catch, ContentRouter, Fanout, Filter, RoundRobin, Sequencer, Translator};

#[test]
fn a_consumer_drives_a_stage() {
    let (mut tx, rx) = ends(64);
    let mut seen = 0;
    {
        let mut agent = rx.drive(Filter::new(
            |bytes: &[u8]| bytes.len() > 1,
            Catch::new(each(|bytes: &[u8]| seen += bytes.len())),
        ));
        tx.push(b"a").unwrap();
        tx.push(b"bcd").unwrap();
        assert_eq!(agent.work(NOW), Work::Busy(2));
        drop(tx);
        assert_eq!(agent.work(NOW), Work::Done);
    }
    assert_eq!(seen, 3);
}

#[test]
fn patterns_take_bytes() {
    let (mut tx, mut rx) = ends(128);
    let (parsed, mut out) = ringmain::channel::spsc::channel(8, || 0u64).unwrap();
    let (mut odd, mut even, mut all) = (Vec::new(), Vec::new(), 0);
    for n in 1..=4u64 {
        tx.push(&n.to_le_bytes()).unwrap();
    }
    let number = |bytes: &[u8]| bytes.first_chunk().map_or(0, |word| u64::from_le_bytes(*word));
    let router = ContentRouter::new(
        |bytes: &[u8]| usize::from(number(bytes) % 2 == 0),
        (each(|bytes: &[u8]| odd.push(number(bytes))), each(|bytes: &[u8]| even.push(number(bytes)))),
    );
    let translator = Translator::new(
        |bytes: &[u8], event: &mut u64| {
            *event = number(bytes);
            Ok(())
        },
        parsed,
    );
    let mut stage = Fanout::new((router, translator, each(|bytes: &[u8]| all += bytes.len())));
    assert_eq!(rx.drain(NOW, ALL, &mut stage), Drained { count: 4, end: None });
    drop(stage);
    assert_eq!((odd, even, all), (vec![1, 3], vec![2, 4], 32));
    let mut sum = 0;
    let _ = out.drain(NOW, ALL, &mut each(|n: &u64| sum += n));
    assert_eq!(sum, 10);
}

/// Many producers: a channel each, merged.
#[test]
fn several_channels_merge_into_one_source() {
    let (mut one, rx_one) = ends(64);
    let (mut two, rx_two) = ends(64);
    let mut merged = Sequencer::round_robin([rx_one, rx_two], 4);
    one.push(b"1").unwrap();
    two.push(b"22").unwrap();
    one.push(b"333").unwrap();
    let mut seen = drain(&mut merged, ALL);
    seen.sort();
    assert_eq!(seen, [&b"1"[..], b"22", b"333"]);
    let _: Sequencer<Consumer, RoundRobin> = merged;
}
