//! What the threads of a crew and its handle have in common.
//!
//! | what          | who writes                       | who reads            | how                                     |
//! |---------------|----------------------------------|----------------------|-----------------------------------------|
//! | [`Post`]      | its thread, each turn            | the handle           | `Relaxed` counters: a statistic         |
//! | stop          | anybody                          | every thread, each turn | a `Relaxed` counter: orders nothing  |
//! | [`State`]     | each thread at its start and end | `start` and `join`   | a lock and a condition, never in a turn |

use super::{Running, ThreadReport, pin};
use crate::ring::Counter;
use crossbeam_utils::CachePadded;
use parking_lot::{Condvar, Mutex, MutexGuard};
use std::time::Instant;

#[derive(Debug)]
pub(super) struct Shared {
    posts: Box<[Post]>,
    state: Mutex<State>,
    changed: Condvar,
}

/// Where a thread says what it is doing.
#[derive(Debug)]
pub(super) struct Post {
    thread: String,
    agents: Box<[String]>,
    seen: CachePadded<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Turns begun.
    turns: Counter,
    /// 1 + the number of the agent it is in; 0 between turns.
    at: Counter,
}

#[derive(Debug)]
struct State {
    /// Threads that have not yet said whether they are pinned.
    unpinned: usize,
    /// How it went for those who asked for a CPU.
    pinned: Vec<(usize, Result<pin::Pinned, pin::PinError>)>,
    /// The word: all start, or none.
    go: Option<bool>,
    /// One for each thread, once it has ended.
    reports: Vec<Option<ThreadReport>>,
}

/// How pinning went; `None` if no CPU was asked for.
pub(super) type Pinning = Option<Result<pin::Pinned, pin::PinError>>;

impl Post {
    pub(super) fn new(thread: String, agents: impl Iterator<Item = String>) -> Self {
        Self { thread, agents: agents.collect(), seen: CachePadded::default() }
    }
    pub(super) fn thread(&self) -> &str {
        &self.thread
    }
    /// Turn number `turn` begins; the first is 1.
    #[inline]
    pub(super) fn turn(&self, turn: u64) {
        self.seen.turns.set(turn);
    }
    /// The agent of this index has its turn.
    #[inline]
    pub(super) fn enter(&self, agent: usize) {
        self.seen.at.set(agent as u64 + 1);
    }
    /// No agent has.
    #[inline]
    pub(super) fn leave(&self) {
        self.seen.at.set(0);
    }
    fn running(&self, turns_before: u64) -> Running {
        let turns = self.seen.turns.get();
        let agent = (self.seen.at.get() as usize).checked_sub(1).map(|agent| self.agents[agent].clone());
        Running { thread: self.thread.clone(), agent, turns, moved: turns != turns_before }
    }
}

impl Shared {
    pub(super) fn new(posts: Box<[Post]>) -> Self {
        let reports = posts.iter().map(|_| None).collect();
        let state = State { unpinned: posts.len(), pinned: Vec::new(), go: None, reports };
        Self { posts, state: Mutex::new(state), changed: Condvar::new() }
    }
    pub(super) fn post(&self, thread: usize) -> &Post {
        &self.posts[thread]
    }
    /// Says how pinning went. **Blocks** until all have said so; true if it goes on.
    pub(super) fn muster(&self, thread: usize, pinned: Pinning) -> bool {
        let mut state = self.state.lock();
        self.pinned(&mut state, thread, pinned);
        loop {
            match state.go {
                Some(go) => return go,
                None => self.changed.wait(&mut state),
            }
        }
    }
    /// As `muster`, by the thread that gives the word: **blocks** until all threads have said how pinning went, its own
    /// result included, if it is one of them.
    pub(super) fn mustered(
        &self,
        own: Option<(usize, Pinning)>,
    ) -> Vec<(usize, Result<pin::Pinned, pin::PinError>)> {
        let mut state = self.state.lock();
        if let Some((thread, pinned)) = own {
            self.pinned(&mut state, thread, pinned);
        }
        while state.unpinned > 0 {
            self.changed.wait(&mut state);
        }
        let mut pinned = core::mem::take(&mut state.pinned);
        // The first thread that could not be pinned is the one to be named, whoever came first.
        pinned.sort_by_key(|(thread, _)| *thread);
        pinned
    }
    fn pinned(&self, state: &mut MutexGuard<'_, State>, thread: usize, pinned: Pinning) {
        state.pinned.extend(pinned.map(|pinned| (thread, pinned)));
        state.unpinned -= 1;
        self.changed.notify_all();
    }
    /// All start, or none.
    pub(super) fn give_word(&self, go: bool) {
        self.state.lock().go = Some(go);
        self.changed.notify_all();
    }
    /// The thread has ended.
    pub(super) fn deposit(&self, thread: usize, report: ThreadReport) {
        self.state.lock().reports[thread] = Some(report);
        self.changed.notify_all();
    }
    /// Every thread has ended.
    pub(super) fn is_finished(&self) -> bool {
        self.state.lock().reports.iter().all(Option::is_some)
    }
    /// The turns that each thread has begun.
    pub(super) fn turns(&self) -> Vec<u64> {
        self.posts.iter().map(|post| post.seen.turns.get()).collect()
    }
    /// The threads that have not ended; `turns_before` says where each was.
    pub(super) fn running(&self, turns_before: &[u64]) -> Vec<Running> {
        let state = self.state.lock();
        let posts = self.posts.iter().zip(turns_before).zip(&state.reports);
        posts.filter(|(_, report)| report.is_none()).map(|((post, turns), _)| post.running(*turns)).collect()
    }
    /// **Blocks** until all threads have ended, at most until `deadline`; `None` if they have not.
    pub(super) fn reports(&self, deadline: Option<Instant>) -> Option<Vec<ThreadReport>> {
        let mut state = self.state.lock();
        while !state.reports.iter().all(Option::is_some) {
            match deadline {
                None => self.changed.wait(&mut state),
                Some(deadline) if Instant::now() >= deadline => return None,
                Some(deadline) => {
                    let _ = self.changed.wait_until(&mut state, deadline);
                }
            }
        }
        Some(state.reports.iter_mut().filter_map(Option::take).collect())
    }
}
