//! What is known of one case, and how its rounds become figures.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::bencher::Counter;
use crate::benchmark::Category;
use crate::domain::{self, Metric, Work};
use crate::probe;
use crate::quantity::{Bytes, Seconds};
use crate::record::time::is_coarse;
use crate::record::{
    CaseCounts, Failure, HARNESS_BOUND, Level, Measure, RoundRecord, Served, Time, disturbance, rounds_apart,
};
use crate::stats;
use crate::target::TargetResult;

/// What is known of one case of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseRecord {
    /// `model/category/name[argument=value,…]`
    pub id: String,
    /// The model, if any.
    pub model: Option<String>,
    /// The category.
    pub category: Category,
    /// The benchmark's name.
    pub name: String,
    /// Arguments and their values.
    pub arguments: BTreeMap<String, String>,
    /// Free labels.
    pub tags: Vec<String>,
    /// Where the function was written: for people, never for matching.
    pub source: String,
    /// The bench target that holds it.
    pub target: String,
    /// How it was measured.
    pub settings: Settings,
    /// Whether there are figures.
    pub status: Status,
    /// Why not, if it failed.
    pub failure: Option<Failure>,
    /// Why it cannot run here, if it was skipped.
    pub skip_reason: Option<String>,
    /// Time per iteration.
    pub time: Option<Time>,
    /// What an iteration counts, where instructions were counted instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<CaseCounts>,
    /// Median over the rounds of the first iteration of a process, in seconds.
    pub first_call_s: Option<Seconds>,
    /// Median over the rounds of the `load` step, in seconds.
    pub load_s: Option<Seconds>,
    /// Median over the rounds of processor time (user + system, all threads), in seconds per iteration.
    pub cpu_time_s: Option<Seconds>,
    /// Most resident memory of a worker while it was measuring, over all rounds, in bytes.
    pub peak_memory_bytes: Option<Bytes>,
    /// What one iteration counts.
    pub counters: Vec<Counter>,
    /// Rates and other figures that follow from time and counters.
    pub metrics: Vec<Metric>,
    /// What probes have read, over the rounds.
    #[serde(default)]
    pub observed: Vec<Metric>,
    /// Its targets, and what came of them.
    #[serde(default)]
    pub targets: Vec<TargetResult>,
    /// What a careful person would want to know before trusting the figures.
    pub warnings: Vec<String>,
    /// The rounds, in order of time.
    pub rounds: Vec<RoundRecord>,
}

/// Whether a case has figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Yes.
    Ok,
    /// It failed.
    Failed,
    /// It cannot run on this machine.
    Skipped,
    /// The run was interrupted before its first round had ended.
    NotRun,
}

/// How a case was measured, after flags, attribute and defaults have been weighed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// What is measured.
    #[serde(default)]
    pub measure: Measure,
    /// Iterations of warm-up; until steady when absent.
    pub warmup: Option<u64>,
    /// Samples over all rounds; until precise enough or out of budget when absent.
    pub repeats: Option<u64>,
    /// Rounds; as many as precision and budget ask for when absent.
    pub rounds: Option<u32>,
    /// The budget over all rounds, in seconds.
    pub max_time_s: f64,
    /// Whether the budget was asked for, and so ends a case whose `repeats` are not complete.
    pub max_time_is_hard: bool,
    /// The time after which the case has failed, over all rounds, in seconds.
    pub timeout_s: f64,
    /// Whether a person asked for that time. Otherwise what a round expects to take is added to it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub timeout_is_hard: bool,
    /// Half-width of the 95 % interval of the median, as a share of it, at which sampling stops.
    pub target_precision: f64,
}

impl CaseRecord {
    /// A case of which nothing has been measured.
    pub fn blank(id: &str, category: Category) -> Self {
        CaseRecord {
            id: id.to_owned(),
            model: None,
            category,
            name: String::new(),
            arguments: BTreeMap::new(),
            tags: Vec::new(),
            source: String::new(),
            target: String::new(),
            settings: Settings::default(),
            status: Status::NotRun,
            failure: None,
            skip_reason: None,
            time: None,
            counts: None,
            first_call_s: None,
            load_s: None,
            cpu_time_s: None,
            peak_memory_bytes: None,
            counters: Vec::new(),
            metrics: Vec::new(),
            observed: Vec::new(),
            targets: Vec::new(),
            warnings: Vec::new(),
            rounds: Vec::new(),
        }
    }

    /// Adds a round and brings every figure up to date.
    pub(crate) fn push(&mut self, round: RoundRecord) {
        self.rounds.push(round);
        self.update();
    }

    /// Marks each round with why it is held to have fallen into a bad minute, or with nothing.
    pub(crate) fn mark(&mut self, reasons: Vec<Option<String>>) {
        let mut changed = false;
        for (round, reason) in self.rounds.iter_mut().zip(reasons) {
            changed |= round.disturbed != reason;
            round.disturbed = reason;
        }
        if changed {
            self.update();
        }
    }

    /// The requests that a load case has served, over its rounds; `None` for any other case.
    pub fn served(&self) -> Option<Served> {
        Served::over(&self.rounds)
    }

    /// The rounds that its figures are made of: without those that fell into bad minutes, where enough others are left.
    pub fn counted_rounds(&self) -> impl Iterator<Item = &RoundRecord> {
        disturbance::counted(&self.rounds)
    }

    /// That the harness was slower than what it measured, and at which levels; `None` where it was not.
    pub fn harness_bound(&self) -> Option<String> {
        let levels =
            self.rounds.iter().filter_map(|round| round.served.as_ref()).flat_map(|served| &served.levels);
        let mut bound: Vec<&str> = Vec::new();
        for level in levels.filter(|level| level.validity.harness_bound) {
            if !bound.contains(&level.name.as_str()) {
                bound.push(&level.name);
            }
        }
        (!bound.is_empty()).then(|| format!("{HARNESS_BOUND} at {}", bound.join(", ")))
    }

    /// Why the figures of the case cannot be relied on, if they cannot: the harness was the bottleneck at some level, or
    /// the level from which its time comes (the first) or its metrics come (the best) is not valid. Such figures can
    /// miss a limit but not meet it, and are not compared.
    pub fn invalid(&self) -> Option<String> {
        self.harness_bound().or_else(|| {
            let served = self.served()?;
            served.levels.first().and_then(Level::doubt).or_else(|| served.best().and_then(Level::doubt))
        })
    }

    fn update(&mut self) {
        let rounds = &self.rounds;
        self.failure = rounds.iter().find_map(|round| round.failure.clone());
        self.skip_reason = rounds.iter().find_map(|round| round.skipped.clone());
        self.status = match (&self.failure, &self.skip_reason) {
            (Some(_), _) => Status::Failed,
            (None, Some(_)) => Status::Skipped,
            (None, None) if rounds.is_empty() => Status::NotRun,
            (None, None) => Status::Ok,
        };
        self.time = Time::of(rounds);
        self.counts = CaseCounts::of(rounds);
        self.first_call_s =
            median_of(rounds, |round| round.first_call_ns.map(|ns| Seconds::from_ns(ns).0)).map(Seconds);
        self.load_s = median_of(rounds, |round| round.load_ns.map(|ns| Seconds::from_ns(ns).0)).map(Seconds);
        self.cpu_time_s = median_of(rounds, |round| round.reading("cpu_time")).map(Seconds);
        self.peak_memory_bytes = rounds
            .iter()
            .filter_map(|round| round.reading("peak_memory"))
            .reduce(f64::max)
            .map(|bytes| Bytes(bytes as u64));
        self.counters = rounds
            .iter()
            .rev()
            .find(|round| round.is_ok())
            .map(|round| round.counters.clone())
            .unwrap_or_default();
        self.metrics = match (self.served(), &self.time, &self.counts) {
            (Some(served), ..) => {
                let best = served.best().map(|level| level.metrics.clone()).unwrap_or_default();
                best.into_iter().chain(served.metrics).collect()
            }
            (None, Some(time), _) => domain::metrics(&Work { time, counters: &self.counters }),
            (None, None, Some(counts)) => counts.metrics(),
            (None, None, None) => Vec::new(),
        };
        self.observed = probe::over(rounds);
        self.warnings = self.doubts();
    }

    /// What speaks against believing the figures.
    fn doubts(&self) -> Vec<String> {
        let mut doubts: Vec<String> = self.invalid().into_iter().collect();
        doubts.extend(self.counts.as_ref().and_then(CaseCounts::doubt));
        let Some(time) = &self.time else { return doubts };
        let empty_s = median_of(&self.rounds, |round| round.empty_iteration_ns.map(|ns| ns / 1e9));
        // Half as much again as nothing at all: a loop around real work takes at least a cycle more.
        if empty_s.is_some_and(|empty| time.median_s.0 <= 1.5 * empty) {
            doubts.push(format!("{} an iteration: was the work optimised away?", time.median_s));
        }
        let impossible = |round: &&RoundRecord| {
            // Requests that are served at once take longer together than has passed.
            round.served.is_none()
                && round.sample_ns.iter().map(|ns| *ns as f64 / 1e9).sum::<f64>() > 1.01 * round.wall_s
        };
        if self.rounds.iter().any(|round| impossible(&round) && round.wall_s > 0.0) {
            doubts.push("it says that its iterations took longer than has passed".to_owned());
        }
        if is_coarse(&self.rounds) {
            doubts.push("samples last less than 100 steps of the clock: times are coarse".to_owned());
        }
        doubts.extend(time.irregularity());
        doubts.extend(disturbance::doubt(&self.rounds));
        // Requests that are served have levels, and latencies that spread by themselves.
        let is_served = self.rounds.iter().any(|round| round.served.is_some());
        doubts.extend((!is_served).then(|| rounds_apart::doubt(self.counted_rounds())).flatten());
        if time.rounds == 1 {
            doubts.push("one round only: how much processes differ is unknown".to_owned());
        } else if let Some(precision) = time.precision()
            && precision > self.settings.target_precision
        {
            let ended = if self.settings.rounds.is_some() || self.settings.repeats.is_some() {
                "rounds"
            } else {
                "budget"
            };
            doubts.push(format!(
                "the {ended} ended before the median was known to ±{} %",
                self.settings.target_precision * 100.0
            ));
        }
        let unsteady = self
            .rounds
            .iter()
            .filter(|round| {
                round.warm_up.is_some_and(|warm_up| warm_up.steady == Some(false) && warm_up.iterations > 8)
            })
            .count();
        if unsteady * 2 > self.rounds.len() {
            doubts.push("times were still falling when warm-up ended".to_owned());
        }
        for note in self.rounds.iter().flat_map(|round| &round.probes).flat_map(|report| &report.notes) {
            if !doubts.contains(note) {
                doubts.push(note.clone());
            }
        }
        doubts
    }
}

fn median_of(rounds: &[RoundRecord], figure: impl Fn(&RoundRecord) -> Option<f64>) -> Option<f64> {
    stats::median(&stats::sorted(&rounds.iter().filter_map(figure).collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A case of ten rounds of 20 samples, each as long as `sample` says of its number, in nanoseconds.
    fn case(sample: impl Fn(u64) -> u64) -> CaseRecord {
        let mut case = CaseRecord::blank("c", Category::Unit);
        for round in 0..10 {
            case.push(RoundRecord {
                round,
                iterations_per_sample: 1,
                sample_ns: (0..20).map(|k| sample(20 * u64::from(round) + k)).collect(),
                clock_resolution_ns: Some(20),
                ..RoundRecord::default()
            });
        }
        case
    }

    #[test]
    fn a_harness_that_was_too_slow_is_told_wherever_its_figures_are() {
        use crate::comparison::{Comparison, Judgement, Verdict};
        use crate::record::{Level, Validity, tests::record};
        use crate::report::{ColorChoice, Style, console};

        let quick = record(vec![("unit/x", vec![100; 8])]);
        let mut slow = quick.clone();
        for round in &mut slow.cases[0].rounds {
            let validity = Validity { harness_bound: true, ..Validity::default() };
            let level = |name: &str, validity| Level { name: name.to_owned(), validity, ..Level::default() };
            let well = Validity { valid: true, ..Validity::default() };
            let levels = vec![level("5 req/s", well), level("90 req/s", validity)];
            round.served = Some(Served { levels, ..Served::default() });
        }
        slow.cases[0].update();
        let told = "invalid: the harness was the bottleneck at 90 req/s";
        assert_eq!(
            (slow.cases[0].harness_bound().as_deref(), quick.cases[0].harness_bound()),
            (Some(told), None)
        );
        assert!(slow.cases[0].warnings.iter().any(|warning| warning == told), "{:?}", slow.cases[0].warnings);
        let shown = |record| console::render(record, Style::for_stdout(ColorChoice::Never));
        assert_eq!((shown(&slow).matches(told).count(), shown(&quick).matches(told).count()), (1, 0));
        let verdict = |old, new| {
            let compared = Comparison::of(old, new, &Judgement::default(), |_| true).cases.remove(0);
            (compared.verdict, compared.reason)
        };
        assert_eq!(verdict(&quick, &slow), (Verdict::Unsure, Some(told.to_owned())));
        assert_eq!(verdict(&slow, &quick), (Verdict::Unsure, Some(told.to_owned())));
        assert_ne!(verdict(&quick, &quick).1.as_deref(), Some(told));
    }

    fn warns(case: &CaseRecord, of: &str) -> bool {
        case.warnings.iter().any(|warning| warning.contains(of))
    }

    #[test]
    fn two_modes_are_named() {
        let two = case(|k| if k % 5 < 3 { 76_000 + k } else { 125_000 + k });
        assert!(
            warns(&two, "two modes: 76.10 µs (60 % of samples) and 125.1 µs (40 %)"),
            "{:?}",
            two.warnings
        );
        let one = case(|k| 76_000 + k % 7 * 100);
        assert!(!warns(&one, "modes") && !warns(&one, "outliers"), "{:?}", one.warnings);
        // The same ratios of ten steps of the clock are none.
        let coarse = case(|k| if k % 5 < 3 { 760 } else { 1250 });
        assert!(!warns(&coarse, "modes"), "{:?}", coarse.warnings);
    }

    #[test]
    fn many_outliers_are_told_and_none_is_dropped() {
        let many = case(|k| if k % 12 == 0 { 200_000 } else { 76_000 + k % 7 * 100 });
        assert!(
            warns(&many, "8 % of samples are severe outliers (17 of 200: 17 slow, 0 fast)"),
            "{:?}",
            many.warnings
        );
        let time = many.time.expect("figures");
        assert!((time.max_s.0, time.samples) == (200e-6, 200) && time.mean_s.0 > 86e-6, "{time:?}");
        assert!(!warns(&case(|k| if k % 25 == 0 { 200_000 } else { 76_000 + k % 7 * 100 }), "outliers"));
    }
}
