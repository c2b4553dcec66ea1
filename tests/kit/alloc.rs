//! Counts what this thread allocates.
//!
//! Per thread, because libtest allocates on threads of its own. A root that asks for numbers installs it:
//! `#[global_allocator] static ALLOC: kit::Counting = kit::Counting;`

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

std::thread_local! { static ALLOCATIONS: Cell<u64> = const { Cell::new(0) } }

/// The system's allocator, which counts for each thread what it is asked for.
pub(crate) struct Counting;

/// What `work` returns, and how often it allocated on this thread. Panics unless [`Counting`] is installed.
pub(crate) fn allocations<R>(work: impl FnOnce() -> R) -> (R, u64) {
    let before = ALLOCATIONS.get();
    drop(std::hint::black_box(Box::new(0u64)));
    assert_eq!(ALLOCATIONS.get(), before + 1, "the counting allocator does not count: is it installed?");
    let before = ALLOCATIONS.get();
    let result = work();
    (result, ALLOCATIONS.get() - before)
}

fn count() {
    // A thread that is ending has no counter any more, and is not asked.
    let _ = ALLOCATIONS.try_with(|n| n.set(n.get() + 1));
}

// SAFETY: every call goes on to the system's allocator unchanged; counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(at, layout) }
    }
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's promise, passed on.
        unsafe { System.realloc(at, layout, size) }
    }
}
