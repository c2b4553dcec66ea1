//! A queue of films to be transcoded, and two workers, of which one breaks down. The trailers go first, what fails is
//! tried again after a while, a file that is broken becomes a dead letter, and the books say where each film went.
//!
//! `cargo run --example message_queue`

use ringmain::channel::spsc;
use ringmain::contract::{Agent, At, Clock, Fault, Flow, ManualClock, Reason, Sink, Source, Work, each};
use ringmain::pattern::{
    Ack, AtCapacity, Job, Letter, Priorities, Queue, QueueStage, Requeue, Terms, Worker,
};
use std::time::Duration;

#[derive(Clone, Copy, Default, Debug)]
struct Film {
    number: u64,
    trailer: bool,
}

const FILMS: u64 = 12;
/// Its file is broken: no worker can do it.
const BROKEN: u64 = 4;
/// The disk is full when this one comes for the first time.
const UNLUCKY: u64 = 7;
/// When this one is done, the machine of the first worker breaks down.
const LAST: u64 = 9;

/// Trailers first; nobody wants a film after an hour.
fn terms(film: &Film) -> Terms {
    Terms { priority: film.trailer.into(), ttl: Duration::from_secs(3600) }
}

/// A worker as an agent.
fn hire(
    who: &'static str,
    jobs: spsc::Consumer<Job<Film>>,
    acks: spsc::Producer<Ack>,
    done: spsc::Producer<u64>,
) -> impl Agent {
    let (mut done, mut disk_full) = (done, true);
    let work = move |film: &Film, _: At| -> Flow {
        if film.number == BROKEN || (film.number == UNLUCKY && std::mem::take(&mut disk_full)) {
            println!("{who}: film {} fails", film.number);
            // Not `Fault::new`, which is not worth another attempt.
            return Err(Fault::of(Reason::Panic).into());
        }
        println!("{who}: film {} is done", film.number);
        Ok(done.offer(|slot| *slot = film.number)?)
    };
    jobs.drive(Worker::new(acks, work)).limit(1)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut films, from_studio) = spsc::channel(16, Film::default)?;
    let (letters, mut from_letters) = spsc::channel(8, Letter::<Film>::default)?;
    let (mut posts, mut workers, mut logs) = (Vec::new(), Vec::new(), Vec::new());
    for who in ["anna", "bert"] {
        let (to_worker, jobs) = spsc::channel(2, Job::default)?;
        let (acks, from_worker) = spsc::channel(16, Ack::default)?;
        let (done, log) = spsc::channel(16, || 0)?;
        posts.push((to_worker, from_worker));
        workers.push(Some(hire(who, jobs, acks, done)));
        logs.push(log);
    }
    let posts: [_; 2] = posts.try_into().map_err(|_| "two posts")?;

    let queue = Queue::new(16, 2, AtCapacity::Reject, "films", letters)?
        .priorities(Priorities::strict::<2>())
        .attempts(3);
    let (minute, later) = (Duration::from_secs(60), Requeue::Delay(Duration::from_secs(5)));
    let stage = QueueStage::new(queue, terms, 2, minute, later, posts)?;
    let books = stage.account();
    let mut transcoder = from_studio.drive(stage);

    for number in 1..=FILMS {
        films.push(Film { number, trailer: number % 5 == 0 })?;
    }
    drop(films);

    let hand = ManualClock::new();
    let (mut clock, mut done) = (hand.clone(), Vec::new());
    while transcoder.work(clock.now()) != Work::Done {
        for agent in workers.iter_mut().flatten() {
            let _ = agent.work(clock.now());
        }
        for log in &mut logs {
            let _ = log.drain(clock.now(), usize::MAX, &mut each(|film: &u64| done.push(*film)));
        }
        if workers[0].is_some() && done.contains(&LAST) {
            println!("anna breaks down after film {LAST}; what she had goes to bert");
            workers[0] = None;
        }
        hand.advance(Duration::from_secs(1));
    }
    let letter = |letter: &Letter<Film>| {
        println!("dead letter: film {}, tried {} times", letter.event.number, letter.attempts);
    };
    let _ = from_letters.drain(clock.now(), usize::MAX, &mut each(letter));

    let books = books.read();
    println!(
        "{} films in = {} done + {} dead letter + {} held",
        books.input,
        books.out,
        books.dead_lettered.total(),
        books.held
    );
    books.check()?;
    assert_eq!((books.out, books.dead_lettered[Reason::AttemptsExhausted]), (FILMS - 1, 1));
    Ok(())
}
