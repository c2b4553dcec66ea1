//! The parser against a slow one made of `split` and `parse`.

use crate::{
    market::{
        event::Bad,
        random::Random,
        row::{Kind, Row, Side, Wrong},
    },
    noise, session, times,
};

/// Reads the way one would if speed did not matter; says only whether it is a row.
pub(crate) fn oracle(line: &[u8]) -> Option<Row> {
    let line = std::str::from_utf8(line.strip_suffix(b"\r").unwrap_or(line)).ok()?;
    let fields: [&str; 6] = line.split(',').collect::<Vec<_>>().try_into().ok()?;
    // `parse` would take a plus sign.
    if fields.iter().any(|field| field.contains('+')) {
        return None;
    }
    let [time, kind, order, size, price, side] = fields;
    let (seconds, decimals) = time.split_once('.').unwrap_or((time, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(seconds) || !digits(decimals) || decimals.len() > 9 {
        return None;
    }
    let nanos: u64 = format!("{decimals:0<9}").parse().ok()?;
    let time = seconds.parse::<u64>().ok()?.checked_mul(1_000_000_000)?.checked_add(nanos)?;
    let kind = Kind::ALL.into_iter().find(|&it| kind.parse() == Ok(it as u64))?;
    let order: i64 = order.parse().ok()?;
    let size: u32 = size.parse().ok()?;
    let price: i64 = price.parse().ok()?;
    let side = match side.parse::<i64>().ok()? {
        1 => Side::Buy,
        -1 => Side::Sell,
        _ => return None,
    };
    // The library's `parse` takes i64::MIN, which the market has no use for.
    (order != i64::MIN && price != i64::MIN).then_some(Row { time, order, price, size, kind, side })
}

#[test]
fn a_row_of_a_real_file() {
    let row = Row {
        time: 34_200_004_241_176,
        order: 16_113_575,
        price: 5_853_300,
        size: 18,
        kind: Kind::New,
        side: Side::Buy,
    };
    for line in ["34200.004241176,1,16113575,18,5853300,1", "34200.004241176,1,16113575,18,5853300,1\r"] {
        assert_eq!(Row::parse(line.as_bytes()), Ok(row));
    }
    assert_eq!(row.to_string(), "34200.004241176,1,16113575,18,5853300,1");
    let hidden = Row::parse(b"34200,5,0,100,5857100,-1").unwrap();
    assert_eq!((hidden.time, hidden.kind, hidden.side), (34_200_000_000_000, Kind::Hidden, Side::Sell));
    assert_eq!(Row::parse(b"34200.1,7,0,0,-1,-1").map(|halt| (halt.price, halt.check())), Ok((-1, Ok(()))));
}

#[test]
fn what_is_wrong_is_said() {
    let cases = [
        ("", Wrong::Empty),
        ("\r", Wrong::Empty),
        (",", Wrong::Missing),
        ("34200.1", Wrong::Missing),
        ("34200.1,1,7,100,5850000", Wrong::Missing),
        ("34200.1,1,7,100,5850000,", Wrong::Missing),
        ("34200.1,1,,100,5850000,1", Wrong::Missing),
        ("34200.,1,7,100,5850000,1", Wrong::Missing),
        ("34200.1,1,7,100,5850000,1,", Wrong::Extra),
        ("34200.1,1,7,100,5850000,1,null", Wrong::Extra),
        ("34200.1,1,7,100,5850000,1 ", Wrong::NotNumber),
        ("34200.1,1,7,100,585.0000,1", Wrong::NotNumber),
        (" 34200.1,1,7,100,5850000,1", Wrong::NotNumber),
        ("34200.1,1,+7,100,5850000,1", Wrong::NotNumber),
        ("34200.1,1,7,-100,5850000,1", Wrong::NotNumber),
        ("-34200.1,1,7,100,5850000,1", Wrong::NotNumber),
        ("34200.1,1,--7,100,5850000,1", Wrong::NotNumber),
        ("34200.1,1,7,1\r0,5850000,1", Wrong::NotNumber),
        ("34200.1,1,7,4294967296,5850000,1", Wrong::TooLarge),
        ("34200.1,1,9223372036854775808,1,5850000,1", Wrong::TooLarge),
        ("34200.1,1,7,1,99999999999999999999,1", Wrong::TooLarge),
        ("18446744073.709551616,1,7,1,5850000,1", Wrong::TooLarge),
        ("99999999999999999999,1,7,1,5850000,1", Wrong::TooLarge),
        ("34200.1,1,7,1,18446744073709551616,1", Wrong::TooLarge),
        ("34200.0123456789,1,7,1,5850000,1", Wrong::Decimals),
        ("34200.99999999999999999999999,1,7,1,5850000,1", Wrong::Decimals),
        ("34200.1,0,7,1,5850000,1", Wrong::Type),
        ("34200.1,8,7,1,5850000,1", Wrong::Type),
        ("34200.1,18446744073709551615,7,1,5850000,1", Wrong::Type),
        ("34200.1,1,7,1,5850000,0", Wrong::Direction),
        ("34200.1,1,7,1,5850000,-2", Wrong::Direction),
    ];
    for (line, wrong) in cases {
        assert_eq!(Row::parse(line.as_bytes()), Err(wrong), "{line:?}");
    }
}

#[test]
fn values_that_cannot_be_are_found() {
    let check = |line: &str| Row::parse(line.as_bytes()).expect("it can be read").check();
    let cases = [
        ("86399.999999999,1,7,1,5850000,1", Ok(())),
        ("86400,1,7,1,5850000,1", Err(Wrong::Time)),
        ("34200,1,0,1,5850000,1", Err(Wrong::Order)),
        ("34200,4,-7,1,5850000,1", Err(Wrong::Order)),
        ("34200,5,0,1,5850000,1", Ok(())),
        ("34200,6,-1,1,5850000,1", Ok(())),
        ("34200,1,7,0,5850000,1", Err(Wrong::Size)),
        ("34200,5,0,0,5850000,1", Err(Wrong::Size)),
        ("34200,1,7,1,0,1", Err(Wrong::Price)),
        ("34200,1,7,1,-5,1", Err(Wrong::Price)),
        ("34200,1,7,1,1000000000000,1", Ok(())),
        ("34200,1,7,1,1000000000001,1", Err(Wrong::Price)),
        ("34200,7,0,0,0,-1", Ok(())),
        ("86400,7,0,0,0,-1", Err(Wrong::Time)),
    ];
    for (line, answer) in cases {
        assert_eq!(check(line), answer, "{line}");
    }
}

#[test]
fn the_limits_can_be_read() {
    let line = format!("18446744073.709551615,1,{},{},-{},1", i64::MAX, u32::MAX, i64::MAX);
    let row = Row::parse(line.as_bytes()).unwrap();
    assert_eq!((row.time, row.order, row.size, row.price), (u64::MAX, i64::MAX, u32::MAX, -i64::MAX));
    assert_eq!(row.to_string(), line);
    let zeros = format!("{0}34200.5,{0}1,{0}7,{0}100,-{0}5850000,{0}1", "0".repeat(30));
    assert_eq!(Row::parse(zeros.as_bytes()), Row::parse(b"34200.5,1,7,100,-5850000,1"));
}

#[test]
fn a_row_cut_short_is_never_a_row() {
    for line in session(3, times(500)).split(|&byte| byte == b'\n') {
        if Row::parse(line).is_ok() {
            for length in 0..line.len() {
                let cut = &line[..length];
                assert!(Row::parse(cut).is_err(), "{:?}", String::from_utf8_lossy(cut));
            }
        }
    }
}

#[test]
fn rows_agree_with_the_slow_parser() {
    let mut rows = 0;
    for line in session(4, times(50_000)).split(|&byte| byte == b'\n') {
        let row = Row::parse(line).ok();
        assert_eq!(row, oracle(line), "{:?}", String::from_utf8_lossy(line));
        if let Some(row) = row {
            assert_eq!(Row::parse(row.to_string().as_bytes()), Ok(row));
            rows += 1;
        }
    }
    assert!(rows > times(40_000));
}

#[test]
fn damaged_rows_agree_with_the_slow_parser() {
    let good = session(5, times(1_000));
    let lines: Vec<_> = good.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).collect();
    let (mut taken, mut refused) = (0, 0);
    let mut random = Random(5);
    for _ in 0..times(100_000) {
        let mut line = lines[random.below(lines.len() as u64) as usize].to_vec();
        for _ in 0..1 + random.below(3) {
            let at = random.below(line.len() as u64 + 1) as usize;
            let other = noise(&mut random, 4);
            let end = (at + random.below(3) as usize).min(line.len());
            line.splice(at..end, other);
        }
        let row = Row::parse(&line).ok();
        assert_eq!(row, oracle(&line), "{:?}", String::from_utf8_lossy(&line));
        *if row.is_some() { &mut taken } else { &mut refused } += 1;
    }
    assert!(taken > 0 && refused > 0, "{taken} taken, {refused} refused: one of the two was not tried");
}

#[test]
fn random_bytes_are_answered() {
    let mut random = Random(6);
    for _ in 0..times(100_000) {
        let line = noise(&mut random, 60);
        let line = line.split(|&byte| byte == b'\n').next().unwrap_or(&[]);
        assert_eq!(Row::parse(line).ok(), oracle(line), "{:?}", String::from_utf8_lossy(line));
    }
}

/// All that can be wrong.
const WRONG: [Wrong; 14] = [
    Wrong::Empty,
    Wrong::Missing,
    Wrong::Extra,
    Wrong::NotNumber,
    Wrong::TooLarge,
    Wrong::Decimals,
    Wrong::Type,
    Wrong::Direction,
    Wrong::TooLong,
    Wrong::HalfWritten,
    Wrong::Time,
    Wrong::Order,
    Wrong::Size,
    Wrong::Price,
];

#[test]
fn codes_tell_faults_apart_and_each_has_a_text() {
    let mut codes: Vec<_> = WRONG.iter().map(|wrong| wrong.fault().code).collect();
    codes.dedup();
    assert_eq!(codes, (1..=WRONG.len() as u32).collect::<Vec<_>>());
    let mut texts: Vec<_> = WRONG.iter().map(ToString::to_string).collect();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), WRONG.len());
}

#[test]
fn a_bad_line_keeps_its_beginning() {
    let text = |line: &[u8]| Bad::line(Wrong::NotNumber, line).to_string();
    assert_eq!(text(b"a\0b\xff\n"), r"not a number: a\x00b\xff\n");
    assert_eq!(text(&[b'7'; 101]), format!("not a number: {}", "7".repeat(101)));
    assert_eq!(text(&[b'7'; 102]), format!("not a number: {}...", "7".repeat(101)));
    assert_eq!(text(&[b'7'; 9_999]), format!("not a number: {}...", "7".repeat(101)));
    let row = Row::parse(b"34200.5,1,7,0,5850000,1").unwrap();
    assert_eq!(Bad::row(Wrong::Size, &row).to_string(), "size is zero: 34200.5,1,7,0,5850000,1");
}
