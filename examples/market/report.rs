//! What is said at the end: for people, and for machines.

use super::{
    board::Board,
    book::Level,
    event::{Body, Event},
    row::Kind,
};
use ringmain::metric::{Statement, Summary};
use serde_json::{Map, Value, json};
use std::{fmt, sync::Arc, time::Duration};

/// All that a run came to.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    /// Good rows of type 1 to 7.
    pub(crate) by_type: [u64; 7],
    pub(crate) trades: u64,
    /// Shares.
    pub(crate) volume: u64,
    /// Shares times dollars times 10,000.
    pub(crate) notional: u128,
    pub(crate) crosses: (u64, u64),
    pub(crate) halts: u64,
    pub(crate) open: u64,
    pub(crate) best_bid: Option<Level>,
    pub(crate) best_ask: Option<Level>,
    /// Rows about orders that were never seen, orders that found no room, numbers used twice.
    pub(crate) unknown: u64,
    pub(crate) refused: u64,
    pub(crate) replaced: u64,
    /// Alarms: large, far, and the line and the shares of the first.
    pub(crate) large: u64,
    pub(crate) far: u64,
    pub(crate) first_alarm: (u64, u64),
    pub(crate) letters: u64,
    pub(crate) first_letters: Vec<Event>,
    pub(crate) statement: Statement,
    pub(crate) latencies: Vec<(Arc<str>, Summary)>,
    pub(crate) took: Duration,
    /// The rate that was asked for.
    pub(crate) rate: Option<u64>,
}

impl Report {
    /// What the board says; the run is over.
    pub(crate) fn of(board: &Board, statement: Statement, latencies: Vec<(Arc<str>, Summary)>) -> Self {
        let Board { book, tally, trades, risk, crosses, .. } = board;
        Self {
            by_type: std::array::from_fn(|i| tally[i].get()),
            trades: trades.count.get(),
            volume: trades.volume.get(),
            notional: trades.notional(),
            crosses: (crosses[0].get(), crosses[1].get()),
            halts: board.halts.get(),
            open: book.open.get(),
            best_bid: book.bid.read(),
            best_ask: book.ask.read(),
            unknown: book.unknown.get(),
            refused: book.refused.get(),
            replaced: book.replaced.get(),
            large: risk.large.get(),
            far: risk.far.get(),
            first_alarm: (risk.first[0].get(), risk.first[1].get()),
            letters: board.letters.get(),
            first_letters: Vec::new(),
            statement,
            latencies,
            took: Duration::ZERO,
            rate: None,
        }
    }

    /// Good rows.
    pub(crate) fn good(&self) -> u64 {
        self.by_type.iter().sum()
    }

    /// All rows, good and bad.
    pub(crate) fn rows(&self) -> u64 {
        self.good() + self.letters
    }

    /// Dollars; none without a trade.
    pub(crate) fn vwap(&self) -> Option<f64> {
        (self.volume > 0).then(|| self.notional as f64 / self.volume as f64 / 10_000.0)
    }

    pub(crate) fn per_second(&self) -> f64 {
        if self.took.is_zero() { 0.0 } else { self.rows() as f64 / self.took.as_secs_f64() }
    }

    /// One object, with the keys that the issue names and some more.
    pub(crate) fn json(&self) -> Value {
        let nanos = |span: Duration| span.as_nanos() as u64;
        let latency = |told: &Summary| {
            json!({ "p50": nanos(told.p50), "p99": nanos(told.p99), "p999": nanos(told.p999),
                    "max": nanos(told.max), "samples": told.count })
        };
        let level = |level: Option<Level>| {
            level.map(|Level { price, size }| json!({ "price": price as f64 / 10_000.0, "size": size }))
        };
        let by_type: Map<_, _> = Kind::ALL
            .iter()
            .map(|&kind| ((kind as u8).to_string(), self.by_type[kind as usize - 1].into()))
            .collect();
        let latencies: Map<_, _> =
            self.latencies.iter().map(|(name, told)| (name.replace(' ', "_"), latency(told))).collect();
        let letters: Vec<_> =
            self.first_letters.iter().map(|event| json!(Letter(event).to_string())).collect();
        json!({
            "rows": self.rows(),
            "by_type": by_type,
            "trades": self.trades,
            "traded": self.volume,
            "vwap": self.vwap().map(|dollars| (dollars * 1e4).round() / 1e4),
            "notional": self.notional as f64 / 1e4,
            "open_orders": self.open,
            "best_bid": level(self.best_bid),
            "best_ask": level(self.best_ask),
            "unknown_orders": self.unknown,
            "refused_orders": self.refused,
            "replaced_orders": self.replaced,
            "alarms": { "large": self.large, "far": self.far },
            "dead_letters": self.letters,
            "first_dead_letters": letters,
            "balanced": self.statement.check().is_ok(),
            "unbalanced": self.statement.check().err().map(|wrong| wrong.stage.to_string()),
            "seconds": self.took.as_secs_f64(),
            "messages_per_second": self.per_second().round(),
            "latency_ns": latencies,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "rows          {:>12}", self.rows())?;
        for kind in Kind::ALL {
            writeln!(f, "  {} {:<17} {:>7}", kind as u8, kind.name(), self.by_type[kind as usize - 1])?;
        }
        writeln!(f, "  bad                 {:>7}\n", self.letters)?;
        write!(f, "traded        {:>12} shares in {} trades", self.volume, self.trades)?;
        match self.vwap() {
            Some(vwap) => writeln!(f, ", VWAP {vwap:.4}, notional {:.2}", self.notional as f64 / 1e4)?,
            None => writeln!(f)?,
        }
        if self.crosses.0 > 0 {
            writeln!(f, "crossed       {:>12} shares in {} cross trades", self.crosses.1, self.crosses.0)?;
        }
        if self.halts > 0 {
            writeln!(f, "halts         {:>12}", self.halts)?;
        }
        writeln!(f, "open orders   {:>12}", self.open)?;
        writeln!(f, "best bid      {:>12}", Best(self.best_bid))?;
        writeln!(f, "best ask      {:>12}", Best(self.best_ask))?;
        for (count, of) in [
            (self.unknown, "about orders from before the first row"),
            (self.replaced, "used the number of an open order"),
            (self.refused, "found no room in the book, which is NOT exact: raise --orders and --levels"),
        ] {
            if count > 0 {
                writeln!(f, "  rows        {count:>12} {of}")?;
            }
        }
        write!(f, "alarms        {:>12} large, {} far from the last trade", self.large, self.far)?;
        match self.first_alarm {
            (0, _) => writeln!(f)?,
            (row, size) => writeln!(f, "; the first in row {row}, {size} shares")?,
        }
        writeln!(f, "dead letters  {:>12}", self.letters)?;
        for event in &self.first_letters {
            writeln!(f, "  {}", Letter(event))?;
        }
        let more = self.letters.saturating_sub(self.first_letters.len() as u64);
        if more > 0 {
            writeln!(f, "  and {more} more")?;
        }
        let verdict = if self.statement.check().is_ok() { "balanced" } else { "NOT BALANCED" };
        writeln!(f, "\nledger: {verdict}\n{}\n", self.statement)?;
        writeln!(f, "{:.0} messages a second, {:.3} s in all\n", self.per_second(), self.took.as_secs_f64())?;
        self.fmt_latencies(f)
    }
}

impl Report {
    fn fmt_latencies(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from = match self.rate {
            Some(rate) => format!("from the time a row was due, at {rate} rows a second"),
            None => "from reading the row, as fast as it goes: most of it is waiting in the ring".to_string(),
        };
        writeln!(f, "latency; end to end is {from}")?;
        writeln!(f, "{:<12} {:>10} {:>10} {:>10} {:>10} {:>9}", "", "p50", "p99", "p99.9", "max", "samples")?;
        for (name, told) in &self.latencies {
            let [p50, p99, p999, max] =
                [told.p50, told.p99, told.p999, told.max].map(|span| format!("{span:.1?}"));
            writeln!(f, "{name:<12} {p50:>10} {p99:>10} {p999:>10} {max:>10} {:>9}", told.count)?;
        }
        Ok(())
    }
}

/// A level of the book, in dollars.
struct Best(Option<Level>);

impl fmt::Display for Best {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(Level { price, size }) => f.pad(&format!("{:.2} x {size}", price as f64 / 10_000.0)),
            None => f.pad("-"),
        }
    }
}

/// A bad row: its number, what is wrong with it, and how it begins.
struct Letter<'a>(&'a Event);

impl fmt::Display for Letter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}: ", self.0.number)?;
        match &self.0.body {
            Body::Bad(bad) => bad.fmt(f),
            Body::Row(row) => row.fmt(f),
        }
    }
}
