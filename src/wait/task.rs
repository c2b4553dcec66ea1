//! The async door: ports that a task waits at, on any executor. Behind the feature `async`.
//!
//! ```text
//!   poll                                     the other side
//!   T1  a turn: pop, push, ..  done: Ready   R1  publish (an event, room, the end)
//!   T2  leave the waker in the slot          R2  fence
//!   S1  asleep = true, S2 fence              R3  asleep?  no: done
//!   S3  one more turn          done: Ready   R4  yes: asleep = false, take the waker, wake it
//!       Pending
//! ```
//!
//! It is the protocol of [`Bell`], which shows why no wake-up is lost, with a waker in place of the token: whoever finds
//! the task asleep finds its waker, because T2 comes before S1 and the slot has a lock; or finds it taken by another
//! ringer, who wakes the task, and the poll that follows begins anew with T1. A waker that is replaced (the task moved to
//! another executor) may still be woken by a late ringer, in vain.
//!
//! | who                                  | may                                                        |
//! |--------------------------------------|------------------------------------------------------------|
//! | one [`Task`], one task at a time     | leave a waker, list itself, unlist itself                  |
//! | anybody                              | ring                                                       |
//!
//! **Cancel-safe**: a future here does nothing between two polls. One that is dropped has taken no event out and has put
//! none in: what it waited for is there for the next.
//!
//! A poll that finds something never gives way to other tasks of the executor: a task that takes events without end has
//! to do that itself.
//!
//! A poll never blocks but for the lock of the slot, which is held for a few instructions, by the task that leaves a
//! waker and by one ringer that takes it; a thread that is suspended just there holds the other up. Executors allocate
//! for wakers as they please, and make a system call to wake a thread of theirs; nothing here does either, after
//! construction. Ports that are rung cost what [`Ringing`] says, whether tasks or threads wait.
//!
//! ```
//! use ringmain::{channel::spsc, wait::task};
//!
//! # fn block_on<F: Future>(task: F) -> F::Output {
//! #     let (mut task, mut cx) = (Box::pin(task), std::task::Context::from_waker(std::task::Waker::noop()));
//! #     loop {
//! #         if let std::task::Poll::Ready(out) = task.as_mut().poll(&mut cx) { break out }
//! #     }
//! # }
//! let (mut tx, mut rx) = task::pair(spsc::channel(8, || 0u64)?);
//! let sends = std::thread::spawn(move || block_on(tx.send(42)));
//! assert_eq!(block_on(rx.recv()), Ok(42));
//! # sends.join().unwrap()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use super::{Bell, Ringing};
use crate::contract::{NoEvent, Refusal, Refused, Sink, Source, SourceMut};
use crate::sync::{Arc, Lock};
use core::future::poll_fn;
use core::task::{Context, Poll, Waker};

/// Both ends of a channel, each for a task, each ringing the other.
///
/// Where there are more than two ends, or threads at some of them, make a [`Task`] for each task and let every port
/// [ring](Ringing::new) all of those that wait for it.
#[must_use]
pub fn pair<K: Sink, Src: Source>((tx, rx): (K, Src)) -> (Async<Ringing<K>>, Async<Ringing<Src>>) {
    let (sends, receives) = (Task::new(), Task::new());
    let (tx, rx) = (receives.bell().on(tx), sends.bell().on(rx));
    (sends.at(tx), receives.at(rx))
}

/// The sleeping side of a task's bell: a slot for one waker.
///
/// ```
/// use ringmain::{channel::spsc, contract::Sink, wait::task::Task};
/// let (tx, rx) = spsc::channel(8, || 0u64)?;
/// let task = Task::new();
/// let mut tx = task.bell().on(tx); // for a thread: it pushes, and a task is woken
/// let mut rx = task.at(rx);
/// tx.push(42)?;
/// # let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
/// assert_eq!(rx.poll_recv(&mut cx), std::task::Poll::Ready(Ok(42)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Task {
    waker: Arc<Lock<Option<Waker>>>,
    bell: Bell,
    /// The bell takes the task for asleep, unless somebody rang since.
    listed: bool,
}

impl Task {
    /// A slot without a waker. Allocates it and the bell.
    #[must_use]
    pub fn new() -> Self {
        let waker = Arc::new(Lock::default());
        let slot = Arc::clone(&waker);
        let bell = Bell::new(move || wake(&slot));
        Self { waker, bell, listed: false }
    }
    /// The bell that wakes the task.
    #[must_use]
    pub fn bell(&self) -> Bell {
        self.bell.clone()
    }
    /// `port`, for the task to wait at.
    #[must_use]
    pub fn at<P>(self, port: P) -> Async<P> {
        Async { port, task: self }
    }
    /// Says that the task sleeps if its next turn is empty, and how to wake it.
    fn list(&mut self, waker: &Waker) {
        // Cloned before the lock is taken, and dropped after it: both are the executor's code.
        let waker = waker.clone();
        let before = self.waker.lock().replace(waker);
        drop(before);
        self.bell.list();
        self.listed = true;
    }
    /// Says that it is awake. Its waker may stay in the slot.
    fn unlist(&mut self) {
        if self.listed {
            self.listed = false;
            self.bell.unlist();
        }
    }
}

/// Wakes whom the waker in `slot` is for, if it is there still. Not under the lock: it is the executor's code.
fn wake(slot: &Lock<Option<Waker>>) {
    let waker = slot.lock().take();
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl Default for Task {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Task {
    /// Nobody has to wake a task that waits no more, nor keep its waker.
    fn drop(&mut self) {
        self.unlist();
        let last = self.waker.lock().take();
        drop(last);
    }
}

/// A port that a task waits at; made by [`pair`] or [`Task::at`].
///
/// It waits for one thing at a time, as the methods take `&mut self`. What it waited for last may wake the task once
/// more, in vain.
#[derive(Debug)]
pub struct Async<P> {
    /// Before `task`, because fields are dropped in this order: first the port closes.
    port: P,
    task: Task,
}

impl<P> Async<P> {
    /// The port inside, to ask it how full it is and the like.
    #[must_use]
    pub fn port(&self) -> &P {
        &self.port
    }
    /// The port inside, for the verbs that do not wait.
    #[must_use]
    pub fn port_mut(&mut self) -> &mut P {
        &mut self.port
    }
    /// Tries `turn` on the port until it brings something.
    ///
    /// This is what all of the futures here are made of, and those that are not there: a peek, a batch.
    ///
    /// ```
    /// # use ringmain::{channel::spsc, contract::{NoEvent, Source}, wait::task};
    /// # let (_tx, mut rx) = task::pair(spsc::channel(8, || 0u64)?);
    /// # drop(async move {
    /// let look = rx.wait_for(|rx| match rx.peek(|n| *n) {
    ///     Err(NoEvent::Empty) => None,
    ///     other => Some(other), // the end, too: to wait for more would be for ever
    /// });
    /// let oldest = look.await?;
    /// # Ok::<_, NoEvent>(oldest) });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait_for<R>(&mut self, mut turn: impl FnMut(&mut P) -> Option<R>) -> impl Future<Output = R> {
        poll_fn(move |cx| self.poll_for(cx, &mut turn))
    }
    /// As [`wait_for`](Self::wait_for), one poll of it: at most two turns.
    pub fn poll_for<R>(
        &mut self,
        cx: &mut Context<'_>,
        mut turn: impl FnMut(&mut P) -> Option<R>,
    ) -> Poll<R> {
        let mut brought = turn(&mut self.port);
        if brought.is_none() {
            self.task.list(cx.waker());
            brought = turn(&mut self.port);
        }
        let Some(brought) = brought else { return Poll::Pending };
        self.task.unlist();
        Poll::Ready(brought)
    }
}

impl<Src: Source> Async<Src> {
    /// Waits until an event is there, for the verbs of [`port_mut`](Self::port_mut). Where consumers compete, it is in the
    /// hand of this one from then on, as after any [`peek`](Source::peek).
    ///
    /// # Errors
    /// [`NoEvent::Closed`], never `Empty`.
    pub fn ready(&mut self) -> impl Future<Output = Result<(), NoEvent>> {
        poll_fn(|cx| self.poll_ready(cx))
    }
    /// As [`ready`](Self::ready), one poll of it.
    ///
    /// # Errors
    /// [`NoEvent::Closed`], never `Empty`.
    pub fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), NoEvent>> {
        self.poll_for(cx, |port| come(port.peek(|_| ())))
    }
}

impl<Src: SourceMut<Event: Default>> Async<Src> {
    /// Takes the oldest event out by value, as soon as there is one.
    ///
    /// # Errors
    /// [`NoEvent::Closed`], never `Empty`.
    pub fn recv(&mut self) -> impl Future<Output = Result<Src::Event, NoEvent>> {
        poll_fn(|cx| self.poll_recv(cx))
    }
    /// As [`recv`](Self::recv), one poll of it.
    ///
    /// # Errors
    /// [`NoEvent::Closed`], never `Empty`.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Src::Event, NoEvent>> {
        self.poll_for(cx, |port| come(port.pop()))
    }
}

/// What a turn brought, if it was not empty.
fn come<R>(turn: Result<R, NoEvent>) -> Option<Result<R, NoEvent>> {
    (!matches!(turn, Err(NoEvent::Empty))).then_some(turn)
}

impl<K: Sink> Async<K> {
    /// Moves `event` in, as soon as there is room. If the future is dropped before, so is the event; with
    /// [`poll_send`](Self::poll_send) it stays the caller's.
    ///
    /// # Errors
    /// [`Refusal`] gives the event back: the sink is closed.
    pub fn send(&mut self, event: K::Event) -> impl Future<Output = Result<(), Refusal<K::Event>>> {
        let mut event = Some(event);
        poll_fn(move |cx| {
            self.poll_send(cx, &mut event).map(|sent| match (sent, event.take()) {
                (Err(refused), Some(event)) => Err(Refusal { event, refused }),
                _ => Ok(()),
            })
        })
    }
    /// Moves the event in `event` in, if there is one, as soon as there is room; until then it stays there.
    ///
    /// # Errors
    /// [`Refused::Closed`], never `Full`; the event is where it was.
    pub fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        event: &mut Option<K::Event>,
    ) -> Poll<Result<(), Refused>> {
        self.poll_for(cx, |port| {
            if event.is_none() {
                return Some(Ok(()));
            }
            let put = port.offer(|slot| {
                if let Some(event) = event.take() {
                    *slot = event;
                }
            });
            (put != Err(Refused::Full)).then_some(put)
        })
    }
}
