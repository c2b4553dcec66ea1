use crate::kit::conforms;
use ringmain::pattern::{Filter, Sample};

conforms!(plain, 1..=100u64, |kit| {
    let hazard = kit.hazard();
    let even = move |n: &u64| {
        hazard.pass();
        n.is_multiple_of(2)
    };
    Filter::new(even, kit.leaf::<u64>())
});
conforms!(with_a_discard_output, 1..=100u64, |kit| {
    let kept = kit.leaf::<u64>();
    Filter::new(|n: &u64| n.is_multiple_of(2), kept).discard_to(kit.leaf::<u64>())
});
conforms!(mut over_lent_events, 1..=100u64, |kit| Filter::new(
    |n: &u64| n.is_multiple_of(3),
    kit.leaf::<u64>()
));
conforms!(with_state, 1..=100u64, |kit| Filter::new(Sample::one_in(3), kit.leaf::<u64>()));
