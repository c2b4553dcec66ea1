//! What an event costs that is looked up, moves its process on and sends a command, by how many processes there are; and
//! what a timer costs, armed and cancelled by two steps.
//!
//! The sink takes everything and keeps nothing, so that it is the process alone. Keys are scattered: each event is for
//! another process than the one before.

use crate::{EVENTS, at, group};
use criterion::Criterion;
use ringmain::contract::{Fault, Flow, Refused, Room, Sink, Stage, Tick};
use ringmain::pattern::Retry;
use ringmain::pattern::process_manager::{
    Full, Listed, Machine, Missing, Next, Policy, ProcessManager, Rule, Then,
};
use std::hint::black_box;
use std::time::Duration;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    New,
    Odd,
    Even,
}
impl Listed for State {
    const ALL: &'static [Self] = &[Self::New, Self::Odd, Self::Even];
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Step,
    StepWithTimer,
    Timer,
}
impl Listed for Kind {
    const ALL: &'static [Self] = &[Self::Step, Self::StepWithTimer, Self::Timer];
}

#[derive(Clone, Copy)]
struct Event {
    key: u64,
    kind: Kind,
}

struct Toggle;
type Done = Result<Next<State>, Fault>;

impl Toggle {
    fn odd(&mut self, count: &mut u64, _: Option<&Event>, then: &mut Then<Self>) -> Done {
        *count += 1;
        then.send(*count);
        Ok(Next::To(State::Odd))
    }
    fn even(&mut self, count: &mut u64, _: Option<&Event>, then: &mut Then<Self>) -> Done {
        *count += 1;
        then.send(*count);
        Ok(Next::To(State::Even))
    }
    fn odd_arms(&mut self, count: &mut u64, event: Option<&Event>, then: &mut Then<Self>) -> Done {
        then.arm(Kind::Timer, Duration::from_millis(9));
        self.odd(count, event, then)
    }
    fn even_disarms(&mut self, count: &mut u64, event: Option<&Event>, then: &mut Then<Self>) -> Done {
        then.disarm(Kind::Timer);
        self.even(count, event, then)
    }
}

impl Machine for Toggle {
    type Event = Event;
    type Command = u64;
    type Key = u64;
    type State = State;
    type Kind = Kind;
    type Data = u64;
    const INITIAL: State = State::New;

    fn key(event: &Event) -> u64 {
        event.key
    }
    fn kind(event: &Event) -> Kind {
        event.kind
    }
    fn rule(state: State, kind: Kind) -> Rule<Self> {
        match (state, kind) {
            (State::New | State::Even, Kind::Step) => Rule::Do(Self::odd, &[Next::To(State::Odd)]),
            (State::Odd, Kind::Step) => Rule::Do(Self::even, &[Next::To(State::Even)]),
            (State::New | State::Even, Kind::StepWithTimer) => {
                Rule::Do(Self::odd_arms, &[Next::To(State::Odd)])
            }
            (State::Odd, Kind::StepWithTimer) => Rule::Do(Self::even_disarms, &[Next::To(State::Even)]),
            (_, Kind::Timer) => Rule::Ignore,
        }
    }
}

/// Looks at each command, and forgets it.
struct Away(u64);

impl Sink for Away {
    type Event = u64;
    #[inline]
    fn fill<R>(&mut self, fill: impl FnOnce(&mut u64) -> Flow<R>) -> Flow<R> {
        let filled = fill(&mut self.0);
        black_box(&self.0);
        filled
    }
}

impl Room for Away {
    #[inline]
    fn room(&mut self, _: usize) -> Result<(), Refused> {
        Ok(())
    }
}

const POLICY: Policy = Policy {
    outputs: 1,
    holds: 1,
    full: Full::Reject,
    missing: Missing::Discard,
    deadline: None,
    patience: Duration::from_secs(1),
    retry: Retry::NEVER,
    remember: Duration::ZERO,
};

pub(crate) fn benches(c: &mut Criterion) {
    let mut group = group(c, "process_manager");
    for processes in [1 << 10, 1 << 16] {
        for (name, kind) in
            [("a step", Kind::Step), ("a step, and a timer armed or disarmed", Kind::StepWithTimer)]
        {
            let mut manager =
                ProcessManager::new(processes, POLICY, Toggle, Away(0)).expect("a capacity that is no error");
            // An odd factor, so that every key comes once in as many events as there are keys.
            let key = |n: usize| (n.wrapping_mul(0x9E37_79B9) % processes) as u64;
            let mut n = 0;
            group.bench_function(format!("{name}, {processes} processes"), |b| {
                b.iter(|| {
                    for _ in 0..EVENTS {
                        n += 1;
                        let event = Event { key: key(n), kind };
                        let _ = black_box(manager.on_event(&event, at(n)));
                    }
                    let _ = black_box(manager.on_batch_end(Tick::ZERO));
                });
            });
        }
    }
}
