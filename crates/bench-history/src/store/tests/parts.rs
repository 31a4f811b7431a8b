//! Tests parts of a run that several processes have measured.

use bench_record::{Parts, Record};
use bench_syntax::Share;

use super::{Added, Place, StoreError, record};

/// Returns part `rank` of three of the run `nightly`, each measured on another processor.
fn part(rank: u32, cases: &[(&str, f64)]) -> Record {
    let mut part = record(&format!("local-{rank}"), 3 - rank, cases);
    part.environment.commit = Some("commit".to_owned());
    part.environment.cpu = Some(format!("processor {rank}"));
    part.environment.os = Some("Linux".to_owned());
    part.parts = Some(Parts::one("nightly", Share::of_rank(rank, 3).expect("a part")));
    part
}

pub(super) fn parts_meet_as_one_run(place: &dyn Place) {
    let mut store = place.open();
    store.add(&record("before", 1, &[("unit/a", 1.0)])).expect("added");
    let first = part(1, &[("unit/b", 2.0), ("unit/c", 3.0)]);
    assert_eq!(store.add(&first).expect("added"), Added::New(4));
    let state = store.state().expect("a state");
    assert_eq!(store.add(&part(0, &[("unit/a", 1.0)])).expect("added"), Added::Joined(2));
    assert_ne!(store.state().expect("a state"), state, "a page that is served shows the new part");
    assert_eq!(store.add(&first).expect("known"), Added::Known);
    // One run, which began when its first part did, and each line on the machine that measured it.
    let runs: Vec<(String, String, usize)> =
        store.runs().expect("runs").into_iter().map(|run| (run.run, run.timestamp, run.figures)).collect();
    assert_eq!(runs[1..], [("nightly".to_owned(), "2026-01-03T01:00:00Z".to_owned(), 6)]);
    let series = store.series().expect("series");
    let on = |case: &str| -> Vec<(String, String)> {
        let lines = series.iter().filter(|one| one.key.case == case && one.key.metric == "time");
        lines
            .flat_map(|one| one.points.iter().map(|point| (one.key.machine.cpu.clone(), point.run.clone())))
            .collect()
    };
    let of = |cpu: &str, run: &str| (cpu.to_owned(), run.to_owned());
    assert_eq!(on("unit/a"), [of("c", "before"), of("processor 0", "nightly")]);
    assert_eq!(on("unit/c"), [of("processor 1", "nightly")]);
    let whole = store.record("nightly").expect("there");
    let parts = whole.parts.as_ref().expect("parts");
    assert_eq!((&parts.numbers[..], parts.missing()), (&[1, 2][..], vec![3]));
    assert_eq!(store.verify().expect("readable"), [""; 0]);
    // The whole, as from an older store, is known as well.
    assert_eq!(store.add(&whole).expect("known"), Added::Known);
    // A record that does not belong to the run changes nothing.
    let mut of_other_commit = part(2, &[("unit/d", 1.0)]);
    of_other_commit.environment.commit = Some("another".to_owned());
    let measured_again = part(1, &[("unit/b", 2.5)]);
    for wrong in [of_other_commit, measured_again] {
        let error = store.add(&wrong).expect_err("not a part");
        assert!(matches!(error, StoreError::NoPart { .. }), "{error}");
    }
    let error = store.add(&record("nightly", 9, &[("unit/a", 1.0)])).expect_err("another run");
    assert!(matches!(error, StoreError::Conflict { .. }), "{error}");
    assert_eq!(store.record("nightly").expect("there"), whole);
    store.refresh().expect("made again");
    assert_eq!(store.verify().expect("readable"), [""; 0]);
}
