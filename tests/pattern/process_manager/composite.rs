//! A process that goes on when two things have happened, in any order.

use super::order::POLICY;
use crate::kit::Collect;
use ringmain::contract::{At, Fault, Stage, Tick};
use ringmain::pattern::process_manager::{AllOf, Listed, Machine, Next, ProcessManager, Rule, Then};
use ringmain::ring::Sequence;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Waiting,
    Shipping,
}
impl Listed for State {
    const ALL: &'static [Self] = &[Self::Waiting, Self::Shipping];
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Event {
    Paid,
    Packed,
}
impl Listed for Event {
    const ALL: &'static [Self] = &[Self::Paid, Self::Packed];
}

struct Parcel;

impl Parcel {
    fn came(
        &mut self,
        both: &mut AllOf<2>,
        event: Option<&Event>,
        then: &mut Then<Self>,
    ) -> Result<Next<State>, Fault> {
        let which = event.map_or(0, |event| *event as u32);
        if !both.came(which) {
            return Ok(Next::To(State::Waiting));
        }
        then.send("ship");
        Ok(Next::To(State::Shipping))
    }
}

impl Machine for Parcel {
    type Event = Event;
    type Command = &'static str;
    type Key = ();
    type State = State;
    type Kind = Event;
    type Data = AllOf<2>;
    const INITIAL: State = State::Waiting;

    fn key(_: &Event) {}
    fn kind(event: &Event) -> Event {
        *event
    }
    fn rule(state: State, kind: Event) -> Rule<Self> {
        match (state, kind) {
            (State::Waiting, Event::Paid | Event::Packed) => {
                Rule::Do(Self::came, &[Next::To(State::Waiting), Next::To(State::Shipping)])
            }
            (State::Shipping, Event::Paid | Event::Packed) => Rule::Ignore,
        }
    }
}

/// 19.d12: Paid and Packed in any order -> Ship once after both.
#[test]
fn process_manager_12_ships_once_after_both() {
    use Event::{Packed, Paid};
    let at = At { seq: Sequence::ZERO, now: Tick::ZERO };
    for way in [[Paid, Packed, Paid, Packed], [Packed, Paid, Packed, Paid], [Paid, Paid, Packed, Paid]] {
        let out = Collect::new();
        let mut manager = ProcessManager::new(1, POLICY, Parcel, out.clone()).unwrap();
        let both = way.iter().position(|event| *event != way[0]).unwrap();
        for (n, event) in way.iter().enumerate() {
            assert_eq!(manager.on_event(event, at), Ok(()));
            assert_eq!(out.len(), usize::from(n >= both), "{way:?}");
        }
    }
}
