//! The order in which the places of a table are given to new keys.
//!
//! ```text
//!   first                                      last
//!     v                                         v
//!   free -> free -> in use for longest -> ... -> in use since just now -> (first)
//! ```

/// All places of a table in a circle: first those that are free, then the others, by age.
#[derive(Debug)]
pub(super) struct Places {
    links: Box<[Link]>,
    first: u32,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    before: u32,
    behind: u32,
}

impl Places {
    /// The places 0 to `count - 1`, in this order. There is one at least.
    pub(super) fn new(count: u32) -> Self {
        let link = |place| Link { before: (place + count - 1) % count, behind: (place + 1) % count };
        Self { links: (0..count).map(link).collect(), first: 0 }
    }
    /// The place that a new key gets.
    #[inline]
    pub(super) const fn first(&self) -> u32 {
        self.first
    }
    /// All others come before this one.
    #[inline]
    pub(super) fn put_last(&mut self, place: u32) {
        if place == self.first {
            // The circle goes on by one.
            self.first = self.links[place as usize].behind;
        } else {
            self.put_between_last_and_first(place);
        }
    }
    /// It comes before all others.
    pub(super) fn put_first(&mut self, place: u32) {
        if place != self.first {
            self.put_between_last_and_first(place);
            self.first = place;
        }
    }

    /// `place` is not the first.
    #[inline]
    fn put_between_last_and_first(&mut self, place: u32) {
        let Link { before, behind } = self.links[place as usize];
        if behind == self.first {
            return;
        }
        self.links[before as usize].behind = behind;
        self.links[behind as usize].before = before;
        let last = self.links[self.first as usize].before;
        self.links[place as usize] = Link { before: last, behind: self.first };
        self.links[last as usize].behind = place;
        self.links[self.first as usize].before = place;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_order(places: &Places) -> Vec<u32> {
        let mut order = vec![places.first];
        while order.len() < places.links.len() {
            let last = order[order.len() - 1];
            let next = places.links[last as usize].behind;
            assert_eq!(places.links[next as usize].before, last);
            order.push(next);
        }
        order
    }

    #[test]
    fn it_is_the_order_of_a_list() {
        for count in 1..=4 {
            let mut places = Places::new(count);
            let mut list: Vec<u32> = (0..count).collect();
            for step in 0..500u32 {
                let place = step * 7 / 3 % count;
                list.retain(|other| *other != place);
                if step % 3 == 0 {
                    places.put_first(place);
                    list.insert(0, place);
                } else {
                    places.put_last(place);
                    list.push(place);
                }
                assert_eq!(in_order(&places), list);
            }
        }
    }
}
