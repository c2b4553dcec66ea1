//! One message in a hundred makes a parser panic. The others are parsed, and the poisonous ones are letters.
//!
//! `cargo run --example catch`

use ringmain::channel::spsc;
use ringmain::contract::{Agent, At, Flow, Reason, Sink, Source, Tick, Work};
use ringmain::pattern::{Catch, DeadLetter, LetterBox, Overflow};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The parser's panics are expected here: one line each instead of a trace.
    std::panic::set_hook(Box::new(|panic| eprintln!("a parser panicked: {panic}")));

    let (mut rows, to_parser) = spsc::channel(512, String::new)?;
    for n in 0..300 {
        // A clean sink never allocates; strings do, when they grow.
        rows.offer(|row| *row = if n % 100 == 42 { format!("row {n}") } else { n.to_string() })?;
    }
    drop(rows);

    let mut sum = 0u64;
    let parse = |row: &String, _: At| -> Flow {
        sum += row.parse::<u64>().expect("a number"); // somebody else's code
        Ok(())
    };
    let mut letters = LetterBox::new(16, String::new);
    let mut parser =
        to_parser.drive(DeadLetter::new("parser", Overflow::Block, &mut letters, Catch::new(parse)));
    while parser.work(Tick::ZERO) != Work::Done {}
    drop(parser);

    let poison: Vec<_> = letters.iter().map(|letter| letter.event.as_str()).collect();
    println!("sum {sum}, letters {poison:?}");
    assert_eq!(poison, ["row 42", "row 142", "row 242"]);
    assert!(letters.iter().all(|letter| letter.fault.reason == Reason::Panic));
    assert_eq!(sum, (0..300).sum::<u64>() - 42 - 142 - 242);
    Ok(())
}
