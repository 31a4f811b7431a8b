//! Counts of allocations, for programs and iterations whose allocations are known.

use bench_testing::{Bench, Stage};

#[test]
fn what_programs_allocate_is_counted() {
    Stage::new(Bench::AllocationPrograms).run(&[]).expect_code(0);
}

#[test]
fn what_an_iteration_allocates_is_read() {
    let stage = Stage::new(Bench::Allocations);
    stage.bench(&[]).expect_code(0);
    let record = stage.record();
    let read = |name: &str| {
        let case = record.cases.iter().find(|case| case.name == name).expect(name);
        let value =
            |metric: &str| case.observed.iter().find(|seen| seen.name == metric).map(|seen| seen.value);
        ["allocations", "allocated", "peak_live"].map(value)
    };
    let all = |figures: [f64; 3]| figures.map(Some);
    assert_eq!(read("of_the_body"), all([2.0, 150.0, 150.0]));
    assert_eq!(read("not_of_the_setup"), all([1.0, 2000.0, 2000.0]));
    assert_eq!(read("not_of_what_is_dropped_untimed"), all([1.0, 10.0, 10.0]));
    assert_eq!(read("of_nothing"), all([0.0; 3]));
    assert_eq!(read("of_a_request"), all([1.0, 70.0, 70.0]));
    // The benchmark cannot count while the probe does, but does not fail.
    assert_eq!(read("counts_by_itself"), all([1.0, 10.0, 10.0]));

    let [Some(every_other), Some(allocated), Some(peak)] = read("one_that_allocates_every_other_time") else {
        panic!("{:?}", read("one_that_allocates_every_other_time"));
    };
    // The number of iterations that fit depends on the machine: one, two or a hundred.
    assert!((0.0..=1.0).contains(&every_other), "{every_other}");
    assert!(
        (allocated - 100.0 * every_other).abs() < 1e-9 && [0.0, 100.0].contains(&peak),
        "{allocated} {peak}"
    );

    let [Some(allocations), Some(allocated), Some(peak)] = read("of_other_threads") else {
        panic!("{:?}", read("of_other_threads"));
    };
    assert!((64.0..90.0).contains(&allocations), "{allocations}: the pool's queues allocate now and then");
    assert!((640_000.0..700_000.0).contains(&allocated), "{allocated}");
    assert!(
        (10_000.0..160_000.0).contains(&peak),
        "{peak}: one or two buffers, and what threads owe each other"
    );

    let state = record.environment.probes.iter().find(|state| state.probe == "allocations").expect("linked");
    assert_eq!(state.unavailable, None);
    let summary = std::fs::read_to_string(stage.latest().join("summary.csv")).expect("written");
    assert!(
        summary.lines().next().is_some_and(|line| line.contains(",allocations_per_iteration")),
        "{summary}"
    );
}
