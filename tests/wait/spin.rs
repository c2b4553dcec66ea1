use super::usage;
use ringmain::{contract::Wait, wait::BusySpin};

#[test]
fn never_sleeps() {
    for mut wait in [BusySpin::default(), BusySpin::pausing(0), BusySpin::pausing(64)] {
        assert!(wait.hogs());
        let before = usage::sleeps();
        for _ in 0..if cfg!(miri) { 10 } else { 10_000 } {
            wait.idle();
        }
        wait.reset();
        assert_eq!(usage::sleeps(), before);
    }
}
