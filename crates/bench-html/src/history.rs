//! The history of every figure.

use std::collections::{BTreeMap, HashMap};

use bench_history::across::machine_shifts;
use bench_history::change::{Kind, Segment, Settings};
use bench_history::key::SeriesKey;
use bench_history::store::{Acceptance, Point, Series};
use bench_history::trend::{Place, Turn, trends};
use bench_protocol::Better;
use bench_syntax::Category;
use serde::Serialize;

use crate::packed::{distances, floats, repeated, stretches};

/// Every series of a store, with its changes and acceptances.
///
/// Values that many series share appear once, and are referred to by number: runs, machines, builds, and the lists of
/// runs of a series.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct History {
    /// All runs, in the order in which they began.
    runs: Vec<Moment>,
    /// The machine classes, as text.
    machines: Vec<String>,
    /// The toolchains and builds, as text.
    builds: Vec<String>,
    /// The lists of runs: indices of `runs`, as [`stretches`].
    courses: Vec<Vec<u32>>,
    lines: Vec<Line>,
    /// The shifts of whole machines. A change of a line that belongs to one of them contains its index.
    machine_shifts: Vec<Shift>,
    acceptances: Vec<Acceptance>,
}

/// A run.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Moment {
    run: String,
    timestamp: String,
    commit: Option<String>,
}

/// One series. Runs are numbered within it, from 0.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Line {
    case: String,
    model: Option<String>,
    category: Option<&'static str>,
    metric: String,
    unit: String,
    better: Better,
    /// The index of the machine class.
    machine: u32,
    /// The index of the build.
    build: u32,
    /// The index of the list of runs.
    course: u32,
    /// The values, in `unit`, as [`floats`].
    values: String,
    /// The [`distances`] of the ends of the intervals from the values.
    #[serde(skip_serializing_if = "String::is_empty")]
    known: String,
    /// The number of rounds of each value, [`repeated`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rounds: Vec<u32>,
    too_little_history: bool,
    /// The changes of the line itself and those of its machine, in order of time.
    changes: Vec<Change>,
    segments: Vec<Segment>,
}

/// A change, as [`Turn`], with the indices of runs within the line.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Change {
    kind: Kind,
    last_before: usize,
    since: usize,
    /// The last run that was at the old level with 95 % confidence, and the first that was at the new one with 95 %
    /// confidence.
    last_good: usize,
    first_bad: usize,
    found: usize,
    before: f64,
    after: f64,
    shift: Option<f64>,
    worse: bool,
    z: f64,
    also: Vec<String>,
    /// The shift of the whole machine on the same night, as a share, which is not part of the change; `None` if none
    /// was separated from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    of_machine: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<Acceptance>,
    /// The index of the machine's shift that the change is part of; `None` if it is a separate change.
    #[serde(skip_serializing_if = "Option::is_none")]
    machine_shift: Option<usize>,
}

/// A shift of a machine, as `bench_history::across::MachineShift`. The changes of the affected lines contain the
/// details.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Shift {
    machine: u32,
    metric: String,
    /// Indices of runs.
    since: u32,
    last_before: u32,
    shift: f64,
    also: Vec<String>,
    worse: bool,
    /// The number of cases on the machine.
    of: usize,
}

impl History {
    /// Finds the changes of `series`, on all processors.
    pub fn of(series: &[Series], acceptances: &[Acceptance], settings: Settings) -> Self {
        let mut trends = trends(series, acceptances, settings);
        // A change of the machine is reported as such, and still divides its lines.
        let shifts = machine_shifts(&mut trends, series);
        let (runs, numbers) = runs(series);
        let (mut machines, mut builds, mut courses) = (Names::default(), Names::default(), Names::default());
        let lines = series
            .iter()
            .zip(trends)
            .map(|(series, trend)| {
                let key = &series.key;
                let (model, category) = Category::of_id(&key.case).unzip();
                let course: Vec<u32> =
                    series.points.iter().filter_map(|point| numbers.get(&moment(point)).copied()).collect();
                let mut changes: Vec<Change> = trend.changes.iter().map(Change::of).collect();
                changes.extend(shifts.iter().enumerate().filter_map(|(number, shift)| {
                    Some(Change { machine_shift: Some(number), ..Change::of(shift.turn_of(key)?) })
                }));
                changes.sort_by_key(|change| change.since);
                Line {
                    case: key.case.clone(),
                    model: model.flatten().map(str::to_owned),
                    category: category.map(Category::name),
                    metric: key.metric.clone(),
                    unit: series.unit.clone(),
                    better: series.better,
                    machine: machines.number(key.machine.to_string()),
                    build: builds.number(build(key)),
                    course: courses.number(stretches(&course)),
                    values: floats(series.points.iter().map(|point| point.value)),
                    known: distances(series.points.iter().map(|point| (point.value, point.known.interval))),
                    rounds: repeated(series.points.iter().map(|point| point.known.rounds)),
                    too_little_history: trend.too_little_history,
                    changes,
                    segments: trend.segments,
                }
            })
            .collect();
        // No shift is left out, because changes refer to shifts by index. Each place of a shift is a run of a series,
        // and so in `numbers`.
        let number = |place: &Place| numbers[&(place.timestamp.as_str(), place.run.as_str())];
        let machine_shifts = shifts
            .iter()
            .map(|shift| Shift {
                machine: machines.number(shift.line.machine.to_string()),
                metric: shift.line.metric.clone(),
                since: number(&shift.since),
                last_before: number(&shift.last_before),
                shift: shift.shift,
                also: shift.also.clone(),
                worse: shift.worse,
                of: shift.of,
            })
            .collect();
        History {
            runs,
            machines: machines.known,
            builds: builds.known,
            courses: courses.known,
            lines,
            machine_shifts,
            acceptances: acceptances.to_vec(),
        }
    }
}

/// Returns all runs in order of time, and the index of each.
fn runs(series: &[Series]) -> (Vec<Moment>, HashMap<(&str, &str), u32>) {
    let mut all: BTreeMap<(&str, &str), Option<&str>> = BTreeMap::new();
    for point in series.iter().flat_map(|series| &series.points) {
        all.entry(moment(point)).or_insert(point.commit.as_deref());
    }
    let numbers = all.keys().zip(0..).map(|(key, number)| (*key, number)).collect();
    let moments = all.into_iter().map(|((timestamp, run), commit)| Moment {
        run: run.to_owned(),
        timestamp: timestamp.to_owned(),
        commit: commit.map(str::to_owned),
    });
    (moments.collect(), numbers)
}

/// Returns the key by which runs are ordered.
fn moment(point: &Point) -> (&str, &str) {
    (&point.timestamp, &point.run)
}

fn build(key: &SeriesKey) -> String {
    format!("{}; {}", key.toolchain, key.build)
}

impl Change {
    fn of(turn: &Turn) -> Self {
        Change {
            kind: turn.kind,
            last_before: turn.last_before.number,
            since: turn.since.number,
            last_good: turn.culprit.last_good.number,
            first_bad: turn.culprit.first_bad.number,
            found: turn.found.number,
            before: turn.before,
            after: turn.after,
            shift: turn.shift,
            worse: turn.worse,
            z: turn.z,
            also: turn.also.clone(),
            of_machine: turn.of_machine,
            accepted: turn.accepted.clone(),
            machine_shift: None,
        }
    }
}

/// Values, numbered in the order in which they first occurred.
struct Names<T> {
    known: Vec<T>,
    numbers: HashMap<T, u32>,
}

impl<T> Default for Names<T> {
    fn default() -> Self {
        Names { known: Vec::new(), numbers: HashMap::new() }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Names<T> {
    fn number(&mut self, name: T) -> u32 {
        let next = self.known.len() as u32;
        *self.numbers.entry(name).or_insert_with_key(|name| {
            self.known.push(name.clone());
            next
        })
    }
}

#[cfg(test)]
mod tests {
    use bench_history::key::MachineClass;
    use bench_history::store::Known;
    use serde_json::{Value, json};

    use std::sync::Arc;

    use super::*;

    /// Returns the times of a case on a processor, with one run per day from day `first` on.
    fn line(case: &str, cpu: &str, first: usize, values: &[f64]) -> Series {
        let text = |text: &str| text.to_owned();
        Series {
            key: SeriesKey {
                case: text(case),
                metric: text("time"),
                machine: MachineClass {
                    cpu: text(cpu),
                    cores: text("2"),
                    gpu: text("no GPU"),
                    memory: text("4 GiB"),
                },
                toolchain: text("rustc"),
                build: text("release"),
            },
            unit: text("s"),
            better: Better::Lower,
            points: (first..)
                .zip(values)
                .map(|(day, value)| Point {
                    run: format!("r{day:02}"),
                    timestamp: format!("2026-01-{:02}T{:02}:00:00Z", 1 + day / 24, day % 24),
                    commit: Some(format!("c{day}")),
                    value: *value,
                    known: Known { interval: None, rounds: (*value > 2.0).then_some(2) },
                    circumstances: Arc::default(),
                })
                .collect(),
        }
    }

    fn written(series: &[Series]) -> Value {
        serde_json::to_value(History::of(series, &[], Settings::default())).expect("JSON")
    }

    #[test]
    fn what_lines_share_stands_once() {
        let history = written(&[
            line("m/unit/a", "x", 0, &[1.0, 2.0, 3.0]),
            line("m/unit/b", "x", 0, &[1.0, 2.0, 3.0]),
            line("m/unit/b", "y", 1, &[5.0]),
        ]);
        let runs: Vec<&str> =
            history["runs"].as_array().expect("runs").iter().filter_map(|run| run["run"].as_str()).collect();
        assert_eq!(runs, ["r00", "r01", "r02"]);
        assert_eq!(history["courses"], json!([[0, 3], [1, 1]]));
        assert_eq!(history["machines"].as_array().map(Vec::len), Some(2));
        let of = |key: &str| [0, 1, 2].map(|line| history["lines"][line][key].clone());
        assert_eq!(of("course"), [json!(0), json!(0), json!(1)]);
        assert_eq!(of("machine"), [json!(0), json!(0), json!(1)]);
        assert_eq!(of("model"), [json!("m"), json!("m"), json!("m")]);
        assert_eq!(history["lines"][2]["values"], floats([5.0].into_iter()));
        assert_eq!(of("rounds"), [json!([0, 2, 2, 1]), json!([0, 2, 2, 1]), json!([2, 1])]);
        assert_eq!(of("known"), [const { Value::Null }; 3], "what is not known takes no room");
    }

    #[test]
    fn a_machine_that_got_slower_is_told_once_and_still_divides_its_lines() {
        let series: Vec<Series> = (0..6)
            .map(|case| {
                let values: Vec<f64> = (0..40)
                    .map(|run| {
                        (if run >= 20 { 1.2 } else { 1.0 })
                            * (1.0 + 0.001 * f64::from((run * (7 + case)) % 5))
                    })
                    .collect();
                line(&format!("unit/c{case}"), "x", 0, &values)
            })
            .collect();
        let history = written(&series);
        assert_eq!(
            history["machine_shifts"].as_array().map(Vec::len),
            Some(1),
            "{}",
            history["machine_shifts"]
        );
        assert_eq!(history["machine_shifts"][0]["since"], 20);
        for line in history["lines"].as_array().expect("lines") {
            let places = [&line["changes"][0]["machine_shift"], &line["changes"][0]["since"]];
            assert_eq!(
                (line["changes"].as_array().map(Vec::len), places),
                (Some(1), [&json!(0), &json!(20)])
            );
            assert_eq!((&line["segments"][0]["to"], &line["segments"][1]["from"]), (&json!(20), &json!(20)));
        }
    }

    #[test]
    fn a_line_that_stepped_a_run_off_its_machine_says_so_at_its_own_place() {
        let stepped = [20, 20, 20, 21, 20, 20];
        let series: Vec<Series> = (0..6)
            .map(|case| {
                let values: Vec<f64> = (0..64)
                    .map(|run| {
                        let slower = if run >= stepped[case] { 1.2 } else { 1.0 };
                        let faster = if case == 1 && run >= 46 { 0.5 } else { 1.0 };
                        slower * faster * (1.0 + 0.001 * ((run * (7 + case)) % 5) as f64)
                    })
                    .collect();
                line(&format!("unit/c{case}"), "x", 0, &values)
            })
            .collect();
        let history = written(&series);
        assert_eq!(history["machine_shifts"].as_array().map(Vec::len), Some(1));
        for (line, stepped) in history["lines"].as_array().expect("lines").iter().zip(stepped) {
            let change = &line["changes"][0];
            assert_eq!((&change["machine_shift"], &change["since"]), (&json!(0), &json!(stepped)));
            assert_eq!(line["segments"][1]["from"], json!(stepped), "it divides the line where it is told");
        }
        let own = &history["lines"][1]["changes"][1];
        assert_eq!((&own["machine_shift"], &own["since"]), (&Value::Null, &json!(46)), "{own}");
    }

    #[test]
    fn a_store_without_figures_is_a_history() {
        assert_eq!(written(&[])["lines"], json!([]));
    }
}
