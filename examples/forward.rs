//! Three threads in a row: a feed, a gate that lets large messages through by swapping them on (nothing is
//! copied), and an archive. The buffers go round for ever.
//!
//! `cargo run --example forward`

use ringmain::channel::spsc;
use ringmain::contract::{Agent, Sink, Source, SourceMut, Tick, Work, each};
use ringmain::pattern::{Filter, Forward};
use std::thread;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    const MESSAGES: usize = 10_000;
    let (mut feed, incoming) = spsc::channel(64, || Vec::with_capacity(256))?;
    let (to_archive, archive) = spsc::channel(64, || Vec::with_capacity(256))?;

    let forward = Forward::new(to_archive);
    let books = forward.account();
    let gate = incoming.drive_mut(Filter::new(|message: &Vec<u8>| message.len() >= 100, forward));
    let (mut bytes, mut grown) = (0, 0);
    thread::scope(|scope| {
        scope.spawn(|| until_done(gate));
        scope.spawn(|| {
            until_done(archive.drive(each(|message: &Vec<u8>| {
                bytes += message.len();
                grown += usize::from(message.capacity() != 256);
            })));
        });
        for n in 0..MESSAGES {
            let fill = |message: &mut Vec<u8>| {
                message.clear();
                message.resize(n % 200, 7);
            };
            while feed.offer(fill).is_err() {
                thread::yield_now();
            }
        }
        drop(feed);
    });

    println!("{} messages, {bytes} bytes archived, {grown} buffers that had to grow", books.read().out);
    assert_eq!(books.read().out as usize, MESSAGES / 2);
    assert_eq!(bytes, (100..200).sum::<usize>() * MESSAGES / 200);
    assert_eq!(grown, 0);
    Ok(())
}

fn until_done(mut agent: impl Agent) {
    while agent.work(Tick::ZERO) != Work::Done {
        thread::yield_now();
    }
}
