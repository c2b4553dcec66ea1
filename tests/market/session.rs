//! The session made up is the same for the same seed, sound, and bad on purpose only.

use crate::{
    market::{
        book::Book,
        random::Random,
        row::{Kind, Row, Wrong},
        session::Session,
    },
    session, times,
};
use std::io::Read;

#[test]
fn the_same_seed_gives_the_same_bytes_however_they_are_read() {
    let whole = session(7, times(3_000));
    assert_eq!(whole, session(7, times(3_000)));
    assert_ne!(whole, session(8, times(3_000)));
    let (mut reader, mut pieces, mut random) = (Session::new(7, times(3_000)), Vec::new(), Random(1));
    loop {
        let mut buffer = [0; 300];
        let count = reader.read(&mut buffer[..1 + random.below(300) as usize]).unwrap();
        if count == 0 {
            break;
        }
        pieces.extend_from_slice(&buffer[..count]);
    }
    assert_eq!(whole, pieces);
    assert_eq!(whole.iter().filter(|&&byte| byte == b'\n').count() as u64, times(3_000));
    assert_eq!(whole.last(), Some(&b'\n'));
}

#[test]
fn no_rows_are_no_bytes() {
    assert_eq!(session(1, 0), b"");
    assert_eq!(session(1, 1).iter().filter(|&&byte| byte == b'\n').count(), 1);
}

#[test]
fn the_book_is_never_crossed_and_every_row_is_about_a_live_order() {
    for seed in 0..times(5) {
        let mut book = Book::new(20_000, 8_192);
        for line in session(seed, times(20_000)).split(|&byte| byte == b'\n') {
            let Some(row) = Row::parse(line).ok().filter(|row| row.check().is_ok()) else { continue };
            book.apply(&row);
            if let (Some(bid), Some(ask)) = (book.best_bid(), book.best_ask()) {
                assert!(bid.price < ask.price, "seed {seed}: {bid:?} and {ask:?} after {row}");
            }
            assert_eq!(book.unknown, 0, "seed {seed}: {row}");
        }
        assert!(book.open() > 0);
    }
}

#[test]
fn one_in_ten_thousand_is_bad_in_many_ways_and_all_types_come() {
    let rows = times(300_000);
    let mut reader = Session::new(1, rows);
    let (mut bytes, mut kinds, mut ways, mut bad) = (Vec::new(), [0u64; 7], Vec::new(), 0);
    reader.read_to_end(&mut bytes).unwrap();
    let mut last = 0;
    for line in bytes.strip_suffix(b"\n").unwrap().split(|&byte| byte == b'\n') {
        match Row::parse(line).and_then(|row| row.check().map(|()| row)) {
            Ok(row) => {
                assert!(row.time >= last, "time goes on: {row}");
                last = row.time;
                kinds[row.kind as usize - 1] += 1;
            }
            Err(wrong) => {
                bad += 1;
                if !ways.contains(&wrong) {
                    ways.push(wrong);
                }
            }
        }
    }
    assert_eq!(kinds.iter().sum::<u64>() + bad, rows);
    if !cfg!(miri) {
        assert!((15..60).contains(&bad), "{bad} of 300,000");
        assert!(kinds.iter().all(|&count| count > 0), "{kinds:?}");
        assert!(ways.len() >= 8 && ways.contains(&Wrong::TooLarge), "{ways:?}");
        assert!(kinds[Kind::New as usize - 1] > rows / 3);
    }
}
