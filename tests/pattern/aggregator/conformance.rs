//! The suite. What has closed is in nobody's hands when it goes on, so its rejection stays here.

use super::*;
use crate::kit::{Terms as Suite, conforms};

const HELD: Suite = Suite { reject_passes: false, ..Suite::STRICT };

/// Numbers of 16 keys: in each round the eight of the parity of the round come twice, so that groups of two close.
fn numbers() -> impl Iterator<Item = u64> {
    (0..10u64).flat_map(|round| (0..16).map(move |n| (n / 2) * 2 + round % 2 + 100 * round))
}

struct Told<S>(S);
impl<S: for<'e> Stage<&'e mut Aggregate<u64, u64>>> Stage<Aggregate<u64, &mut u64>> for Told<S> {
    fn on_event(&mut self, sum: Aggregate<u64, &mut u64>, at: At) -> Flow {
        self.0.on_event(&mut sum.copied(), at)
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.0.on_batch_end(now)
    }
}

/// Shows how many members there are, and their sum.
impl<S: for<'e> Stage<&'e mut (u64, u64)>> Stage<Aggregate<u64, Collected<'_, u64, u64>>> for Told<S> {
    fn on_event(&mut self, group: Aggregate<u64, Collected<'_, u64, u64>>, at: At) -> Flow {
        let members = &group.value.members;
        self.0.on_event(&mut (members.iter().count() as u64, members.iter().sum()), at)
    }
    fn on_batch_end(&mut self, now: Tick) -> Flow {
        self.0.on_batch_end(now)
    }
}

const TWO: Conditions<u64, u64> = Conditions { size: Some(2), ..Conditions::NONE };
const ONE: Conditions<u64, u64> = Conditions { size: Some(1), ..Conditions::NONE };
const EVICTS: Policy = Policy { full: Full::EvictOldest(Unfinished::EmitPartial), ..POLICY };
const LATE: Policy = Policy { late: Late::Discard { remember: 3 }, pending: Pending::Wait, ..POLICY };

macro_rules! folded {
    ($kit:ident, $policy:expr, $conditions:expr) => {{
        let (hazard, next) = ($kit.hazard(), Told($kit.leaf::<Aggregate<u64, u64>>()));
        let add = move |sum: &mut u64, n: &u64| -> Result<(), Fault> {
            hazard.pass();
            *sum += n;
            Ok(())
        };
        let dead = Told($kit.leaf::<Aggregate<u64, u64>>());
        Aggregator::new($policy, $conditions, |n: &u64| Some(n % 100), 0, add, dead, next).unwrap()
    }};
}
macro_rules! collected {
    ($kit:ident, $policy:expr, $conditions:expr) => {{
        let (hazard, next) = ($kit.hazard(), Told($kit.leaf::<(u64, u64)>()));
        let add = move |sum: &mut u64, n: &u64| -> Result<(), Fault> {
            hazard.pass();
            *sum += n;
            Ok(())
        };
        let dead = Told($kit.leaf::<(u64, u64)>());
        let store = Store::new(2, 6, Overfull::Close, u64::default).unwrap();
        Aggregator::collecting($policy, $conditions, store, |n: &u64| Some(n % 100), (0, add), dead, next)
            .unwrap()
    }};
}

conforms!(folds, numbers(), |kit| folded!(kit, POLICY, TWO), HELD);
conforms!(mut folds_lent, numbers(), |kit| folded!(kit, POLICY, TWO), HELD);
conforms!(each_alone, numbers(), |kit| folded!(kit, POLICY, ONE), HELD);
conforms!(evicts, (0..100), |kit| folded!(kit, EVICTS, TWO), HELD);
conforms!(evicts_lent, (0..100), |kit| folded!(kit, EVICTS, TWO), HELD);
conforms!(late, numbers(), |kit| folded!(kit, LATE, TWO), HELD);
conforms!(collects, numbers(), |kit| collected!(kit, POLICY, TWO), HELD);
conforms!(mut collects_lent, numbers(), |kit| collected!(kit, POLICY, TWO), HELD);
conforms!(mut collects_and_evicts, (0..100), |kit| collected!(kit, EVICTS, TWO), HELD);
