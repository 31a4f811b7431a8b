//! The tests that every database must pass.

mod damage;
#[cfg(feature = "postgres")]
mod encryption;
mod known;
#[cfg(feature = "postgres")]
mod on_postgres;
mod parts;

use std::path::PathBuf;
use std::time::Duration;

use bench_record::Record;
use damage::what_people_said_carries_a_checksum;
use known::figures_are_kept_with_how_well_they_are_known;
use parts::parts_meet_as_one_run;
use serde_json::{Value as Json, json};

use super::*;

/// Returns a run of `cases`, each with its median time in seconds; it began on this `day`.
pub(crate) fn record(run: &str, day: u32, cases: &[(&str, f64)]) -> Record {
    let percentile = |value: f64| json!({"value_s": value, "supported": false});
    let cases: Vec<Json> = cases
        .iter()
        .map(|(id, median)| {
            json!({
                "id": id, "category": "unit", "name": id, "arguments": {}, "tags": [], "source": "", "target": "",
                "settings": {"max_time_s": 1.0, "max_time_is_hard": false, "timeout_s": 1.0,
                             "target_precision": 0.01},
                "status": "ok", "counters": [], "warnings": [],
                "time": {"median_s": median, "mean_s": median, "min_s": median, "max_s": median,
                         "p95": percentile(*median), "p99": percentile(*median), "samples": 3, "rounds": 1,
                         "iterations": 3},
                "metrics": [{"name": "Items", "unit": "items/s", "value": 7.0, "better": "higher"}],
                "rounds": [],
            })
        })
        .collect();
    let count = cases.len();
    serde_json::from_value(json!({
        "format": "bench-run", "schema_version": 1, "run": run, "state": "complete", "seed": 1, "warnings": [],
        "timestamp": format!("2026-{:02}-{:02}T01:00:00Z", 1 + day / 28, 1 + day % 28),
        "sealed": "2026-01-01T02:00:00Z",
        "summary": {"total_benchmarks": count, "successful_runs": count, "failed_runs": 0, "skipped_runs": 0},
        "environment": {"commit": format!("commit-{run}"), "toolchain": "rustc 1.95", "target": "t",
                        "target_features": "", "opt_level": "3", "debug_assertions": false, "cpu": "c",
                        "cores": 2, "memory_bytes": 1u64 << 34, "gpus": []},
        "cases": cases,
    }))
    .expect("a record")
}

/// The place of a store; every call opens it.
trait Place: Sync {
    fn try_open(&self) -> Result<Store, StoreError>;

    fn open(&self) -> Store {
        self.try_open().expect("a store")
    }
}

struct File(tempfile::TempDir);

impl File {
    fn new() -> Self {
        File(tempfile::tempdir().expect("folder"))
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("sub/history.sqlite")
    }
}

impl Place for File {
    fn try_open(&self) -> Result<Store, StoreError> {
        Store::open(&Location::File(self.path()))
    }
}

macro_rules! suite {
    ($($name:ident,)*) => {
        mod on_sqlite {
            $(#[test] fn $name() { super::$name(&super::File::new()); })*
        }

        #[cfg(feature = "postgres")]
        const ALL: &[(&str, fn(&dyn Place))] = &[$((stringify!($name), $name)),*];
    };
}

suite! {
    a_run_comes_back_as_it_was,
    another_unit_is_another_line,
    figures_are_kept_with_how_well_they_are_known,
    the_same_run_twice_is_once,
    a_run_never_changes,
    runs_are_in_order_of_time,
    a_case_that_comes_and_goes_keeps_its_line,
    another_machine_is_another_series,
    what_failed_or_is_no_number_has_no_figure,
    names_are_never_read_as_sql,
    old_runs_are_pruned,
    what_a_run_took_place_in_is_known_and_goes_with_it,
    migrations_lead_up_and_down,
    a_newer_store_is_refused,
    writers_wait_for_each_other,
    a_failed_write_leaves_nothing,
    damage_is_found_and_mended,
    changes_are_accepted_once,
    changes_are_told_once,
    a_baseline_means_the_run_that_was_named_last_and_is_not_pruned,
    a_renamed_case_keeps_its_history,
    two_cases_are_not_made_one,
    what_people_said_carries_a_checksum,
    parts_meet_as_one_run,
}

fn a_run_comes_back_as_it_was(place: &dyn Place) {
    let run = record("r1", 1, &[("unit/a", 0.1 + 0.2), ("unit/b", 0.0)]);
    assert_eq!(place.open().add(&run).expect("added"), Added::New(4));
    let mut store = place.open();
    assert_eq!(store.record("r1").expect("there"), run);
    assert!(matches!(store.record("r2"), Err(StoreError::NoSuchRun { .. })));
    let series = store.series().expect("series");
    let keys: Vec<(&str, &str)> =
        series.iter().map(|one| (one.key.case.as_str(), one.key.metric.as_str())).collect();
    assert_eq!(keys, [("unit/a", "items"), ("unit/a", "time"), ("unit/b", "items"), ("unit/b", "time")]);
    assert_eq!((series[1].values(), series[3].values()), (vec![0.1 + 0.2], vec![0.0]));
    assert_eq!(series[0].better, bench_protocol::Better::Higher);
    assert_eq!((series[1].unit.as_str(), series[1].key.machine.memory.as_str()), ("s", "16 GiB"));
    assert_eq!(series[1].points[0].commit.as_deref(), Some("commit-r1"));
}

fn another_unit_is_another_line(place: &dyn Place) {
    use bench_protocol::Better;
    use bench_record::Metric;
    let mut store = place.open();
    store.add(&record("r1", 1, &[("unit/a", 1.0)])).expect("added");
    // The benchmark counts bytes instead of items, and on the next night both.
    let bytes = || Metric::new("Items", "bytes/s", 8.0, Better::Higher);
    let mut run = record("r2", 2, &[("unit/a", 1.0)]);
    run.cases[0].metrics = vec![bytes()];
    store.add(&run).expect("added");
    let mut run = record("r3", 3, &[("unit/a", 1.0)]);
    run.cases[0].metrics.push(bytes());
    assert_eq!(store.add(&run).expect("added"), Added::New(3));
    let lines = |store: &mut Store| -> Vec<(String, Vec<f64>)> {
        let series = store.series().expect("series");
        let of_items = series.iter().filter(|one| one.key.metric == "items");
        let mut lines: Vec<_> = of_items.map(|one| (one.unit.clone(), one.values())).collect();
        lines.sort_by(|a, b| a.0.cmp(&b.0));
        lines
    };
    let both = [("bytes/s".to_owned(), vec![8.0, 8.0]), ("items/s".to_owned(), vec![7.0, 7.0])];
    assert_eq!(lines(&mut store), both);
    // On the way back the older line stays, with its own points alone.
    store.migrate_to(6).expect("down");
    let left = "SELECT unit, value FROM point JOIN series ON series.id = point.series WHERE metric = 'items'";
    let left = store.database.query(left, &[]).expect("readable");
    assert_eq!(left, vec![vec![Value::from("items/s"), Value::Real(7.0)]; 2]);
    store.migrate_to(NEWEST).expect("up");
}

fn the_same_run_twice_is_once(place: &dyn Place) {
    let run = record("r1", 1, &[("unit/a", 1.0)]);
    let mut store = place.open();
    assert_eq!(store.add(&run).expect("added"), Added::New(2));
    assert_eq!(store.add(&run).expect("known"), Added::Known);
    assert_eq!(store.runs().expect("runs").len(), 1);
    assert_eq!(store.series().expect("series")[1].points.len(), 1);
}

fn a_run_never_changes(place: &dyn Place) {
    let mut store = place.open();
    store.add(&record("r1", 1, &[("unit/a", 1.0)])).expect("added");
    let other = store.add(&record("r1", 1, &[("unit/a", 2.0)]));
    assert!(matches!(other, Err(StoreError::Conflict { .. })), "{other:?}");
    assert_eq!(store.series().expect("series")[1].values(), [1.0]);
}

fn runs_are_in_order_of_time(place: &dyn Place) {
    let mut store = place.open();
    // A clock that was put back, and a run that was added late.
    for (run, day) in [("z", 3), ("b", 1), ("a", 2), ("c", 1)] {
        store.add(&record(run, day, &[("unit/a", f64::from(day))])).expect("added");
    }
    let runs: Vec<String> = store.runs().expect("runs").into_iter().map(|run| run.run).collect();
    assert_eq!(runs, ["b", "c", "a", "z"]);
    assert_eq!(store.series().expect("series")[1].values(), [1.0, 1.0, 2.0, 3.0]);
}

fn a_case_that_comes_and_goes_keeps_its_line(place: &dyn Place) {
    let mut store = place.open();
    for (day, cases) in [(1, &["unit/a", "unit/b"][..]), (2, &["unit/a"]), (3, &[]), (4, &["unit/b"])] {
        let cases: Vec<(&str, f64)> = cases.iter().map(|case| (*case, f64::from(day))).collect();
        store.add(&record(&format!("r{day}"), day, &cases)).expect("added");
    }
    let series = store.series().expect("series");
    let times: Vec<Vec<f64>> =
        series.iter().filter(|one| one.key.metric == "time").map(|one| one.values()).collect();
    assert_eq!(times, [vec![1.0, 2.0], vec![1.0, 4.0]]);
}

fn another_machine_is_another_series(place: &dyn Place) {
    let mut store = place.open();
    for (number, change) in [
        |_: &mut Record| {},
        |run: &mut Record| run.environment.cpu = None,
        |run: &mut Record| run.environment.cores = Some(4),
        |run: &mut Record| run.environment.gpus.push("H100".to_owned()),
        |run: &mut Record| run.environment.toolchain += "1",
        |run: &mut Record| run.environment.opt_level = "s".to_owned(),
        |run: &mut Record| run.environment.commit = None,
    ]
    .into_iter()
    .enumerate()
    {
        let mut run = record(&format!("r{number}"), 1, &[("unit/a", 1.0)]);
        change(&mut run);
        store.add(&run).expect("added");
    }
    let series = store.series().expect("series");
    let times = series.iter().filter(|one| one.key.metric == "time");
    let mut points: Vec<usize> = times.map(|one| one.points.len()).collect();
    points.sort_unstable();
    assert_eq!(points, [1, 1, 1, 1, 1, 2], "another commit is no other series");
}

fn what_failed_or_is_no_number_has_no_figure(place: &dyn Place) {
    let mut run = record("r1", 1, &[("unit/a", 1.0), ("unit/b", 1.0)]);
    run.cases[0].status = bench_record::Status::Failed;
    run.cases[1].metrics[0].value = f64::INFINITY;
    let mut store = place.open();
    assert_eq!(store.add(&run).expect("added"), Added::New(1));
}

fn names_are_never_read_as_sql(place: &dyn Place) {
    let hostile = "x'); DROP TABLE run; --\"\\ $1 ?1 %s \u{1F980}";
    let run = record(hostile, 1, &[(hostile, 1.0)]);
    let mut store = place.open();
    store.add(&run).expect("added");
    assert_eq!(store.add(&run).expect("known"), Added::Known);
    assert_eq!(store.record(hostile).expect("there"), run);
    assert_eq!(store.series().expect("series")[0].key.case, hostile);
    assert_eq!(store.prune(hostile).expect("pruned"), 1, "texts are compared, not run");
}

fn old_runs_are_pruned(place: &dyn Place) {
    let mut store = place.open();
    store.add(&record("old", 1, &[("unit/a", 1.0), ("unit/gone", 1.0)])).expect("added");
    store.add(&record("new", 9, &[("unit/a", 2.0)])).expect("added");
    assert_eq!(store.prune("2026-01-05T00:00:00Z").expect("pruned"), 1);
    let series = store.series().expect("series");
    assert_eq!((series.len(), series[1].values()), (2, vec![2.0]));
    assert_eq!(store.verify().expect("readable"), Vec::<String>::new());
}

fn what_a_run_took_place_in_is_known_and_goes_with_it(place: &dyn Place) {
    let mut store = place.open();
    for (run, day, os) in [("old", 1, "A"), ("new", 9, "B")] {
        let mut record = record(run, day, &[("unit/a", 1.0)]);
        record.environment.os = Some(os.to_owned());
        store.add(&record).expect("added");
    }
    let systems = |store: &mut Store| -> Vec<Vec<String>> {
        let series = store.series().expect("series");
        let points = series.iter().flat_map(|line| &line.points);
        points.map(|point| point.circumstances.iter().map(|(_, value)| value.to_owned()).collect()).collect()
    };
    assert_eq!(systems(&mut store)[..2], [["A"], ["B"]]);
    // A store of an older version has no circumstances.
    store.database.execute("DELETE FROM circumstance", &[]).expect("forgotten");
    assert_eq!(systems(&mut store)[..2], [[""; 0], [""; 0]]);
    store.refresh().expect("made anew");
    assert_eq!(systems(&mut store)[..2], [["A"], ["B"]]);
    assert_eq!(store.prune("2026-01-05T00:00:00Z").expect("pruned"), 1);
    let left = store.database.query("SELECT value FROM circumstance", &[]).expect("table");
    assert_eq!(left, [[Value::from("B")]]);
}

fn migrations_lead_up_and_down(place: &dyn Place) {
    let mut store = place.open();
    assert_eq!(store.version().expect("version"), NEWEST);
    store.add(&record("r1", 1, &[("unit/a", 1.0)])).expect("added");
    for version in (1..NEWEST).rev() {
        store.migrate_to(version).expect("down");
        assert_eq!(store.version().expect("version"), version);
        assert_eq!(store.runs().expect("runs").len(), 1);
    }
    store.migrate_to(NEWEST).expect("up");
    assert_eq!((store.acceptances().expect("table").len(), store.runs().expect("runs").len()), (0, 1));
    assert_eq!((store.baselines().expect("table").len(), store.renamings().expect("table").len()), (0, 0));
    store.migrate_to(0).expect("all the way down");
    assert!(store.runs().is_err(), "nothing is left");
    drop(store);
    assert_eq!(place.open().runs().expect("made anew").len(), 0);
}

fn a_newer_store_is_refused(place: &dyn Place) {
    let mut store = place.open();
    store.database.execute("UPDATE bench_store SET version = 99", &[]).expect("changed");
    drop(store);
    let error = place.try_open().err().expect("refused");
    assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error}");
    assert!(error.to_string().contains("update `bench`"));
}

fn writers_wait_for_each_other(place: &dyn Place) {
    const WRITERS: usize = 20;
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            scope.spawn(move || {
                let mut store = place.open();
                for number in 0..3 {
                    let run = record(&format!("r{writer}-{number}"), 1, &[("unit/a", 1.0), ("unit/b", 1.0)]);
                    store.add(&run).expect("added");
                }
            });
        }
    });
    let mut store = place.open();
    assert_eq!(store.runs().expect("runs").len(), 3 * WRITERS);
    let series = store.series().expect("series");
    assert_eq!(series.len(), 4);
    assert!(series.iter().all(|one| one.points.len() == 3 * WRITERS));
}

fn a_failed_write_leaves_nothing(place: &dyn Place) {
    let mut store = place.open();
    store.database.batch("DROP TABLE point; CREATE TABLE point (series BIGINT)").expect("changed");
    assert!(store.add(&record("r1", 1, &[("unit/a", 1.0)])).is_err());
    let left = store.database.query("SELECT name FROM run", &[]).expect("readable");
    assert_eq!(left.len(), 0);
    assert_eq!(store.database.query("SELECT id FROM series", &[]).expect("readable").len(), 0);
}

fn damage_is_found_and_mended(place: &dyn Place) {
    let mut store = place.open();
    for number in 0..3 {
        store.add(&record(&format!("r{number}"), number, &[("unit/a", 1.0)])).expect("added");
    }
    assert_eq!(store.verify().expect("readable"), Vec::<String>::new());
    store.database.execute("UPDATE point SET value = 2.0 WHERE run = 'r0'", &[]).expect("changed");
    let found = store.verify().expect("readable");
    assert!(found.len() == 1 && found[0].starts_with("r0: "), "{found:?}");
    store.refresh().expect("mended");
    assert_eq!(store.verify().expect("readable"), Vec::<String>::new());
    let half = Value::Bytes(vec![0x1f, 0x8b, 8, 0]);
    store.database.execute("UPDATE run SET record = $1 WHERE name = 'r1'", &[half]).expect("changed");
    let found = store.verify().expect("readable");
    assert!(found.len() == 1 && found[0].contains("r1"), "{found:?}");
    assert!(matches!(store.record("r1"), Err(StoreError::Corrupt { .. })));
}

fn changes_are_accepted_once(place: &dyn Place) {
    let mut store = place.open();
    store.add(&record("r1", 1, &[("unit/a", 1.0)])).expect("added");
    let accepted = |run: &str, reason: &str| Acceptance {
        case: "unit/a".to_owned(),
        run: run.to_owned(),
        at: "2026-02-01T00:00:00Z".to_owned(),
        author: "me".to_owned(),
        reason: reason.to_owned(),
    };
    store.accept(&accepted("r1", "first")).expect("kept");
    store.accept(&accepted("r1", "second")).expect("known");
    assert!(matches!(store.accept(&accepted("r9", "none")), Err(StoreError::NoSuchRun { .. })));
    let kept: Vec<String> = store.acceptances().expect("kept").into_iter().map(|one| one.reason).collect();
    assert_eq!(kept, ["first"]);
}

fn a_baseline_means_the_run_that_was_named_last_and_is_not_pruned(place: &dyn Place) {
    let mut store = place.open();
    for (run, day) in [("r1", 1), ("r2", 2), ("r3", 3)] {
        store.add(&record(run, day, &[("unit/a", 1.0)])).expect("added");
    }
    let named = |name: &str, run: &str| Baseline {
        name: name.to_owned(),
        run: run.to_owned(),
        at: "2026-02-01T00:00:00Z".to_owned(),
        author: "me".to_owned(),
    };
    for (name, run) in [("v1", "r1"), ("before '; DROP TABLE run", "r2"), ("v1", "r2")] {
        store.set_baseline(&named(name, run)).expect("named");
    }
    assert!(matches!(store.set_baseline(&named("v2", "r9")), Err(StoreError::NoSuchRun { .. })));
    assert_eq!(
        store.baselines().expect("there"),
        [named("before '; DROP TABLE run", "r2"), named("v1", "r2")]
    );
    assert_eq!(store.prune("2026-03-01T00:00:00Z").expect("pruned"), 2, "r1 is no baseline any more");
    let left: Vec<String> = store.runs().expect("runs").into_iter().map(|run| run.run).collect();
    assert_eq!(left, ["r2"]);
    assert_eq!(store.verify().expect("readable"), Vec::<String>::new());
}

fn renaming(old: &str, new: &str) -> Renaming {
    let text = str::to_owned;
    Renaming { old: text(old), new: text(new), at: text("2026-02-01T00:00:00Z"), author: text("me") }
}

fn a_renamed_case_keeps_its_history(place: &dyn Place) {
    let mut store = place.open();
    let both = [("unit/old[n=1]", 1.0), ("unit/older", 5.0)];
    store.add(&record("r1", 1, &both)).expect("added");
    store.add(&record("r3", 3, &[("unit/new[n=1]", 3.0)])).expect("added");
    let accepted = Acceptance {
        case: "unit/old[n=1]".to_owned(),
        run: "r1".to_owned(),
        at: String::new(),
        author: String::new(),
        reason: "wanted".to_owned(),
    };
    store.accept(&accepted).expect("kept");
    store.rename(&renaming("unit/old", "unit/new")).expect("renamed");
    // A branch that still has the old name.
    store.add(&record("r2", 2, &[("unit/old[n=1]", 2.0)])).expect("added");
    let times = |store: &mut Store| -> Vec<(String, Vec<f64>)> {
        let series = store.series().expect("series");
        let times = series.iter().filter(|one| one.key.metric == "time");
        times.map(|one| (one.key.case.clone(), one.values())).collect()
    };
    let line = |case: &str, values: &[f64]| (case.to_owned(), values.to_vec());
    assert_eq!(times(&mut store), [line("unit/new[n=1]", &[1.0, 2.0, 3.0]), line("unit/older", &[5.0])]);
    assert_eq!(store.acceptances().expect("kept")[0].case, "unit/new[n=1]");
    assert_eq!(store.record("r1").expect("there").cases[0].id, "unit/old[n=1]", "what is stored stays");
    assert_eq!(store.verify().expect("readable"), Vec::<String>::new());
    // Another benchmark that takes the old name is not part of the line in a run that measured both.
    store.add(&record("r4", 4, &[("unit/new[n=1]", 4.0), ("unit/old[n=1]", 9.0)])).expect("added");
    let apart = [line("unit/new[n=1]", &[1.0, 2.0, 3.0, 4.0]), line("unit/old[n=1]", &[9.0])];
    assert_eq!(times(&mut store)[..2], apart);
    let missing = store.rename(&renaming("unit/none", "unit/new"));
    assert!(matches!(missing, Err(StoreError::NoSuchCase { .. })), "{missing:?}");
    store.migrate_to(3).expect("down");
    store.migrate_to(NEWEST).expect("up");
    assert_eq!(store.renamings().expect("table"), [], "what the older version cannot hold is lost");
    assert_eq!(times(&mut store).len(), 3);
}

fn two_cases_are_not_made_one(place: &dyn Place) {
    let mut store = place.open();
    store.add(&record("r1", 1, &[("unit/a", 1.0), ("unit/b", 2.0)])).expect("added");
    let error = store.rename(&renaming("unit/a", "unit/b")).expect_err("two cases");
    assert_eq!(
        error.to_string(),
        "`unit/a` and `unit/b` are two different cases: the run `r1` contains both"
    );
    assert_eq!(store.renamings().expect("table"), []);
}

fn changes_are_told_once(place: &dyn Place) {
    let mut store = place.open();
    let told = |recipient: &str, at: &str| Told {
        recipient: recipient.to_owned(),
        case: "unit/'a".to_owned(),
        metric: "time".to_owned(),
        machine: "m".to_owned(),
        run: "r1".to_owned(),
        at: at.to_owned(),
    };
    for (recipient, at) in [("mail", "1"), ("mail", "2"), ("chat", "3")] {
        store.keep_told(&told(recipient, at)).expect("kept");
    }
    assert_eq!(place.open().all_told().expect("kept"), [told("mail", "1"), told("chat", "3")]);
}

#[test]
fn a_file_that_is_no_store_is_told() {
    let place = File::new();
    place.open().add(&record("r1", 1, &[("unit/a", 1.0)])).expect("added");
    let whole = std::fs::read(place.path()).expect("file");
    for (what, bytes) in [
        (
            "text",
            b"this is no database, and it is longer than a header of one: 0123456789 0123456789 0123456"
                .to_vec(),
        ),
        ("half of it", whole[..whole.len() / 2].to_vec()),
        ("zeroes after the header", {
            let mut bytes = whole.clone();
            bytes[200..].fill(0);
            bytes
        }),
    ] {
        std::fs::write(place.path(), bytes).expect("file");
        // Damage that SQLite does not notice when it opens the file is found by a check.
        let found = place.try_open().and_then(|mut store| store.verify());
        match found {
            Err(error) => assert!(error.to_string().contains("bench store rebuild"), "{what}: {error}"),
            Ok(lines) => assert!(!lines.is_empty(), "{what}"),
        }
    }
}

#[test]
fn a_locked_file_is_told() {
    let place = File::new();
    drop(place.open());
    let mut other = Sqlite::open(&place.path(), Duration::ZERO).expect("open");
    other.begin().expect("locked");
    let mut impatient =
        Sqlite::open(&place.path(), Duration::from_millis(10)).expect("readers need not wait");
    let error = impatient.begin().expect_err("locked");
    assert!(matches!(error, StoreError::Locked { .. }), "{error}");
}

/// Tests the state of a new store at the moment when several processes open it: a file without write-ahead logging to
/// which another process writes. SQLite itself waits for readers there, but not for a writer.
#[test]
fn who_switches_to_write_ahead_logging_waits_for_writers() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("history.sqlite");
    let writer = rusqlite::Connection::open(&path).expect("open");
    writer
        .execute_batch("CREATE TABLE other (a INT); BEGIN IMMEDIATE; INSERT INTO other VALUES (1);")
        .expect("writing");
    let locked = Sqlite::open(&path, Duration::ZERO).expect_err("it is written");
    assert!(matches!(locked, StoreError::Locked { .. }), "{locked}");
    std::thread::scope(|scope| {
        let opened = scope.spawn(|| Sqlite::open(&path, Duration::from_secs(60)));
        std::thread::sleep(Duration::from_millis(200));
        writer.execute_batch("COMMIT").expect("done");
        let mut store = opened.join().expect("no panic").expect("open once the writer is done");
        assert_eq!(store.query("PRAGMA journal_mode", &[]).expect("a mode"), [[Value::from("wal")]]);
    });
}

#[test]
fn many_may_open_a_new_file_at_once() {
    const OPENERS: usize = 60;
    for _ in 0..5 {
        let place = File::new();
        let start = std::sync::Barrier::new(OPENERS);
        std::thread::scope(|scope| {
            for _ in 0..OPENERS {
                scope.spawn(|| {
                    start.wait();
                    place.open();
                });
            }
        });
        assert_eq!(place.open().version().expect("whole"), NEWEST);
    }
}

#[test]
fn a_full_disk_is_told_and_leaves_nothing() {
    let place = File::new();
    let mut store = place.open();
    store.database.query("PRAGMA max_page_count = 1", &[]).expect("no page more");
    let error = (0..100)
        .find_map(|number| store.add(&record(&format!("r{number}"), 1, &[("unit/a", 1.0)])).err())
        .expect("full");
    assert!(matches!(error, StoreError::Full { .. }), "{error}");
    drop(store);
    assert_eq!(place.open().verify().expect("sound"), Vec::<String>::new());
}

#[test]
fn a_location_is_a_file_or_a_server() {
    assert_eq!("a/b.sqlite".parse::<Location>().expect("a file"), Location::File("a/b.sqlite".into()));
    assert!(matches!("postgres://u@h/d".parse(), Ok(Location::Postgres(_))));
    let error = "mysql://u:secret@h/d".parse::<Location>().expect_err("unknown").to_string();
    assert!(!error.contains("secret") && error.contains("postgres://"), "{error}");
    assert!("".parse::<Location>().is_err());
}
