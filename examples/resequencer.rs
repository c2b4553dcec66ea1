//! A video comes in packets over a network that delays some and loses others. They are put back in order. What is missing
//! is asked for, which helps unless it is lost twice; what does not come in time is told, and the player shows the last
//! picture once more.
//!
//! `cargo run --example resequencer`

use ringmain::channel::spsc;
use ringmain::contract::{Agent, At, Clock, Flow, ManualClock, Sink, SourceMut, Tick, Work};
use ringmain::pattern::resequencer::{
    Ahead, Closing, Duplicate, Hole, Late, Missing, Ordered, Policy, Resequencer, Start,
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
    Ok(())
}
