//! The main job: its parts against oracles of their own, and the program as it is run.

#[path = "../../examples/market/mod.rs"]
#[allow(dead_code, reason = "the parts are tested, not the whole")]
mod market;

mod book;
#[cfg(not(miri))]
mod cli;
mod feed;
mod lines;
mod rows;
mod session;

use market::random::Random;
use std::io::Read;

/// A session of so many rows, whole.
fn session(seed: u64, rows: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    market::session::Session::new(seed, rows).read_to_end(&mut bytes).expect("a session has no errors");
    bytes
}

/// How much a test does: less where everything is slow.
fn times(n: u64) -> u64 {
    if cfg!(miri) { (n / 50).max(2) } else { n }
}

/// Random bytes that look like rows, more or less.
fn noise(random: &mut Random, most: u64) -> Vec<u8> {
    const LIKELY: &[u8] = b"0123456789,,,,,..--\n\r 1,1,1,1e+\0\xff";
    let length = random.below(most);
    let byte = |random: &mut Random| match random.below(8) {
        0 => random.next() as u8,
        _ => LIKELY[random.below(LIKELY.len() as u64) as usize],
    };
    (0..length).map(|_| byte(random)).collect()
}
