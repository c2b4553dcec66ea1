//! A router's rules change while another thread publishes the events.

use crate::common::outcomes;
use loom::thread;
use ringmain::channel::spsc::{self, channel_from};
use ringmain::contract::{At, Flow, Sink, Source, Stage, Tick};
use ringmain::pattern::{Change, ContentRouter, RuleSwitch};
use ringmain::ring::Sequence;
use std::{cell::RefCell, rc::Rc};

const NOW: Tick = Tick::ZERO;
/// The second event is past the wrap.
const START: Sequence = Sequence::ZERO.minus(1);

type Version = fn(&u64) -> usize;
/// Each event, and the branch that it went to.
type Log = Rc<RefCell<Vec<(u64, char)>>>;

fn old(_: &u64) -> usize {
    0
}

fn new(_: &u64) -> usize {
    1
}

fn change() -> Change<Version> {
    Change { from: START, rules: new }
}

/// One turn: what `events` has now, routed.
fn turn(events: &mut spsc::Consumer<u64>, rules: &mut impl for<'e> Stage<&'e u64>) {
    let _ = events.drain(NOW, usize::MAX, rules);
    let _ = rules.on_batch_end(NOW);
}

/// A branch that notes what it gets.
fn branch(log: &Log, name: char) -> impl FnMut(&u64, At) -> Flow {
    let log = log.clone();
    move |event, _| {
        log.borrow_mut().push((*event, name));
        Ok(())
    }
}

/// The change is published after event 0 and before event 1, and is for event 1: whenever the router looks,
/// event 0 is judged by the old rules and event 1 by the new ones.
#[test]
fn content_router_5_a_change_published_before_its_event_is_in_time() {
    // Events that the router met while the other thread was at work.
    outcomes("content router: a change in time", &[0, 1, 2], || {
        let (mut tx, mut rx) = channel_from(START, 2, || 0u64).unwrap();
        let (mut control, changes) = spsc::channel(1, change).unwrap();
        let publisher = thread::spawn(move || {
            tx.push(0).unwrap();
            control.push(Change { from: START.next(), rules: new }).unwrap();
            tx.push(1).unwrap();
        });
        let log = Log::default();
        let branches = (branch(&log, 'o'), branch(&log, 'n'));
        let mut router = ContentRouter::new(RuleSwitch::new(old as Version, changes), branches);
        turn(&mut rx, &mut router);
        turn(&mut rx, &mut router);
        let met = log.borrow().len();
        publisher.join().unwrap();
        turn(&mut rx, &mut router);
        assert_eq!(*log.borrow(), [(0, 'o'), (1, 'n')]);
        met
    });
}

/// A change that comes from a third thread at any time, for an event that may be gone: each event is judged
/// by one set of rules, and never by the old ones after the new.
#[test]
fn content_router_5_a_change_at_any_time_is_one_change() {
    outcomes("content router: a change at any time", &["nn", "on", "oo"].map(String::from), || {
        let (mut tx, mut rx) = channel_from(START, 2, || 0u64).unwrap();
        let (mut control, changes) = spsc::channel(1, change).unwrap();
        tx.push(0).unwrap();
        let controller = thread::spawn(move || {
            control.push(change()).unwrap();
        });
        let log = Log::default();
        let branches = (branch(&log, 'o'), branch(&log, 'n'));
        let rules = RuleSwitch::new(old as Version, changes);
        let version = rules.version();
        let mut router = ContentRouter::new(rules, branches);
        turn(&mut rx, &mut router);
        tx.push(1).unwrap();
        turn(&mut rx, &mut router);
        controller.join().unwrap();
        let log: String = log.borrow().iter().map(|(_, rules)| *rules).collect();
        assert_eq!(version.get() == 1, log.ends_with('n'));
        log
    });
}
