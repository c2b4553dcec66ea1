//! Who may import whom: from the own room and from lower floors; never up; sideways by a listed door only.

use crate::assert_silent;
use crate::source::{Source, names_behind, sources, words};

/// The rooms and their floors.
const FLOORS: [(&str, u32); 12] = [
    ("sync", 0),
    ("ring", 1),
    ("contract", 2),
    ("channel", 3),
    ("wait", 3),
    ("store", 3),
    ("table", 3),
    ("pattern", 4),
    ("guarantee", 4),
    ("run", 5),
    ("metric", 5),
    ("bridge", 5),
];

/// From a file or a whole room into a room, against the rule of the floors, and why.
const DOORS: [(&str, &str, &str); 1] = [(
    "src/pattern/sequencer.rs",
    "channel",
    "its round robin is the merge of `mpsc::Lanes`, which knows no ring: one of the two, and the lower one, has to have it",
)];

/// Patterns are stages over `Source` and `Sink` and know no ring; those that own one are listed here.
const OWN_RINGS: [&str; 8] = [
    "src/pattern/point_to_point/single_active.rs",
    "src/pattern/publish_subscribe/mod.rs",
    "src/pattern/publish_subscribe/publisher.rs",
    "src/pattern/publish_subscribe/subscriber.rs",
    "src/pattern/publish_subscribe/subscriptions.rs",
    "src/pattern/publish_subscribe/topics.rs",
    "src/pattern/request_reply/service.rs",
    "src/pattern/scatter_gather/desk.rs",
];

/// What touches the process or the machine, by its path in `std`.
const OUTSIDE: [&str; 4] = ["thread", "fs", "net", "process"];
/// Time comes in as a `Tick`, so no clock is read elsewhere.
const CLOCKS: [&str; 2] = ["Instant", "SystemTime"];
/// Where both may be named.
const OUTER_ROOMS: [&str; 5] = ["sync", "run", "metric", "store", "bridge"];

fn floor(room: &str) -> Option<u32> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

fn has_door(file: &Source, from: &str, to: &str) -> bool {
    DOORS.iter().any(|(place, room, _)| *room == to && (*place == file.path || *place == from))
}

fn imports(files: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files {
        let Some(from) = file.room() else { continue };
        let Some(own) = floor(from) else {
            complaints.push(format!("{}: no floor is given for the room {from}", file.path));
            continue;
        };
        let code = file.shipped();
        for (at, to) in names_behind(&code, "crate::") {
            let Some(other) = floor(&to) else {
                complaints
                    .push(format!("{}: {to} is not a room: name the item where it stands", file.place(at)));
                continue;
            };
            let ring_for_a_stage = from == "pattern" && to == "channel" && !OWN_RINGS.contains(&&*file.path);
            if to != from && (other >= own || ring_for_a_stage) && !has_door(file, from, &to) {
                complaints.push(format!("{}: {from} ({own}) uses {to} ({other})", file.place(at)));
            }
        }
        for at in words(&code, "super::super") {
            complaints.push(format!("{}: write crate::, so that the room can be seen", file.place(at)));
        }
    }
    complaints
}

fn outside(files: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.room().is_some_and(|room| !OUTER_ROOMS.contains(&room))) {
        let code = file.shipped();
        for (at, name) in names_behind(&code, "std::") {
            if OUTSIDE.contains(&&*name) {
                complaints.push(format!("{}: std::{name} outside of {OUTER_ROOMS:?}", file.place(at)));
            }
        }
        for clock in CLOCKS {
            for at in words(&code, clock) {
                complaints.push(format!("{}: {clock} outside of {OUTER_ROOMS:?}", file.place(at)));
            }
        }
    }
    complaints
}

#[test]
fn imports_go_down() {
    assert_silent(&imports(&sources("src", &[".rs"])));
}

#[test]
fn imports_upwards_and_sideways_are_named() {
    let planted = [
        Source::new("src/channel/spsc.rs", "use crate::contract::Flow;\nuse crate::pattern::Filter;"),
        Source::new("src/wait/park.rs", "use crate::{ring::Cursor, channel::spsc};"),
        Source::new("src/pattern/filter.rs", "fn f() {\n    crate::channel::spsc::channel()\n}"),
        Source::new("src/ring/slots.rs", "use super::super::contract::Flow;"),
        Source::new("src/attic/box.rs", ""),
        Source::new("src/run/crew.rs", "use crate::Filter;"),
    ];
    let expected = [
        "src/channel/spsc.rs:2: channel (3) uses pattern (4)",
        "src/wait/park.rs:1: wait (3) uses channel (3)",
        "src/pattern/filter.rs:2: pattern (4) uses channel (3)",
        "src/ring/slots.rs:1: write crate::, so that the room can be seen",
        "src/attic/box.rs: no floor is given for the room attic",
        "src/run/crew.rs:1: Filter is not a room: name the item where it stands",
    ];
    assert_eq!(imports(&planted), expected);
}

#[test]
fn every_door_is_used() {
    let files = sources("src", &[".rs"]);
    let uses =
        |file: &Source, to: &str| names_behind(&file.shipped(), "crate::").iter().any(|(_, name)| name == to);
    for (from, to, _) in DOORS {
        let open = files.iter().any(|f| (f.path == from || f.room() == Some(from)) && uses(f, to));
        assert!(open, "nobody goes from {from} to {to} any more: take the door out");
    }
    for path in OWN_RINGS {
        let open = files.iter().any(|f| f.path == path && uses(f, "channel"));
        assert!(open, "{path} owns no ring any more: take it out");
    }
}

#[test]
fn threads_files_sockets_and_clocks_stay_outside() {
    assert_silent(&outside(&sources("src", &[".rs"])));
}

#[test]
fn a_thread_and_a_clock_inside_are_named() {
    let planted = [
        Source::new(
            "src/pattern/filter.rs",
            "use std::{fmt, thread};\nfn f() { std::time::Instant::now(); }",
        ),
        Source::new("src/run/crew.rs", "use std::thread;"),
        Source::new("src/channel/spsc.rs", "// std::thread\n#[cfg(test)]\nmod tests { use std::thread; }"),
    ];
    let complaints = outside(&planted);
    assert_eq!(complaints.len(), 2);
    assert!(complaints[0].starts_with("src/pattern/filter.rs:1: std::thread"));
    assert!(complaints[1].starts_with("src/pattern/filter.rs:2: Instant"));
}
