//! A video comes in packets over a network that delays some and loses others. They are put back in order. What is missing
//! is asked for, which helps unless it is lost twice; what does not come in time is told, and the player shows the last
//! picture once more. Then packets of several calls come mixed, of which there is room for two.
//!
//! `cargo run --example resequencer`

use ringmain::channel::spsc;
use ringmain::contract::{Agent, At, Clock, Flow, ManualClock, Sink, SourceMut, Tick, Work};
use ringmain::pattern::resequencer::{
    Ahead, Closing, Duplicate, Hole, Keyed, KeyedResequencer, Keys, Late, Missing, Ordered, Policy,
    Resequencer, Start, TableFull,
};
use std::collections::BTreeMap;
use std::time::Duration;

/// Numbered as in RTP: 16 bits, which wrap.
#[derive(Clone, Copy, Default, Debug)]
struct Packet {
    number: u16,
    picture: u16,
}

const FIRST: u16 = u16::MAX - 5;
/// One is sent every two milliseconds.
const PICTURES: u16 = 24;
const MS: Duration = Duration::from_millis(1);

/// How many milliseconds the network takes for a packet; none if it loses it.
fn way(picture: u16, again: bool) -> Option<u32> {
    match (picture, again) {
        (5 | 12 | 13, false) | (13, true) => None,
        // Overtaken by the two behind it.
        (3 | 17, _) => Some(10),
        _ => Some(5),
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let hand = ManualClock::new();
    let mut clock = hand.clone();
    let (mut network, packets) = spsc::channel(64, Packet::default)?;
    let (mut naks, mut requests) = spsc::channel(8, Missing::default)?;

    let policy = Policy {
        start: Start::Fixed(FIRST.into()),
        late: Late::Drop,
        duplicate: Duplicate::KeepFirst,
        ahead: Ahead::Advance,
        hole: Hole::Skip { after: 12 * MS },
        closing: Closing::Release,
    };
    let mut shown = Vec::new();
    let player = |item: Ordered<&mut Packet>, at: At| -> Flow {
        let ms = at.now.since(Tick::ZERO).as_millis();
        match item {
            Ordered::Event(Packet { number, picture }) => {
                println!("{ms:>3} ms  packet {number:>5}: picture {picture}");
                shown.push(*picture);
            }
            Ordered::Gap(Missing { from, to }) => {
                println!("{ms:>3} ms  no packet {from} to {to}: the last picture once more");
                shown.push(*shown.last().unwrap_or(&0));
            }
            Ordered::Stray(packet, why) => println!("{ms:>3} ms  {packet:?} is {why}"),
        }
        Ok(())
    };
    let ask = |missing: Missing, at: At| -> Flow {
        println!(
            "{:>3} ms  asks for {} to {}",
            at.now.since(Tick::ZERO).as_millis(),
            missing.from,
            missing.to
        );
        Ok(naks.offer(|slot| *slot = missing)?)
    };
    let in_order = Resequencer::new(16, policy, |packet: &Packet| packet.number, Packet::default, player)?
        .nak(8 * MS, 1, ask);
    let account = in_order.account();
    let mut receiver = packets.drive_mut(in_order);

    // Packets on their way, by the time of their arrival.
    let mut air: BTreeMap<(u32, u16), Packet> = BTreeMap::new();
    let send = |air: &mut BTreeMap<_, _>, picture: u16, now: u32, again| {
        if let Some(takes) = way(picture, again) {
            air.insert((now + takes, picture), Packet { number: FIRST.wrapping_add(picture), picture });
        }
    };
    for ms in 0..100 {
        hand.set(Tick::ZERO.after(ms * MS));
        if ms % 2 == 0 && ms < 2 * u32::from(PICTURES) {
            send(&mut air, (ms / 2) as u16, ms, false);
        }
        while let Ok(Missing { from, to }) = requests.pop() {
            let from = (from as u16).wrapping_sub(FIRST);
            (from..=(to as u16).wrapping_sub(FIRST)).for_each(|picture| send(&mut air, picture, ms, true));
        }
        while let Some(entry) = air.first_entry().filter(|entry| entry.key().0 <= ms) {
            network.push(entry.remove())?;
        }
        let _ = receiver.work(clock.now());
    }
    drop(network);
    assert_eq!(receiver.work(clock.now()), Work::Done);
    drop(receiver);

    let smooth: Vec<_> = (0..PICTURES).map(|picture| if picture == 13 { 12 } else { picture }).collect();
    assert_eq!(shown, smooth, "5 and 12 came again, 13 did not");
    let books = account.read();
    books.check()?;
    println!("{} packets and {} gaps or requests = {} out", books.input, books.generated, books.out);
    assert_eq!((books.input, books.generated, books.out), (23, 3, 26));
    calls()
}

/// A packet of a call: which one, its number, and whether it is the last.
type Voice = (char, u16, bool);

/// Each call has numbers of its own, and waits for none of another one. It ends with its last packet, or when a third one
/// begins and it has been silent for longest.
fn calls() -> Result<(), Box<dyn std::error::Error>> {
    let (mut network, packets) = spsc::channel(16, Voice::default)?;
    let policy = Policy {
        start: Start::Fixed(1),
        late: Late::Drop,
        duplicate: Duplicate::KeepFirst,
        ahead: Ahead::Advance,
        hole: Hole::Skip { after: 12 * MS },
        closing: Closing::Release,
    };
    let keys = Keys { most: 2, full: TableFull::EvictLru(Closing::Release) };
    let mut heard = Vec::new();
    let speaker = |Keyed { key, item }: Keyed<char, Ordered<&mut Voice>>, _: At| -> Flow {
        heard.push(match item {
            Ordered::Event((_, number, _)) => format!("{key}{number}"),
            Ordered::Gap(Missing { from, to }) => format!("{key}: no {from} to {to}"),
            Ordered::Stray((_, number, _), why) => format!("{key}{number} is {why}"),
        });
        Ok(())
    };
    let (call, number) = (|voice: &Voice| voice.0, |voice: &Voice| voice.1);
    let in_order = KeyedResequencer::new(keys, 16, policy, call, number, Voice::default, speaker)?
        .ending_with(|voice: &Voice| voice.2);
    let account = in_order.account();
    let mut receiver = packets.drive_mut(in_order);
    let comes = [('a', 2), ('b', 1), ('a', 1), ('b', 3), ('a', 3), ('c', 1), ('c', 2), ('d', 1)];
    for (call, number) in comes {
        network.push((call, number, (call, number) == ('a', 3)))?;
    }
    drop(network);
    assert_eq!(receiver.work(Tick::ZERO), Work::Done);
    drop(receiver);
    println!("{}", heard.join(", "));
    // a ended by itself, so c had a place; d took that of b, of which 2 was missing.
    assert_eq!(heard, ["b1", "a1", "a2", "a3", "c1", "c2", "b: no 2 to 2", "b3", "d1"]);
    account.read().check()?;
    Ok(())
}
