use crate::{empty, events, group, pass};
use criterion::Criterion;
use ringmain::channel::spsc;
use ringmain::pattern::{Change, ContentRouter, Park, RecipientList, Recipients, RuleSwitch, Rules, Shed};
use ringmain::ring::Sequence;

type Rule = fn(&u64) -> bool;
type Version = fn(&u64) -> usize;

pub(crate) fn benches(c: &mut Criterion) {
    let mut group = group(c, "content router");
    let events = events();
    group.bench_function("base", |b| b.iter(|| pass(&events, &mut empty)));
    let mut by_match = ContentRouter::new(|n: &u64| (n % 4) as usize, (empty, empty, empty, empty));
    group.bench_function("match, 4 branches", |b| b.iter(|| pass(&events, &mut by_match)));
    let mut by_table = ContentRouter::new(|n: &u64| (n % 4) as usize, [empty as fn(&u64, _) -> _; 4]);
    group.bench_function("array of function pointers", |b| b.iter(|| pass(&events, &mut by_table)));
    let rules: [Rule; 4] = [|n| n % 4 == 0, |n| n % 4 == 1, |n| n % 4 == 2, |n| n % 4 == 3];
    let mut by_rules = ContentRouter::new(Rules::new(rules), (empty, empty, empty, empty));
    group.bench_function("rules, 2.5 tried on average", |b| b.iter(|| pass(&events, &mut by_rules)));
    let by_rest: Version = |n| (n % 4) as usize;
    let (_control, changes) = spsc::channel(4, || Change { from: Sequence::ZERO, rules: by_rest }).unwrap();
    let mut fixed = ContentRouter::new(by_rest, (empty, empty, empty, empty));
    group.bench_function("function pointer", |b| b.iter(|| pass(&events, &mut fixed)));
    let mut switched = ContentRouter::new(RuleSwitch::new(by_rest, changes), (empty, empty, empty, empty));
    group
        .bench_function("function pointer behind a rule switch", |b| b.iter(|| pass(&events, &mut switched)));
    let to_two = |n: &u64| Recipients::of([(n % 4) as usize, ((n + 1) % 4) as usize]);
    let mut list = RecipientList::new(to_two, (empty, empty, empty, empty));
    group.bench_function("recipient list, 2 of 4", |b| b.iter(|| pass(&events, &mut list)));
    let mut shed = Shed::new(empty);
    group.bench_function("shed, never full", |b| b.iter(|| pass(&events, &mut shed)));
    let mut park = Park::<u64, _>::new(64, empty);
    group.bench_function("park, never full", |b| b.iter(|| pass(&events, &mut park)));
}
