//! What the rings do when one thread has all of their ends.

use super::{Did, Op, Spec};
use crate::kit::Shown;

/// A bounded queue, first in, first out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fifo {
    pub(crate) capacity: usize,
    pub(crate) producers: usize,
    pub(crate) consumers: usize,
    pub(crate) terms: FifoTerms,
}

/// What a queue says otherwise than most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FifoTerms {
    /// Every consumer sees every event, and the queue is closed when one of them has gone. Otherwise they compete, and
    /// it is closed when all have.
    pub(crate) each_sees_all: bool,
    /// A fill that failed takes a slot until consumers have passed it over.
    pub(crate) voids: bool,
    /// Where an event is that was answered with `Again`.
    pub(crate) shown: Shown,
    /// `Empty` may be said while the put of the oldest event is not over, whatever is behind it.
    pub(crate) hides: bool,
    /// `Full` may be said while the take that frees the next slot is not over.
    pub(crate) lags: bool,
    /// A put that began when there was room may be over when there is none: one more for each other producer.
    pub(crate) late: bool,
}

impl FifoTerms {
    pub(crate) const STRICT: Self = Self {
        each_sees_all: false,
        voids: false,
        shown: Shown::InTheRing,
        hides: false,
        lags: false,
        late: false,
    };
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Queue {
    /// All there ever were.
    items: Vec<Item>,
    /// How far each consumer is, or all together.
    heads: Vec<usize>,
    /// What each consumer was shown and has not consumed, if that is not in the queue any more.
    hands: Vec<Option<usize>>,
    producers: usize,
    consumers: usize,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Item {
    /// Nothing, if the fill failed.
    value: Option<u64>,
    put_over: u64,
    take_over: u64,
}

impl Fifo {
    fn head(&self, consumer: usize) -> usize {
        if self.terms.each_sees_all { consumer } else { 0 }
    }
    fn closed(&self, queue: &Queue) -> bool {
        if self.terms.each_sees_all { queue.consumers < self.consumers } else { queue.consumers == 0 }
    }
    /// The item whose slot the next one takes, if it is the second lap.
    fn reused(&self, queue: &Queue) -> Option<usize> {
        queue.items.len().checked_sub(self.capacity)
    }
    fn full(&self, queue: &Queue) -> bool {
        let needed = |at: usize| {
            let in_hand = self.terms.shown == Shown::InHand && queue.hands.contains(&Some(at));
            in_hand || queue.heads.iter().any(|head| at >= *head)
        };
        self.reused(queue).is_some_and(needed)
    }
    fn front<'q>(&self, queue: &'q Queue, by: usize) -> Option<&'q Item> {
        queue.items.get(queue.heads[self.head(by)])
    }
    /// `by` is past what is in front of it.
    fn step(&self, queue: &mut Queue, by: usize, op: &Op) -> usize {
        let head = &mut queue.heads[self.head(by)];
        let at = *head;
        *head += 1;
        queue.done_with(at, op);
        at
    }
    /// `queue` as it is, and with each further lost slot in front of `by` passed over. The last has an event in front,
    /// or nothing.
    fn passed(&self, queue: &Queue, by: usize, op: &Op) -> Vec<Queue> {
        let mut states = vec![queue.clone()];
        let mut queue = queue.clone();
        while self.front(&queue, by).is_some_and(|item| item.value.is_none()) {
            self.step(&mut queue, by, op);
            states.push(queue.clone());
        }
        states
    }
    fn past_all_lost(&self, queue: &Queue, by: usize, op: &Op) -> Queue {
        self.passed(queue, by, op).pop().expect("one at least")
    }
    /// `queue` after `by` has got `value`, from its hand or from the front, and has it in hand if it `keeps` it.
    fn got(&self, queue: &Queue, by: usize, value: u64, keeps: bool, op: &Op) -> Option<Queue> {
        let mut next = queue.clone();
        let at = match next.hands[by].take() {
            Some(at) => {
                next.done_with(at, op);
                at
            }
            None => {
                next = self.past_all_lost(queue, by, op);
                self.front(&next, by)?;
                if keeps && self.terms.shown == Shown::InTheRing {
                    next.heads[self.head(by)]
                } else {
                    self.step(&mut next, by, op)
                }
            }
        };
        if keeps && self.terms.shown != Shown::InTheRing {
            next.hands[by] = Some(at);
        }
        (next.items[at].value == Some(value)).then_some(next)
    }
}

impl Queue {
    fn put(&mut self, value: Option<u64>, op: &Op) {
        self.items.push(Item { value, put_over: op.over, take_over: 0 });
    }
    fn done_with(&mut self, at: usize, op: &Op) {
        let item = &mut self.items[at];
        item.take_over = item.take_over.max(op.over);
    }
}

impl Spec for Fifo {
    type State = Queue;

    fn concerns(&self, did: &Did) -> bool {
        self.terms.voids || !matches!(did, Did::Passed { .. })
    }

    fn start(&self) -> Queue {
        let heads = if self.terms.each_sees_all { self.consumers } else { 1 };
        Queue {
            items: Vec::new(),
            heads: vec![0; heads],
            hands: vec![None; self.consumers],
            producers: self.producers,
            consumers: self.consumers,
        }
    }

    fn after(&self, queue: &Queue, op: &Op) -> Vec<Queue> {
        let mut next = queue.clone();
        let legal = match op.did {
            // Room that is known may be filled though the consumer has gone.
            Did::Put { value, .. } => {
                next.put(Some(value), op);
                let late = Self { capacity: self.capacity + self.producers - 1, ..*self };
                if self.terms.late { !late.full(queue) } else { !self.full(queue) }
            }
            Did::Failed { .. } => {
                if self.terms.voids {
                    next.put(None, op);
                }
                !self.full(queue)
            }
            Did::Full { .. } => {
                let over = self.reused(queue).map(|at| queue.items[at].take_over);
                let lags = self.terms.lags && over.is_some_and(|over| over > op.began);
                (self.full(queue) || lags) && !self.closed(queue)
            }
            Did::Refused { .. } => self.closed(queue),
            Did::Took { by, value } => return self.got(queue, by, value, false, op).into_iter().collect(),
            Did::Saw { by, value } => return self.got(queue, by, value, true, op).into_iter().collect(),
            Did::Passed { by } => return self.passed(queue, by, op),
            Did::Empty { by } => {
                let mut states = self.passed(queue, by, op);
                let hidden = |item: &Item| self.terms.hides && item.put_over > op.began;
                states.retain(|queue| self.front(queue, by).map_or(queue.producers > 0, hidden));
                states.retain(|queue| queue.hands[by].is_none());
                return states;
            }
            Did::Ended { by } => {
                next = self.past_all_lost(queue, by, op);
                self.front(&next, by).is_none() && next.hands[by].is_none() && queue.producers == 0
            }
            Did::ProducerWent { .. } => {
                next.producers -= 1;
                true
            }
            Did::ConsumerWent { by } => {
                if let Some(at) = next.hands[by].take() {
                    next.done_with(at, op);
                }
                next.consumers -= 1;
                true
            }
            Did::Missed { .. } => false,
        };
        if legal { vec![next] } else { Vec::new() }
    }
}

/// A queue for each producer, and one consumer of all of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lanes {
    pub(crate) capacity: usize,
    pub(crate) producers: usize,
}

impl Spec for Lanes {
    type State = Vec<Queue>;

    fn concerns(&self, did: &Did) -> bool {
        self.lane().concerns(did)
    }

    fn start(&self) -> Vec<Queue> {
        vec![self.lane().start(); self.producers]
    }

    fn after(&self, lanes: &Vec<Queue>, op: &Op) -> Vec<Vec<Queue>> {
        let one = |at: usize| -> Vec<Vec<Queue>> {
            let replaced = |lane| {
                let mut lanes = lanes.clone();
                lanes[at] = lane;
                lanes
            };
            self.lane().after(&lanes[at], op).into_iter().map(replaced).collect()
        };
        let of_all = |did: fn(usize) -> Did| -> Vec<Vec<Queue>> {
            let op = Op { did: did(0), ..*op };
            let after: Vec<Queue> = lanes.iter().flat_map(|lane| self.lane().after(lane, &op)).collect();
            if after.len() == lanes.len() { vec![after] } else { Vec::new() }
        };
        match op.did {
            Did::Put { by, .. }
            | Did::Failed { by }
            | Did::Full { by }
            | Did::Refused { by }
            | Did::ProducerWent { by } => one(by),
            Did::Took { .. } | Did::Saw { .. } => (0..lanes.len()).flat_map(one).collect(),
            // Nothing is in any of them, and they are not all closed.
            Did::Empty { .. } => {
                let nothing = lanes.iter().all(|lane| lane.items.len() == lane.heads[0]);
                let open = lanes.iter().any(|lane| lane.producers > 0);
                if nothing && open { vec![lanes.clone()] } else { Vec::new() }
            }
            Did::Ended { .. } => of_all(|by| Did::Ended { by }),
            Did::ConsumerWent { .. } => of_all(|by| Did::ConsumerWent { by }),
            Did::Passed { .. } | Did::Missed { .. } => Vec::new(),
        }
    }
}

impl Lanes {
    fn lane(&self) -> Fifo {
        Fifo { capacity: self.capacity, producers: 1, consumers: 1, terms: FifoTerms::STRICT }
    }
}

/// One producer that never waits; a reader misses what is overwritten before it comes to it, and is told how much.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lossy {
    /// So many of the newest can be read. Where it is one, what is between that and the one read last is missed.
    pub(crate) capacity: usize,
    pub(crate) readers: usize,
    /// `Empty` may be said while the put of the next event is not over: another reader may have seen it already.
    pub(crate) hides: bool,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Stream {
    /// All there ever were, and when their puts were over.
    items: Vec<(u64, u64)>,
    next: Vec<usize>,
    /// The next one was shown to this reader, which keeps it until it has consumed it.
    shown: Vec<bool>,
    closed: bool,
}

impl Spec for Lossy {
    type State = Stream;

    fn concerns(&self, did: &Did) -> bool {
        !matches!(did, Did::Passed { .. })
    }

    fn start(&self) -> Stream {
        Stream {
            items: Vec::new(),
            next: vec![0; self.readers],
            shown: vec![false; self.readers],
            closed: false,
        }
    }

    fn after(&self, stream: &Stream, op: &Op) -> Vec<Stream> {
        let mut next = stream.clone();
        let ahead = |by: usize| stream.items.len() - stream.next[by];
        let front = |by: usize| stream.items.get(stream.next[by]);
        let got = |by: usize, value: u64| {
            let there = stream.shown[by] || ahead(by) <= self.capacity;
            front(by).is_some_and(|item| item.0 == value) && there
        };
        let legal = match op.did {
            Did::Put { value, .. } => {
                next.items.push((value, op.over));
                true
            }
            Did::Failed { .. } | Did::ConsumerWent { .. } => true,
            Did::Full { .. } | Did::Refused { .. } | Did::Passed { .. } => false,
            Did::Took { by, value } => {
                next.next[by] += 1;
                next.shown[by] = false;
                got(by, value)
            }
            Did::Saw { by, value } => {
                next.shown[by] = true;
                got(by, value)
            }
            // It goes on at one that is there.
            Did::Missed { by, n } => {
                next.next[by] += n as usize;
                !stream.shown[by] && ahead(by) > self.capacity && (n as usize) < ahead(by)
            }
            Did::Empty { by } => {
                let hidden = |item: &(u64, u64)| self.hides && item.1 > op.began;
                front(by).map_or(!stream.closed, hidden)
            }
            Did::Ended { by } => ahead(by) == 0 && stream.closed,
            Did::ProducerWent { .. } => {
                next.closed = true;
                true
            }
        };
        if legal { vec![next] } else { Vec::new() }
    }
}
