//! Lists through the slots of a table: a slot is in one of them at a time.

/// No slot.
const NIL: u32 = u32::MAX;

/// What is before and behind each slot, in whichever list it is.
#[derive(Debug)]
pub(super) struct Links(Box<[Link]>);

#[derive(Clone, Copy, Debug)]
struct Link {
    before: u32,
    behind: u32,
}

impl Links {
    pub(super) fn new(slots: usize) -> Self {
        Self((0..slots).map(|_| Link { before: NIL, behind: NIL }).collect())
    }
}

/// The ends of one list; [`NIL`] both if nothing is in it.
#[derive(Debug)]
pub(super) struct Chain {
    first: u32,
    last: u32,
}

impl Chain {
    pub(super) const EMPTY: Self = Self { first: NIL, last: NIL };

    #[inline]
    pub(super) fn first(&self) -> Option<usize> {
        (self.first != NIL).then_some(self.first as usize)
    }
    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.first == NIL
    }
    /// Puts a slot that is in no list at the end.
    #[inline]
    pub(super) fn append(&mut self, links: &mut Links, slot: usize) {
        let own = slot as u32;
        links.0[slot] = Link { before: self.last, behind: NIL };
        match links.0.get_mut(self.last as usize) {
            Some(last) => last.behind = own,
            None => self.first = own,
        }
        self.last = own;
    }
    /// Takes a slot out that is in this list.
    #[inline]
    pub(super) fn remove(&mut self, links: &mut Links, slot: usize) {
        let Link { before, behind } = links.0[slot];
        match links.0.get_mut(before as usize) {
            Some(link) => link.behind = behind,
            None => self.first = behind,
        }
        match links.0.get_mut(behind as usize) {
            Some(link) => link.before = before,
            None => self.last = before,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(chain: &Chain, links: &Links) -> Vec<usize> {
        let next = |slot: &usize| {
            let behind = links.0[*slot].behind;
            (behind != NIL).then_some(behind as usize)
        };
        core::iter::successors(chain.first(), next).collect()
    }

    #[test]
    fn a_slot_goes_from_list_to_list() {
        let mut links = Links::new(4);
        let (mut open, mut closed) = (Chain::EMPTY, Chain::EMPTY);
        (0..4).for_each(|slot| open.append(&mut links, slot));
        for slot in [1, 0, 3] {
            open.remove(&mut links, slot);
            closed.append(&mut links, slot);
        }
        assert_eq!((slots(&open, &links), slots(&closed, &links)), (vec![2], vec![1, 0, 3]));
        open.remove(&mut links, 2);
        assert!(open.is_empty());
        open.append(&mut links, 2);
        assert_eq!(slots(&open, &links), [2]);
    }
}
