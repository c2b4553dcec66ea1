//! The room `table`, from outside: each structure beside a model of the standard library.
#[path = "../kit/mod.rs"]
mod kit;
#[path = "../../examples/market/random.rs"]
mod random;

mod index;
mod slab;
mod wheel;
mod window;

#[global_allocator]
static ALLOC: kit::Counting = kit::Counting;

/// `full` turns, and few under Miri, which is slow.
const fn turns(full: u64) -> u64 {
    if cfg!(miri) { full / 1000 } else { full }
}

/// Calls in one case of these.
const CALLS: usize = if cfg!(miri) { 30 } else { 200 };

/// For [`proptest`]: as many cases.
fn cases(full: u32) -> proptest::test_runner::Config {
    proptest::test_runner::Config {
        cases: if cfg!(miri) { 1 } else { full },
        failure_persistence: None,
        ..Default::default()
    }
}
