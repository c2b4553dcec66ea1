//! Tables for people, and the same for machines.

use crate::crew::Failed;
use crate::field::{Kind, What};
use crate::measure::{Fault, Row, Table};
use serde_json::{Value, json};
use std::fmt::Write;

/// The percentiles of round trips that are told.
const PERCENTILES: [(&str, f64); 3] = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)];

/// How to read the tables.
pub(crate) const LEGEND: &str = "\
The fastest first, by the median of the rounds. `>` marks ours; a limit is no library, but the least that could do.
wait: what suits the contender best on an empty turn.  x best peer: against the fastest peer that does what it should.
x limit: against a sample of the limit right before each, which drifts less than the figures.  M/s: million events a second.";

/// A table in Markdown.
pub(crate) fn text(table: &Table) -> String {
    let unit = match table.what {
        What::Event => "event",
        What::RoundTrip => "round trip",
    };
    let mut head = vec!["#", "contender", "wait", "median", "min", "max", "x best peer", "x limit"];
    match table.what {
        What::Event => head.push("M/s"),
        What::RoundTrip => head.extend(PERCENTILES.map(|(name, _)| name)),
    }
    let mut lines = vec![head.into_iter().map(String::from).collect::<Vec<_>>()];
    let mut rank = 0;
    for row in &table.rows {
        rank += usize::from(row.kind != Kind::Limit);
        lines.push(cells(table, row, rank));
    }
    let columns = lines[0].len();
    let widths: Vec<_> =
        (0..columns).map(|column| lines.iter().map(|line| line[column].len()).max().unwrap_or(0)).collect();
    let mut text = format!("\n### {}, ns per {unit}\n{}\n\n", table.case, table.note);
    for (nth, line) in lines.iter().enumerate() {
        for (column, (cell, &width)) in line.iter().zip(&widths).enumerate() {
            let left = (1..3).contains(&column);
            let _ = if left { write!(text, "| {cell:width$} ") } else { write!(text, "| {cell:>width$} ") };
        }
        text.push_str("|\n");
        if nth == 0 {
            for (column, width) in widths.iter().enumerate() {
                let left = (1..3).contains(&column);
                let _ = write!(text, "|{}{}", "-".repeat(width + 1), if left { '-' } else { ':' });
            }
            text.push_str("|\n");
        }
    }
    text
}

fn cells(table: &Table, row: &Row, rank: usize) -> Vec<String> {
    let (rank, mark) = match row.kind {
        Kind::Limit => ("-".into(), "limit: "),
        Kind::Peer => (rank.to_string(), ""),
        Kind::Ours => (rank.to_string(), "> "),
    };
    let disturbed = if row.disturbed { " (disturbed)" } else { "" };
    let name =
        format!("{mark}{}{}{disturbed}", row.name, fault(row).map_or(String::new(), |f| format!(" ({f})")));
    let wait = format!("{:?}", row.wait).to_lowercase();
    let digits =
        |figure: f64, digits| if figure.is_finite() { format!("{figure:.digits$}") } else { "-".into() };
    let figure = |nanos: f64| digits(nanos, 2);
    let ratio = |ratio: Option<f64>| digits(ratio.unwrap_or(f64::NAN), 2);
    let least = row.nanos.iter().copied().fold(f64::INFINITY, f64::min);
    let most = row.nanos.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut cells = vec![rank, name, wait];
    cells.extend([row.median(), least, most].map(figure));
    cells.extend([table.of_peer(row), table.of_limit(row)].map(ratio));
    match table.what {
        What::Event => cells.push(digits(1e3 / row.median(), 1)),
        What::RoundTrip => {
            cells.extend(PERCENTILES.map(|(_, at)| row.trips.value_at_quantile(at).to_string()));
        }
    }
    cells
}

fn fault(row: &Row) -> Option<String> {
    Some(match row.fault.as_ref()? {
        Fault::Wrong => "WRONG: lost, doubled, torn or out of order".into(),
        Fault::Failed(Failed::Hung) => "HUNG".into(),
        Fault::Failed(Failed::Panicked(message)) => format!("PANICKED: {message}"),
    })
}

pub(crate) fn json(tables: &[Table], machine: &str) -> Value {
    let row = |table: &Table, row: &Row| {
        let trips = PERCENTILES.map(|(name, at)| (name.to_string(), json!(row.trips.value_at_quantile(at))));
        json!({
            "contender": row.name,
            "kind": format!("{:?}", row.kind),
            "wait": format!("{:?}", row.wait),
            "median": row.median(),
            "rounds": row.nanos,
            "of_best_peer": table.of_peer(row),
            "of_limit": table.of_limit(row),
            "trips": (!row.trips.is_empty()).then(|| Value::Object(trips.into_iter().collect())),
            "fault": fault(row),
            "disturbed": row.disturbed,
        })
    };
    let tables = tables.iter().map(|table| {
        let rows: Vec<_> = table.rows.iter().map(|one| row(table, one)).collect();
        json!({ "case": table.case, "unit": "ns", "conditions": table.note, "rows": rows })
    });
    json!({ "machine": machine, "cases": tables.collect::<Vec<_>>() })
}
