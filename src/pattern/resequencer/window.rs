//! Which positions of a window are taken.

/// A bit for each position of a window that moves over `u64` positions, which wrap. A power of two of them.
#[derive(Debug)]
pub(super) struct Window {
    words: Box<[u64]>,
    /// Positions - 1.
    mask: u64,
}

impl Window {
    /// Nothing is marked. `size` is a power of two.
    pub(super) fn new(size: usize) -> Self {
        Self { words: vec![0; size.div_ceil(64)].into(), mask: size as u64 - 1 }
    }
    pub(super) const fn size(&self) -> u64 {
        self.mask + 1
    }
    /// Where a position lies: below the size.
    #[inline]
    pub(super) const fn index(&self, position: u64) -> usize {
        (position & self.mask) as usize
    }
    #[inline]
    pub(super) fn is_marked(&self, position: u64) -> bool {
        let index = self.index(position);
        self.words[index / 64] >> (index % 64) & 1 != 0
    }
    #[inline]
    pub(super) fn mark(&mut self, position: u64) {
        let index = self.index(position);
        self.words[index / 64] |= 1 << (index % 64);
    }
    #[inline]
    pub(super) fn clear(&mut self, position: u64) {
        let index = self.index(position);
        self.words[index / 64] &= !(1 << (index % 64));
    }
    /// How far it is from `from` to the first mark, if that is less than `span`; more than the size are all.
    pub(super) fn first_marked(&self, from: u64, span: u64) -> Option<u64> {
        let span = span.min(self.size());
        let mut far = 0;
        while far < span {
            let index = self.index(from.wrapping_add(far));
            let rest = self.words[index / 64] >> (index % 64);
            if rest != 0 {
                far += u64::from(rest.trailing_zeros());
                return (far < span).then_some(far);
            }
            // To the end of the word, or, where the window is smaller than one, of the window.
            far += (64 - index as u64 % 64).min(self.size() - index as u64);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_mark_is_found_wherever_it_lies() {
        for size in [1u64, 2, 8, 64, 128, 256] {
            for from in [0, 1, 5, 63, 64, 100, u64::MAX, u64::MAX - 3] {
                for far in [0, 1, 2, 7, 62, 63, 64, 65, 127, 200].into_iter().filter(|far| *far < size) {
                    let mut window = Window::new(size as usize);
                    assert_eq!(window.first_marked(from, size), None);
                    window.mark(from.wrapping_add(far));
                    assert!(window.is_marked(from.wrapping_add(far)));
                    assert_eq!(window.first_marked(from, u64::MAX), Some(far), "{size} {from} {far}");
                    assert_eq!(window.first_marked(from, far + 1), Some(far));
                    assert_eq!(window.first_marked(from, far), None);
                    window.clear(from.wrapping_add(far));
                    assert_eq!(window.first_marked(from, size), None);
                }
            }
        }
    }
}
