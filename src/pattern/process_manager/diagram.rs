//! The machine as a picture, drawn from its rules.

use super::{Listed, Machine, Next, Rule};
use core::fmt::{Display, Formatter, Result};
use core::marker::PhantomData;

/// The states of a machine in the language of Mermaid: what `Display` writes. For [`mermaid`].
#[derive(Debug)]
pub struct Mermaid<M>(PhantomData<fn() -> M>);

/// The states of a machine in the language of Graphviz: what `Display` writes. For [`dot`].
#[derive(Debug)]
pub struct Dot<M>(PhantomData<fn() -> M>);

/// The state diagram of `M` for Mermaid. Drawn from [`Machine::rule`], so it is never out of date.
#[must_use]
pub const fn mermaid<M: Machine>() -> Mermaid<M> {
    Mermaid(PhantomData)
}

/// The state diagram of `M` for Graphviz. Drawn from [`Machine::rule`], so it is never out of date.
#[must_use]
pub const fn dot<M: Machine>() -> Dot<M> {
    Dot(PhantomData)
}

/// Every arrow: from where, by what, to where.
fn arrows<M: Machine>() -> impl Iterator<Item = (M::State, M::Kind, Next<M::State>)> {
    M::State::ALL.iter().flat_map(|state| {
        M::Kind::ALL.iter().flat_map(move |kind| {
            let to = if let Rule::Do(_, to) = M::rule(*state, *kind) { to } else { &[] };
            to.iter().map(move |to| (*state, *kind, *to))
        })
    })
}

impl<M: Machine> Display for Mermaid<M> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f, "stateDiagram-v2")?;
        writeln!(f, "    [*] --> {:?}", M::INITIAL)?;
        let mut back = false;
        for (from, by, to) in arrows::<M>() {
            match to {
                Next::To(to) => writeln!(f, "    {from:?} --> {to:?}: {by:?}")?,
                Next::Complete => writeln!(f, "    {from:?} --> [*]: {by:?}")?,
                Next::Compensate => writeln!(f, "    {from:?} --> compensating: {by:?}")?,
            }
            back |= to == Next::Compensate;
        }
        if back { writeln!(f, "    compensating --> [*]") } else { Ok(()) }
    }
}

impl<M: Machine> Display for Dot<M> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f, "digraph {{")?;
        writeln!(f, "    begin [shape=point]; end [shape=doublecircle, label=\"\"];")?;
        writeln!(f, "    begin -> {:?};", M::INITIAL)?;
        let mut back = false;
        for (from, by, to) in arrows::<M>() {
            match to {
                Next::To(to) => writeln!(f, "    {from:?} -> {to:?} [label=\"{by:?}\"];")?,
                Next::Complete => writeln!(f, "    {from:?} -> end [label=\"{by:?}\"];")?,
                Next::Compensate => writeln!(f, "    {from:?} -> compensating [label=\"{by:?}\"];")?,
            }
            back |= to == Next::Compensate;
        }
        if back {
            writeln!(f, "    compensating -> end;")?;
        }
        writeln!(f, "}}")
    }
}
