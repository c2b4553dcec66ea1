//! Dead letter channel: what a stage rejects is put aside, with all that is known about it, and the rest goes on.
//!
//! *Enterprise Integration Patterns* (Hohpe and Woolf), chapter 4, "Dead Letter Channel" (page 119): where a messaging
//! system puts what it cannot or should not deliver. Here what a handler cannot take goes there, too, which the book
//! gives a channel of its own, "Invalid Message Channel".
//!
//! ```text
//!  event --> [ DeadLetter [ Catch [ inner ... ] ] ]          Ok, Again, Stop: as inner says
//!                  |  ^        a panic is a Reject too
//!                  |  +-- Reject --> Remedy: Retry (wait, try again) | Letter | Drop | Halt
//!                  v
//!              letters: any sink of Letter<T>                full: the Overflow that was asked for
//! ```
//!
//! # Options
//!
//! | to be said            | is                                                                  | unless said                |
//! |-----------------------|---------------------------------------------------------------------|----------------------------|
//! | the box is full       | [`Overflow`]: wait, lose a letter, stop                             | always said                |
//! | what inner may do     | [`DeadLetter::new`], [`editing`](DeadLetter::editing), [`keeping_original`](DeadLetter::keeping_original) | always said |
//! | what a fault is worth | [`Remedy`], by [`DeadLetter::retry`]: retry, letter, drop, halt     | a letter at once           |
//! | how often, how late   | [`Retry`]: at once, fixed, exponential                              | never                      |
//! | more in the letter    | [`DeadLetter::detail`], 32 bytes                                    | zeros                      |
//! | letters that come back | [`DeadLetter::hops`]                                               | not counted                |
//!
//! # Bounds
//!
//! | bounded                                   | at the bound                                                |
//! |-------------------------------------------|-------------------------------------------------------------|
//! | the letters, or a [`LetterBox`]           | as the [`Overflow`] says                                    |
//! | attempts, and the time between            | a letter, counted under `AttemptsExhausted`                 |
//! | letters that an event has been in         | it is dropped, and counted under `LoopLimit`                |
//!
//! It holds the event in hand, by gate: while it waits for another attempt, or for room for its letter, it is answered
//! `Again`, so it stays where it lies and those behind it wait. The order is kept. Keeps the `Again` contract by
//! remembering what is known of the event in hand: inner does not see an event again once its letter is due.
//!
//! Never recurses: a letter that its sink rejects is dropped and counted. Time comes in with the event. A turn at
//! [`Tick::MAX`] is a drain: what waits is tried a last time, and what fails is a letter at once, counted under
//! [`Reason::Shutdown`].
//!
//! # Costs
//!
//! An event that passes costs a comparison; with [`keeping_original`](DeadLetter::keeping_original), a copy. One that
//! fails costs its attempts and a letter. No allocation after construction if `T::clone_from` makes none; no shared
//! memory but the ledger; no system call. As wait-free as inner and the letters are. They are measured by `cargo bench
//! -p ringmain --bench pattern -- dead_letter`.
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
