use crate::kit::{Collect, Dice, Script, conforms, rejected, turn};
use ringmain::contract::{Fault, Flow, Header, Ids, Message, MessageId, PartOf, Reason, Tick};
use ringmain::pattern::{Origin, Splitter, as_parts};
use std::collections::HashMap;

conforms!(plain, 1..=100u64, |kit| {
    let hazard = kit.hazard();
    let count = move |n: &u64| {
        hazard.pass();
        (n % 4) as usize
    };
    Splitter::new(count, write, kit.sink::<(u64, u8)>())
});

fn write(n: &u64, part: PartOf, slot: &mut (u64, u8)) -> Flow {
    *slot = (*n, part.index);
    Ok(())
}

type Lines = [u32; 8];

/// An order with `lines.len()` lines.
fn order(id: u64, lines: &[u32]) -> Message<(usize, Lines)> {
    let mut all = [0; 8];
    all[..lines.len()].copy_from_slice(lines);
    let ids = Ids { id: MessageId::new(1, id), conversation: MessageId::new(1, 99), cause: MessageId::NONE };
    Message { header: Header { ids, ..Header::default() }, body: (lines.len(), all) }
}

fn count(order: &Message<(usize, Lines)>) -> usize {
    order.body.0
}

fn line(body: &(usize, Lines), part: PartOf, line: &mut u32) -> Flow {
    *line = body.1[usize::from(part.index)];
    Ok(())
}

/// 10.d6: three lines, parts 0..=2 of 3, caused by the order.
#[test]
fn translator_6_a_splitter_numbers_the_parts() {
    let out = Collect::new();
    let mut splitter = Splitter::new(count, as_parts(Origin::new(2), line), out.clone());
    let account = splitter.account();
    let _ = turn(&mut Script::new([order(7, &[10, 20, 30])]), &mut splitter, Tick::ZERO);
    let parts = out.events();
    assert_eq!(parts.iter().map(|part| part.body).collect::<Vec<_>>(), [10, 20, 30]);
    for (i, part) in (0..).zip(&parts) {
        assert_eq!(part.header.part, PartOf { index: i, of: 3 });
        assert_eq!(part.header.ids.cause, MessageId::new(1, 7), "the order");
        assert_eq!(part.header.ids.conversation, MessageId::new(1, 99));
        assert_eq!(part.header.ids.id, MessageId::new(2, u64::from(i) + 1));
    }
    let books = account.read();
    assert_eq!((books.input, books.folded, books.generated, books.out), (1, 1, 3, 3));
}

/// 10.d6: the round trip, 10^5 random orders, put together by a map.
#[test]
fn translator_6_the_parts_make_the_whole_again() {
    const ORDERS: u64 = if cfg!(miri) { 50 } else { 100_000 };
    let mut dice = Dice::new(1);
    let out = Collect::with_capacity(3);
    let mut splitter = Splitter::new(count, as_parts(Origin::new(2), line), out.clone());
    let mut groups = HashMap::<MessageId, Vec<u32>>::new();
    for id in 1..=ORDERS {
        let lines: Vec<u32> = (0..dice.below(9)).map(|_| dice.below(u64::from(u32::MAX)) as u32).collect();
        let mut script = Script::new([order(id, &lines)]);
        // Three at a time: what comes `Again` goes on where it was.
        while script.consumed() == 0 {
            let _ = turn(&mut script, &mut splitter, Tick::ZERO);
            for part in out.take() {
                let group = groups.entry(part.header.ids.cause).or_default();
                assert_eq!(usize::from(part.header.part.index), group.len());
                group.push(part.body);
                if group.len() == usize::from(part.header.part.of) {
                    assert_eq!(groups.remove(&MessageId::new(1, id)), Some(lines.clone()));
                }
            }
        }
    }
    assert!(groups.is_empty(), "an order is not whole");
}

/// 10.d7: no children, no output, one folded.
#[test]
fn translator_7_a_whole_without_parts_is_consumed() {
    let out = Collect::<Message<u32>>::new();
    let mut splitter = Splitter::new(count, as_parts(Origin::new(2), line), out.clone());
    let account = splitter.account();
    let mut script = Script::new([order(7, &[])]);
    let _ = turn(&mut script, &mut splitter, Tick::ZERO);
    assert_eq!((script.consumed(), out.len()), (1, 0));
    assert_eq!((account.read().input, account.read().folded), (1, 1));
    assert_eq!(account.read().check(), Ok(()));
}

#[test]
fn splitter_stops_at_the_part_that_fails() {
    let out = Collect::new();
    let third_fails = |n: &u64, part: PartOf, slot: &mut (u64, u8)| -> Flow {
        if part.index == 2 { Err(Fault::new(5).into()) } else { write(n, part, slot) }
    };
    let mut splitter = Splitter::new(|n: &u64| *n as usize, third_fails, out.clone());
    let account = splitter.account();
    let mut script = Script::new([4, 2]);
    assert_eq!(rejected(turn(&mut script, &mut splitter, Tick::ZERO)), Some(Fault::new(5)));
    let _ = turn(&mut script, &mut splitter, Tick::ZERO);
    assert_eq!(out.events(), [(4, 0), (4, 1), (2, 0), (2, 1)]);
    let books = account.read();
    assert_eq!((books.folded, books.generated, books.dead_lettered[Reason::NonRetryable]), (1, 4, 1));
    assert_eq!(books.check(), Ok(()));
}

#[test]
fn splitter_makes_at_most_255_parts() {
    let out = Collect::new();
    let mut splitter = Splitter::new(|n: &u64| *n as usize, write, out.clone());
    let mut script = Script::new([255, 256]);
    assert_eq!(rejected(turn(&mut script, &mut splitter, Tick::ZERO)), Some(Fault::of(Reason::InvalidKey)));
    assert_eq!(out.events().last(), Some(&(255, 254)));
    assert_eq!(out.len(), 255);
}
