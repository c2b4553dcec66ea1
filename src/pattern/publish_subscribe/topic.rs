//! What is said of a topic.

use super::PatternError;

/// A declared topic of one channel.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Topic(pub(super) u16);

impl Topic {
    /// What lies in a slot that was never filled.
    pub(super) const NONE: Self = Self(0);
    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// An event, and what it was published to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Publication<T> {
    /// The topic.
    pub topic: Topic,
    /// It was kept, from before the subscriber joined, or was overrun, if it conflates.
    pub retained: bool,
    /// The event.
    pub event: T,
}

/// What a topic keeps for those who come later.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Retain {
    /// Nothing.
    None,
    /// The last event.
    Last,
    /// The last so many.
    LastN(usize),
}

impl Retain {
    pub(super) const fn count(self) -> usize {
        match self {
            Self::None => 0,
            Self::Last => 1,
            Self::LastN(n) => n,
        }
    }
}

/// Why a topic cannot be declared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DeclareError {
    /// It cannot be called so.
    Name(PatternError),
    /// As many topics as the channel was built for are declared.
    TooMany {
        /// How many.
        topics: usize,
    },
    /// The channel was not built for so many retained events.
    Retained {
        /// So many can still be asked for.
        left: usize,
    },
    /// It is declared, and keeps something else.
    Otherwise,
}

impl core::fmt::Display for DeclareError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Name(error) => error.fmt(f),
            Self::TooMany { topics } => write!(f, "all {topics} topics are declared: build with more"),
            Self::Retained { left } => {
                write!(f, "only {left} more events can be retained: build with `channel_retaining` and more")
            }
            Self::Otherwise => {
                f.write_str("the topic is declared, and keeps something else: declare it once")
            }
        }
    }
}

impl core::error::Error for DeclareError {}
