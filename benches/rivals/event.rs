//! What is sent, and the two ends that every contender has.

use std::fmt::Debug;

/// An event that knows its number in all of its words, so that a torn one is found out.
pub(crate) trait Event:
    bytemuck::Pod + photon_ring::Pod + Default + PartialEq + Debug + Send + Sync + Unpin
{
    const NAME: &'static str;
    fn new(number: u64) -> Self;
    /// A torn event gives a number that nobody waits for.
    fn number(&self) -> u64;
}

impl Event for u64 {
    const NAME: &'static str = "u64";
    #[inline(always)]
    fn new(number: u64) -> Self {
        number
    }
    #[inline(always)]
    fn number(&self) -> u64 {
        *self
    }
}

impl Event for [u64; 8] {
    const NAME: &'static str = "64B";
    #[inline(always)]
    fn new(number: u64) -> Self {
        [number; 8]
    }
    #[inline(always)]
    fn number(&self) -> u64 {
        let differ = self.iter().fold(0, |differ, word| differ | (word ^ self[0]));
        if differ == 0 { self[0] } else { u64::MAX }
    }
}

/// Where a contender puts in. No verb waits, unless the contender is entered as one that blocks.
pub(crate) trait Put<T: Event>: Send + 'static {
    /// `put_some` publishes several at once.
    const TOGETHER: bool = false;
    /// Whether there was room for it.
    fn put(&mut self, event: T) -> bool;
    /// Puts the events from number `first` in, at most `n`, and says how many.
    #[inline(always)]
    fn put_some(&mut self, first: u64, n: u64) -> u64 {
        (0..n).find(|i| !self.put(T::new(first + i))).unwrap_or(n)
    }
    /// Everything put in so far can be seen from now on: for contenders that publish late.
    #[inline(always)]
    fn publish(&mut self) {}
}

/// Where a contender takes out. No verb waits, unless the contender is entered as one that blocks.
pub(crate) trait Take<T: Event>: Send + 'static {
    /// `take_all` gives all slots back at once.
    const TOGETHER: bool = false;
    fn take(&mut self) -> Option<T>;
    /// Takes what is there.
    #[inline(always)]
    fn take_all(&mut self, mut each: impl FnMut(T)) {
        while let Some(event) = self.take() {
            each(event);
        }
    }
}

/// A contender that is asked by its own blocking calls: `put` always has room, `take` always brings something.
#[derive(Clone)]
pub(crate) struct Blocking<End>(pub(crate) End);
