use super::usage;
use ringmain::{contract::Wait, wait::Yielding};

/// To yield is no sleep: the thread stays ready to run.
#[test]
fn lets_others_go_first_but_never_sleeps() {
    let mut wait = Yielding::new().spins(2);
    assert!(!wait.hogs());
    usage::assert_no_sleeps(1_000, || wait.idle());
    wait.reset();
}
