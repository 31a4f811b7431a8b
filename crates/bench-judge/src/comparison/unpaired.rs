//! Two records, case by case.

use crate::Summarize;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::comparison::counts::ComparedCounts;
use crate::comparison::drift::Drift;
use crate::comparison::history::History;
use crate::comparison::verdict::judge;
use crate::comparison::width::{Pair, Scale, Width, restlessness, time};
use crate::comparison::{counts, machine};
use bench_record::{CaseRecord, EarlierRun, EarlierRuns, Measure, Record, THRESHOLD, Verdict};
use bench_stats::Interval;

/// Normal quantile of 95 %, one-sided: how much beyond what is just seen a change must lie to be seen nearly
/// always.
const NEARLY_ALWAYS: f64 = 1.645;

/// What two records are judged by.
#[derive(Clone, Copy, Debug)]
pub struct Judgement<'a> {
    /// The share below which a change is of no practical interest.
    pub threshold: f64,
    /// Earlier runs of the same results folder; those of another machine or build are passed over.
    pub history: &'a [EarlierRun],
}

impl Default for Judgement<'_> {
    /// A threshold of [`THRESHOLD`], and no earlier runs.
    fn default() -> Self {
        Judgement { threshold: THRESHOLD, history: &[] }
    }
}

/// One case in both runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// The case.
    pub id: String,
    /// Median then, in seconds.
    pub old_s: Option<f64>,
    /// Median now, in seconds.
    pub new_s: Option<f64>,
    /// The counts, where instructions were counted instead of time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<ComparedCounts>,
    /// The relative change of time, `new/old − 1`, drift removed; or that of instructions.
    pub change: Option<f64>,
    /// Its interval, at 95 % at least; absent where a run has one round only, and so does not know how
    /// processes differ.
    pub interval: Option<Interval>,
    /// What is said of it.
    pub verdict: Verdict,
    /// The smallest true slowdown, as a share, that would have been called `slower` with 95 % probability.
    pub smallest_effect: Option<f64>,
    /// What stands in the way of a verdict, where it is `unsure` or `failed`.
    pub reason: Option<String>,
}

/// Two runs, case by case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// What both runs measured.
    #[serde(default)]
    pub measure: Measure,
    /// The earlier run.
    pub baseline: String,
    /// The commit that the earlier run measured; absent where its tree had changes, or git knew nothing.
    pub baseline_commit: Option<String>,
    /// Why the runs are not of one machine and one build, in one line, if they are not.
    pub different: Option<String>,
    /// What should be known before the cases: references, drift.
    pub notes: Vec<String>,
    /// What all cases have in common, as a relative change, already removed from each.
    pub drift: Option<f64>,
    /// The share below which a change is of no practical interest.
    pub threshold: f64,
    /// How many earlier runs of this machine and build there are, apart from these two.
    pub earlier_runs: usize,
    /// The cases, in the order of their ids.
    pub cases: Vec<Compared>,
}

impl Compared {
    /// Whether the newer of the two runs has a figure of the case.
    pub fn has_new_figure(&self) -> bool {
        self.new_s.is_some() || self.counts.is_some_and(|counts| counts.new.is_some())
    }
}

impl Comparison {
    /// Compares `new` with `old`. A case that is in `old` alone was removed if `wanted` says that
    /// `new` would have run it; it was merely filtered out otherwise.
    ///
    /// How much two runs differ without any change comes from `judgement.history` where at least five
    /// earlier runs hold the case, and from a stated floor of 25 % where they do not.
    pub fn of(
        old: &Record,
        new: &Record,
        judgement: &Judgement<'_>,
        wanted: impl Fn(&CaseRecord) -> bool,
    ) -> Self {
        if new.measure() == Measure::Instructions {
            return counts::compare(old, new, judgement.threshold, wanted);
        }
        let differences = machine::differences(&old.environment, &new.environment);
        // What runs of one machine differ by says nothing of two machines.
        let history = if differences.is_empty() {
            History::of(judgement.history, old, new)
        } else {
            History::default()
        };
        let pairs: Vec<Pair<'_>> =
            new.cases.iter().filter_map(|case| Pair::of(old.case(&case.id)?, case, &history)).collect();
        let drift = Drift::of(&pairs.iter().map(|pair| pair.log).collect::<Vec<_>>());
        let restless = restlessness(&pairs, drift.unwrap_or_default());
        let scale = Scale { drift: drift.unwrap_or_default(), restless, threshold: judgement.threshold };

        let compare = |old: Option<&CaseRecord>, case: &CaseRecord| {
            let pair = pairs.iter().find(|pair| pair.id == case.id);
            compare(old, case, pair, &scale)
        };
        let removed = |case: &CaseRecord| Compared {
            old_s: median_s(case),
            ..Compared::blank(&case.id, Verdict::Removed)
        };
        let cases = case_by_case(old, new, wanted, compare, removed);

        let drift = drift.map(|drift| (drift.shift.exp_m1(), drift.spread));
        let references = machine::references(
            old.environment.references,
            new.environment.references,
            drift.map(|(shift, _)| shift),
        );
        let notes = references.into_iter().chain(drift.map(|drift| drift_note(drift, restless))).collect();
        Comparison {
            measure: Measure::Time,
            baseline: old.run.clone(),
            baseline_commit: old.environment.commit.clone().filter(|_| old.environment.dirty == Some(false)),
            different: machine::in_a_line(&differences),
            notes,
            drift: drift.map(|(shift, _)| shift),
            threshold: judgement.threshold,
            earlier_runs: history.runs,
            cases,
        }
    }

    /// As [`Comparison::of`], with the runs in the folder `results` for a history.
    pub fn of_runs(
        old: &Record,
        new: &Record,
        results: &Path,
        threshold: f64,
        wanted: impl Fn(&CaseRecord) -> bool,
    ) -> Self {
        if new.measure() == Measure::Instructions {
            // What is exact needs nobody's history.
            return counts::compare(old, new, threshold, wanted);
        }
        let earlier = EarlierRuns::read(results, EarlierRuns::MOST);
        let mut comparison =
            Comparison::of(old, new, &Judgement { threshold, history: &earlier.runs }, wanted);
        let passed_over = earlier.unreadable.iter().map(|run| format!("earlier run passed over: {run}"));
        comparison.notes.extend(passed_over);
        comparison
    }

    /// The cases that are slower by more than `share`, with their whole interval.
    pub fn slower_than(&self, share: f64) -> impl Iterator<Item = &Compared> {
        self.cases.iter().filter(move |case| {
            case.verdict == Verdict::Slower && case.interval.is_some_and(|interval| interval.low > share)
        })
    }

    /// The cases with this verdict.
    pub fn with(&self, verdict: Verdict) -> impl Iterator<Item = &Compared> {
        self.cases.iter().filter(move |case| case.verdict == verdict)
    }

    /// Whether any case is unsure.
    pub fn is_unsure(&self) -> bool {
        self.with(Verdict::Unsure).next().is_some()
    }
}

/// Every case of `new` beside that of `old`, and those of `old` that `new` would have run and does not have; by id.
pub(super) fn case_by_case(
    old: &Record,
    new: &Record,
    wanted: impl Fn(&CaseRecord) -> bool,
    compare: impl Fn(Option<&CaseRecord>, &CaseRecord) -> Compared,
    removed: impl Fn(&CaseRecord) -> Compared,
) -> Vec<Compared> {
    let gone = old.cases.iter().filter(|case| new.case(&case.id).is_none() && wanted(case)).map(removed);
    let mut cases: Vec<Compared> =
        new.cases.iter().map(|case| compare(old.case(&case.id), case)).chain(gone).collect();
    cases.sort_by(|a, b| a.id.cmp(&b.id));
    cases
}

impl Compared {
    pub fn blank(id: &str, verdict: Verdict) -> Self {
        Compared {
            id: id.to_owned(),
            old_s: None,
            new_s: None,
            counts: None,
            change: None,
            interval: None,
            verdict,
            smallest_effect: None,
            reason: None,
        }
    }
}

fn median_s(case: &CaseRecord) -> Option<f64> {
    case.time.as_ref().map(|time| time.median_s.0)
}

fn compare(old: Option<&CaseRecord>, new: &CaseRecord, pair: Option<&Pair<'_>>, scale: &Scale) -> Compared {
    let Some(old) = old else {
        return Compared { new_s: median_s(new), ..Compared::blank(&new.id, Verdict::Added) };
    };
    let figures =
        Compared { old_s: median_s(old), new_s: median_s(new), ..Compared::blank(&new.id, Verdict::Unsure) };
    let Some(pair) = pair else {
        let (verdict, reason) = match (time(old), time(new)) {
            (Some(_), Some(_)) => (Verdict::Unsure, "a time of zero, or none that is a number, has no ratio"),
            (None, _) => (Verdict::Failed, "the earlier run has no figure of it"),
            (Some(_), None) => (Verdict::Failed, "this run has no figure of it"),
        };
        return Compared { verdict, reason: Some(reason.to_owned()), ..figures };
    };
    let log = pair.log - scale.drift.shift;
    let figures = Compared { change: Some(log.exp_m1()), ..figures };
    // Between such runs it is not the model alone that was slower or faster.
    if let Some(invalid) = old.invalid().or_else(|| new.invalid()) {
        return Compared { reason: Some(invalid), ..figures };
    }
    let Some(width) = Width::of(pair, scale) else {
        let reason = "one of the runs has a single round, and so does not know how processes differ";
        return Compared { reason: Some(reason.to_owned()), ..figures };
    };
    let interval = Interval { low: (log - width.half).exp_m1(), high: (log + width.half).exp_m1() };
    let verdict = judge(interval, scale.threshold);
    let seen = scale.threshold.ln_1p() + width.half + NEARLY_ALWAYS * width.deviation;
    Compared {
        interval: Some(interval),
        verdict,
        smallest_effect: Some(seen.exp_m1()),
        reason: (verdict == Verdict::Unsure).then(|| width.reason.to_owned()),
        ..figures
    }
}

fn drift_note((shift, spread): (f64, f64), restless: f64) -> String {
    let restless = if restless > 1.5 {
        format!(", {restless:.1} times as far as between earlier runs")
    } else {
        String::new()
    };
    format!(
        "all cases together have moved by {:+.1} % (median), each by another {:.1} % (robust standard \
         deviation{restless}): taken for the machine; the first is removed from each, the second is in each interval",
        shift * 100.0,
        spread * 100.0
    )
}
