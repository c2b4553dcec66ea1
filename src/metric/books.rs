//! The books of a whole bus, read while it runs.
//!
//! ```text
//!   stage            in        made         out    filtered ...
//!   check       2000000           0     1999801           0
//!   book        1999801           0 ...
//!   every stage is balanced
//! ```
//!
//! | who                  | may                                                            |
//! |----------------------|----------------------------------------------------------------|
//! | whoever builds the bus | enter accounts, before the start                             |
//! | any thread           | read: a statement is a copy, wait-free for the stages          |
//!
//! ```
//! use ringmain::{contract::Ledger, metric::Books};
//! let mut ledger = Ledger::new();
//! let books = Books::new().with("check", ledger.account());
//! ledger.took(2);
//! ledger.passed(1);
//! ledger.publish();
//! let wrong = books.read().check().unwrap_err();
//! assert_eq!(wrong.to_string(), "`check` is not balanced: 2 came, 1 are accounted for");
//! ```

use crate::contract::{Account, Balance, Imbalance};
use core::fmt;
use std::sync::Arc;

/// Names with their accounts, in the order in which they were entered. Clones read the same accounts.
#[derive(Clone, Debug, Default)]
pub struct Books {
    stages: Vec<(Arc<str>, Arc<Account>)>,
}

impl Books {
    /// Books without a stage.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
    /// Enters `account` under `name`. Names are for the reader; nothing asks them to differ. Allocates.
    pub fn enter(&mut self, name: &str, account: Arc<Account>) {
        self.stages.push((name.into(), account));
    }
    /// As [`enter`](Self::enter), to be chained.
    #[must_use]
    pub fn with(mut self, name: &str, account: Arc<Account>) -> Self {
        self.enter(name, account);
        self
    }
    /// Every stage's numbers, as it published them last. Wait-free for the stages; allocates here.
    #[must_use]
    pub fn read(&self) -> Statement {
        Statement {
            lines: self.stages.iter().map(|(name, account)| (name.clone(), account.read())).collect(),
        }
    }
}

/// The numbers of every stage, at about one moment; at exactly one when the bus rests. Prints as a table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Statement {
    lines: Vec<(Arc<str>, Balance)>,
}

impl Statement {
    /// Each stage with its balance, in the order of the books.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Balance)> {
        self.lines.iter().map(|(name, balance)| (&**name, balance))
    }
    /// The first balance entered under `name`.
    #[must_use]
    pub fn stage(&self, name: &str) -> Option<&Balance> {
        self.iter().find_map(|(stage, balance)| (stage == name).then_some(balance))
    }
    /// Checks the conservation law for every stage.
    ///
    /// # Errors
    /// [`Unbalanced`] names the first stage that lost a message or counted one twice. While the bus works, a batch may
    /// be seen in part: ask when it rests.
    pub fn check(&self) -> Result<(), Unbalanced> {
        self.iter().try_for_each(|(stage, balance)| {
            balance.check().map_err(|imbalance| Unbalanced { stage: stage.into(), imbalance })
        })
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wide = self.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).max("stage".len());
        writeln!(
            f,
            "{:wide$} {:>11} {:>11} {:>11} {:>9} {:>11} {:>8} {:>8} {:>6}",
            "stage", "in", "made", "out", "filtered", "folded", "dropped", "dead", "held"
        )?;
        for (name, b) in self.iter() {
            writeln!(
                f,
                "{name:wide$} {:>11} {:>11} {:>11} {:>9} {:>11} {:>8} {:>8} {:>6}",
                b.input,
                b.generated,
                b.out,
                b.filtered,
                b.folded,
                b.dropped.total(),
                b.dead_lettered.total(),
                b.held
            )?;
        }
        match self.check() {
            Ok(()) => f.write_str("every stage is balanced"),
            Err(wrong) => wrong.fmt(f),
        }
    }
}

/// A stage whose books do not balance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unbalanced {
    /// The name it was entered under.
    pub stage: Arc<str>,
    /// The two sides.
    pub imbalance: Imbalance,
}

impl fmt::Display for Unbalanced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is {}", self.stage, self.imbalance)
    }
}

impl core::error::Error for Unbalanced {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.imbalance)
    }
}
