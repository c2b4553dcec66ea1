//! Lists of messages, linked through the indices of their slots.

/// No message.
pub(super) const NIL: u32 = u32::MAX;

/// A list: its ends, and how long it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lane {
    pub(super) first: u32,
    pub(super) last: u32,
    pub(super) len: u32,
}

impl Lane {
    pub(super) const EMPTY: Self = Self { first: NIL, last: NIL, len: 0 };
}

/// The links of each slot, which is in one list at most.
#[derive(Debug)]
pub(super) struct Links(Box<[Link]>);

#[derive(Clone, Copy, Debug)]
struct Link {
    before: u32,
    behind: u32,
}

impl Links {
    pub(super) fn new(capacity: usize) -> Self {
        Self(vec![Link { before: NIL, behind: NIL }; capacity].into_boxed_slice())
    }
    #[inline]
    pub(super) fn behind(&self, index: u32) -> u32 {
        self.0[index as usize].behind
    }
    #[inline]
    pub(super) fn push_back(&mut self, lane: &mut Lane, index: u32) {
        self.insert(lane, lane.last, index);
    }
    /// Puts `index` behind `before`; with [`NIL`], at the front.
    #[inline]
    pub(super) fn insert(&mut self, lane: &mut Lane, before: u32, index: u32) {
        let behind = if before == NIL { lane.first } else { self.behind(before) };
        self.0[index as usize] = Link { before, behind };
        self.join(lane, before, index);
        self.join(lane, index, behind);
        lane.len += 1;
    }
    #[inline]
    pub(super) fn unlink(&mut self, lane: &mut Lane, index: u32) {
        let Link { before, behind } = self.0[index as usize];
        self.join(lane, before, behind);
        lane.len -= 1;
    }
    /// Makes neighbours of the two; an end has none.
    #[inline]
    fn join(&mut self, lane: &mut Lane, before: u32, behind: u32) {
        match before {
            NIL => lane.first = behind,
            _ => self.0[before as usize].behind = behind,
        }
        match behind {
            NIL => lane.last = before,
            _ => self.0[behind as usize].before = before,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_does_what_a_vec_does() {
        let (mut links, mut lane, mut plain) = (Links::new(8), Lane::EMPTY, Vec::new());
        for (at, index) in [(0, 3), (1, 5), (0, 1), (1, 7), (4, 0), (2, 2)] {
            let before = if at == 0 { NIL } else { plain[at - 1] };
            links.insert(&mut lane, before, index);
            plain.insert(at, index);
        }
        for index in [7, 1, 0, 2, 3, 5] {
            let mut walk = lane.first;
            for there in &plain {
                assert_eq!(walk, *there);
                walk = links.behind(walk);
            }
            assert_eq!((walk, lane.len as usize, lane.last), (NIL, plain.len(), *plain.last().unwrap()));
            links.unlink(&mut lane, index);
            plain.retain(|there| *there != index);
        }
        assert_eq!((lane.first, lane.last, lane.len), (NIL, NIL, 0));
    }
}
