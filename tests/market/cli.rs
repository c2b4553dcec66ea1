//! The program as a user meets it: what it prints, and with what code it ends.

use crate::{
    book::Oracle,
    market::{
        random::Random,
        row::{Kind, Row, Side},
    },
    noise, session,
};
use serde_json::{Value, json};
use std::{
    fs,
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
    sync::LazyLock,
};

/// The example beside this test. `cargo test` builds it; with this test alone nobody would, or it would be an old one.
fn program() -> Command {
    static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
        let mut path = std::env::current_exe().expect("this test has a path");
        path.pop();
        path.pop();
        let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--package", env!("CARGO_PKG_NAME"), "--example", "market"])
            .args(["--profile", profile])
            .status();
        assert!(built.is_ok_and(|status| status.success()), "`cargo build --example market` failed");
        path.extend(["examples", "market"]);
        path.set_extension(std::env::consts::EXE_EXTENSION);
        assert!(path.exists(), "{} was not built", path.display());
        path
    });
    Command::new(&*PROGRAM)
}

fn run(args: &[&str]) -> Output {
    program().args(args).stdin(Stdio::null()).output().expect("the program starts")
}

/// Runs with these bytes as standard input.
fn feed(args: &[&str], bytes: &[u8]) -> Output {
    let mut child = program()
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut pipe = child.stdin.take().expect("it is piped");
    std::thread::scope(|scope| {
        scope.spawn(move || _ = pipe.write_all(bytes));
        child.wait_with_output().expect("the program ends")
    })
}

fn answer(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

/// What must not depend on time and threads.
fn timeless(mut answer: Value) -> Value {
    for key in ["seconds", "messages_per_second", "latency_ns"] {
        assert!(answer.as_object_mut().expect("an object").remove(key).is_some(), "no {key}");
    }
    answer
}

/// Ends with this code and this text on standard error, and never in a panic.
fn ends(output: &Output, code: i32, text: &str) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{error}");
    assert!(error.contains(text), "{text:?} is not in {error:?}");
    assert!(!error.contains("panicked"), "{error}");
}

/// A file of this test's own, gone with the value.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("ringmain-{}-{name}.csv", std::process::id()));
        fs::write(&path, bytes).expect("a temporary file can be written");
        Self(path)
    }
    fn name(&self) -> &str {
        self.0.to_str().expect("a plain name")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn a_session_made_up_agrees_with_the_oracle() {
    for seed in ["1", "2", "3"] {
        let answer = answer(&run(&["--json", "--rows", "30000", "--seed", seed]));
        let (mut oracle, mut by_type, mut volume, mut notional, mut bad) =
            (Oracle::default(), [0u64; 7], 0, 0, 0u64);
        let (mut last, mut large, mut far) = (0, 0, 0);
        let bytes = session(seed.parse().unwrap(), 30_000);
        for line in bytes.strip_suffix(b"\n").unwrap().split(|&byte| byte == b'\n') {
            let Some(row) = crate::rows::oracle(line).filter(|row| row.check().is_ok()) else {
                bad += 1;
                continue;
            };
            oracle.apply(&row);
            if !matches!(row.kind, Kind::Cancelled | Kind::Deleted | Kind::Halt) {
                if row.size > 5_000 {
                    large += 1;
                } else if last != 0 && (row.price - last).abs() > last / 100 {
                    far += 1;
                }
            }
            by_type[row.kind as usize - 1] += 1;
            if matches!(row.kind, Kind::Executed | Kind::Hidden) {
                volume += u64::from(row.size);
                notional += i128::from(row.size) * i128::from(row.price);
                last = row.price;
            }
        }
        assert!(bad > 0, "seed {seed} tests no dead letter");
        assert_eq!(answer["rows"], 30_000);
        for kind in Kind::ALL {
            assert_eq!(answer["by_type"][(kind as u8).to_string()], by_type[kind as usize - 1]);
        }
        assert_eq!(answer["traded"], volume);
        let vwap = notional as f64 / volume as f64 / 10_000.0;
        assert!((answer["vwap"].as_f64().unwrap() - vwap).abs() < 0.000_1);
        assert_eq!(answer["open_orders"], oracle.orders.len());
        let level = |level: Option<(i64, u64)>| {
            level.map(|(price, size)| json!({ "price": price as f64 / 1e4, "size": size }))
        };
        assert_eq!(answer["best_bid"], json!(level(oracle.levels(Side::Buy).pop_last())));
        assert_eq!(answer["best_ask"], json!(level(oracle.levels(Side::Sell).pop_first())));
        assert!(large > 0 && far > 0, "seed {seed} tests no alarm");
        assert_eq!(answer["alarms"], json!({ "large": large, "far": far }));
        assert_eq!(answer["dead_letters"], bad);
        assert_eq!(answer["first_dead_letters"].as_array().map(Vec::len), Some(bad.min(10) as usize));
        assert_eq!(answer["balanced"], true);
        assert!(answer["messages_per_second"].as_f64().unwrap() > 0.0);
        for stage in ["parse", "check", "book", "stats", "risk", "end_to_end"] {
            let told = &answer["latency_ns"][stage];
            let [p50, p99, p999, max] =
                ["p50", "p99", "p999", "max"].map(|key| told[key].as_u64().expect("a number of nanoseconds"));
            assert!(0 < max && p50 <= p99 && p99 <= p999 && p999 <= max, "{stage}: {told}");
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same_answer() {
    for seed in ["5", "6"] {
        let small = ["--json", "--rows", "10000", "--seed", seed];
        let alone = timeless(answer(&run(&[&small[..], &["--threads", "1"]].concat())));
        assert_eq!(alone["balanced"], true);
        for threads in ["2", "3", "4", "5", "6", "7"] {
            let more = [&small[..], &["--threads", threads, "--capacity", "64"]].concat();
            assert_eq!(timeless(answer(&run(&more))), alone, "{threads} threads, seed {seed}");
        }
        assert_eq!(timeless(answer(&feed(&["-", "--json"], &session(seed.parse().unwrap(), 10_000)))), alone);
    }
}

#[test]
fn a_ring_of_one_slot_is_enough() {
    let answer = answer(&run(&["--json", "--rows", "1000", "--capacity", "1"]));
    assert_eq!((&answer["rows"], &answer["balanced"]), (&json!(1000), &json!(true)));
}

#[test]
fn good_rows_are_not_lost_behind_bad_ones() {
    let good = "34200.1,1,7,100,5850000,1\n";
    let too_long = format!("row 4: line too long: {}...", "x".repeat(101));
    let cases: [(String, u64, &[&str]); 6] = [
        (good.repeat(2), 2, &[]),
        (good.trim_end().into(), 1, &[]),
        (good.replace('\n', "\r\n").repeat(3), 3, &[]),
        (format!("{good}34200.2,1,8,1"), 1, &["row 2: half-written last line: 34200.2,1,8,1"]),
        (format!("{good}\n{good}"), 2, &["row 2: empty line: "]),
        (
            format!("time,type\n{good}34200.5,1,9,0,5850000,1\n{}\n{good}", "x".repeat(9_999)),
            2,
            &["row 1: not a number: time,type", "row 3: size is zero: 34200.5,1,9,0,5850000,1", &too_long],
        ),
    ];
    for (text, rows, letters) in cases {
        let file = Scratch::new("rows", text.as_bytes());
        for answer in
            [answer(&run(&[file.name(), "--json"])), answer(&feed(&["-", "--json"], text.as_bytes()))]
        {
            assert_eq!(answer["by_type"]["1"], rows, "{text:?}");
            assert_eq!(answer["rows"], rows + letters.len() as u64, "{text:?}");
            assert_eq!(answer["first_dead_letters"], json!(letters), "{text:?}");
            assert_eq!(answer["balanced"], true);
        }
    }
}

#[test]
fn the_report_says_what_the_object_says() {
    let output = run(&["--rows", "50000", "--threads", "2"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    for part in [
        "rows                 50000",
        "VWAP 58",
        "best bid",
        "ledger: balanced",
        "every stage is balanced",
        "messages a second",
        "p99.9",
        "end to end",
        "book: router",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    assert!(output.stderr.is_empty(), "no progress bar where there is no terminal");
}

#[test]
fn the_first_ten_dead_letters_are_shown_and_all_are_counted() {
    for (bad, end) in
        [(10, "row 11: empty line: \n\nledger"), (12, "row 11: empty line: \n  and 2 more\n\nledger")]
    {
        let input = format!("34200.5,1,7,100,5850000,1\n{}", "\n".repeat(bad));
        let output = feed(&["-"], input.as_bytes());
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(&format!("dead letters  {bad:>12}\n  row 2: empty line: \n")), "{text}");
        assert!(text.contains(end), "{end:?} is not in\n{text}");
    }
}

#[test]
fn what_cannot_be_read_is_said() {
    ends(&run(&["/no/such/file.csv"]), 66, "/no/such/file.csv");
    let directory = std::env::temp_dir();
    ends(&run(&[directory.to_str().unwrap()]), 66, "is a directory");
    ends(&run(&[Scratch::new("empty", b"").name()]), 65, "no rows");
    ends(&feed(&["-"], b""), 65, "no rows");
    let garbage = feed(&["-", "--json"], &[0xFF; 5_000]);
    ends(&garbage, 65, "no good row");
    let answer: Value = serde_json::from_slice(&garbage.stdout).expect("the report is printed all the same");
    assert_eq!((&answer["dead_letters"], &answer["vwap"]), (&json!(1), &Value::Null));
    ends(&run(&["--rows", "0"]), 65, "no rows");
}

#[test]
fn a_wrong_command_line_is_said() {
    ends(&run(&["--capacity", "1000"]), 2, "1024");
    ends(&run(&["--capacity", "0"]), 2, "capacity of 0");
    ends(&run(&["--sample", "3"]), 2, "power of two");
    ends(&run(&["--threads", "8"]), 2, "--threads");
    ends(&run(&["--rate", "0"]), 2, "--rate");
    ends(&run(&["--orders", "99999999999"]), 2, "--orders");
    ends(&run(&["--no-such-option"]), 2, "--no-such-option");
}

#[test]
fn help_and_graph_are_printed() {
    let help = String::from_utf8(run(&["--help"]).stdout).unwrap();
    assert!(help.contains("--rate") && help.contains("Exit codes") && help.contains("66"), "{help}");
    // On one thread, which is not pinned, it is the same everywhere.
    let graph = run(&["--graph", "--threads", "1", "--capacity", "1024"]);
    assert_eq!(String::from_utf8(graph.stdout).unwrap(), include_str!("graph.mmd"));
    let graph = String::from_utf8(run(&["--graph", "--threads", "7"]).stdout).unwrap();
    for thread in 0..7 {
        assert!(graph.contains(&format!("[\"market {thread}")), "thread {thread} is not in\n{graph}");
    }
    ends(&run(&["--graph", "--capacity", "1000"]), 2, "1024");
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    for args in [&["--rows", "2000"][..], &["--rows", "2000", "--json"], &["--graph"], &["--help"]] {
        let mut child = program()
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("the program ends");
        ends(&output, 0, "");
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_said() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
    let child = program()
        .args(["--rows", "2000"])
        .stdin(Stdio::null())
        .stdout(full)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    ends(&child.wait_with_output().expect("the program ends"), 74, "cannot write the report");
}

#[test]
#[cfg(target_os = "linux")]
fn what_was_read_before_an_error_is_reported() {
    // Reading the memory of a process from its beginning fails: nothing is mapped there.
    let output = run(&["/proc/self/mem", "--json"]);
    ends(&output, 74, "could not be read to its end");
    let answer: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert_eq!((&answer["rows"], &answer["balanced"]), (&json!(0), &json!(true)));
}

#[test]
fn a_rate_is_kept() {
    for threads in ["1", "2"] {
        let args = ["--json", "--rows", "400", "--rate", "10000", "--sample", "1", "--threads", threads];
        let answer = answer(&run(&args));
        let seconds = answer["seconds"].as_f64().unwrap();
        assert!(seconds >= 399.0 / 10_000.0, "400 rows at 10,000 a second took {seconds} s");
        assert_eq!(answer["latency_ns"]["end_to_end"]["samples"], 400);
    }
}

#[test]
fn random_bytes_never_make_it_panic() {
    for seed in 0..25 {
        let mut random = Random(seed);
        let mut bytes = noise(&mut random, 6_000);
        if seed % 2 == 0 {
            bytes.splice(0..0, session(seed, 20));
        }
        let output = feed(&["-", "--json", "--threads", if seed % 3 == 0 { "1" } else { "2" }], &bytes);
        let code = output.status.code();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(code, Some(0 | 65)), "seed {seed}: {code:?}, {error}");
        assert!(!error.contains("panicked"), "seed {seed}: {error}");
        if !bytes.is_empty() {
            let answer: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
            assert_eq!(answer["balanced"], true, "seed {seed}");
            let ended = bytes.last() == Some(&b'\n');
            let lines = bytes.split(|&byte| byte == b'\n').count() - usize::from(ended);
            assert_eq!(answer["rows"], lines, "seed {seed}");
        }
    }
}

#[test]
fn rows_of_every_type_are_answered() {
    let rows: Vec<Row> = ["34200,6,-1,300,5850000,-1", "34200,7,0,0,-1,-1", "34200,3,99,5,5850000,1"]
        .iter()
        .map(|line| Row::parse(line.as_bytes()).unwrap())
        .collect();
    let text: String = rows.iter().map(|row| format!("{row}\n")).collect();
    let answer = answer(&feed(&["-", "--json"], text.as_bytes()));
    assert_eq!(answer["by_type"], json!({"1": 0, "2": 0, "3": 1, "4": 0, "5": 0, "6": 1, "7": 1}));
    assert_eq!(
        (&answer["traded"], &answer["vwap"], &answer["best_bid"]),
        (&json!(0), &Value::Null, &Value::Null)
    );
    assert_eq!((&answer["unknown_orders"], &answer["dead_letters"]), (&json!(1), &json!(0)));
}
