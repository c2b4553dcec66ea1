//! Threads that are kept from one program to the next.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

pub(super) type Job<R> = Box<dyn FnOnce() -> R + Send>;

/// Threads that are kept, so that a program costs no more than its steps.
pub(super) struct Pool<R> {
    threads: Vec<Thread<R>>,
}

/// Where its jobs go, and where their results come from.
type Thread<R> = (mpsc::Sender<Job<R>>, mpsc::Receiver<std::thread::Result<R>>);

impl<R: Send + 'static> Pool<R> {
    pub(super) fn new(threads: usize) -> Self {
        let thread = || {
            let (give, jobs) = mpsc::channel::<Job<R>>();
            let (done, results) = mpsc::channel();
            std::thread::spawn(move || {
                for job in jobs {
                    if done.send(catch_unwind(AssertUnwindSafe(job))).is_err() {
                        break;
                    }
                }
            });
            (give, results)
        };
        Self { threads: (0..threads).map(|_| thread()).collect() }
    }
    /// Runs `jobs`, which begin together, each on a thread.
    pub(super) fn run(&self, jobs: Vec<Job<R>>) -> Vec<R> {
        let n = jobs.len();
        let there = Arc::new(AtomicUsize::new(0));
        for ((give, _), job) in self.threads.iter().zip(jobs) {
            let there = there.clone();
            let together = move || {
                there.fetch_add(1, Ordering::AcqRel);
                while there.load(Ordering::Acquire) < n {
                    std::thread::yield_now();
                }
                job()
            };
            give.send(Box::new(together)).expect("a thread of the pool catches panics");
        }
        let results: Vec<_> = self.threads.iter().take(n).map(|(_, results)| results.recv()).collect();
        let result = |result: Result<std::thread::Result<R>, _>| {
            result.expect("a thread of the pool catches panics").unwrap_or_else(|panic| resume_unwind(panic))
        };
        results.into_iter().map(result).collect()
    }
}
