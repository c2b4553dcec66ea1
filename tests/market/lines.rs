//! Lines against `split`, whatever the sizes of the reads and of the buffer.

use crate::{
    market::{
        lines::{LONGEST, Line, Lines},
        random::Random,
    },
    times,
};
use std::io::{self, ErrorKind, Read};

/// Gives its bytes in pieces of random size, with interruptions, and perhaps an error at the end.
struct Pieces<'a> {
    bytes: &'a [u8],
    random: Random,
    fails: bool,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.random.below(4) == 0 {
            return Err(ErrorKind::Interrupted.into());
        }
        if self.bytes.is_empty() && self.fails {
            return Err(io::Error::other("the disk is gone"));
        }
        let most = self.random.below(40) as usize + 1;
        let count = most.min(buffer.len()).min(self.bytes.len());
        let (now, later) = self.bytes.split_at(count);
        buffer[..count].copy_from_slice(now);
        self.bytes = later;
        Ok(count)
    }
}

/// What a line came as, owned.
#[derive(PartialEq, Debug)]
enum Got {
    Whole(Vec<u8>),
    Last(Vec<u8>),
    TooLong(Vec<u8>),
}

/// All lines, and how often an error was told.
fn read(mut lines: Lines<impl Read>) -> (Vec<Got>, usize) {
    let (mut got, mut errors) = (Vec::new(), 0);
    loop {
        while let Some(line) = lines.next() {
            got.push(match line {
                Line::Whole(line) => Got::Whole(line.into()),
                Line::Last(line) => Got::Last(line.into()),
                Line::TooLong(line) => Got::TooLong(line.into()),
            });
        }
        if lines.is_over() {
            assert!(lines.next().is_none(), "over is over");
            return (got, errors);
        }
        errors += usize::from(lines.refill().is_err());
    }
}

/// What `split` says; the bytes after the last line feed are a line of their own if there are any.
fn oracle(bytes: &[u8]) -> Vec<Got> {
    let mut parts: Vec<_> = bytes.split(|&byte| byte == b'\n').collect();
    let last = parts.pop().unwrap_or(&[]);
    let cut = |line: &[u8]| line[..LONGEST].to_vec();
    let mut got: Vec<_> = parts
        .into_iter()
        .map(|line| if line.len() > LONGEST { Got::TooLong(cut(line)) } else { Got::Whole(line.into()) })
        .collect();
    if last.len() > LONGEST {
        got.push(Got::TooLong(cut(last)));
    } else if !last.is_empty() {
        got.push(Got::Last(last.into()));
    }
    got
}

fn text(random: &mut Random) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..random.below(20) {
        let length = match random.below(10) {
            0 => 0,
            1 => LONGEST as u64 - 2 + random.below(5),
            2 => random.below(5 * LONGEST as u64),
            _ => random.below(60),
        };
        bytes.extend((0..length).map(|_| b'a' + random.below(26) as u8));
        bytes.push(b'\n');
    }
    let without = random.below(3) == 0;
    bytes.truncate(bytes.len() - usize::from(without && !bytes.is_empty()));
    bytes
}

#[test]
fn lines_are_what_split_says() {
    for seed in 0..times(3_000) {
        let mut random = Random(seed);
        let bytes = text(&mut random);
        let size = random.below(4 * LONGEST as u64) as usize;
        let fails = random.below(4) == 0;
        let (got, errors) = read(Lines::new(Pieces { bytes: &bytes, random, fails }, size));
        assert_eq!(got, oracle(&bytes), "seed {seed}");
        assert_eq!(errors, usize::from(fails), "seed {seed}");
    }
}

#[test]
fn a_line_feed_is_found_wherever_it_is() {
    for length in 0..40 {
        for at in 0..length {
            // 0x0B and 0x8A differ from a line feed in one bit, and 0x0A ^ 0x01 sits behind it.
            for other in [b'a', 0x0B, 0x8A, 0xFF, 0x00] {
                let mut bytes = vec![other; length];
                bytes[at] = b'\n';
                assert_eq!(read(Lines::new(&bytes[..], 0)).0, oracle(&bytes));
                bytes[at..].fill(b'\n');
                assert_eq!(read(Lines::new(&bytes[..], 0)).0, oracle(&bytes));
            }
        }
    }
}

#[test]
fn a_refill_too_many_loses_nothing() {
    let bytes = b"a\n".repeat(2 * LONGEST);
    let mut lines = Lines::new(&bytes[..], 0);
    for _ in 0..5 {
        lines.refill().unwrap();
    }
    assert!(!lines.is_over());
    assert_eq!(read(lines).0, oracle(&bytes));
}
