//! What is known of each topic: its name, for whom it is, what it keeps. Changed between two numbers only.

use super::wildcard::{ROOM, any_matches, check_name};
use super::{PatternError, Sizes};
use crate::channel::publish_subscribe::Usher;
use crate::ring::{Counter, Sequence};
use crate::sync::Arc;
use std::collections::VecDeque;

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
    /// It was published before the subscriber joined, and kept.
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
    const fn count(self) -> usize {
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

/// Which topics the subscriber of each seat wants. The publisher writes a bit before it publishes to the topic, so who sees
/// the event sees the bit; more than that a reader does not need.
#[derive(Debug)]
pub(super) struct Interests {
    /// A row for each seat; bit `i % 64` of word `i / 64` of it is topic `i`.
    words: Box<[Counter]>,
    /// Words in a row.
    row: usize,
}

impl Interests {
    fn new(seats: usize, topics: usize) -> Self {
        let row = topics.div_ceil(64);
        Self { words: (0..seats * row).map(|_| Counter::new(0)).collect(), row }
    }
    #[inline(always)]
    pub(super) fn has(&self, seat: usize, topic: Topic) -> bool {
        let word = self.words.get(seat * self.row + topic.index() / 64);
        word.is_some_and(|word| word.get() >> (topic.index() % 64) & 1 != 0)
    }
    fn add(&self, seat: usize, topic: Topic) {
        if let Some(word) = self.words.get(seat * self.row + topic.index() / 64) {
            word.set(word.get() | 1 << (topic.index() % 64));
        }
    }
    fn clear(&self, seat: usize) {
        self.words.iter().skip(seat * self.row).take(self.row).for_each(|word| word.set(0));
    }
}

/// An event that was kept, and its position.
#[derive(Debug)]
pub(super) struct Kept<T> {
    pub(super) at: Sequence,
    pub(super) publication: Publication<T>,
}

/// What lies at a seat.
#[derive(Debug)]
pub struct Desk<T> {
    /// What the subscriber asks for: its patterns, in one line.
    pub(super) patterns: String,
    /// What the publisher has kept for it.
    pub(super) retained: Vec<Kept<T>>,
}

/// All topics of a channel: the publisher's, which nobody else sees.
#[derive(Debug)]
pub struct Topics<T> {
    topics: Vec<Declared<T>>,
    most: usize,
    /// The patterns of those who are there, by seat; empty where nobody is.
    patterns: Box<[String]>,
    interests: Arc<Interests>,
    clone: fn(&T) -> Option<T>,
    /// So many events does a subscriber find on its desk, at most,
    room: usize,
    /// and so many of them has no topic asked for yet.
    left: usize,
}

#[derive(Debug)]
struct Declared<T> {
    name: Box<str>,
    /// Bit `i`: the subscriber at seat `i` wants it.
    seats: u64,
    retain: Retain,
    /// Oldest first.
    kept: VecDeque<Kept<T>>,
}

impl<T> Topics<T> {
    pub(super) fn new(sizes: Sizes, retained: usize, clone: fn(&T) -> Option<T>) -> Self {
        let most = sizes.topics.min(1 << 16);
        // A channel with more seats than there can be is not built.
        let seats = sizes.seats.min(crate::channel::publish_subscribe::MOST_SEATS);
        Self {
            topics: Vec::with_capacity(most),
            most,
            patterns: (0..seats).map(|_| String::with_capacity(ROOM)).collect(),
            interests: Arc::new(Interests::new(seats, most)),
            clone,
            room: retained,
            left: retained,
        }
    }
    pub(super) fn interests(&self) -> Arc<Interests> {
        self.interests.clone()
    }
    pub(super) fn find(&self, name: &str) -> Option<Topic> {
        self.topics.iter().position(|topic| &*topic.name == name).map(|i| Topic(i as u16))
    }
    pub(super) fn name(&self, topic: Topic) -> Option<&str> {
        self.topics.get(topic.index()).map(|topic| &*topic.name)
    }
    pub(super) fn declare(&mut self, name: &str, retain: Retain) -> Result<Topic, DeclareError> {
        check_name(name).map_err(DeclareError::Name)?;
        if let Some(topic) = self.find(name) {
            let same = self.topics[topic.index()].retain.count() == retain.count();
            return if same { Ok(topic) } else { Err(DeclareError::Otherwise) };
        }
        if self.topics.len() == self.most {
            return Err(DeclareError::TooMany { topics: self.most });
        }
        let left = self.left;
        self.left = left.checked_sub(retain.count()).ok_or(DeclareError::Retained { left })?;
        let topic = Topic(self.topics.len() as u16);
        let mut seats = 0;
        for (seat, line) in self.patterns.iter().enumerate() {
            if !line.is_empty() && any_matches(line, name) {
                seats |= 1 << seat;
                self.interests.add(seat, topic);
            }
        }
        let kept = VecDeque::with_capacity(retain.count());
        self.topics.push(Declared { name: name.into(), seats, retain, kept });
        Ok(topic)
    }
    /// For whom an event of the topic is, by seat; nothing if it is none of this channel's.
    #[inline]
    pub(super) fn seats(&self, topic: Topic) -> Option<u64> {
        self.topics.get(topic.index()).map(|topic| topic.seats)
    }
    /// The event is about to be published.
    #[inline]
    pub(super) fn keep(&mut self, topic: Topic, at: Sequence, event: &T) {
        if let Some(declared) = self.topics.get_mut(topic.index())
            && declared.retain.count() != 0
        {
            // A clone that panics comes first: what is kept then stays, and the event is not published.
            let Some(event) = (self.clone)(event) else { return };
            if declared.kept.len() == declared.retain.count() {
                declared.kept.pop_front();
            }
            let publication = Publication { topic, retained: true, event };
            declared.kept.push_back(Kept { at, publication });
        }
    }
}

impl<T> Usher for Topics<T> {
    type Desk = Desk<T>;
    fn desk(&mut self) -> Desk<T> {
        Desk { patterns: String::with_capacity(ROOM), retained: Vec::with_capacity(self.room) }
    }
    fn joins(&mut self, seat: usize, desk: &mut Desk<T>, joined: Sequence) {
        // What was laid there before a clone panicked, if one did.
        desk.retained.clear();
        self.interests.clear(seat);
        for (i, topic) in self.topics.iter_mut().enumerate() {
            topic.seats &= !(1 << seat);
            if !any_matches(&desk.patterns, &topic.name) {
                continue;
            }
            topic.seats |= 1 << seat;
            self.interests.add(seat, Topic(i as u16));
            // What is kept and was published from the join on lies in the ring, too.
            let before = |kept: &&Kept<T>| joined.minus(1).since(kept.at) >> (Sequence::BITS - 1) == 0;
            for kept in topic.kept.iter().filter(before) {
                if let Some(event) = (self.clone)(&kept.publication.event) {
                    let publication = Publication { topic: Topic(i as u16), retained: true, event };
                    desk.retained.push(Kept { at: kept.at, publication });
                }
            }
        }
        desk.retained.sort_unstable_by_key(|kept| core::cmp::Reverse(joined.since(kept.at)));
        core::mem::swap(&mut self.patterns[seat], &mut desk.patterns);
    }
    fn leaves(&mut self, seat: usize, desk: &mut Desk<T>) {
        self.topics.iter_mut().for_each(|topic| topic.seats &= !(1 << seat));
        self.patterns[seat].clear();
        desk.retained.clear();
    }
}
