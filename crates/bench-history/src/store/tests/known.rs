//! Tests that the store keeps how well figures are known.

use super::*;

pub(super) fn figures_are_kept_with_how_well_they_are_known(place: &dyn Place) {
    let mut run = record("r1", 1, &[("unit/a", 1.0)]);
    let interval = Some(bench_stats::Interval { low: 0.9, high: 1.2 });
    let time = run.cases[0].time.as_mut().expect("a time");
    (time.interval_s, time.rounds) = (interval, 5);
    let mut store = place.open();
    store.add(&run).expect("added");
    let known = |store: &mut Store| {
        let series = store.series().expect("series");
        let of_time = series.iter().find(|one| one.key.metric == "time").expect("a time");
        of_time.points[0].known
    };
    assert_eq!(known(&mut store), Known { interval, rounds: Some(5) });
    assert_eq!(store.verify().expect("readable"), Vec::<String>::new());
    // A run from before these columns existed has no values in them until it is rebuilt.
    store.migrate_to(9).expect("down");
    store.migrate_to(NEWEST).expect("up");
    assert_eq!(known(&mut store), Known::default());
    assert_eq!(store.verify().expect("readable"), Vec::<String>::new());
    store.refresh().expect("rebuilt");
    assert_eq!(known(&mut store), Known { interval, rounds: Some(5) });
    store.database.execute("UPDATE point SET high = 1.1 WHERE high = 1.2", &[]).expect("changed");
    assert_eq!(store.verify().expect("readable").len(), 1, "a changed interval is damage");
}
