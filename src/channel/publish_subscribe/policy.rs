//! What a subscription asks for: where it begins, and what happens when it is slow, or gone.

use crate::ring::Sequence;

/// What happens when a subscriber is slow, or goes. There is no default: it is always said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Policy {
    /// It misses nothing: the publisher is refused as `Full` when a slot is needed that it has not consumed. If it goes, it
    /// gates nobody any more.
    Gate,
    /// As `Gate`, and the channel cannot do without it: if it is dropped without [`unsubscribe`](super::Subscriber::unsubscribe)
    /// (its handler panicked, its thread ended), the publisher is refused as `Closed` from its next fill on.
    Required,
    /// It misses the events whose slots are needed, and is told how many they were.
    Lag(Resume),
    /// It misses the events whose slots are needed, but not the newest: those that the [`Usher`](super::Usher) keeps for it
    /// are laid on its desk, it gets them first, and then what is published from there on. It is told how many it missed.
    Conflate,
    /// It is disconnected when an event is published that would leave it with more than so many unread; at least 1, and
    /// at most the capacity, is taken.
    DisconnectAfter(u64),
}

/// Where a subscriber goes on that has missed events.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resume {
    /// With the oldest event that is there.
    Oldest,
    /// With the newest event that is there when it notices.
    Newest,
}

/// Where a subscription begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Begin {
    /// With the first event that is published after the subscriber is let in.
    Now,
    /// With the oldest event that is still in the ring. To gate from there leaves no free slot at first.
    Oldest,
    /// With the event at this position; with the oldest if that is gone, with the next if it is to come.
    At(Sequence),
}

impl Policy {
    /// So many events may lie in the ring that the subscriber has not consumed.
    #[inline]
    pub(super) fn window(self, capacity: u64) -> u64 {
        match self {
            Self::DisconnectAfter(lag) => lag.clamp(1, capacity),
            _ => capacity,
        }
    }
    /// The publisher waits for the subscriber.
    #[inline]
    pub(super) const fn gates(self) -> bool {
        matches!(self, Self::Gate | Self::Required)
    }
}

impl Begin {
    /// The position, of those from `oldest` to `next`.
    pub(super) fn between(self, oldest: Sequence, next: Sequence) -> Sequence {
        match self {
            Self::Now => next,
            Self::Oldest => oldest,
            Self::At(at) if at.since(oldest) <= next.since(oldest) => at,
            // Half of all positions are behind, and half ahead.
            Self::At(at) if next.since(at) >> (Sequence::BITS - 1) == 0 => oldest,
            Self::At(_) => next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_out_of_reach_is_the_nearest_one() {
        for oldest in [Sequence::new(100), Sequence::ZERO.minus(2)] {
            let next = oldest.plus(4);
            assert_eq!(
                (Begin::Now.between(oldest, next), Begin::Oldest.between(oldest, next)),
                (next, oldest)
            );
            for n in 0..=4 {
                assert_eq!(Begin::At(oldest.plus(n)).between(oldest, next), oldest.plus(n));
            }
            for far in [1, 2, 1 << 40] {
                assert_eq!(Begin::At(oldest.minus(far)).between(oldest, next), oldest);
                assert_eq!(Begin::At(next.plus(far)).between(oldest, next), next);
            }
        }
    }

    #[test]
    fn a_window_is_one_at_least_and_a_lap_at_most() {
        let windows = [0, 1, 5, 8, 9].map(|lag| Policy::DisconnectAfter(lag).window(8));
        assert_eq!((windows, Policy::Gate.window(8)), ([1, 1, 5, 8, 8], 8));
    }
}
