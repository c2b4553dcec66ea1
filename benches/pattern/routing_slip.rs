use crate::{EVENTS, empty, group, pass_mut};
use criterion::Criterion;
use ringmain::contract::{At, Fault, Flow};
use ringmain::pattern::routing_slip::{IfGone, Then, Visit};
use ringmain::pattern::{Activity, Edit, Planner, RoutingSlip, Traveller};
use std::hint::black_box;

type Number = Traveller<u64, 3>;

fn add(n: &mut Number, _: &mut Visit) -> Flow<Then> {
    n.body = black_box(n.body + 1);
    Ok(Then::Next)
}
fn add_noting(n: &mut Number, visit: &mut Visit) -> Flow<Then> {
    visit.note(n.body);
    add(n, visit)
}
fn fail(_: &mut Number, _: &mut Visit) -> Flow<Then> {
    Err(Fault::new(1).into())
}
fn undo(n: &mut Number, note: u64) -> Flow {
    n.body = note;
    Ok(())
}

pub(crate) fn benches(c: &mut Criterion) {
    let mut group = group(c, "routing_slip");
    let mut planner = Planner::new(8);
    let [a, b, d, e] = ["a", "b", "c", "d"].map(|name| planner.step::<(), ()>(name).unwrap());
    let [three, none, undone] =
        [&[1, 2, 3][..], &[], &[1, 2, 3, 4]].map(|way| planner.itinerary_of(way).unwrap());
    let itineraries = planner.share();
    let mut events = vec![Number::default(); EVENTS];
    let look = |n: &mut Number, at: At| empty(&n.body, at);

    // Each starts anew in each pass, so the base does that, too.
    let begin = |itinerary| {
        let itineraries = itineraries.clone();
        move |n: &mut Number| -> Flow {
            itineraries.start(n, itinerary);
            Ok(())
        }
    };
    let add_one = |n: &mut Number| -> Flow {
        n.body = black_box(n.body + 1);
        Ok(())
    };
    let mut base = Edit::new(begin(three), look);
    group.bench_function("base, started", |bench| bench.iter(|| pass_mut(&mut events, &mut base)));
    let in_a_row = Edit::new(add_one, Edit::new(add_one, Edit::new(add_one, look)));
    let mut in_a_row = Edit::new(begin(three), in_a_row);
    group.bench_function("3 edits in a row", |bench| bench.iter(|| pass_mut(&mut events, &mut in_a_row)));

    let mut slip = |id: &str, itinerary, run: fn(&mut Number, &mut Visit) -> Flow<Then>| {
        let activities = (
            Activity::new(a, run).undone_by(undo),
            Activity::new(b, run).undone_by(undo),
            Activity::new(d, run).undone_by(undo),
            Activity::new(e, fail),
        );
        let slip = RoutingSlip::new(itineraries.clone(), IfGone::Fault, 1, activities, look);
        let mut slip = Edit::new(begin(itinerary), slip);
        group.bench_function(id, |bench| bench.iter(|| pass_mut(&mut events, &mut slip)));
    };
    slip("no step", none, add);
    slip("3 steps", three, add);
    slip("3 steps that can be undone", three, add_noting);
    slip("3 steps that are undone", undone, add_noting);
}
