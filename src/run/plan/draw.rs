//! A plan as a table, as Mermaid and as DOT: always the same text for the same plan.

use super::Plan;
use super::ring::Ring;
use core::fmt::{self, Display, Formatter, Write};

/// The table of threads and the one of rings.
impl Display for Plan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut threads = vec![["thread", "CPU", "agents"].map(str::to_owned)];
        for thread in &self.threads {
            let cpu = match (thread.outside, thread.cpu) {
                (true, _) => "not of the crew".to_owned(),
                (false, Some(cpu)) => cpu.to_string(),
                (false, None) => "any".to_owned(),
            };
            threads.push([thread.name.clone(), cpu, thread.agents.join(", ")]);
        }
        table(f, &threads)?;
        f.write_char('\n')?;
        let titles = ["ring", "kind", "from", "to", "capacity", "bytes", "when full"];
        let mut rings = vec![titles.map(str::to_owned)];
        for ring in &self.rings {
            let to: Vec<String> = ring.to.iter().map(|to| behind(&to.name, &to.after)).collect();
            let (capacity, bytes) = (ring.capacity.to_string(), ring.bytes.to_string());
            let (kind, on_full) = (ring.kind.to_string(), ring.on_full.to_string());
            rings.push([
                ring.name.clone(),
                kind,
                ring.from.join(", "),
                to.join(", "),
                capacity,
                bytes,
                on_full,
            ]);
        }
        table(f, &rings)?;
        let bytes: usize = self.rings.iter().map(|ring| ring.bytes).sum();
        writeln!(f, "{} rings, {bytes} bytes of events", self.rings.len())
    }
}

fn behind(name: &str, after: &[String]) -> String {
    if after.is_empty() { name.to_owned() } else { format!("{name} (behind {})", after.join(" and ")) }
}

/// Columns as wide as the widest in them.
fn table<const N: usize>(f: &mut Formatter<'_>, rows: &[[String; N]]) -> fmt::Result {
    let widths: [usize; N] =
        core::array::from_fn(|i| rows.iter().map(|row| row[i].chars().count()).max().unwrap_or(0));
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            write!(line, "{cell:<width$}  ")?;
        }
        writeln!(f, "{}", line.trim_end())?;
    }
    Ok(())
}

impl Plan {
    /// As a [Mermaid](https://mermaid.js.org) flowchart: threads are boxes around agents, rings are arrows; a thick one
    /// blocks when it is full, a dotted one does not. Allocates.
    #[must_use]
    pub fn mermaid(&self) -> String {
        let quoted = |text: &str| text.replace('"', "#quot;");
        let mut text = "flowchart LR\n".to_owned();
        let agents = self.named();
        let node = |name: &str| agents.iter().position(|agent| *agent == name).unwrap_or(agents.len());
        for (i, thread) in self.threads.iter().enumerate() {
            text += &format!("  subgraph t{i}[\"{}\"]\n", quoted(&thread.to_string()));
            for agent in &thread.agents {
                text += &format!("    a{}[\"{}\"]\n", node(agent), quoted(agent));
            }
            text += "  end\n";
        }
        for ring in &self.rings {
            let arrow = if ring.on_full.blocks() { "==>" } else { "-.->" };
            for (from, to) in arrows(ring) {
                let label = quoted(&label(ring));
                text += &format!("  a{} {arrow}|\"{label}\"| a{}\n", node(from), node(to));
            }
        }
        text
    }
    /// As a graph in the language of [Graphviz](https://graphviz.org), drawn as by [`mermaid`](Self::mermaid).
    /// Allocates.
    #[must_use]
    pub fn dot(&self) -> String {
        let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
        let mut text = "digraph plan {\n  rankdir=LR;\n".to_owned();
        for (i, thread) in self.threads.iter().enumerate() {
            text += &format!("  subgraph cluster_{i} {{\n    label=\"{}\";\n", quoted(&thread.to_string()));
            for agent in &thread.agents {
                text += &format!("    \"{}\";\n", quoted(agent));
            }
            text += "  }\n";
        }
        for ring in &self.rings {
            let style = if ring.on_full.blocks() { "bold" } else { "dotted" };
            for (from, to) in arrows(ring) {
                let (from, to, label) = (quoted(from), quoted(to), quoted(&label(ring)));
                text += &format!("  \"{from}\" -> \"{to}\" [style={style}, label=\"{label}\"];\n");
            }
        }
        text + "}\n"
    }
    /// The agents of the threads, then those that only rings name.
    fn named(&self) -> Vec<&str> {
        let mut agents: Vec<&str> = self.agents().map(|(_, agent)| agent).collect();
        for (from, to) in self.rings.iter().flat_map(arrows) {
            for name in [from, to] {
                if !agents.contains(&name) {
                    agents.push(name);
                }
            }
        }
        agents
    }
}

fn label(ring: &Ring) -> String {
    format!("{}: {} {}, {}", ring.name, ring.kind, ring.capacity, ring.on_full)
}

/// From whom each reader has its events: those it reads behind, or those who fill the ring.
fn arrows(ring: &Ring) -> Vec<(&str, &str)> {
    let mut arrows = Vec::new();
    for to in &ring.to {
        let before = if to.after.is_empty() { &ring.from } else { &to.after };
        arrows.extend(before.iter().map(|before| (before.as_str(), to.name.as_str())));
    }
    arrows
}
