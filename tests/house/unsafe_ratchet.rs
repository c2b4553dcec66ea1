//! How much `unsafe` there is, by file, and that each block names the rule it rests on.
#![allow(clippy::unnecessary_safety_comment, reason = "clippy takes the planted comments for real ones")]

use crate::assert_silent;
use crate::source::{Source, sources, words};

/// Blocks and implementations in shipped code. To raise a number, give the reason in the same commit.
const UNSAFE: [(&str, usize, usize); 21] = [
    ("src/channel/bytes/consumer.rs", 4, 0),
    ("src/channel/bytes/frame.rs", 2, 0),
    ("src/channel/bytes/producer.rs", 3, 0),
    ("src/channel/follower.rs", 2, 0),
    ("src/channel/mpmc/strict.rs", 3, 1),
    ("src/channel/mpmc/consumer.rs", 2, 0),
    ("src/channel/mpmc/producer.rs", 1, 0),
    ("src/channel/mpmc/shared.rs", 0, 1),
    ("src/channel/multicast/reader.rs", 1, 0),
    ("src/channel/spsc/mod.rs", 3, 1),
    ("src/channel/mpsc/consumer.rs", 1, 0),
    ("src/channel/mpsc/mod.rs", 0, 1),
    ("src/channel/publish_subscribe/mod.rs", 1, 0),
    ("src/channel/publish_subscribe/publisher.rs", 4, 0),
    ("src/channel/publish_subscribe/subscriber.rs", 2, 0),
    ("src/channel/publish_subscribe/subscriptions.rs", 1, 0),
    ("src/channel/shared_writer.rs", 1, 0),
    ("src/channel/writer.rs", 2, 0),
    ("src/ring/region.rs", 4, 1),
    ("src/ring/slots.rs", 6, 2),
    ("src/sync.rs", 2, 0),
];

/// How far above its block a comment may begin, in lines.
const COMMENT_REACHES: usize = 8;

fn count(file: &Source) -> (usize, usize) {
    let code = file.shipped();
    (words(&code, "unsafe {").len(), words(&code, "unsafe impl").len())
}

fn ratchet(files: &[Source], table: &[(&str, usize, usize)]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files {
        let (blocks, impls) =
            table.iter().find(|row| row.0 == file.path).map_or((0, 0), |row| (row.1, row.2));
        let found = count(file);
        if found != (blocks, impls) {
            complaints.push(format!(
                "{}: {} unsafe blocks and {} unsafe impls, the table says {blocks} and {impls}",
                file.path, found.0, found.1
            ));
        }
    }
    for (path, ..) in table {
        if !files.iter().any(|file| file.path == *path) {
            complaints.push(format!("{path}: in the table, but not in the tree"));
        }
    }
    complaints
}

/// Every block has a comment right above it that begins with `SAFETY:` and names a rule: `[R1]`.
fn reasons(files: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files {
        let code = file.shipped();
        let places = ["unsafe {", "unsafe impl"].map(|what| words(&code, what)).concat();
        for at in places {
            let lines: Vec<_> = file.text[..at].lines().collect();
            let near = &lines[lines.len().saturating_sub(COMMENT_REACHES)..];
            let Some(begin) = near.iter().rposition(|line| line.contains("// SAFETY:")) else {
                complaints.push(format!("{}: unsafe without a SAFETY comment", file.place(at)));
                continue;
            };
            let comment: String = near[begin..]
                .iter()
                .take_while(|line| line.trim_start().starts_with("//"))
                .copied()
                .collect();
            if !comment.contains("[R") {
                complaints.push(format!("{}: the SAFETY comment names no rule", file.place(at)));
            }
        }
    }
    complaints
}

#[test]
fn unsafe_does_not_grow_unseen() {
    assert_silent(&ratchet(&sources("src", &[".rs"]), &UNSAFE));
}

#[test]
fn a_wrong_count_is_named() {
    let two = "// SAFETY: [R1] why\nunsafe { f() }\nunsafe {}\nunsafe impl Send for A {}\n// unsafe {";
    let planted = [Source::new("src/ring/a.rs", two), Source::new("src/run/b.rs", "unsafe { f() }")];
    let expected = [
        "src/ring/a.rs: 2 unsafe blocks and 1 unsafe impls, the table says 1 and 1",
        "src/run/b.rs: 1 unsafe blocks and 0 unsafe impls, the table says 0 and 0",
        "src/ring/gone.rs: in the table, but not in the tree",
    ];
    assert_eq!(ratchet(&planted, &[("src/ring/a.rs", 1, 1), ("src/ring/gone.rs", 1, 0)]), expected);
}

#[test]
fn every_block_names_its_rule() {
    assert_silent(&reasons(&sources("src", &[".rs"])));
}

#[test]
fn a_block_without_a_rule_is_named() {
    let planted = [Source::new(
        "src/ring/a.rs",
        "// SAFETY: [R1] of the\n// table\nlet a =\n    unsafe { f() };\n// SAFETY: trust me\nunsafe { g() };",
    )];
    assert_eq!(reasons(&planted), ["src/ring/a.rs:6: the SAFETY comment names no rule"]);
    let bare = [Source::new("src/ring/b.rs", "unsafe { f() }")];
    assert_eq!(reasons(&bare), ["src/ring/b.rs:1: unsafe without a SAFETY comment"]);
}
