//! An executor of one thread.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};

/// Wakes the thread that polls, and counts how often.
pub(crate) struct Alarm {
    thread: std::thread::Thread,
    rung: AtomicUsize,
}

impl Alarm {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { thread: std::thread::current(), rung: AtomicUsize::new(0) })
    }
    pub(crate) fn rung(&self) -> usize {
        self.rung.load(Relaxed)
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.rung.fetch_add(1, Relaxed);
        self.thread.unpark();
    }
}

/// Polls `task` until it is done, and sleeps in between until it is woken: for ever, if nobody does.
pub(crate) fn block_on<F: Future>(task: F) -> F::Output {
    let waker = Alarm::new().into();
    let (mut task, mut cx) = (pin!(task), Context::from_waker(&waker));
    loop {
        match task.as_mut().poll(&mut cx) {
            Poll::Ready(out) => return out,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// Polls `task` once, and drops it.
pub(crate) fn poll_once<F: Future>(waker: &Waker, task: F) -> Poll<F::Output> {
    pin!(task).poll(&mut Context::from_waker(waker))
}
