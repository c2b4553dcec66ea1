//! The suite bites: a stage that breaks one rule fails that rule.

use crate::kit::{Kit, Rule, Terms, conformance, turn};
use ringmain::contract::{Account, At, Flow, Halt, Ledger, Stage, Tick};
use ringmain::pattern::Fanout;
use ringmain::ring::Sequence;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// What a stage does wrong.
#[derive(Clone, Copy, PartialEq)]
enum Flaw {
    None,
    /// Both branches get the event again after one was full.
    Repeats,
    KeepsTheTurnsEnd,
    SwallowsRejections,
    SwallowsStop,
    Allocates,
    BooksWhatComesAgain,
    BooksNothing,
    /// Takes a turn's events at once, and hands them on when it ends.
    Batches,
}

struct Flawed<A, B> {
    flaw: Flaw,
    a: A,
    b: B,
    a_done: bool,
    held: Vec<u64>,
    ledger: Ledger,
}

impl<A, B> Stage<&u64> for Flawed<A, B>
where
    A: for<'e> Stage<&'e u64>,
    B: for<'e> Stage<&'e u64>,
{
    fn on_event(&mut self, event: &u64, at: At) -> Flow {
        if self.flaw == Flaw::Batches {
            self.held.push(*event);
            return Ok(());
        }
        if self.flaw == Flaw::Allocates {
            std::hint::black_box(Box::new(*event));
        }
        if self.flaw == Flaw::BooksWhatComesAgain {
            self.ledger.took(1);
            self.ledger.passed(1);
        }
        let mut flow = Ok(());
        if !std::mem::take(&mut self.a_done) {
            flow = self.a.on_event(event, at);
            if flow == Err(Halt::Again) {
                return flow;
            }
        }
        let last = self.b.on_event(event, at);
        if last == Err(Halt::Again) {
            self.a_done = self.flaw != Flaw::Repeats;
            return last;
        }
        flow = flow.and(last);
        match (self.flaw, flow) {
            (Flaw::SwallowsRejections, Err(Halt::Reject(_))) | (Flaw::SwallowsStop, Err(Halt::Stop)) => {
                flow = Ok(())
            }
            _ => {}
        }
        match self.flaw {
            Flaw::BooksWhatComesAgain => flow,
            Flaw::BooksNothing => {
                self.ledger.took(1);
                flow
            }
            _ => self.ledger.handed_on(flow),
        }
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        for event in std::mem::take(&mut self.held) {
            let at = At { seq: Sequence::ZERO, now };
            let flow = self.a.on_event(&event, at).and(self.b.on_event(&event, at));
            let _ = self.ledger.handed_on(flow);
        }
        self.ledger.publish();
        if self.flaw != Flaw::KeepsTheTurnsEnd {
            let _ = self.a.on_batch_end(now);
        }
        self.b.on_batch_end(now)
    }
}

fn fails(rule: Rule, flaw: Flaw) -> bool {
    let build = |kit: &mut Kit| -> (_, Arc<Account>) {
        let (a, b) = (kit.leaf::<u64>(), kit.leaf::<u64>());
        let ledger = Ledger::new();
        let account = ledger.account();
        (Flawed { flaw, a, b, a_done: false, held: Vec::new(), ledger }, account)
    };
    let check = || conformance(rule, Terms::STRICT, || (1..=50u64).collect(), build, turn);
    catch_unwind(AssertUnwindSafe(check)).is_err()
}

#[test]
fn suite_lets_a_stage_without_flaws_pass() {
    for rule in [Rule::Choke, Rule::BatchEnd, Rule::Allocation, Rule::Ledger, Rule::Panic] {
        assert!(!fails(rule, Flaw::None), "{rule:?}");
    }
}

#[test]
fn suite_finds_each_flaw() {
    assert!(fails(Rule::Choke, Flaw::Repeats));
    assert!(fails(Rule::BatchEnd, Flaw::KeepsTheTurnsEnd));
    assert!(fails(Rule::Halts, Flaw::SwallowsRejections));
    assert!(fails(Rule::Halts, Flaw::SwallowsStop));
    assert!(fails(Rule::Allocation, Flaw::Allocates));
    assert!(fails(Rule::Ledger, Flaw::BooksWhatComesAgain));
    assert!(fails(Rule::Ledger, Flaw::BooksNothing));
    assert!(fails(Rule::Panic, Flaw::Batches));
}

#[test]
fn suite_holds_a_stage_to_its_own_terms() {
    // A fan-out goes on when one branch stops: under the strict terms it fails.
    let build = |kit: &mut Kit| {
        let fanout = Fanout::new([kit.leaf::<u64>(), kit.leaf::<u64>()]);
        let account = fanout.account();
        (fanout, account)
    };
    let check = |terms| {
        let run = || conformance(Rule::Halts, terms, || (1..=50u64).collect(), build, turn);
        catch_unwind(AssertUnwindSafe(run)).is_ok()
    };
    assert!(!check(Terms::STRICT));
    assert!(check(Terms { stop_ends: false, ..Terms::STRICT }));
}
