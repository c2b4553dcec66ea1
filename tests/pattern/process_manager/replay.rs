//! 19.d9, as far as it goes without a journal: inputs and their times are all that a process depends on. So who has them,
//! and knows how many commands went out, comes out where he would have been without the crash.

use super::order::{Command, Event, Orders, POLICY, RESERVE, What, event, ns};
use ringmain::contract::{At, Flow, Refused, Room, Sink, Stage, Tick};
use ringmain::pattern::process_manager::{Policy, ProcessManager};
use ringmain::ring::Sequence;
use std::cell::RefCell;
use std::rc::Rc;

/// What a journal would hold: an event, or that time has passed.
#[derive(Clone, Copy)]
enum Input {
    Event(u64, Event),
    Turn(u64),
}

/// Lets commands through from the `from`th on: those before it went out already.
struct From {
    from: usize,
    count: usize,
    out: Rc<RefCell<Vec<Command>>>,
}

impl Sink for From {
    type Event = Command;
    fn fill<R>(&mut self, fill: impl FnOnce(&mut Command) -> Flow<R>) -> Flow<R> {
        let mut slot = Command::default();
        let filled = fill(&mut slot)?;
        if self.count >= self.from {
            self.out.borrow_mut().push(slot);
        }
        self.count += 1;
        Ok(filled)
    }
}

impl Room for From {
    fn room(&mut self, _: usize) -> Result<(), Refused> {
        Ok(())
    }
}

/// What goes out behind the `from`th command.
fn run(inputs: &[Input], from: usize) -> Vec<Command> {
    let out = Rc::new(RefCell::new(Vec::new()));
    let sink = From { from, count: 0, out: out.clone() };
    let policy = Policy { remember: ns(500), ..POLICY };
    let mut manager = ProcessManager::new(4, policy, Orders::default(), sink).unwrap();
    for (seq, input) in (0..).zip(inputs) {
        match *input {
            Input::Event(now, event) => {
                let at = At { seq: Sequence::new(seq), now: Tick::from_nanos(now) };
                let _ = manager.on_event(&event, at);
            }
            Input::Turn(now) => {
                let _ = manager.on_batch_end(Tick::from_nanos(now));
            }
        }
    }
    drop(manager);
    Rc::try_unwrap(out).map(RefCell::into_inner).unwrap_or_default()
}

/// 19.d9, in memory: a crash behind each input, after each number of commands that went out by then: the commands of both
/// lives together are those of a run without a crash.
#[test]
fn process_manager_9_a_replay_goes_on_where_it_was() {
    let inputs = [
        Input::Event(0, event(1, What::Submit)),
        Input::Event(1, event(2, What::Submit)),
        Input::Event(2, event(1, What::Reserved)),
        Input::Event(2, event(2, What::Paid)),
        Input::Event(3, event(2, What::Reserved)),
        Input::Turn(50),
        Input::Event(60, event(1, What::PayFailed)),
        Input::Event(61, event(1, What::UndoFailed(RESERVE))),
        Input::Turn(71),
        Input::Event(72, event(1, What::Paid)),
        Input::Event(73, event(1, What::Undone(RESERVE))),
        Input::Turn(1073),
        Input::Turn(1083),
        Input::Event(1090, event(2, What::Shipped)),
    ];
    let whole = run(&inputs, 0);
    assert_eq!(whole.len(), 9);
    for crash in 0..=inputs.len() {
        let before = run(&inputs[..crash], 0);
        assert_eq!(before, whole[..before.len()]);
        // The last of them may not have gone out when it crashed, though their input was in the journal.
        for watermark in 0..=before.len() {
            let both = [&before[..watermark], &run(&inputs, watermark)].concat();
            assert_eq!(both, whole, "crash behind {crash} inputs and {watermark} commands");
        }
    }
}
