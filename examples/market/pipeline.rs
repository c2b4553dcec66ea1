//! The bus of the main job: one ring, its graph, and the agents that do the work.
//!
//! ```text
//!                    +--> book ---+
//!   feed ==> check --+--> stats --+--> join        one multicast ring
//!              |     +--> risk ---+
//!              |            +==> alarms            two rings of their own: alarms,
//!              +==> letters                        and the dead letter channel
//! ```

use super::{
    board::Board,
    book::Book,
    event::Event,
    feed::{Feed, Pace},
    letters::{Kept, Letters},
    lines::Lines,
    report::Report,
    risk::{Alarm, Alarms, Watch},
    row::Kind,
    stages::{Crosses, Halts, Join, Leaf, Tally, Trades, Visible, check, is_good, is_trade},
};
use ringmain::{
    channel::multicast::Multicast,
    contract::{Agent, Clock, Source, SourceMut},
    metric::{Books, Latencies, OneIn, Timed},
    pattern::{
        ContentRouter, Correlate, DeadLetter, Edit, Fanout, Filter, Letter, NO_ROUTE, Nowhere, Origin,
        Overflow, Translator,
    },
    run::{self, OnFull},
};
use std::{
    error::Error,
    io::{self, Read},
    sync::{Arc, OnceLock},
    time::Duration,
};

/// Sizes and limits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Slots of the ring.
    pub(crate) capacity: usize,
    /// Slots of the dead letter channel, and of the alarms; when they are full, the flow waits.
    pub(crate) letters: usize,
    /// Bytes of the input's buffer.
    pub(crate) buffer: usize,
    pub(crate) orders: usize,
    pub(crate) levels: usize,
    pub(crate) sample: OneIn,
    /// Rows a second.
    pub(crate) rate: Option<u64>,
    pub(crate) large: u32,
    pub(crate) far: u32,
}

/// An agent and its name.
pub(crate) type Named = (&'static str, Box<dyn Agent + Send>);

/// The bus, built and not started.
pub(crate) struct Market {
    /// In the order of the flow.
    agents: [Named; AGENTS],
    /// The rings, with their ends; threads are planned by who starts them.
    pub(crate) graph: run::Plan,
    pub(crate) outcome: Outcome,
}

/// What can be looked at while the bus works, and told when it is done.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) board: Arc<Board>,
    pub(crate) books: Books,
    latencies: Latencies,
    letters: Kept,
    failure: Arc<OnceLock<io::Error>>,
    rate: Option<u64>,
}

/// The feed, the editor, four readers, and the readers of the two other rings.
const AGENTS: usize = 8;
/// More would have nothing to do.
const THREADS: usize = 7;

/// Which thread each agent works on, for 1 to 7 threads. The feed has most to do, then the book.
const PLACES: [[usize; AGENTS]; THREADS] = [
    [0, 0, 0, 0, 0, 0, 0, 0],
    [0, 1, 1, 1, 1, 1, 1, 1],
    [0, 1, 2, 1, 1, 1, 1, 1],
    [0, 1, 2, 3, 3, 1, 1, 1],
    [0, 1, 2, 3, 4, 1, 1, 1],
    [0, 1, 2, 3, 4, 5, 1, 1],
    [0, 1, 2, 3, 4, 5, 6, 6],
];

impl Market {
    /// Builds the bus over `input`. Everything that it will need is allocated here.
    ///
    /// # Errors
    /// If a capacity is not one: zero, or not a power of two.
    pub(crate) fn build<R, C>(plan: &Plan, input: R, clock: C) -> Result<Self, Box<dyn Error>>
    where
        R: Read + Send + 'static,
        C: Clock + Copy + Send + 'static,
    {
        let mut ring = Multicast::new(plan.capacity, Event::blank)?;
        let check_node = ring.editor("check", &[]);
        let book_node = ring.reader("book", &[&check_node]);
        let stats_node = ring.reader("stats", &[&check_node]);
        let risk_node = ring.reader("risk", &[&check_node]);
        let join_node = ring.reader("join", &[&book_node, &stats_node, &risk_node]);
        let mut graph = run::Plan::new();
        let rows_in = graph.from("feed").multicast("rows", OnFull::Block, ring)?;
        let (letters_in, letters_out) =
            graph
                .from("check")
                .to("letters")
                .spsc("bad rows", plan.letters, OnFull::Block, || Letter::blank(Event::blank()))?;
        let (alarms_in, alarms_out) =
            graph.from("risk").to("alarms").spsc("alarms", plan.letters, OnFull::Block, Alarm::default)?;

        let board = Arc::new(Board::default());
        let mut latencies = Latencies::new();
        let mut probe = |name| latencies.probe(name, clock, plan.sample);
        let mut books = Books::new();
        // Enters a stage under a name, on its way into the next.
        macro_rules! enter {
            ($name:literal, $stage:expr) => {{
                let stage = $stage;
                books.enter($name, stage.account());
                stage
            }};
        }

        let lines = Lines::new(input, plan.buffer);
        let pace = plan.rate.map(Pace::new);
        let feed = enter!("feed", Feed::new(lines, rows_in, pace, probe("parse")));
        let failure = feed.failure();

        let stamped = enter!("check: correlate", Correlate::new(Origin::new(1), Nowhere));
        let checked = enter!("check: edit", Edit::new(check, stamped));
        let guarded =
            enter!("check: dead letter", DeadLetter::editing("check", Overflow::Block, letters_in, checked));
        let check = check_node.drive_mut(Timed::new(probe("check"), guarded));

        let by_type = |event: &Event| match event.row().map(|row| row.kind) {
            Some(Kind::New | Kind::Cancelled | Kind::Deleted | Kind::Executed | Kind::Hidden) => 0,
            Some(Kind::Cross) => 1,
            Some(Kind::Halt) => 2,
            None => NO_ROUTE,
        };
        let visible = Visible(Book::new(plan.orders, plan.levels));
        let branches = (
            enter!("book: orders", Leaf::new(visible, &board)),
            enter!("book: crosses", Leaf::new(Crosses::default(), &board)),
            enter!("book: halts", Leaf::new(Halts::default(), &board)),
        );
        let routed = enter!("book: router", ContentRouter::new(by_type, branches));
        let good = enter!("book: filter", Filter::new(is_good, routed));
        let book = book_node.drive(Timed::new(probe("book"), good));

        let trades = enter!("stats: trades", Leaf::new(Trades::default(), &board));
        let trades = enter!("stats: filter trades", Filter::new(is_trade, trades));
        let tally = enter!("stats: by type", Leaf::new(Tally::default(), &board));
        let both = enter!("stats: fanout", Fanout::new((tally, trades)));
        let good = enter!("stats: filter", Filter::new(is_good, both));
        let stats = stats_node.drive(Timed::new(probe("stats"), good));

        let translate = Translator::new(Alarm::translator(plan.large), alarms_in);
        let translate = enter!("risk: translator", translate);
        let watch = Watch { large: plan.large, far: plan.far, last: 0 };
        let watch = enter!("risk: filter", Filter::new(watch, translate));
        let risk = risk_node.drive(Timed::new(probe("risk"), watch));

        let join = join_node.drive(enter!("join", Join::new(probe("end to end"), &board)));
        let letters = enter!("letters", Letters::new(&board));
        let (kept, letters) = (letters.first(), letters_out.drive(letters));
        let alarms = alarms_out.drive(enter!("alarms", Alarms::new(&board)));
        for (name, pump) in [
            ("pump check", check.account()),
            ("pump book", book.account()),
            ("pump stats", stats.account()),
            ("pump risk", risk.account()),
            ("pump join", join.account()),
            ("pump letters", letters.account()),
            ("pump alarms", alarms.account()),
        ] {
            books.enter(name, pump);
        }

        let agents: [Named; AGENTS] = [
            ("feed", Box::new(feed)),
            ("check", Box::new(check)),
            ("book", Box::new(book)),
            ("stats", Box::new(stats)),
            ("risk", Box::new(risk)),
            ("join", Box::new(join)),
            ("letters", Box::new(letters)),
            ("alarms", Box::new(alarms)),
        ];
        let outcome = Outcome { board, books, latencies, letters: kept, failure, rate: plan.rate };
        Ok(Self { agents, graph, outcome })
    }

    /// The agents, shared out to so many threads, 1 to 7. Within a thread they keep the order of the flow.
    pub(crate) fn share_out(self, threads: usize) -> Vec<Vec<Named>> {
        let threads = threads.clamp(1, THREADS);
        let mut groups: Vec<_> = (0..threads).map(|_| Vec::with_capacity(AGENTS)).collect();
        for (agent, place) in self.agents.into_iter().zip(PLACES[threads - 1]) {
            groups[place].push(agent);
        }
        groups
    }
}

impl Outcome {
    /// Why the input could not be read to its end, if so.
    pub(crate) fn failure(&self) -> Option<&io::Error> {
        self.failure.get()
    }

    /// What the run came to, when all of its threads are joined.
    pub(crate) fn report(&self, took: Duration) -> Report {
        let mut report = Report::of(&self.board, self.books.read(), self.latencies.read());
        report.first_letters = self.letters.lock().clone();
        report.took = took;
        report.rate = self.rate;
        report
    }
}
