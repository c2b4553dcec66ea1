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

/// Tells the processor that this thread will soon read the line where `place` begins. A hint, known to x86-64 only.
#[inline(always)]
pub(crate) fn will_read<T>(place: &T) {
    #[cfg(all(target_arch = "x86_64", not(any(loom, miri))))]
    {
        let address = core::ptr::from_ref(place).addr();
        // SAFETY: no rule [R*] is touched: the instruction changes nothing that a program can see, whatever the
        // address.
        unsafe {
            core::arch::asm!("prefetcht0 [{}]", in(reg) address, options(nostack, preserves_flags, nomem))
        }
    }
    #[cfg(not(all(target_arch = "x86_64", not(any(loom, miri)))))]
    let _ = place;
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

/// Zeroed bytes in a row, from a multiple of eight on. As with a cell, who may touch which is up to the user.
///
/// Under loom, a cell for each eight of them stands for them: a [`Reading`] or [`Writing`] of some bytes keeps theirs in
/// use, so that loom reports two threads in the same eight, of which one writes, if nothing puts them in order.
pub(crate) struct Bytes {
    words: Box<[core::cell::UnsafeCell<Word>]>,
    #[cfg(loom)]
    watched: Box<[UnsafeCell<()>]>,
}

/// Eight of them. A `u64` would not do: there are machines on which it begins at a multiple of four.
#[derive(Default)]
#[repr(align(8))]
struct Word(#[allow(dead_code, reason = "reached by its address")] [u8; 8]);

impl Bytes {
    /// Eight times `words` bytes; nothing if they do not fit into memory.
    pub(crate) fn zeroed(words: usize) -> Option<Self> {
        let mut zeros = Vec::new();
        zeros.try_reserve_exact(words).ok()?;
        zeros.resize_with(words, Default::default);
        Some(Self {
            words: zeros.into_boxed_slice(),
            #[cfg(loom)]
            watched: (0..words).map(|_| UnsafeCell::new(())).collect(),
        })
    }
    /// How many there are.
    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        size_of_val(&*self.words)
    }
    /// Where they begin: a pointer to read all of them by, and to write.
    #[inline(always)]
    pub(crate) fn begin(&self) -> *mut u8 {
        core::cell::UnsafeCell::raw_get(self.words.as_ptr()).cast()
    }
    /// To be kept while the `n` bytes from the `from`th are read.
    #[inline(always)]
    pub(crate) fn reading(&self, from: usize, n: usize) -> Reading {
        let _ = (from, n);
        Reading(
            #[cfg(loom)]
            self.watched(from, n).iter().map(UnsafeCell::get).collect(),
        )
    }
    /// To be kept while the `n` bytes from the `from`th are written.
    #[inline(always)]
    pub(crate) fn writing(&self, from: usize, n: usize) -> Writing {
        let _ = (from, n);
        Writing(
            #[cfg(loom)]
            self.watched(from, n).iter().map(UnsafeCell::get_mut).collect(),
        )
    }
    #[cfg(loom)]
    fn watched(&self, from: usize, n: usize) -> &[UnsafeCell<()>] {
        &self.watched[from / 8..(from + n).div_ceil(8)]
    }
}

impl core::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Bytes").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// Some bytes of [`Bytes`] are read while it lives.
#[must_use]
#[derive(Debug)]
#[allow(dead_code, reason = "a guard: nobody asks it anything")]
pub(crate) struct Reading(#[cfg(loom)] Vec<loom::cell::ConstPtr<()>>);

/// Some bytes of [`Bytes`] are written while it lives.
#[must_use]
#[derive(Debug)]
#[allow(dead_code, reason = "a guard: nobody asks it anything")]
pub(crate) struct Writing(#[cfg(loom)] Vec<loom::cell::MutPtr<()>>);

#[cfg(loom)]
use loom::sync::{Condvar, Mutex, MutexGuard};
#[cfg(not(loom))]
use parking_lot::{Condvar, Mutex, MutexGuard};

/// A lock, to be held for a few instructions.
#[derive(Debug, Default)]
pub(crate) struct Lock<T>(Mutex<T>);

impl<T> Lock<T> {
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        #[cfg(loom)]
        let guard = self.0.lock().expect("no model panics under this lock");
        #[cfg(not(loom))]
        let guard = self.0.lock();
        guard
    }
}

/// A token that one thread sleeps on and any thread may hand over, kept if it comes early.
///
/// Under loom it is built on loom's own lock, because loom 0.7's `unpark` aborts the model when the
/// target sits in a `join` (tokio-rs/loom issue 249); a wake-up that is lost is then a deadlock, which
/// loom reports.
#[derive(Debug, Default)]
pub(crate) struct Token {
    given: Lock<bool>,
    turn: Condvar,
}

impl Token {
    /// Sleeps until the token is given, and takes it; at most `limit`. loom has no clock: in a model only `give` ends
    /// the sleep.
    pub(crate) fn take(&self, limit: core::time::Duration) {
        let mut given = self.given.lock();
        #[cfg(not(loom))]
        if !*given {
            let _ = self.turn.wait_for(&mut given, limit);
        }
        #[cfg(loom)]
        while !*given {
            let _ = limit;
            given = self.turn.wait(given).expect("no model panics under this lock");
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
