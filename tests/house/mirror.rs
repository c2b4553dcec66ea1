//! What must stand beside a source file: swap the first part of its path, and its tests, models and benches are there.

use crate::assert_silent;
use crate::source::{Source, sources};

/// Files that are a part of another structure, and are proven with it.
const PARTS: [(&str, &str); 11] = [
    ("channel/batch", "channel/spsc"),
    ("channel/follower", "channel/spsc"),
    ("channel/pace", "channel/spsc"),
    ("channel/lossy", "channel/broadcast"),
    ("channel/shared_writer", "channel/mpsc"),
    ("channel/writer", "channel/spsc"),
    ("pattern/branches", "pattern/content_router"),
    ("pattern/criterion", "pattern/filter"),
    ("pattern/forward", "pattern/translator"),
    ("pattern/rule_switch", "pattern/content_router"),
    ("wait/patience", "wait/backoff"),
];

/// Structures that no example is named after, and the one that shows them.
const SHOWN_BY: [(&str, &str); 4] = [
    ("channel/mpmc", "examples/mpmc_strict"),
    ("channel/multicast", "examples/market"),
    ("channel/spmc", "examples/mpmc"),
    ("channel/spsc", "examples/hello"),
];

/// Everything that `file` needs beside it, as paths without the ending.
fn needs(file: &Source) -> Vec<String> {
    let Some((room, name)) = part_of(&file.path) else { return Vec::new() };
    let part = format!("{room}/{name}");
    let named = |path: &str| path == part;
    if let Some((_, whole)) = PARTS.iter().find(|(own, _)| named(own)) {
        return vec![format!("src/{whole}")];
    }
    let shown = SHOWN_BY.iter().find(|(own, _)| named(own)).map(|(_, at)| at.to_string());
    let (test, model, bench) =
        (format!("tests/{part}"), format!("loom-tests/tests/{part}"), format!("benches/{part}"));
    let example = shown.unwrap_or(format!("examples/{name}"));
    match (room, name) {
        // Policies over the ports of others: no memory of their own is shared.
        ("channel", "overflow") => vec![test, example],
        ("channel", _) => vec![test, model, bench, example],
        // Unit tests are in the file; a model where there is something to model.
        ("ring", _) if file.code.contains("crate::sync::") => vec![model],
        ("pattern", _) => vec![test, bench, example],
        ("table", _) => vec![test, bench],
        ("wait", "park" | "bell" | "task") => vec![test, model],
        ("wait", _) => vec![test],
        _ => Vec::new(),
    }
}

/// `("channel", "multicast")` for all of `src/channel/multicast/`; nothing for a room's own `mod.rs`.
fn part_of(path: &str) -> Option<(&str, &str)> {
    let (room, part) = path.strip_prefix("src/")?.split_once('/')?;
    let part = part.split_once('/').map_or(part.trim_end_matches(".rs"), |(part, _)| part);
    (part != "mod").then_some((room, part))
}

/// A file counts if it is there and its test binary compiles it: `main.rs` beside it has its `mod` line.
fn missing(files: &[Source], beside: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for need in files.iter().flat_map(needs) {
        let (folder, name) = need.rsplit_once('/').expect("every need has a folder");
        let found = [format!("{need}.rs"), format!("{need}/mod.rs"), format!("{need}/main.rs")];
        let there = beside.iter().any(|file| found.contains(&file.path));
        let main = beside.iter().find(|file| file.path == format!("{folder}/main.rs"));
        let compiled = folder == "examples"
            || folder.starts_with("src/")
            || main.is_some_and(|main| main.code.lines().any(|line| line.trim() == format!("mod {name};")));
        if !there {
            complaints.push(format!("{need}.rs is missing"));
        } else if !compiled {
            complaints.push(format!("{folder}/main.rs does not say `mod {name};`"));
        }
    }
    complaints.sort();
    complaints.dedup();
    complaints
}

#[test]
fn everything_stands_beside_what_it_proves() {
    let folders = ["src", "tests", "loom-tests", "benches", "examples"];
    let beside: Vec<_> = folders.iter().flat_map(|folder| sources(folder, &[".rs"])).collect();
    assert_silent(&missing(&sources("src", &[".rs"]), &beside));
}

#[test]
fn what_is_missing_is_named() {
    let planted = [
        Source::new("src/channel/mod.rs", ""),
        Source::new("src/channel/lane.rs", ""),
        Source::new("src/channel/tree/node.rs", ""),
        Source::new("src/ring/stamp.rs", "use crate::sync::AtomicU64;"),
        Source::new("src/ring/sequence.rs", ""),
        Source::new("src/table/sheet.rs", ""),
    ];
    let beside = [
        Source::new("tests/channel/main.rs", "mod lane;\nmod tree;"),
        Source::new("tests/channel/lane.rs", ""),
        Source::new("tests/channel/tree.rs", ""),
        Source::new("loom-tests/tests/channel/main.rs", "mod tree;"),
        Source::new("loom-tests/tests/channel/lane.rs", ""),
        Source::new("loom-tests/tests/channel/tree.rs", ""),
        Source::new("benches/channel/main.rs", "mod lane;\nmod tree;"),
        Source::new("benches/channel/lane.rs", ""),
        Source::new("benches/channel/tree.rs", ""),
        Source::new("examples/lane.rs", ""),
        Source::new("examples/tree.rs", ""),
        Source::new("tests/table/main.rs", "mod sheet;"),
        Source::new("tests/table/sheet.rs", ""),
    ];
    let expected = [
        "benches/table/sheet.rs is missing",
        "loom-tests/tests/channel/main.rs does not say `mod lane;`",
        "loom-tests/tests/ring/stamp.rs is missing",
    ];
    assert_eq!(missing(&planted, &beside), expected);
}
