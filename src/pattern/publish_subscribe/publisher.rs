//! The end that puts in.

use super::{DeclareError, Publication, Retain, Topic, Topics};
use crate::channel::publish_subscribe as channel;
use crate::contract::{Account, Fault, Flow, Ledger, Reason, Sink};
use crate::sync::Arc;

/// The only publisher of a channel with topics. [`to`](Self::to) gives the sink of a topic.
///
/// Its books: an event that goes to k subscribers is one folded, and k generated and out; one that nobody wants is dropped
/// for [`Reason::NoSubscriber`], which is no error. They are published every 64 events, with [`admit`](Self::admit), and
/// at the end.
#[derive(Debug)]
pub struct Publisher<T> {
    ring: channel::Publisher<Publication<T>, Topics<T>>,
    ledger: Ledger,
    /// The seats that the last event was for, and how many they are: the next one is often for the same.
    counted: (u64, u64),
}

/// Events between two publications of the books, less one.
const BOOKS: u64 = 63;

impl<T> Publisher<T> {
    pub(super) fn new(ring: channel::Publisher<Publication<T>, Topics<T>>) -> Self {
        Self { ring, ledger: Ledger::new(), counted: (0, 0) }
    }
    /// Declares a topic, between two numbers, and finds who wants it; a topic that is declared already, in the same way, is
    /// that topic. Allocates its name, and room for what it retains.
    ///
    /// # Errors
    /// [`DeclareError`].
    pub fn declare(&mut self, name: &str, retain: Retain) -> Result<Topic, DeclareError> {
        self.ring.usher_mut().declare(name, retain)
    }
    /// The topic of that name, if it is declared.
    #[must_use]
    pub fn topic(&self, name: &str) -> Option<Topic> {
        self.ring.usher().find(name)
    }
    /// The name of a topic.
    #[must_use]
    pub fn name(&self, topic: Topic) -> Option<&str> {
        self.ring.usher().name(topic)
    }
    /// Where events of that topic go. A topic of another channel is rejected for [`Reason::NoRoute`] by each fill, if this
    /// one has none of that number.
    #[inline]
    pub fn to(&mut self, topic: Topic) -> To<'_, T> {
        To { publisher: self, topic }
    }
    /// Lets in and out whoever asked for it, as the next fill would, and publishes the books.
    pub fn admit(&mut self) {
        self.ring.admit();
        self.ledger.publish();
    }
    /// The ring, to be asked.
    #[must_use]
    pub const fn ring(&self) -> &channel::Publisher<Publication<T>, Topics<T>> {
        &self.ring
    }
    /// Its line of the books.
    #[must_use]
    pub fn account(&self) -> Arc<Account> {
        self.ledger.account()
    }
}

/// The sink of one topic.
#[derive(Debug)]
pub struct To<'a, T> {
    publisher: &'a mut Publisher<T>,
    topic: Topic,
}

impl<T> Sink for To<'_, T> {
    type Event = T;
    #[inline]
    fn fill<R>(&mut self, fill: impl FnOnce(&mut T) -> Flow<R>) -> Flow<R> {
        let Publisher { ring, ledger, counted } = &mut *self.publisher;
        let topic = self.topic;
        let (out, at, seats) = ring.fill_with(|topics, at, slot| {
            let seats = topics.seats(topic).ok_or(Fault::of(Reason::NoRoute))?;
            let out = fill(&mut slot.event)?;
            topics.keep(topic, at, &slot.event);
            (slot.topic, slot.retained) = (topic, false);
            Ok((out, at, seats))
        })?;
        ledger.took(1);
        let heard = seats & ring.audience();
        if counted.0 != heard {
            *counted = (heard, heard.count_ones().into());
        }
        match counted.1 {
            0 => ledger.dropped(Reason::NoSubscriber),
            n => {
                ledger.folded();
                ledger.generated(n);
                ledger.passed(n);
            }
        }
        if at.count() & BOOKS == BOOKS {
            ledger.publish();
        }
        Ok(out)
    }
}
