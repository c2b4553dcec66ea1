//! The threads of one sample: where they run, how they wait, when they begin, and what becomes of those that never end.

use crate::machine::{pin, preemptions};
use std::any::Any;
use std::hint::spin_loop;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// A sample that takes longer will never end.
const PATIENCE: Duration = Duration::from_secs(8);

/// Set while the threads of a sample that takes too long are called back. It is looked at on empty turns only.
static GIVE_UP: AtomicBool = AtomicBool::new(false);

/// How a thread spends an empty turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wait {
    /// It does not.
    Spin,
    Pause,
    /// A few pauses, then it lets others run: for more threads than cores.
    Yield,
}

/// Empty turns in a row.
pub(crate) struct Idle {
    wait: Wait,
    turns: u32,
}

impl Idle {
    #[inline(always)]
    pub(crate) fn new(wait: Wait) -> Self {
        Self { wait, turns: 0 }
    }
    #[inline(always)]
    pub(crate) fn reset(&mut self) {
        self.turns = 0;
    }
    #[inline(always)]
    pub(crate) fn turn(&mut self) {
        // ordering: Relaxed, because the flag hands over nothing.
        if GIVE_UP.load(Ordering::Relaxed) {
            resume_unwind(Box::new("called back"));
        }
        self.turns += 1;
        match self.wait {
            Wait::Spin => {}
            Wait::Yield if self.turns >= 8 => thread::yield_now(),
            Wait::Pause | Wait::Yield => spin_loop(),
        }
    }
}

/// Where all threads of a sample meet, as often as they like.
pub(crate) struct Gate {
    threads: usize,
    come: AtomicUsize,
}

impl Gate {
    pub(crate) fn of(threads: usize) -> Arc<Self> {
        Arc::new(Self { threads, come: AtomicUsize::new(0) })
    }
    /// Returns when all have come.
    pub(crate) fn pass(&self) {
        let all = (self.come.fetch_add(1, Ordering::AcqRel) + 1).next_multiple_of(self.threads);
        let mut idle = Idle::new(Wait::Yield);
        while self.come.load(Ordering::Acquire) < all {
            idle.turn();
        }
    }
    /// Runs `work`, which tells whether all was right, as soon as all have come, and takes the time.
    pub(crate) fn time(&self, work: impl FnOnce() -> bool) -> Told {
        self.pass();
        let before = preemptions();
        let begin = Instant::now();
        let right = work();
        let spans = vec![(begin, Instant::now())];
        Told { spans, right, preemptions: preemptions() - before, ..Told::default() }
    }
}

/// What a thread has to tell of its part in a sample.
#[derive(Default)]
pub(crate) struct Told {
    /// When it worked. A sample with several spans has as many from every thread.
    pub(crate) spans: Vec<(Instant, Instant)>,
    pub(crate) right: bool,
    pub(crate) preemptions: i64,
    /// The sum of all that it took out.
    pub(crate) sum: u64,
    /// Nanoseconds of single round trips.
    pub(crate) trips: Vec<u64>,
}

impl Told {
    /// For threads that only help.
    pub(crate) fn nothing() -> Self {
        Self { right: true, ..Self::default() }
    }
}

/// From the first that began until the last that ended, over all spans.
pub(crate) fn elapsed(told: &[Told]) -> Duration {
    let spans = told.iter().map(|told| told.spans.len()).max().unwrap_or(0);
    let span = |nth| {
        let of_all = || told.iter().filter_map(move |told| told.spans.get(nth));
        let begin = of_all().map(|(begin, _)| *begin).min();
        let end = of_all().map(|(_, end)| *end).max();
        begin.zip(end).map_or(Duration::ZERO, |(begin, end)| end - begin)
    };
    (0..spans).map(span).sum()
}

/// What one thread does, and on which core if that is to be said.
pub(crate) struct Job {
    core: Option<usize>,
    work: Box<dyn FnOnce() -> Told + Send>,
}

impl Job {
    pub(crate) fn on(core: usize, work: impl FnOnce() -> Told + Send + 'static) -> Self {
        Self { core: Some(core), work: Box::new(work) }
    }
    pub(crate) fn anywhere(work: impl FnOnce() -> Told + Send + 'static) -> Self {
        Self { core: None, work: Box::new(work) }
    }
}

/// Why there is no sample.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Failed {
    /// It did not come to an end.
    Hung,
    Panicked(String),
}

/// Runs every job in a thread of its own, and returns what they tell in the order of the jobs.
///
/// Threads that wait in this harness are called back if they take too long. One that hangs in a contender's own blocking
/// call stays behind.
pub(crate) fn together(jobs: Vec<Job>) -> Result<Vec<Told>, Failed> {
    let (done, results) = mpsc::channel();
    let mut told: Vec<_> = jobs.iter().map(|_| None).collect();
    let start = |(nth, job): (usize, Job)| {
        let done = done.clone();
        thread::spawn(move || {
            job.core.inspect(|core| pin(*core));
            // Nobody looks at what the job had in its hands when it panicked.
            let result = catch_unwind(AssertUnwindSafe(job.work));
            // Nobody listens any more if this thread stayed behind.
            let _ = done.send((nth, result));
        })
    };
    let threads: Vec<_> = jobs.into_iter().enumerate().map(start).collect();
    let (mut back, mut failed, mut deadline) = (0, None, Instant::now() + PATIENCE);
    while back < threads.len() {
        let result = results.recv_timeout(deadline.saturating_duration_since(Instant::now()));
        back += usize::from(result.is_ok());
        match result {
            Ok((nth, Ok(of_thread))) => told[nth] = Some(of_thread),
            Ok((_, Err(panic))) => _ = failed.get_or_insert_with(|| Failed::Panicked(message(&*panic))),
            Err(_) if failed.is_none() => failed = Some(Failed::Hung),
            Err(_) => break,
        }
        // ordering: Relaxed, as in `Idle::turn`.
        if failed.is_some() && !GIVE_UP.swap(true, Ordering::Relaxed) {
            deadline = Instant::now() + Duration::from_secs(1);
        }
    }
    GIVE_UP.store(false, Ordering::Relaxed);
    if back == threads.len() {
        threads.into_iter().for_each(|thread| thread.join().expect("panics are caught inside"));
    }
    failed.map_or_else(|| Ok(told.into_iter().flatten().collect()), Err)
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| text.to_string());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "panicked".into())
}
