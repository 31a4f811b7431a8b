//! The trend of every line of a store.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::panic::resume_unwind;

use bench_protocol::Better;
use serde::Serialize;

use crate::change::{self, Change, Detector, FEWEST, Kind, Segment, Settings};
use crate::circumstances::Circumstances;
use crate::key::SeriesKey;
use crate::store::{Acceptance, Point, Series};

/// The accuracy, in runs, of the place of a step: with much noise, it is placed a little off.
pub(crate) const NEAR: usize = 2;

/// One line, and its changes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trend {
    /// The key of the series.
    pub key: SeriesKey,
    /// Its unit.
    pub unit: String,
    /// Whether a lower or a higher value is better.
    pub better: Better,
    /// The number of its runs.
    pub runs: usize,
    /// Whether there are too few runs for any change to be found.
    pub too_little_history: bool,
    /// The changes, oldest first.
    pub changes: Vec<Turn>,
    /// Changes that were reported and later withdrawn, in the order in which they were found.
    pub withdrawn: Vec<Turn>,
    /// The stretches between the changes, oldest first.
    pub segments: Vec<Segment>,
    /// The level since the last change.
    pub level: Segment,
}

/// A change of a line, with the runs at which it happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Turn {
    /// Whether it is a step or a drift.
    pub kind: Kind,
    /// The last run at the old level.
    pub last_before: Place,
    /// The first run at the new level; for drift, the first of the runs that showed it.
    pub since: Place,
    /// The run at which it was found. It stays the same while `last_before` and `since` may move towards the past, and
    /// so identifies the change.
    pub found: Place,
    /// The runs between which the change came, with 95 % confidence.
    pub culprit: Culprit,
    /// The run at which it was withdrawn, because the runs since no longer differ from those before; `None` if it was
    /// not withdrawn.
    pub withdrawn: Option<Place>,
    /// The median before the change, in the unit of the line.
    pub before: f64,
    /// The median since the change, in the unit of the line.
    pub after: f64,
    /// `after / before − 1`; `None` if the level was 0 before.
    pub shift: Option<f64>,
    /// Whether the change is for the worse.
    pub worse: bool,
    /// The estimated step divided by its standard error, as a normal quantile.
    pub z: f64,
    /// Other circumstances that changed around it: `operating system: A → B`. Empty for drift.
    pub also: Vec<String>,
    /// The shift of the whole machine on the same night, which is contained in `before` and not part of this change:
    /// 0.03 is three per cent more. `None` if no such shift was separated from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of_machine: Option<f64>,
    /// The author and the reason of its acceptance; `None` if it is not accepted.
    pub accepted: Option<Acceptance>,
}

/// The range in which to look for the cause of a change. It is as known on the night of the report, and never moves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Culprit {
    /// The last run that was at the old level with 95 % confidence.
    pub last_good: Place,
    /// The first run that was at the new level with 95 % confidence.
    pub first_bad: Place,
    /// The commits that were measured after `last_good`, up to `first_bad`, each once.
    pub commits: Vec<String>,
}

/// A run of a line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// Its number in the line, from 0.
    pub number: usize,
    /// When it began, UTC, RFC 3339.
    pub timestamp: String,
    /// Its name.
    pub run: String,
    /// Git commit, if known.
    pub commit: Option<String>,
}

/// Finds the changes of a line. An accepted change is marked; if no change was found around the accepted run, the line
/// still starts again there.
pub fn trend(series: &Series, acceptances: &[Acceptance], settings: Settings) -> Trend {
    let values = series.values();
    let accepted: BTreeMap<usize, &Acceptance> = acceptances
        .iter()
        .filter(|acceptance| acceptance.case == series.key.case)
        .filter_map(|acceptance| {
            let number = series.points.iter().position(|point| point.run == acceptance.run)?;
            Some((number, acceptance))
        })
        .collect();
    let mut found = changes(&values, settings, &[]);
    let covered = |number: &&usize| found.iter().any(|change| around(change).contains(*number));
    let alone: Vec<usize> = accepted.keys().filter(|number| !covered(number)).copied().collect();
    if !alone.is_empty() {
        found = changes(&values, settings, &alone);
    }
    let standing = change::standing(&values, &found, settings.min_shift);
    let segments = change::segments(&values, &standing);
    let nothing = Segment { from: 0, to: 0, median: f64::NAN, interval: None };
    let level = segments.last().copied().unwrap_or(nothing);
    let turn = |change: &Change| turn(series, change, &accepted);
    Trend {
        key: series.key.clone(),
        unit: series.unit.clone(),
        better: series.better,
        runs: values.len(),
        too_little_history: values.len() < FEWEST,
        changes: standing.iter().filter_map(turn).collect(),
        withdrawn: found.iter().filter(|change| change.withdrawn.is_some()).filter_map(turn).collect(),
        segments,
        level,
    }
}

/// Converts a change to one with runs; `None` if one of these runs does not exist.
fn turn(series: &Series, change: &Change, accepted: &BTreeMap<usize, &Acceptance>) -> Option<Turn> {
    let place = |number: usize| place(number, &series.points);
    let shift = change.shift();
    Some(Turn {
        kind: change.kind,
        last_before: place(change.at.checked_sub(1)?)?,
        since: place(change.at)?,
        found: place(change.found)?,
        culprit: Culprit {
            last_good: place(change.earliest.checked_sub(1)?)?,
            first_bad: place(change.latest)?,
            commits: commits(&series.points[change.earliest..=change.latest]),
        },
        withdrawn: change.withdrawn.and_then(place),
        before: change.before,
        after: change.after,
        shift: shift.is_finite().then_some(shift),
        worse: match series.better {
            Better::Lower => shift > 0.0,
            Better::Higher => shift < 0.0,
        },
        z: change.z,
        also: match change.kind {
            Kind::Step => also_changed(&series.points, change.at),
            Kind::Drift => Vec::new(),
        },
        of_machine: None,
        accepted: accepted.range(around(change)).next().map(|(_, acceptance)| (*acceptance).clone()),
    })
}

/// Returns the commits of some runs, each once, in their order.
fn commits(points: &[Point]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for commit in points.iter().filter_map(|point| point.commit.as_ref()) {
        if !all.contains(commit) {
            all.push(commit.clone());
        }
    }
    all
}

/// Returns the trend of each series, in their order; computed on all processors.
pub fn trends(series: &[Series], acceptances: &[Acceptance], settings: Settings) -> Vec<Trend> {
    let of = |part: &[Series]| -> Vec<Trend> {
        part.iter().map(|series| trend(series, acceptances, settings)).collect()
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let part = series.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = series.chunks(part).map(|part| scope.spawn(move || of(part))).collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    })
}

/// Returns the runs whose acceptance applies to this change: from a little before the earliest run at which it may have
/// come, to the night of the report.
fn around(change: &Change) -> RangeInclusive<usize> {
    change.earliest.saturating_sub(NEAR)..=change.found
}

/// Returns the circumstances that changed from one run to the next around run `at`: the place of a step is known to a
/// run or two.
fn also_changed(points: &[Point], at: usize) -> Vec<String> {
    let near = &points[at.saturating_sub(NEAR + 1)..points.len().min(at + NEAR + 1)];
    let mut all: Vec<String> = Vec::new();
    for pair in near.windows(2) {
        for also in Circumstances::changed(&pair[0].circumstances, &pair[1].circumstances) {
            // Machines that take turns change back and forth.
            if !all.contains(&also) {
                all.push(also);
            }
        }
    }
    all
}

/// Returns the changes of `values`; at each of `restarts`, all earlier runs are forgotten.
fn changes(values: &[f64], settings: Settings, restarts: &[usize]) -> Vec<Change> {
    let mut detector = Detector::new(settings);
    for (number, value) in values.iter().enumerate() {
        if restarts.contains(&number) {
            detector.restart();
        }
        detector.push(*value);
    }
    detector.into_changes()
}

fn place(number: usize, points: &[Point]) -> Option<Place> {
    let point = points.get(number)?;
    Some(Place {
        number,
        timestamp: point.timestamp.clone(),
        run: point.run.clone(),
        commit: point.commit.clone(),
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::change::tests::Random;
    use crate::key::MachineClass;
    use crate::store::Known;

    /// Returns a line of times around 1 s with a spread of half a per cent, each multiplied by `factor` of its run.
    pub(crate) fn line(case: &str, seed: u64, runs: usize, factor: impl Fn(usize) -> f64) -> Series {
        let mut random = Random::seeded(seed);
        let text = |text: &str| text.to_owned();
        Series {
            key: SeriesKey {
                case: text(case),
                metric: text("time"),
                machine: MachineClass { cpu: text("c"), cores: text("2"), gpu: text("g"), memory: text("m") },
                toolchain: text("t"),
                build: text("b"),
            },
            unit: text("s"),
            better: Better::Lower,
            points: (0..runs)
                .map(|number| Point {
                    run: format!("r{number:03}"),
                    timestamp: format!("2026-01-01T{:02}:{:02}:00Z", number / 60, number % 60),
                    commit: Some(format!("c{number}")),
                    value: (1.0 + 0.005 * random.normal()) * factor(number),
                    known: Known::default(),
                    circumstances: Arc::default(),
                })
                .collect(),
        }
    }

    fn accept(run: &str) -> Acceptance {
        Acceptance {
            case: "a".to_owned(),
            run: run.to_owned(),
            at: String::new(),
            author: String::new(),
            reason: "wanted".to_owned(),
        }
    }

    fn slower_from_20(number: usize) -> f64 {
        if number >= 20 { 1.03 } else { 1.0 }
    }

    #[test]
    fn thirty_nights_with_one_regression_raise_one_alarm() {
        let mut by_night_30 = 0;
        for seed in 0..40 {
            let found = trend(&line("a", seed, 40, slower_from_20), &[], Settings::default());
            assert_eq!(found.changes.len(), 1, "{seed}: {:?}", found.changes);
            let turn = &found.changes[0];
            let places = (turn.since.number, turn.last_before.number);
            assert!(turn.worse && places == (20, 19), "{seed}: {turn:?}");
            assert_eq!(turn.since.commit.as_deref(), Some("c20"));
            assert!((found.level.median - 1.03).abs() < 0.01);
            by_night_30 += usize::from(turn.found.number < 30);
        }
        assert!(by_night_30 >= 36, "{by_night_30} of 40");
    }

    #[test]
    fn an_accepted_change_is_marked() {
        let series = line("a", 3, 45, slower_from_20);
        let before = trend(&series, &[], Settings::default());
        for run in ["r020", "r022"] {
            let after = trend(&series, &[accept(run)], Settings::default());
            assert_eq!(after.changes[0].accepted.as_ref().map(|one| one.run.as_str()), Some(run));
            assert_eq!(after.changes.len(), 1);
        }
        let others = [Acceptance { case: "b".to_owned(), ..accept("r020") }, accept("no such run")];
        assert_eq!(trend(&series, &others, Settings::default()), before);
    }

    #[test]
    fn what_was_accepted_stays_so_wherever_later_runs_place_it() {
        for seed in 0..30 {
            // Hardly more than the noise: the place of the step is uncertain.
            let series = line("a", seed, 60, |number| if number >= 20 { 1.012 } else { 1.0 });
            let until = |runs: usize| Series { points: series.points[..runs].to_vec(), ..series.clone() };
            let Some((runs, turn)) = (20..60)
                .find_map(|runs| Some((runs, trend(&until(runs), &[], Settings::default()).changes.pop()?)))
            else {
                continue;
            };
            for later in runs..60 {
                let after = trend(&until(later), &[accept(&turn.since.run)], Settings::default());
                let Some(change) = after.changes.first().or(after.withdrawn.first()) else {
                    panic!("{seed}, {later}")
                };
                assert!(change.accepted.is_some(), "{seed}, {later}: {turn:?}\n{:?}", after.changes);
            }
        }
    }

    #[test]
    fn a_line_begins_anew_where_nothing_was_found() {
        // Steps of half a spread, every 30 nights: together they are found, but not each alone.
        let series = line("a", 1, 300, |number| 1.0 + 0.002_5 * (number / 30) as f64);
        let all: Vec<Acceptance> = (1..10).map(|step| accept(&format!("r{:03}", 30 * step))).collect();
        assert!(!trend(&series, &[], Settings::default()).changes.is_empty());
        let unmarked = trend(&series, &all, Settings::default());
        assert!(unmarked.changes.iter().all(|turn| turn.accepted.is_some()), "{:?}", unmarked.changes);
    }

    #[test]
    fn what_else_changed_around_a_step_is_told() {
        let mut series = line("a", 3, 60, |number| if number >= 30 { 1.1 } else { 1.0 });
        for (number, point) in series.points.iter_mut().enumerate() {
            // One run off the step, and one long before it.
            let system = ["A", "B", "C"][usize::from(number >= 10) + usize::from(number >= 31)];
            let facts = [("operating system".to_owned(), system.to_owned())];
            point.circumstances = Arc::new(facts.into_iter().collect());
        }
        let found = trend(&series, &[], Settings::default());
        assert_eq!(found.changes[0].also, ["operating system: B → C"]);
    }

    #[test]
    fn better_and_worse_depend_on_the_metric() {
        let mut series = line("a", 1, 60, |number| if number >= 30 { 1.1 } else { 1.0 });
        assert!(trend(&series, &[], Settings::default()).changes[0].worse);
        series.better = Better::Higher;
        assert!(!trend(&series, &[], Settings::default()).changes[0].worse);
    }

    #[test]
    fn too_little_history_is_said() {
        for (runs, too_little) in [(0, true), (1, true), (2, true), (14, true), (15, false)] {
            let found = trend(&line("a", 1, runs, |_| 1.0), &[], Settings::default());
            assert_eq!((found.too_little_history, found.runs), (too_little, runs));
        }
    }
}
