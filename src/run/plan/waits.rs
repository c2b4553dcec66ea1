//! Who can stand still because of whom, and whether that goes in a circle.

use super::ring::Kind;
use super::{Asking, Because, OnFull, Plan, PlanError, Step};

/// From agent to agent, by their numbers: the first can stand still because of the second.
struct Wait {
    from: usize,
    to: usize,
    because: Because,
}

/// Refuses a circle, if there is one: the shortest from the agent that was declared first.
///
/// A client's request ends when its time runs out, so that questions and full rings make no circle together: they are
/// looked at apart. Every agent of every ring is known.
pub(super) fn check(plan: &Plan) -> Result<(), PlanError> {
    let agents: Vec<&str> = plan.agents().map(|(_, agent)| agent).collect();
    for waits in [full(plan, &agents), questions(plan, &agents)] {
        if let Some(circle) = circle(agents.len(), &waits) {
            let step =
                |wait: &&Wait| Step { agent: agents[wait.from].to_owned(), because: wait.because.clone() };
            return Err(PlanError::Circle(circle.iter().map(step).collect()));
        }
    }
    Ok(())
}

fn number(agents: &[&str], name: &str) -> Option<usize> {
    agents.iter().position(|agent| *agent == name)
}

/// Those who fill a ring wait for all that drain it. One that reads behind another waits for nothing: it has nothing to
/// do.
fn full(plan: &Plan, agents: &[&str]) -> Vec<Wait> {
    let mut waits = Vec::new();
    for ring in plan.rings.iter().filter(|ring| ring.on_full.blocks()) {
        for from in &ring.from {
            for to in &ring.to {
                let ends = number(agents, from).zip(number(agents, &to.name));
                waits.extend(ends.map(|(from, to)| Wait {
                    from,
                    to,
                    because: Because::Full(ring.name.clone()),
                }));
            }
        }
    }
    let holds = |agent: &str| {
        let mut rings = plan.rings.iter();
        rings.any(|ring| ring.on_full == OnFull::BlockThread && ring.from.iter().any(|from| from == agent))
    };
    for (thread, holder) in plan.agents().filter(|(thread, agent)| !thread.outside && holds(agent)) {
        for mate in thread.agents.iter().filter(|mate| *mate != holder) {
            let ends = number(agents, mate).zip(number(agents, holder));
            waits.extend(ends.map(|(from, to)| Wait {
                from,
                to,
                because: Because::Thread(thread.name.clone()),
            }));
        }
    }
    waits
}

fn questions(plan: &Plan, agents: &[&str]) -> Vec<Wait> {
    let mut waits = Vec::new();
    for ring in plan.rings.iter().filter(|ring| ring.kind == Kind::Requests(Asking::Waits)) {
        for from in &ring.from {
            let ends = number(agents, from).zip(ring.to.first().and_then(|to| number(agents, &to.name)));
            waits.extend(ends.map(|(from, to)| Wait {
                from,
                to,
                because: Because::Answer(ring.name.clone()),
            }));
        }
    }
    waits
}

/// A shortest way from the first agent that has one back to itself.
fn circle(agents: usize, waits: &[Wait]) -> Option<Vec<&Wait>> {
    (0..agents).find_map(|start| {
        // By which wait an agent was reached first, breadth first.
        let mut reached: Vec<Option<&Wait>> = vec![None; agents];
        let mut front = vec![start];
        while reached[start].is_none() && !front.is_empty() {
            let mut next = Vec::new();
            for at in front {
                for wait in waits.iter().filter(|wait| wait.from == at) {
                    if reached[wait.to].is_none() {
                        reached[wait.to] = Some(wait);
                        next.push(wait.to);
                    }
                }
            }
            front = next;
        }
        let mut way = vec![reached[start]?];
        while let Some(wait) = way.last().filter(|wait| wait.from != start) {
            way.push(reached[wait.from]?);
        }
        way.reverse();
        Some(way)
    })
}
