//! Which words belong where.

use crate::assert_silent;
use crate::source::{Source, source, sources, words};

/// Rooms that may hold `unsafe`; `sync` is a file with nothing to forbid it for.
const UNSAFE_ROOMS: [&str; 3] = ["ring", "channel", "sync"];
/// What is never left in the tree.
const LEFT_OPEN: [&str; 6] = ["TODO", "FIXME", "XXX", "todo!", "unimplemented!", "#[ignore"];
/// Where a machine keeps its things; in two parts, so that this file does not hold them.
const MACHINE: [(&str, &str); 6] =
    [("/ho", "me/"), ("/ro", "ot/"), ("/wo", "rk/"), ("/fa", "rm/"), ("/Us", "ers/"), ("/t", "mp/")];

/// `cfg(loom)` is for the facade, and for the lines that leave whole rooms out of a model.
fn switches(files: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.path != "src/sync.rs") {
        for at in words(&file.code, "loom") {
            let (before, after) = file.code.split_at(at);
            let attribute = before.rfind('#').is_some_and(|begin| before[begin..].contains("cfg"));
            let leaves_room_out = attribute
                && file.path == "src/lib.rs"
                && after.split_once(']').is_some_and(|(_, item)| is_mod_line(item.trim_start()));
            if !leaves_room_out {
                complaints.push(format!("{}: loom outside of src/sync.rs", file.place(at)));
            }
        }
    }
    complaints
}

fn is_mod_line(item: &str) -> bool {
    let line = item.lines().next().unwrap_or("");
    line.ends_with(';') && (line.starts_with("pub mod ") || line.starts_with("mod "))
}

/// Memory orderings are written where they are proven. `cmp::Ordering` has other variants.
fn orderings(files: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files {
        let allowed =
            file.room() == Some("ring") || ["src/sync.rs", "src/wait/bell.rs"].contains(&&*file.path);
        for at in words(&file.code, "Ordering::") {
            let variant = &file.code[at + "Ordering::".len()..];
            let compares = ["Less", "Equal", "Greater"].iter().any(|order| variant.starts_with(order));
            if !allowed && !compares {
                complaints.push(format!("{}: a memory ordering outside of its rooms", file.place(at)));
            }
        }
        for at in words(&file.code, "SeqCst") {
            if !file.code[..at].trim_end_matches("Ordering::").ends_with("fence(") {
                complaints.push(format!("{}: a SeqCst access: loom cannot judge it", file.place(at)));
            }
        }
    }
    complaints
}

/// Every room but three forbids `unsafe` in its first file.
fn forbids(files: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files {
        let Some(room) = file.room().filter(|room| !UNSAFE_ROOMS.contains(room)) else { continue };
        let first = file.path == format!("src/{room}/mod.rs") || file.path == format!("src/{room}.rs");
        if first && !file.code.contains("#![forbid(unsafe_code)]") {
            complaints.push(format!("{}: #![forbid(unsafe_code)] is missing", file.path));
        }
    }
    complaints
}

/// Nothing half done, nothing of one machine.
fn leftovers(files: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.path != "tests/house/words.rs") {
        for word in LEFT_OPEN {
            complaints
                .extend(words(&file.text, word).iter().map(|&at| format!("{}: {word}", file.place(at))));
        }
        for (one, two) in MACHINE {
            let path = format!("{one}{two}");
            let places = words(&file.text, &path);
            complaints
                .extend(places.iter().map(|&at| format!("{}: a path of a machine: {path}", file.place(at))));
        }
    }
    complaints
}

fn whole_tree() -> Vec<Source> {
    let mut files = Vec::new();
    for folder in ["src", "tests", "loom-tests", "benches", ".ci"] {
        files.extend(sources(folder, &[".rs", ".toml", ".md", ".py", "run"]));
    }
    files.extend(["Cargo.toml", "README.md", "CHANGELOG.md"].map(source));
    files
}

#[test]
fn only_the_facade_knows_loom() {
    assert_silent(&switches(&sources("src", &[".rs"])));
}

#[test]
fn loom_elsewhere_is_named() {
    let planted = [
        Source::new("src/ring/slots.rs", "#[cfg(not(loom))]\nfn f() {}"),
        Source::new("src/lib.rs", "#[cfg(not(loom))]\npub mod run;\n#[cfg(loom)]\nfn f() {}"),
        Source::new("src/sync.rs", "#[cfg(loom)]\nuse loom::sync::Arc;"),
    ];
    let expected =
        ["src/ring/slots.rs:1: loom outside of src/sync.rs", "src/lib.rs:3: loom outside of src/sync.rs"];
    assert_eq!(switches(&planted), expected);
}

#[test]
fn orderings_are_written_where_they_are_proven() {
    assert_silent(&orderings(&sources("src", &[".rs"])));
}

#[test]
fn orderings_elsewhere_and_seqcst_accesses_are_named() {
    let planted = [
        Source::new("src/channel/spsc.rs", "a.load(Ordering::Relaxed);\na.cmp(b) == Ordering::Less;"),
        Source::new("src/wait/bell.rs", "fence(Ordering::SeqCst);\na.load(Ordering::SeqCst);"),
    ];
    let expected = [
        "src/channel/spsc.rs:1: a memory ordering outside of its rooms",
        "src/wait/bell.rs:2: a SeqCst access: loom cannot judge it",
    ];
    assert_eq!(orderings(&planted), expected);
}

#[test]
fn rooms_without_unsafe_forbid_it() {
    assert_silent(&forbids(&sources("src", &[".rs"])));
}

#[test]
fn a_room_that_does_not_forbid_unsafe_is_named() {
    let planted = [
        Source::new("src/run/mod.rs", "//! #![forbid(unsafe_code)]"),
        Source::new("src/wait/mod.rs", "#![forbid(unsafe_code)]"),
        Source::new("src/ring/mod.rs", ""),
    ];
    assert_eq!(forbids(&planted), ["src/run/mod.rs: #![forbid(unsafe_code)] is missing"]);
}

#[test]
fn nothing_is_left_open_and_nothing_is_of_one_machine() {
    assert_silent(&leftovers(&whole_tree()));
}

#[test]
fn what_is_left_open_is_named() {
    let planted = [
        Source::new("src/run/mod.rs", "fn f() { todo!() } // TODO later"),
        Source::new("README.md", concat!("see /ho", "me/me/x\nand https://a.b/home/page")),
    ];
    let expected = [
        "src/run/mod.rs:1: TODO",
        "src/run/mod.rs:1: todo!",
        concat!("README.md:1: a path of a machine: /ho", "me/"),
    ];
    assert_eq!(leftovers(&planted), expected);
}
