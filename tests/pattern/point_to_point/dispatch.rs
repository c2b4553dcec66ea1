//! Dispatch: choices, full workers, workers that fail and workers that go. One thread, turn by turn.

use super::{NOW, Place, answer, posts};
use crate::kit::{Collect, Script, allocations, panic_on_purpose, panics, rejected, turn};
use ringmain::channel::spsc;
use ringmain::contract::{
    Account, Agent, At, Balance, Fault, Flow, Halt, Reason, Sink, Source, Stage, Tick, Work, each,
};
use ringmain::pattern::point_to_point::{
    Ack, AtMostOnce, Choice, Dispatch, InTurn, Job, KeyHash, LeastLoaded, Loss, Redeliver, Worker,
};
use ringmain::pattern::{Catch, Divert, Letter, Park, Refuse, Shed};
use ringmain::ring::Sequence;
use std::cell::Cell;
use std::sync::Arc;

/// A worker of a test: it has turns of so many jobs, and a log of what it was shown.
struct Hand {
    jobs: spsc::Consumer<Job<u64>>,
    acks: spsc::Producer<Ack>,
    /// Each event, and the how manieth attempt it was.
    seen: Vec<(u64, u32)>,
}

impl Hand {
    fn hire(places: Vec<Place<u64>>) -> Vec<Self> {
        places.into_iter().map(|(jobs, acks)| Self { jobs, acks, seen: Vec::new() }).collect()
    }
    /// Does up to `limit` jobs; `says` what comes of each.
    fn work(&mut self, limit: usize, says: impl Fn(u64) -> Option<Fault>) {
        let Self { jobs, acks, seen } = self;
        let _ = jobs.drain(
            NOW,
            limit,
            &mut each(|job: &Job<u64>| {
                seen.push((job.event, job.attempt));
                acks.push(answer(job.handle, says(job.event))).unwrap();
            }),
        );
    }
    /// Takes up to `limit` jobs and says nothing.
    fn take(&mut self, limit: usize) {
        let _ =
            self.jobs.drain(NOW, limit, &mut each(|job: &Job<u64>| self.seen.push((job.event, job.attempt))));
    }
    fn events(&self) -> Vec<u64> {
        self.seen.iter().map(|(event, _)| *event).collect()
    }
}

fn done(_: u64) -> Option<Fault> {
    None
}

fn at(n: u64) -> At {
    At { seq: Sequence::new(n), now: NOW }
}

/// Gives the events to `dispatch` as they come, as long as it takes them.
fn give<S: for<'e> Stage<&'e u64>>(dispatch: &mut S, events: impl IntoIterator<Item = u64>) -> usize {
    events.into_iter().take_while(|n| dispatch.on_event(n, at(*n)) == Ok(())).count()
}

/// The end of a turn.
fn end<S: for<'e> Stage<&'e u64>>(dispatch: &mut S) -> Flow {
    Stage::<&u64>::on_batch_end(dispatch, NOW)
}

type ByTurns<L, const N: usize> = Dispatch<u64, InTurn, L, spsc::Producer<Job<u64>>, spsc::Consumer<Ack>, N>;

/// Sixteen events at most for `N` workers, by turns, with room for eight each; its books; and their places.
fn in_turn<L: Loss<u64>, const N: usize>(loss: L) -> (ByTurns<L, N>, Arc<Account>, Vec<Place<u64>>) {
    let (posts, places) = posts(8, 16);
    let dispatch = Dispatch::new(InTurn::new(), loss, 16, posts).unwrap();
    let books = dispatch.account();
    (dispatch, books, places)
}

fn balanced(account: &Account) -> Balance {
    let books = account.read();
    assert_eq!(books.check(), Ok(()), "{books:?}");
    books
}

/// The letters of a test come out of a ring: it can be looked into while the dispatcher has the other end.
type Letters = spsc::Consumer<Letter<u64>>;

fn redeliver(attempts: u32, room: usize) -> (Redeliver<impl Sink<Event = Letter<u64>>>, Letters) {
    let (letters, read) = spsc::channel(room, Letter::default).unwrap();
    (Redeliver::new("work", attempts, letters), read)
}

/// Event, fault, attempts.
fn read(letters: &mut Letters) -> Vec<(u64, Fault, u32)> {
    let mut seen = Vec::new();
    let _ = letters.drain(
        NOW,
        usize::MAX,
        &mut each(|letter: &Letter<u64>| {
            assert_eq!((letter.origin, letter.seq, letter.hops), ("work", Sequence::new(letter.event), 1));
            seen.push((letter.event, letter.fault, letter.attempts));
        }),
    );
    seen
}

/// 2.d4: costs of 1 and 3, and 4,000 events: the fast worker gets 3,000, give or take 5 in a hundred.
#[test]
fn point_to_point_4_the_least_loaded_gets_what_it_can_do() {
    let (posts, places) = posts::<_, 2>(8, 16);
    let mut hands = Hand::hire(places);
    let mut agent = Script::new(0..4_000).drive(Dispatch::new(LeastLoaded, AtMostOnce, 16, posts).unwrap());
    let mut time = 0;
    while agent.work(NOW) != Work::Done {
        time += 1;
        assert!(time < 10_000);
        hands[0].work(1, done);
        hands[1].work(usize::from(time % 3 == 0), done);
    }
    let [fast, slow] = [0, 1].map(|hand: usize| hands[hand].seen.len());
    assert_eq!(fast + slow, 4_000);
    assert!((2_850..=3_150).contains(&fast), "{fast}");
}

/// 2.d5: of two workers one goes with 3 of 10 events: the other gets exactly those, as a second attempt.
#[test]
fn point_to_point_5_what_a_worker_had_goes_to_another() {
    let (loss, mut letters) = redeliver(2, 4);
    let (mut dispatch, books, places) = in_turn::<_, 2>(loss);
    assert_eq!(give(&mut dispatch, 0..10), 10);
    let mut hands = Hand::hire(places);
    hands[0].work(2, done);
    hands[0].take(1);
    hands[1].work(5, done);
    let gone = hands.remove(0);
    assert_eq!(gone.events(), [0, 2, 4], "2 done, 1 begun, 2 not seen");
    drop(gone);
    assert_eq!(end(&mut dispatch), Err(Halt::Again));
    assert_eq!((balanced(&books).out, balanced(&books).held), (7, 3));
    hands[0].work(8, done);
    assert_eq!(hands[0].seen[5..], [(4, 2), (6, 2), (8, 2)]);
    assert_eq!(end(&mut dispatch), Ok(()));
    let books = balanced(&books);
    assert_eq!((books.input, books.out, books.held), (10, 10, 0));
    assert!(read(&mut letters).is_empty());
}

/// 2.c, at most once: what a worker that goes had is dropped and counted, and so is what it rejects.
#[test]
fn at_most_once_counts_what_is_lost() {
    let (mut dispatch, books, places) = in_turn::<_, 2>(AtMostOnce);
    assert_eq!(give(&mut dispatch, 0..10), 10);
    let mut hands = Hand::hire(places);
    hands[0].work(2, done);
    hands[1].work(8, |event| (event == 3).then_some(Fault::of(Reason::Expired)));
    drop(hands.remove(0));
    assert_eq!(end(&mut dispatch), Ok(()));
    let books = balanced(&books);
    assert_eq!((books.out, books.held), (6, 0));
    assert_eq!((books.dropped[Reason::Closed], books.dropped[Reason::Expired]), (3, 1));
    assert_eq!(dispatch.workers().load(0), 0);
    assert!(!dispatch.workers().is_here(0) && dispatch.workers().is_here(1));
}

/// 2.c, isolates stalls: a worker that stands still is passed over.
#[test]
fn a_full_worker_is_passed_over() {
    fn check(choice: impl Choice<u64, 2>) {
        let (posts, places) = posts::<_, 2>(2, 16);
        let mut hands = Hand::hire(places);
        let mut dispatch = Dispatch::new(choice, AtMostOnce, 16, posts).unwrap();
        for n in 0..20 {
            assert_eq!(give(&mut dispatch, [n]), 1);
            hands[1].work(1, done);
            let _ = end(&mut dispatch);
        }
        assert!(hands[1].seen.len() >= 18, "the ring of the one that stands still has room for two");
        let more = give(&mut dispatch, 20..30);
        assert_eq!(hands.iter().map(|hand| hand.jobs.len()).collect::<Vec<_>>(), [2, 2], "{more} more");
        assert_eq!(dispatch.on_event(&30, at(30)), Err(Halt::Again), "both are full");
    }
    check(InTurn::new());
    check(LeastLoaded);
}

/// By key nobody is passed over: what is full says the stage around it, whichever of the four.
#[test]
fn by_key_the_policy_around_it_says_what_is_full() {
    /// Key 0 belongs to a worker with room for one.
    fn full() -> (impl for<'e> Stage<&'e u64>, Arc<Account>, Vec<Hand>) {
        let (posts, places) = posts::<_, 2>(1, 16);
        let mut dispatch = Dispatch::new(KeyHash::new(|_: &u64| 0), AtMostOnce, 16, posts).unwrap();
        assert_eq!(give(&mut dispatch, 0..9), 1, "it waits, though the other worker has room");
        let books = dispatch.account();
        (dispatch, books, Hand::hire(places))
    }
    let (dispatch, books, _hands) = full();
    let mut shed = Shed::new(dispatch);
    assert_eq!(give(&mut shed, 1..4), 3);
    assert_eq!(shed.account().read().input, 0, "before the turn's end");
    let _ = end(&mut shed);
    assert_eq!((shed.account().read().dropped[Reason::RingFull], balanced(&books).input), (3, 1));

    let (dispatch, books, _hands) = full();
    let mut refuse = Refuse::new(dispatch);
    assert_eq!(rejected(turn(&mut Script::new([1u64]), &mut refuse, NOW)), Some(Fault::of(Reason::RingFull)));
    assert_eq!(balanced(&books).input, 1);

    let (dispatch, books, _hands) = full();
    let other = Collect::new();
    let mut divert = Divert::new(other.clone(), dispatch);
    assert_eq!(give(&mut divert, 1..4), 3);
    let _ = end(&mut divert);
    assert_eq!((other.events(), balanced(&books).input), (vec![1, 2, 3], 1));

    let (dispatch, books, mut hands) = full();
    let mut park = Park::<u64, _>::new(2, dispatch);
    assert_eq!(give(&mut park, 1..9), 2);
    let hand = usize::from(hands[0].jobs.is_empty());
    for _ in 0..4 {
        hands[hand].work(1, done);
        let _ = end(&mut park);
    }
    assert_eq!(hands[hand].events(), [0, 1, 2], "in order");
    assert_eq!(balanced(&books).out, 3);
}

/// It holds no more than it was built for, whatever room the rings have.
#[test]
fn it_waits_when_it_holds_all_that_it_may() {
    let (posts, places) = posts::<_, 1>(8, 4);
    let mut hands = Hand::hire(places);
    let mut dispatch = Dispatch::new(InTurn::new(), AtMostOnce, 3, posts).unwrap();
    assert_eq!(give(&mut dispatch, 0..9), 3);
    hands[0].work(2, done);
    assert_eq!(give(&mut dispatch, 3..9), 2, "it hears of the two before it says that it is full");
    for in_flight in [0, usize::MAX] {
        let (posts, _) = super::posts::<u64, 1>(1, 1);
        assert!(Dispatch::new(InTurn::new(), AtMostOnce, in_flight, posts).is_err());
    }
}

/// 2.c, poison: an event that every worker panics on is a letter after its last attempt, and no worker goes,
/// as each has a `Catch`.
#[test]
fn poison_is_a_letter_and_ends_no_worker_that_catches() {
    let (loss, mut letters) = redeliver(3, 4);
    let (dispatch, books, places) = in_turn::<_, 3>(loss);
    let tried = [Cell::new(0), Cell::new(0), Cell::new(0)];
    let mut agents: Vec<_> = places
        .into_iter()
        .zip(&tried)
        .map(|((jobs, acks), tried)| {
            let brittle = each(move |event: &u64| {
                if *event == 7 {
                    tried.set(tried.get() + 1);
                    panic_on_purpose();
                }
            });
            jobs.drive(Worker::new(acks, Catch::new(brittle)))
        })
        .collect();
    let mut agent = Script::new(0..20).drive(dispatch);
    while agent.work(NOW) != Work::Done {
        for agent in &mut agents {
            assert_ne!(agent.work(NOW), Work::Done, "it goes on");
        }
    }
    assert_eq!(tried.iter().map(Cell::get).sum::<u32>(), 3);
    assert_eq!(read(&mut letters), [(7, Fault::of(Reason::Panic), 3)]);
    let books = balanced(&books);
    assert_eq!((books.out, books.dead_lettered[Reason::AttemptsExhausted]), (19, 1));
}

/// Without a `Catch` it costs a worker an attempt; the others survive it.
#[test]
fn poison_costs_as_many_workers_as_it_has_attempts() {
    let (loss, mut letters) = redeliver(2, 4);
    let (dispatch, books, places) = in_turn::<_, 4>(loss);
    let poison = |event: &u64| {
        if *event == 7 {
            panic_on_purpose();
        }
    };
    let hire = |(jobs, acks): Place<u64>| jobs.drive(Worker::new(acks, each(poison)));
    let mut agents: Vec<_> = places.into_iter().map(hire).collect();
    let mut agent = Script::new(0..20).drive(dispatch).limit(1);
    while agent.work(NOW) != Work::Done {
        agents.retain_mut(|agent| !panics(|| _ = agent.work(NOW)));
    }
    assert_eq!(agents.len(), 2);
    assert_eq!(read(&mut letters), [(7, Fault::of(Reason::Closed), 2)]);
    assert_eq!(balanced(&books).out, 19);
}

/// A fault that trying again does not mend is a letter at once.
#[test]
fn what_is_not_retryable_is_not_tried_again() {
    let (loss, mut letters) = redeliver(9, 4);
    let (mut dispatch, books, places) = in_turn::<_, 2>(loss);
    assert_eq!(give(&mut dispatch, 0..2), 2);
    for hand in &mut Hand::hire(places) {
        hand.work(1, |event| (event == 1).then_some(Fault::new(5)));
        assert_eq!(hand.seen.len(), 1);
        let _ = end(&mut dispatch);
    }
    assert_eq!(read(&mut letters), [(1, Fault::new(5), 1)]);
    assert_eq!(balanced(&books).dead_lettered[Reason::NonRetryable], 1);
}

/// By key the order of a key outlives its worker; an event that is rejected falls behind the later ones of
/// its key.
#[test]
fn by_key_what_is_stranded_goes_first() {
    let (posts, places) = posts(4, 16);
    let (loss, _letters) = redeliver(3, 4);
    let by_key = KeyHash::new(|_: &u64| 0);
    let home = by_key.owner(&0);
    let mut dispatch = Dispatch::<_, _, _, _, _, 2>::new(by_key, loss, 16, posts).unwrap();
    let mut hands = Hand::hire(places);
    assert_eq!(give(&mut dispatch, 0..4), 4);
    let Hand { jobs, acks, .. } = hands.remove(home);
    drop(jobs);
    let refused = dispatch.on_event(&4, at(4));
    assert_eq!(refused, Err(Halt::Again), "its ring is closed, but nobody knows what it has done");
    drop(acks);
    let _ = end(&mut dispatch);
    assert_eq!(give(&mut dispatch, 4..6), 0, "behind those that were stranded");
    let heir = &mut hands[0];
    heir.work(2, |event| (event == 1).then_some(Fault::of(Reason::Expired)));
    assert_eq!(give(&mut dispatch, 4..6), 2);
    let _ = end(&mut dispatch);
    heir.work(4, done);
    let _ = end(&mut dispatch);
    heir.work(4, done);
    assert_eq!(heir.seen, [(0, 2), (1, 2), (2, 2), (3, 2), (4, 1), (5, 1), (1, 3)]);
}

/// A full letter box holds up what is to be delivered again behind it; a closed one loses the event, and
/// counts it.
#[test]
fn letters_wait_for_room_and_are_dropped_when_nobody_reads_them() {
    let (loss, mut letters) = redeliver(1, 1);
    let (mut dispatch, books, places) = in_turn::<_, 1>(loss);
    assert_eq!(give(&mut dispatch, 0..4), 4);
    let mut hands = Hand::hire(places);
    hands[0].work(9, |_| Some(Fault::of(Reason::Expired)));
    assert_eq!(end(&mut dispatch), Err(Halt::Again));
    assert_eq!(dispatch.on_event(&4, at(4)), Err(Halt::Again));
    assert_eq!((balanced(&books).held, balanced(&books).input), (3, 4));
    assert_eq!(read(&mut letters).len(), 1);
    let _ = end(&mut dispatch);
    assert_eq!(balanced(&books).held, 2);
    drop(letters);
    assert_eq!(end(&mut dispatch), Ok(()));
    let books = balanced(&books);
    assert_eq!((books.dead_lettered.total(), books.dropped[Reason::Shutdown]), (2, 2));
}

/// When the last worker is gone, what they had is a letter, or dropped; the dispatcher stops, and consumes
/// nothing more.
#[test]
fn it_stops_when_nobody_is_left() {
    for at_most_once in [false, true] {
        let (mut tx, rx) = spsc::channel(16, || 0u64).unwrap();
        let (posts, places) = posts::<_, 2>(1, 4);
        let (loss, mut letters) = redeliver(9, 4);
        let (mut agent, books): (Box<dyn Agent>, _) = if at_most_once {
            let dispatch = Dispatch::new(InTurn::new(), AtMostOnce, 4, posts).unwrap();
            let books = dispatch.account();
            (Box::new(rx.drive(dispatch)), books)
        } else {
            let dispatch = Dispatch::new(InTurn::new(), loss, 4, posts).unwrap();
            let books = dispatch.account();
            (Box::new(rx.drive(dispatch)), books)
        };
        for n in 0..5 {
            tx.push(n).unwrap();
        }
        assert_eq!(agent.work(NOW), Work::Busy(2));
        drop(places);
        assert_eq!(agent.work(NOW), Work::Done);
        assert_eq!((tx.is_closed(), tx.len()), (true, 3), "the rest was left where it was");
        let books = balanced(&books);
        assert_eq!(books.input, 2);
        if at_most_once {
            assert_eq!(books.dropped[Reason::Closed], 2);
        } else {
            assert_eq!(read(&mut letters), [0, 1].map(|n| (n, Fault::of(Reason::Closed), 1)));
            assert_eq!(books.dead_lettered[Reason::Closed], 2);
        }
    }
}

/// What is still held when it is dropped is in the books.
#[test]
fn what_it_held_when_it_was_dropped_is_counted() {
    let (posts, _places) = posts::<_, 2>(4, 8);
    let mut dispatch = Dispatch::new(InTurn::new(), AtMostOnce, 8, posts).unwrap();
    let books = dispatch.account();
    assert_eq!(give(&mut dispatch, 0..5), 5);
    drop(dispatch);
    assert_eq!((balanced(&books).held, balanced(&books).dropped[Reason::Shutdown]), (0, 5));
}

/// A handle is good once, and for the worker that has it.
#[test]
fn a_strange_acknowledgement_changes_nothing() {
    let (posts, mut places) = posts::<_, 2>(4, 8);
    let mut dispatch = Dispatch::new(InTurn::new(), AtMostOnce, 8, posts).unwrap();
    let books = dispatch.account();
    assert_eq!(give(&mut dispatch, 0..1), 1);
    let mut handle = None;
    let _ = places[0].0.drain(NOW, 1, &mut each(|job: &Job<u64>| handle = Some(job.handle)));
    let ack = Ack::Done(handle.unwrap());
    places[1].1.push(ack).unwrap();
    places[1].1.push(Ack::default()).unwrap();
    assert_eq!(end(&mut dispatch), Err(Halt::Again), "it is not for the other to say");
    places[0].1.push(ack).unwrap();
    places[0].1.push(Ack::Failed(handle.unwrap(), Fault::new(1))).unwrap();
    assert_eq!(end(&mut dispatch), Ok(()));
    let books = balanced(&books);
    assert_eq!((books.out, books.dropped.total()), (1, 0));
}

/// A worker whose acknowledgement has no room is asked again, and its stage is not.
#[test]
fn a_worker_does_a_job_once_however_long_its_answer_waits() {
    let (acks, mut read) = spsc::channel(1, Ack::default).unwrap();
    let seen = Collect::new();
    let mut worker = Worker::new(acks, seen.clone());
    let mut script = Script::new((0..3u64).map(|event| Job { event, ..Job::default() }));
    for _ in 0..3 {
        let _ = turn(&mut script, &mut worker, NOW);
    }
    assert_eq!((seen.events(), script.consumed()), (vec![0, 1], 1));
    for consumed in 2..=3 {
        let _ = read.drain(NOW, 1, &mut each(|_: &Ack| ()));
        let _ = turn(&mut script, &mut worker, NOW);
        assert_eq!(script.consumed(), consumed);
    }
    assert_eq!(seen.events(), [0, 1, 2]);

    drop(read);
    let stop = worker.on_event(&Job::default(), at(9));
    assert_eq!(stop, Err(Halt::Stop), "the dispatcher is gone");
}

/// A worker may leave in order: what its stage says `Stop` to is done, and what it has not begun goes to
/// others.
#[test]
fn a_worker_that_stops_has_done_its_last_job() {
    let (loss, _letters) = redeliver(2, 4);
    let (mut dispatch, _, places) = in_turn::<_, 2>(loss);
    assert_eq!(give(&mut dispatch, 0..6), 6);
    let mut places = places.into_iter();
    let (jobs, acks) = places.next().unwrap();
    let last = Collect::new().stopping_at(2);
    assert_eq!(jobs.drive(Worker::new(acks, last.clone())).work(NOW), Work::Done);
    let mut rest = Hand::hire(places.collect());
    let _ = end(&mut dispatch);
    rest[0].work(9, done);
    assert_eq!((last.events(), rest[0].events()), (vec![0, 2], vec![1, 3, 5, 4]));
    assert_eq!(end(&mut dispatch), Ok(()));
}

/// What a ring rejects was not delivered. A new event is rejected by the dispatcher, too, which holds
/// nothing then; one that is held has an attempt less, one in each turn.
#[test]
fn what_a_ring_rejects_is_rejected() {
    struct Rejects<K> {
        after: usize,
        ring: K,
    }
    impl<K: Sink> Sink for Rejects<K> {
        type Event = K::Event;
        fn fill<R>(&mut self, fill: impl FnOnce(&mut K::Event) -> Flow<R>) -> Flow<R> {
            self.after = self.after.checked_sub(1).ok_or(Fault::new(6))?;
            self.ring.fill(fill)
        }
    }
    let (posts, places) = posts::<u64, 1>(4, 4);
    let posts = posts.map(|(ring, acks)| (Rejects { after: 1, ring }, acks));
    let (loss, mut letters) = redeliver(3, 4);
    let mut dispatch = Dispatch::new(InTurn::new(), loss, 8, posts).unwrap();
    let books = dispatch.account();
    assert_eq!(give(&mut dispatch, [0]), 1);
    assert_eq!(rejected(turn(&mut Script::new([1u64]), &mut dispatch, NOW)), Some(Fault::new(6)));
    assert_eq!((balanced(&books).dead_lettered[Reason::NonRetryable], balanced(&books).held), (1, 1));
    let mut hands = Hand::hire(places);
    hands[0].work(1, |_| Some(Fault::of(Reason::Expired)));
    assert_eq!((end(&mut dispatch), end(&mut dispatch)), (Err(Halt::Again), Ok(())));
    assert_eq!(read(&mut letters), [(0, Fault::new(6), 2)]);
}

/// A letter tells when the first attempt failed, and when the last one did.
#[test]
fn a_letter_says_when() {
    let (posts, places) = posts::<u64, 1>(4, 4);
    let (loss, mut letters) = redeliver(3, 4);
    let mut dispatch = Dispatch::new(InTurn::new(), loss, 4, posts).unwrap();
    assert_eq!(give(&mut dispatch, [0]), 1);
    let mut hands = Hand::hire(places);
    for nanos in [5, 7, 9] {
        hands[0].work(1, |_| Some(Fault::of(Reason::Expired)));
        let _ = Stage::<&u64>::on_batch_end(&mut dispatch, Tick::from_nanos(nanos));
    }
    let mut times = None;
    let _ =
        letters.drain(NOW, 9, &mut each(|letter: &Letter<u64>| times = Some((letter.first, letter.last))));
    assert_eq!(times, Some((Tick::from_nanos(5), Tick::from_nanos(9))));
}

/// A copy that panics leaves nothing behind, here or in a ring.
#[test]
fn a_copy_that_panics_leaves_nothing() {
    #[derive(Default)]
    struct Brittle(u64);
    thread_local! { static COPIES: Cell<u64> = const { Cell::new(0) } }
    impl Clone for Brittle {
        fn clone(&self) -> Self {
            COPIES.set(COPIES.get() + 1);
            if self.0 != 0 && self.0 == COPIES.get() {
                panic_on_purpose();
            }
            Self(self.0)
        }
    }
    // The first copy is into the ring, the second into what is held.
    for which in [1, 2] {
        let (posts, places) = posts::<_, 1>(4, 4);
        let mut dispatch = Dispatch::new(InTurn::new(), AtMostOnce, 1, posts).unwrap();
        let books = dispatch.account();
        COPIES.set(0);
        assert!(panics(|| _ = dispatch.on_event(&Brittle(which), at(0))));
        assert_eq!(Stage::<&Brittle>::on_batch_end(&mut dispatch, NOW), Ok(()), "nothing is held");
        assert!(places[0].0.is_empty());
        assert_eq!(dispatch.on_event(&Brittle(0), at(1)), Ok(()), "there is room for one");
        let _ = Stage::<&Brittle>::on_batch_end(&mut dispatch, NOW);
        assert_eq!((balanced(&books).input, balanced(&books).held), (1, 1));
    }
}

/// No allocation: to hand out, to be full, to fail, to go, to be a letter, to be dropped.
#[test]
fn nothing_is_allocated() {
    let (posts, mut places) = posts::<_, 3>(4, 16);
    let (loss, mut letters) = redeliver(2, 2);
    let mut dispatch = Dispatch::new(LeastLoaded, loss, 16, posts).unwrap();
    let ((), count) = allocations(|| {
        for round in 0..200 {
            let _ = give(&mut dispatch, round * 10..round * 10 + 10);
            for (jobs, acks) in &mut places {
                let mut fails = each(|job: &Job<u64>| {
                    let fault = job.event.is_multiple_of(7).then_some(Fault::of(Reason::Expired));
                    acks.push(answer(job.handle, fault)).unwrap();
                });
                let _ = jobs.drain(NOW, 2, &mut fails);
            }
            if round == 100 {
                drop(places.remove(1));
            }
            let _ = end(&mut dispatch);
            let _ = letters.drain(NOW, usize::from(round % 2 == 0), &mut each(|_: &Letter<u64>| ()));
        }
        places.clear();
        let _ = end(&mut dispatch);
        drop(dispatch);
    });
    assert_eq!(count, 0);
}
