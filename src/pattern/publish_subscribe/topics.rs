//! What is known of each topic: its name, for whom it is, what it keeps. Changed between two numbers only.

use super::interests::Interests;
use super::wildcard::{ROOM, any_matches, check_name};
use super::{DeclareError, Publication, Retain, Sizes, Topic};
use crate::channel::publish_subscribe::Usher;
use crate::ring::Sequence;
use crate::sync::Arc;
use std::collections::VecDeque;

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
    /// What the publisher has kept for it, oldest first;
    pub(super) retained: Vec<Kept<T>>,
    /// so many of these were consumed.
    pub(super) handed: usize,
    /// Empty but while the other list is made anew, which a clone that panics must not spoil.
    spare: Vec<Kept<T>>,
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

impl<T> Topics<T> {
    /// Lays what is kept of the topics of the subscriber at `seat` on its desk, as far as it is `wanted` by its position,
    /// which is before `end`, and takes away what lay there.
    fn lay(&self, seat: usize, desk: &mut Desk<T>, end: Sequence, wanted: impl Fn(Sequence) -> bool) {
        // What was laid there before a clone panicked, if one did.
        desk.spare.clear();
        let topics = self.topics.iter().filter(|topic| topic.seats & 1 << seat != 0);
        for kept in topics.flat_map(|topic| &topic.kept).filter(|kept| wanted(kept.at)) {
            let Publication { topic, retained, ref event } = kept.publication;
            if let Some(event) = (self.clone)(event) {
                desk.spare.push(Kept { at: kept.at, publication: Publication { topic, retained, event } });
            }
        }
        desk.spare.sort_unstable_by_key(|kept| core::cmp::Reverse(end.since(kept.at)));
        core::mem::swap(&mut desk.retained, &mut desk.spare);
        desk.handed = 0;
        desk.spare.clear();
    }
}

impl<T> Usher for Topics<T> {
    type Desk = Desk<T>;
    fn desk(&mut self) -> Desk<T> {
        Desk {
            patterns: String::with_capacity(ROOM),
            retained: Vec::with_capacity(self.room),
            handed: 0,
            spare: Vec::with_capacity(self.room),
        }
    }
    fn joins(&mut self, seat: usize, desk: &mut Desk<T>, joined: Sequence) {
        self.interests.clear(seat);
        for (i, topic) in self.topics.iter_mut().enumerate() {
            topic.seats &= !(1 << seat);
            if !any_matches(&desk.patterns, &topic.name) {
                continue;
            }
            topic.seats |= 1 << seat;
            self.interests.add(seat, Topic(i as u16));
        }
        // What is kept and was published from the join on lies in the ring, too.
        self.lay(seat, desk, joined, |at| joined.minus(1).since(at) >> (Sequence::BITS - 1) == 0);
        core::mem::swap(&mut self.patterns[seat], &mut desk.patterns);
    }
    fn leaves(&mut self, seat: usize, desk: &mut Desk<T>) {
        // The seat's bits stay until the next tenant comes: the ring knows that nobody is there.
        self.patterns[seat].clear();
        desk.retained.clear();
    }
    fn keeps(&self) -> bool {
        self.room > 0
    }
    fn moves(&mut self, seat: usize, desk: &mut Desk<T>, from: Sequence, to: Sequence) -> u64 {
        // The desk was made in the same way: what lies there and was not consumed is all that is kept from its first on.
        let left = desk.retained.len() - desk.handed;
        let unseen = desk.retained.get(desk.handed).map_or(from, |kept| kept.at);
        self.lay(seat, desk, to, |at| at.since(unseen) < to.since(unseen));
        to.since(from) + left as u64 - desk.retained.len() as u64
    }
}
