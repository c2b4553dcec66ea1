use super::usage;
use ringmain::{contract::Wait, wait::BusySpin};

#[test]
fn never_sleeps() {
    for mut wait in [BusySpin::default(), BusySpin::pausing(0), BusySpin::pausing(64)] {
        assert!(wait.hogs());
        usage::assert_no_sleeps(1_000, || wait.idle());
        wait.reset();
    }
}
