//! The declared graph: what it shows, what it refuses, and that a crew is the one planned.

#[path = "plan/circles.rs"]
mod circles;

use crate::agents::{LONG, busy};
use ringmain::channel::multicast::{Multicast, TopologyError};
use ringmain::channel::overflow::Shed;
use ringmain::contract::{Agent, Sink, Source, SourceMut, Tick, Work, each};
use ringmain::pattern::{Forward, Origins, WhenFull};
use ringmain::run::{Asking, Because, Crew, OnFull, Plan, PlanError, Runner, StartError, Step};
use std::error::Error;

/// A ring of each kind, and each thing that can be said of a thread.
fn market() -> Result<Plan, Box<dyn Error>> {
    let mut plan = Plan::new();
    plan.thread("io").cpu(1).agent("feed").agent("letters");
    plan.thread("market").agent("check").agent("book").agent("risk").agent("join");
    plan.thread("a \"b\" c").agent("w \\ 1").agent("w 2");
    plan.outside("main");

    let mut ring = Multicast::new(64, || 0u64)?;
    let check = ring.editor("check", &[]);
    let book = ring.reader("book", &[&check]);
    let risk = ring.reader("risk", &[&check]);
    let _join = ring.reader("join", &[&book, &risk]);
    let _ = plan.from("feed").multicast("rows", OnFull::Block, ring)?;
    let _ = plan.from("check").to("letters").spsc("bad rows", 8, OnFull::DropNewest, || [0u8; 24])?;
    let _ = plan.from(["book", "risk"]).to("letters").mpsc(
        "alarms",
        16,
        OnFull::DeadLetter("late alarms"),
        || 0u32,
    )?;
    let _ = plan.from(["book", "risk"]).to("main").mpsc("late alarms", 4, OnFull::Reject, || 0u32)?;
    let _ = plan.from(["join"]).to(["w \\ 1", "w 2"]).mpmc("work", 32, OnFull::DropOldest, || 0u16)?;
    let mut origins = Origins::new(1..=9);
    let _ = plan.from(["main", "join"]).to("risk").service::<u64, u32>(
        "limits",
        3,
        Asking::GoesOn,
        WhenFull::DropReply,
        [origins.open()?, origins.open()?],
    )?;
    Ok(plan)
}

/// 18.d10: the dump of the topology is the declared graph.
#[test]
fn it_is_drawn_as_the_golden_files_say() {
    let plan = market().unwrap();
    assert_eq!(plan.check(), Ok(()));
    assert_eq!(plan.to_string(), include_str!("plan/market.txt"));
    assert_eq!(plan.mermaid(), include_str!("plan/market.mmd"));
    assert_eq!(plan.dot(), include_str!("plan/market.dot"));
}

/// What is declared is what is there: the ends are ends of rings of that capacity, connected.
#[test]
fn the_rings_it_makes_are_those_it_shows() {
    let mut plan = Plan::new();
    let (mut tx, mut rx) = plan.from("a").to("b").spsc("one", 4, OnFull::Block, || 0u64).unwrap();
    assert_eq!((tx.capacity(), rx.capacity()), (4, 4));
    tx.push(7).unwrap();
    assert_eq!(rx.pop(), Ok(7));
    let ([mut x, mut y], mut rx) =
        plan.from(["a", "b"]).to("c").mpsc("many", 8, OnFull::Block, || 0u64).unwrap();
    x.push(1).unwrap();
    y.push(2).unwrap();
    assert_eq!((rx.capacity(), rx.pop(), rx.pop()), (8, Ok(1), Ok(2)));
    drop((x, y));
    assert!(rx.is_closed(), "the plan keeps no producer for itself");
    let ([tx], [mut rx, other]) =
        plan.from(["a"]).to(["b", "c"]).mpmc("shared", 16, OnFull::Block, || 0u64).unwrap();
    assert_eq!((tx.capacity(), other.capacity()), (16, 16));
    drop(tx);
    assert!(rx.pop().is_err() && rx.is_closed());

    let mut ring = Multicast::many(32, || 0u64).unwrap();
    let mut reader = ring.reader("c", &[]);
    let [mut x, y] = plan.from(["a", "b"]).multicast("all", OnFull::Block, ring).unwrap();
    assert_eq!((x.capacity(), y.capacity()), (32, 32));
    x.offer(|n| *n = 5).unwrap();
    let mut seen = 0;
    let _ = reader.drain(Tick::ZERO, 8, &mut each(|n: &u64| seen = *n));
    assert_eq!(seen, 5);
    let table = plan.to_string();
    for capacity in ["4", "8", "16", "32"] {
        assert!(table.contains(&format!("  {capacity} ")), "{capacity} is not in\n{table}");
    }
}

/// Three agents on two threads, to draw edges between.
fn three() -> Plan {
    let mut plan = Plan::new();
    plan.thread("one").agent("a").agent("b");
    plan.thread("two").agent("c");
    plan
}

fn ring(plan: &mut Plan, name: &str, from: &str, to: &str, on_full: OnFull) {
    drop(plan.from(from).to(to).spsc(name, 1, on_full, || 0u8).unwrap());
}

#[test]
fn names_and_ends_are_checked() {
    let mut plan = three();
    ring(&mut plan, "r", "a", "nobody", OnFull::Reject);
    let refused = plan.check().unwrap_err();
    assert_eq!(refused, PlanError::UnknownAgent { ring: "r".into(), agent: "nobody".into() });
    assert!(refused.to_string().contains("plan.thread(..).agent(\"nobody\")"), "{refused}");
    plan.outside("nobody");
    assert_eq!(plan.check(), Ok(()));

    ring(&mut plan, "r", "a", "c", OnFull::Reject);
    assert_eq!(plan.check(), Err(PlanError::SameRing { ring: "r".into() }));
    plan.thread("three").agent("a");
    assert_eq!(plan.check(), Err(PlanError::SameAgent { agent: "a".into() }));
    plan.thread("two").agent("d");
    assert_eq!(plan.check(), Err(PlanError::SameThread { thread: "two".into() }));

    let mut plan = three();
    let _ = plan.from([]).to("c").mpsc("r", 1, OnFull::Block, || 0u8).unwrap();
    assert_eq!(plan.check(), Err(PlanError::NoProducer { ring: "r".into() }));
    let mut plan = three();
    let _ = plan.from(["a"]).to([]).mpmc("r", 1, OnFull::Block, || 0u8).unwrap();
    assert_eq!(plan.check(), Err(PlanError::NoConsumer { ring: "r".into() }));
}

#[test]
fn what_cannot_be_made_is_told_at_once() {
    let mut plan = three();
    let refused = plan.from("a").to("c").spsc("orders", 3, OnFull::Block, || 0u8).unwrap_err();
    assert!(refused.to_string().starts_with("ring `orders`: "), "{refused}");
    assert!(refused.source().is_some());
    let ring = Multicast::new(8, || 0u8).unwrap();
    let refused = plan.from("a").multicast("rows", OnFull::Block, ring).unwrap_err();
    assert_eq!(refused, PlanError::Multicast { ring: "rows".into(), source: TopologyError::NoReaders });
}

#[test]
fn the_oldest_goes_only_where_the_producer_can_take_it() {
    let mut plan = three();
    ring(&mut plan, "r", "a", "c", OnFull::DropOldest);
    assert_eq!(plan.check(), Err(PlanError::NoEviction { ring: "r".into() }));
}

#[test]
fn letters_go_where_the_agent_can_write_them() {
    let lost = PlanError::NoLetters { ring: "r".into(), letters: "dead".into(), agent: "a".into() };
    let mut plan = three();
    ring(&mut plan, "r", "a", "c", OnFull::DeadLetter("dead"));
    assert_eq!(plan.check(), Err(lost.clone()), "there is no such ring");
    ring(&mut plan, "dead", "b", "c", OnFull::Block);
    assert_eq!(plan.check(), Err(lost), "it is somebody else's");
    let mut plan = three();
    ring(&mut plan, "dead", "a", "c", OnFull::DeadLetter("dead"));
    assert!(matches!(plan.check(), Err(PlanError::NoLetters { .. })), "into itself");
    let mut plan = three();
    ring(&mut plan, "r", "a", "c", OnFull::DeadLetter("dead"));
    ring(&mut plan, "dead", "a", "c", OnFull::Block);
    assert_eq!(plan.check(), Ok(()));
}

fn step(agent: &str, because: Because) -> Step {
    Step { agent: agent.into(), because }
}

/// The deadlock rule: `Block` around a cycle is refused unless one edge does not block. The error names the two.
#[test]
fn rings_that_block_in_a_circle_are_refused() {
    let mut plan = three();
    ring(&mut plan, "there", "a", "c", OnFull::Block);
    assert_eq!(plan.check(), Ok(()));
    ring(&mut plan, "back", "c", "a", OnFull::Block);
    let refused = plan.check().unwrap_err();
    let steps = vec![step("a", Because::Full("there".into())), step("c", Because::Full("back".into()))];
    assert_eq!(refused, PlanError::Circle(steps));
    assert_eq!(
        refused.to_string(),
        "these can stand still for ever: `a` until `c` drains ring `there`; `c` until `a` drains ring `back`. \
         Let one of these rings reject, drop or dead-letter when it is full"
    );
    for on_full in [OnFull::Reject, OnFull::DropNewest, OnFull::Conflate, OnFull::Fail] {
        let mut plan = three();
        ring(&mut plan, "there", "a", "c", OnFull::Block);
        ring(&mut plan, "back", "c", "a", on_full);
        assert_eq!(plan.check(), Ok(()), "{on_full}");
    }
    let mut plan = three();
    ring(&mut plan, "own", "a", "a", OnFull::Block);
    assert_eq!(plan.check(), Err(PlanError::Circle(vec![step("a", Because::Full("own".into()))])));
}

/// What is refused does stand still, and what is not goes on: two agents that hand on what they get, one event too many.
#[test]
fn a_refused_circle_stands_still_and_the_other_goes_on() {
    for (back, stands) in [(OnFull::Block, true), (OnFull::DropNewest, false)] {
        let mut plan = three();
        let (mut a_to_c, at_c) = plan.from("a").to("c").spsc("there", 1, OnFull::Block, || 0u8).unwrap();
        let (mut c_to_a, at_a) = plan.from("c").to("a").spsc("back", 1, back, || 0u8).unwrap();
        assert_eq!(plan.check().is_err(), stands);
        a_to_c.push(1).unwrap();
        c_to_a.push(2).unwrap();
        let mut a = at_a.drive(Forward::new(a_to_c));
        let mut turns = 0;
        if stands {
            let mut c = at_c.drive(Forward::new(c_to_a));
            while turns < 100 && (&mut a, &mut c).work(Tick::ZERO) == Work::Idle {
                turns += 1;
            }
            assert_eq!(turns, 100, "both rings are full and nobody moves");
        } else {
            let mut c = at_c.drive(Forward::new(Shed::new(c_to_a, 0)));
            assert!(matches!((&mut a, &mut c).work(Tick::ZERO), Work::Busy(_)));
        }
    }
}

/// Letters that wait for room are an edge as any other.
#[test]
fn a_circle_through_the_dead_letters_is_refused() {
    let mut plan = three();
    ring(&mut plan, "there", "a", "c", OnFull::DeadLetter("dead"));
    ring(&mut plan, "dead", "a", "b", OnFull::Block);
    assert_eq!(plan.check(), Ok(()));
    ring(&mut plan, "again", "b", "a", OnFull::Block);
    let steps = vec![step("a", Because::Full("dead".into())), step("b", Because::Full("again".into()))];
    assert_eq!(plan.check(), Err(PlanError::Circle(steps)));
}

/// The feed of a multicast ring waits for every reader, also for one that others read behind.
#[test]
fn a_circle_through_any_reader_of_a_multicast_ring_is_refused() {
    for reader in ["b", "c"] {
        let mut plan = three();
        let mut rows = Multicast::new(2, || 0u8).unwrap();
        let first = rows.reader("b", &[]);
        let _last = rows.reader("c", &[&first]);
        let _ = plan.from("a").multicast("rows", OnFull::Block, rows).unwrap();
        assert_eq!(plan.check(), Ok(()));
        ring(&mut plan, "back", reader, "a", OnFull::Block);
        let steps = vec![step("a", Because::Full("rows".into())), step(reader, Because::Full("back".into()))];
        assert_eq!(plan.check(), Err(PlanError::Circle(steps)));
    }
    // `c` reads behind `b`, which waits for `c`: that ends, as `c` has nothing else to wait for.
    let mut plan = three();
    let mut rows = Multicast::new(2, || 0u8).unwrap();
    let first = rows.reader("b", &[]);
    let _last = rows.reader("c", &[&first]);
    let _ = plan.from("a").multicast("rows", OnFull::Block, rows).unwrap();
    ring(&mut plan, "on", "b", "c", OnFull::Block);
    assert_eq!(plan.check(), Ok(()));
}

/// Who waits inside of its turn takes the turns of its neighbours.
#[test]
fn a_thread_that_waits_for_its_own_agents_is_refused() {
    let mut plan = three();
    ring(&mut plan, "on", "a", "b", OnFull::Block);
    assert_eq!(plan.check(), Ok(()), "`Again` leaves the turn to `b`");
    let mut plan = three();
    ring(&mut plan, "on", "a", "b", OnFull::BlockThread);
    let steps = vec![step("a", Because::Full("on".into())), step("b", Because::Thread("one".into()))];
    let refused = plan.check().unwrap_err();
    assert_eq!(refused, PlanError::Circle(steps));
    assert!(refused.to_string().contains("`b` until `a` lets go of thread `one`"), "{refused}");
    // Over another thread: `c` waits for `b`, which has no turn while `a` waits for `c`.
    let mut plan = three();
    ring(&mut plan, "there", "a", "c", OnFull::BlockThread);
    assert_eq!(plan.check(), Ok(()));
    ring(&mut plan, "back", "c", "b", OnFull::Block);
    assert!(matches!(plan.check(), Err(PlanError::Circle(steps)) if steps.len() == 3));
}

/// 3.c: cycles A->B->A of blocking requests are refused when it is built.
#[test]
fn services_that_ask_one_another_in_a_circle_are_refused() {
    let mut origins = Origins::new(1..=9);
    let mut ask = |plan: &mut Plan, name: &str, from: &str, to: &str, asking| {
        let origin = [origins.open().unwrap()];
        drop(plan.from([from]).to(to).service::<u8, u8>(name, 4, asking, WhenFull::Block, origin).unwrap());
    };
    let mut plan = three();
    ask(&mut plan, "limits", "a", "c", Asking::Waits);
    assert_eq!(plan.check(), Ok(()), "one service and its replies are no circle");
    ask(&mut plan, "prices", "c", "a", Asking::Waits);
    let refused = plan.check().unwrap_err();
    // Both reply rings block as well, which is refused for itself and told first.
    assert!(matches!(&refused, PlanError::Circle(steps) if steps.len() == 2));

    let mut origins = Origins::new(1..=9);
    let mut ask = |plan: &mut Plan, name: &str, from: &str, to: &str, asking| {
        let origin = [origins.open().unwrap()];
        let replies = WhenFull::DropReply;
        drop(plan.from([from]).to(to).service::<u8, u8>(name, 4, asking, replies, origin).unwrap());
    };
    let mut plan = three();
    ask(&mut plan, "limits", "a", "c", Asking::Waits);
    ask(&mut plan, "prices", "c", "a", Asking::Waits);
    let refused = plan.check().unwrap_err();
    let steps =
        vec![step("a", Because::Answer("limits".into())), step("c", Because::Answer("prices".into()))];
    assert_eq!(refused, PlanError::Circle(steps));
    assert_eq!(
        refused.to_string(),
        "these can stand still for ever: `a` until `c` answers by `limits`; `c` until `a` answers by `prices`. \
         Let one of them go on without the answer"
    );
    let mut plan = three();
    ask(&mut plan, "limits", "a", "c", Asking::Waits);
    ask(&mut plan, "prices", "c", "a", Asking::GoesOn);
    assert_eq!(plan.check(), Ok(()));
}

/// A server that waits for room in a reply ring, asked by one that waits for room in its other ring.
#[test]
fn a_circle_through_replies_that_block_is_refused() {
    for (replies, refused) in [(WhenFull::Block, true), (WhenFull::DropReply, false)] {
        let mut plan = three();
        let origin = [Origins::new(1..=1).open().unwrap()];
        let _ = plan.from(["a"]).to("c").service::<u8, u8>("s", 4, Asking::GoesOn, replies, origin).unwrap();
        ring(&mut plan, "orders", "a", "c", OnFull::Block);
        assert_eq!(plan.check().is_err(), refused, "{replies:?}");
    }
}

fn planned(cpu: Option<usize>, agents: &[&str]) -> Plan {
    let mut plan = Plan::new();
    let thread = plan.thread("one");
    if let Some(cpu) = cpu {
        thread.cpu(cpu);
    }
    for agent in agents {
        thread.agent(*agent);
    }
    plan.outside("main");
    plan
}

fn refused(plan: Plan, runners: impl IntoIterator<Item = Runner>) -> PlanError {
    match runners.into_iter().fold(Crew::new().plan(plan), Crew::thread).start() {
        Err(StartError::Plan { source }) => source,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_crew_starts_as_planned_or_not_at_all() {
    let one = || Runner::new("one").agent("a", busy(1)).agent("b", busy(1));
    let mut crew = Crew::new().plan(planned(None, &["a", "b"])).thread(one()).start().unwrap();
    assert!(crew.join(LONG).unwrap().is_clean());

    let wrong = refused(planned(None, &["b", "a"]), [one()]);
    let names = |names: [&str; 2]| names.map(str::to_owned).to_vec();
    let (planned_agents, actual) = (names(["b", "a"]), names(["a", "b"]));
    assert_eq!(wrong, PlanError::OtherAgents { thread: "one".into(), planned: planned_agents, actual });
    let wrong = refused(planned(Some(0), &["a", "b"]), [one()]);
    assert_eq!(wrong, PlanError::OtherCpu { thread: "one".into(), planned: Some(0), actual: None });
    assert_eq!(wrong.to_string(), "thread `one` is planned on CPU 0, and pinned to no CPU");
    let wrong = refused(planned(None, &["a", "b"]), [one(), Runner::new("two")]);
    assert_eq!(wrong, PlanError::UnplannedThread { thread: "two".into() });
    assert_eq!(refused(planned(None, &["a", "b"]), []), PlanError::NoThread { thread: "one".into() });
}

/// The plan itself is checked as well, before any agent is built.
#[test]
fn a_plan_that_does_not_hold_starts_no_crew() {
    let mut plan = three();
    ring(&mut plan, "own", "c", "c", OnFull::Block);
    let never = || -> Idle { panic!("it is not built") };
    let wrong = refused(plan, [Runner::new("two").agent_with("c", never)]);
    assert!(matches!(wrong, PlanError::Circle(_)));
}

struct Idle;
impl Agent for Idle {
    fn work(&mut self, _: Tick) -> Work {
        Work::Idle
    }
}
