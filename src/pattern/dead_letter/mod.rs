//! Dead letter channel: what a stage rejects is put aside, with all that is known about it, and the rest goes on.
//!
//! *Enterprise Integration Patterns* (Hohpe and Woolf), chapter 4, "Dead Letter Channel" (page 119): where a messaging
//! system puts what it cannot or should not deliver. Here what a handler cannot take goes there, too, which the book
//! gives a channel of its own, "Invalid Message Channel".
//!
//! ```text
//!  event --> [ DeadLetter [ Catch [ inner ... ] ] ]          Ok, Again, Stop: as inner says
//!                 |  |  ^        a panic is a Reject too
//!                 |  |  +-- Reject --> Remedy: Retry | Letter | Drop | Halt
//!                 |  +-- Retry: in hand, all behind it wait;  aside, the others overtake;  by key, those of other keys do
//!                 v
//!              letters: any sink of Letter<T>, such as a LetterBox           full: the Overflow that was asked for
//!                 |
//!              Redrive --> where they came from, or elsewhere: up to so many times, no faster than so
//! ```
//!
//! # Options
//!
//! | to be said            | is                                                                  | unless said                |
//! |-----------------------|---------------------------------------------------------------------|----------------------------|
//! | the box is full       | [`Overflow`]: wait, lose a letter, stop                             | always said                |
//! | what inner may do     | [`DeadLetter::new`], [`editing`](DeadLetter::editing), [`keeping_original`](DeadLetter::keeping_original) | always said |
//! | what a fault is worth | [`Remedy`], by [`DeadLetter::retry`]: retry, letter, drop, halt     | a letter at once           |
//! | how often, how late   | [`Retry`]: at once, fixed, exponential, from a list; with [`jitter`](Retry::jitter) | never      |
//! | where it waits        | [`DeadLetter::aside`], [`DeadLetter::by_key`]                       | in hand: the order is kept |
//! | an outage             | [`DeadLetter::breaker`]: one attempt in each interval               | tries what comes           |
//! | more in the letter    | [`DeadLetter::detail`], 32 bytes                                    | zeros                      |
//! | letters that come back | [`DeadLetter::hops`]                                               | not counted                |
//! | sending them back     | [`Redrive`]: which, how often, how fast, where to                   | they stay                  |
//!
//! | an event to be tried later | the order                     | who waits for it             | costs                          |
//! |----------------------------|-------------------------------|------------------------------|--------------------------------|
//! | waits in hand              | of all                        | all behind it                | nothing                        |
//! | [`aside`](DeadLetter::aside) | others overtake             | nobody                       | a copy, a place, a timer       |
//! | [`by_key`](DeadLetter::by_key) | of each key               | those of its key             | the same, and a look for the key of each event while any key waits |
//!
//! # Bounds
//!
//! | bounded                                   | at the bound                                                |
//! |-------------------------------------------|-------------------------------------------------------------|
//! | the letters, or a [`LetterBox`]           | as the [`Overflow`] says                                    |
//! | attempts, and the time between            | a letter, counted under `AttemptsExhausted`                 |
//! | places and keys to wait aside             | a letter at once, counted under `TableFull`                 |
//! | letters that an event has been in         | it is dropped, and counted under `LoopLimit`                |
//! | redrives of a letter                      | it stays in the box, and [`Redriven::at_limit`] tells       |
//! | attempts during an outage                 | one in each interval of the breaker                         |
//!
//! A [`LetterBox`] and the places have memory of their own: letters take up nothing that events need. So aside, with an
//! [`Overflow`] that drops and without a breaker, no event that fails makes another one wait, whatever is full. There is no
//! journal for letters that overflow.
//!
//! An event in hand is held by gate: while it waits for another attempt, for a probe of the breaker, or for room for its
//! letter, it is answered `Again`, so it stays where it lies and those behind it wait. What waits aside is held in a place,
//! and tried at the end of a turn, after the events of that turn: in the order of its times, never early, and with its own
//! position as `at.seq`. What has no room for its letter then waits, and what is due behind it; new events go on.
//!
//! Keeps the `Again` contract in both directions: inner does not see an event again once its letter is due; and while it
//! expects an event that it had no room for, in hand or aside, it sees no other.
//!
//! | | |
//! |-|-|
//! | a panic     | of inner, without a [`Catch`](super::Catch), comes out; an event in hand begins anew with nothing known, one from aside is `dropped[Panic]` |
//! | the end     | while something waits aside the end of a turn answers `Again`: a pump whose source is closed gives it more turns. What waits when it is dropped is `dropped[Shutdown]` |
//! | a drain     | is a turn at [`Tick::MAX`](crate::contract::Tick::MAX): what waits is tried a last time, and what fails is a letter at once, counted under [`Reason::Shutdown`]; so is what cannot be tried, as inner expects another event |
//! | a letter    | that its sink rejects is dropped and counted; one that the reader of a [`LetterBox`] rejects stays there ([`LetterBox::failed`]). Neither is a letter again |
//! | a loop      | letters and redrives go into sinks, never into stages: nothing recurses                                  |
//! | time        | comes in with the event, and at the end of a turn                                                        |
//!
//! # Costs
//!
//! An event that passes costs a few comparisons; with [`keeping_original`](DeadLetter::keeping_original), a copy. One that
//! fails costs its attempts and a letter; aside, a copy and a timer for each attempt. No allocation after construction if
//! `T::clone_from` makes none; no shared memory but the ledger; no system call. As wait-free as inner and the letters are;
//! the end of a turn tries each place once at most.
//!
//! | what                                                   | ns  | over                          |
//! |--------------------------------------------------------|-----|-------------------------------|
//! | an event that passes; with places aside, or by key too | 0.2 | the stage inside, alone       |
//! | ... lent, with the original of 64 bytes kept           | 1.2 | the same                      |
//! | one that fails: a letter                               | 12  | nothing: it is all of it      |
//! | one that fails once, and passes aside                  | 31  | the same                      |
//! | ... by key                                             | 42  | the same                      |
//! | a letter appended                                      | 7   | the same                      |
//!
//! Measured by `cargo bench -p ringmain --bench pattern -- dead_letter`: medians, the other of two processors busy with
//! something else (an AMD EPYC, virtual), 24 November 2026. What a channel whose events all fail is to those who send, a
//! thread away, is measured by `-- "(hop|rate)/dead letter"`.
//!
//! ```
//! use ringmain::contract::{At, Fault, Flow, Source, Tick};
//! use ringmain::pattern::{DeadLetter, LetterBox, Overflow};
//! # use ringmain::{channel::spsc, contract::Sink};
//!
//! let (mut tx, mut orders) = spsc::channel(4, || 0u64)?;
//! for price in [10, 0, 30] {
//!     tx.push(price)?;
//! }
//! let mut letters = LetterBox::new(8, || 0u64);
//! let mut book = DeadLetter::new("book", Overflow::Block, &mut letters, |price: &u64, _: At| -> Flow {
//!     if *price == 0 { Err(Fault::new(404))? }
//!     Ok(())
//! });
//! assert_eq!(orders.drain(Tick::ZERO, 8, &mut book).count, 3);
//! drop(book);
//! let letter = letters.iter().next().unwrap();
//! assert_eq!((letter.event, letter.fault, letter.seq.count()), (0, Fault::new(404), 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A scene
//! `examples/dead_letter.rs`, which `cargo run --example dead_letter` runs:
#![doc = concat!("```\n", include_str!("../../../examples/dead_letter.rs"), "```")]
//!
//! [`Reason::Shutdown`]: crate::contract::Reason::Shutdown

mod breaker;
mod case;
mod channel;
mod disposal;
mod letter;
mod letter_box;
mod overflow;
mod redrive;
mod remedy;
mod retry;
mod shelf;
mod turn;

pub use channel::{DeadLetter, Edits, Keeps, Looks};
pub(in crate::pattern) use letter::Failure;
pub use letter::Letter;
pub use letter_box::LetterBox;
pub use overflow::Overflow;
pub use redrive::{Redrive, Redriven};
pub use remedy::Remedy;
pub use retry::Retry;
