//! The books are read from another thread while the stage counts, and name who is wrong.

use ringmain::{
    contract::{Ledger, Reason},
    metric::Books,
};

#[test]
fn the_first_stage_that_is_wrong_is_named() {
    let (mut good, mut bad, mut worse) = (Ledger::new(), Ledger::new(), Ledger::new());
    let books =
        Books::new().with("good", good.account()).with("bad", bad.account()).with("worse", worse.account());
    good.took(3);
    good.passed(2);
    good.dropped(Reason::RingFull);
    good.publish();
    assert_eq!(books.read().check(), Ok(()));

    bad.took(1);
    bad.publish();
    worse.generated(7);
    worse.publish();
    let wrong = books.read().check().unwrap_err();
    assert_eq!(&*wrong.stage, "bad");
    assert_eq!((wrong.imbalance.came, wrong.imbalance.went), (1, 0));

    bad.filtered();
    bad.publish();
    assert_eq!(&*books.read().check().unwrap_err().stage, "worse");
}

#[test]
fn a_statement_is_a_copy_and_finds_its_stage() {
    let mut ledger = Ledger::new();
    let books = Books::new().with("a", ledger.account());
    ledger.took(1);
    ledger.folded();
    let before = books.clone().read();
    ledger.publish();
    assert_eq!(before.stage("a").map(|b| b.input), Some(0));
    assert_eq!(books.read().stage("a").map(|b| (b.input, b.folded)), Some((1, 1)));
    assert_eq!(books.read().stage("b"), None);
}

#[test]
fn it_prints_a_line_for_each_stage_and_the_verdict() {
    let mut ledger = Ledger::new();
    let books = Books::new().with("a rather long name", ledger.account()).with("b", Ledger::new().account());
    ledger.took(12_345);
    ledger.passed(12_344);
    ledger.dead_lettered(Reason::NonRetryable);
    ledger.publish();
    let table = books.read().to_string();
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(
        lines[1].split_whitespace().collect::<Vec<_>>()[4..],
        ["12345", "0", "12344", "0", "0", "0", "1", "0"]
    );
    assert_eq!(lines[0].len(), lines[1].len());
    assert_eq!(lines[3], "every stage is balanced");
    ledger.took(1);
    ledger.publish();
    let table = books.read().to_string();
    assert!(
        table.ends_with("`a rather long name` is not balanced: 12346 came, 12345 are accounted for"),
        "{table}"
    );
}

#[test]
fn another_thread_reads_live() {
    let mut ledger = Ledger::new();
    let books = Books::new().with("live", ledger.account());
    let turns = if cfg!(miri) { 20 } else { 2_000 };
    let reader = std::thread::spawn(move || {
        let mut last = 0;
        while last < turns {
            let now = books.read().stage("live").map_or(0, |b| b.input);
            assert!(now >= last, "a count went back from {last} to {now}");
            last = now;
            std::thread::yield_now();
        }
        books
    });
    for _ in 0..turns {
        ledger.took(1);
        ledger.passed(1);
        ledger.publish();
    }
    let books = reader.join().expect("the reader sees every count in time");
    assert_eq!(books.read().check(), Ok(()));
}
