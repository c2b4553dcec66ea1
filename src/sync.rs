//! The one door to atomics, cells, shared ownership and the scheduler: `std`, or loom in a model.
//!
//! Everything that two threads touch comes through this file, so that a loom model runs the very
//! code that ships. No other file says `cfg(loom)`, but for the lines that leave rooms out of a model.
//!
//! Dense mode (loom only): loom 0.7 remembers one last access per atomic, so a thread that loads and
//! then stores a location hides every earlier load of it by others, and interleavings are skipped
//! (tokio-rs/loom issues 166 and 392). With `dense` on, each access first increments a private second
//! atomic, `Relaxed`: all accesses to one location then conflict and none is skipped. Next to explicit
//! fences the extra accesses could add an edge that the program has not, hence every model runs in both
//! modes.

#[cfg(loom)]
pub use dense::{AtomicBool, AtomicU64, AtomicUsize, dense};
#[cfg(loom)]
pub(crate) use loom::{
    cell::UnsafeCell,
    sync::{
        Arc,
        atomic::{Ordering, fence},
    },
};
#[cfg(not(loom))]
pub(crate) use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence},
};

/// Tells the processor that this thread waits; no system call.
#[inline(always)]
pub(crate) fn spin() {
    #[cfg(loom)]
    loom::thread::yield_now();
    #[cfg(not(loom))]
    std::hint::spin_loop();
}

/// Tells the processor that this thread will soon write to the line where `place` begins, so that it is there by then.
/// A hint, known to x86-64 only (where a processor without the instruction takes it for none at all).
#[inline(always)]
pub(crate) fn will_write<T>(place: &T) {
    #[cfg(all(target_arch = "x86_64", not(any(loom, miri))))]
    {
        let address = core::ptr::from_ref(place).addr();
        // SAFETY: no rule [R*] is touched: the instruction changes nothing that a program can see, whatever the
        // address.
        unsafe {
            core::arch::asm!("prefetchw [{}]", in(reg) address, options(nostack, preserves_flags, nomem))
        }
    }
    #[cfg(not(all(target_arch = "x86_64", not(any(loom, miri)))))]
    let _ = place;
}

/// Tells the processor `n` times that this thread waits: a moment without a system call, and none at all in a model,
/// where time does not pass.
#[cold]
#[inline(never)]
pub(crate) fn pause(n: u32) {
    #[cfg(loom)]
    let _ = n;
    #[cfg(not(loom))]
    for _ in 0..n {
        std::hint::spin_loop();
    }
}

/// Gives the rest of this thread's time slice away: one system call.
#[inline]
pub(crate) fn yield_now() {
    #[cfg(loom)]
    loom::thread::yield_now();
    #[cfg(not(loom))]
    std::thread::yield_now();
}

/// Sleeps for `span` or somewhat longer: one system call. loom has no clock, so a model only switches threads.
pub(crate) fn sleep(span: core::time::Duration) {
    #[cfg(loom)]
    {
        let _ = span;
        loom::thread::yield_now();
    }
    #[cfg(not(loom))]
    std::thread::sleep(span);
}

/// `std`'s cell with loom's `with` and `with_mut`.
#[cfg(not(loom))]
#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct UnsafeCell<T>(core::cell::UnsafeCell<T>);

#[cfg(not(loom))]
impl<T> UnsafeCell<T> {
    #[inline(always)]
    pub(crate) const fn new(value: T) -> Self {
        Self(core::cell::UnsafeCell::new(value))
    }
    #[inline(always)]
    pub(crate) fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        f(self.0.get())
    }
    #[inline(always)]
    pub(crate) fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        f(self.0.get())
    }
}

/// A token that one thread sleeps on and any thread may hand over, kept if it comes early.
///
/// Under loom it is built on loom's own lock, because loom 0.7's `unpark` aborts the model when the
/// target sits in a `join` (tokio-rs/loom issue 249); a wake-up that is lost is then a deadlock, which
/// loom reports.
#[derive(Debug, Default)]
pub(crate) struct Token {
    #[cfg(not(loom))]
    given: parking_lot::Mutex<bool>,
    #[cfg(not(loom))]
    turn: parking_lot::Condvar,
    #[cfg(loom)]
    given: loom::sync::Mutex<bool>,
    #[cfg(loom)]
    turn: loom::sync::Condvar,
}

#[cfg(not(loom))]
impl Token {
    /// Sleeps until the token is given, and takes it; at most `limit`.
    pub(crate) fn take(&self, limit: core::time::Duration) {
        let mut given = self.given.lock();
        if !*given {
            let _ = self.turn.wait_for(&mut given, limit);
        }
        *given = false;
    }
    /// Gives the token and wakes the sleeper.
    pub(crate) fn give(&self) {
        *self.given.lock() = true;
        self.turn.notify_one();
    }
}

#[cfg(loom)]
impl Token {
    /// As in an ordinary build, but never in time: loom has no clock, so only `give` ends the sleep.
    pub(crate) fn take(&self, _limit: core::time::Duration) {
        let mut given = self.given.lock().expect("no model panics under this lock");
        while !*given {
            given = self.turn.wait(given).expect("no model panics under this lock");
        }
        *given = false;
    }
    /// Gives the token and wakes the sleeper.
    pub(crate) fn give(&self) {
        *self.given.lock().expect("no model panics under this lock") = true;
        self.turn.notify_one();
    }
}

#[cfg(loom)]
mod dense {
    use loom::sync::atomic::{self as l, Ordering};

    // `std`'s, not loom's: loom runs the threads of a model on one thread of the system.
    std::thread_local! { static DENSE: core::cell::Cell<bool> = const { core::cell::Cell::new(false) } }

    /// Turns dense mode on or off for the models that this thread runs.
    pub fn dense(on: bool) {
        DENSE.set(on);
    }

    macro_rules! dense_atomic {
        ($name:ident, $t:ty, $($rmw:ident),*) => {
            /// loom's atomic and its shadow.
            #[derive(Debug)]
            pub struct $name {
                value: l::$name,
                shadow: l::AtomicUsize,
            }
            #[allow(dead_code, missing_docs, reason = "the facade mirrors std, whichever part is in use")]
            impl $name {
                #[track_caller]
                pub fn new(value: $t) -> Self {
                    Self { value: l::$name::new(value), shadow: l::AtomicUsize::new(0) }
                }
                fn mark(&self) {
                    if DENSE.get() {
                        self.shadow.fetch_add(1, Ordering::Relaxed);
                    }
                }
                #[track_caller]
                pub fn load(&self, order: Ordering) -> $t {
                    self.mark();
                    self.value.load(order)
                }
                #[track_caller]
                pub fn store(&self, value: $t, order: Ordering) {
                    self.mark();
                    self.value.store(value, order);
                }
                #[track_caller]
                pub fn compare_exchange(
                    &self,
                    old: $t,
                    new: $t,
                    ok: Ordering,
                    err: Ordering,
                ) -> Result<$t, $t> {
                    self.mark();
                    self.value.compare_exchange(old, new, ok, err)
                }
                #[track_caller]
                pub fn compare_exchange_weak(
                    &self,
                    old: $t,
                    new: $t,
                    ok: Ordering,
                    err: Ordering,
                ) -> Result<$t, $t> {
                    self.mark();
                    self.value.compare_exchange_weak(old, new, ok, err)
                }
                $(#[track_caller]
                pub fn $rmw(&self, value: $t, order: Ordering) -> $t {
                    self.mark();
                    self.value.$rmw(value, order)
                })*
            }
        };
    }
    dense_atomic!(AtomicU64, u64, swap, fetch_add, fetch_sub);
    dense_atomic!(AtomicUsize, usize, swap, fetch_add, fetch_sub);
    dense_atomic!(AtomicBool, bool, swap);
}
