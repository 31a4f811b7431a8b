//! Compares two records, case by case.

use bench_record::{CaseRecord, Measure, Record, Status, Verdict};
use bench_stats::Interval;
use bench_syntax::case_id;
use serde::{Deserialize, Serialize};

/// The counts of a case in both runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ComparedCounts {
    /// Instructions in the earlier run.
    pub old: Option<u64>,
    /// Instructions in the later run.
    pub new: Option<u64>,
    /// The relative change of estimated cycles. The verdict does not depend on it.
    pub change_of_cycles: Option<f64>,
}

/// One case in both runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// The case.
    pub id: String,
    /// Median in the earlier run, in seconds.
    pub old_s: Option<f64>,
    /// Median in the later run, in seconds.
    pub new_s: Option<f64>,
    /// The counts, if instructions were counted instead of time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<ComparedCounts>,
    /// The relative change of time, `new/old − 1`, without the drift; or that of instructions.
    pub change: Option<f64>,
    /// Its interval, with a confidence of at least 95 %; `None` if a run has only one round, which does not show how
    /// processes differ.
    pub interval: Option<Interval>,
    /// The verdict.
    pub verdict: Verdict,
    /// The smallest true slowdown, as a share, that would have been called `slower` with 95 % probability.
    pub smallest_effect: Option<f64>,
    /// The reason if the verdict is `unsure`, `failed` or `skipped`.
    pub reason: Option<String>,
}

/// Two runs, case by case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The quantity that both runs measured.
    #[serde(default)]
    pub measure: Measure,
    /// The earlier run.
    pub baseline: String,
    /// The commit that the earlier run measured; `None` if its tree had changes, or git did not report one.
    pub baseline_commit: Option<String>,
    /// A line about the differences between the machines or builds of the runs; `None` if there are none.
    pub different: Option<String>,
    /// Notes on the comparison as a whole: references, drift.
    pub notes: Vec<String>,
    /// The relative change that all cases have in common, already removed from each.
    pub drift: Option<f64>,
    /// The share below which a change is of no practical interest.
    pub threshold: f64,
    /// The number of earlier runs of this machine and build, without these two.
    pub earlier_runs: usize,
    /// The cases, in the order of their ids.
    pub cases: Vec<Compared>,
}

impl Compared {
    /// Whether the older of the two runs has a figure of the case.
    pub fn has_old_figure(&self) -> bool {
        self.old_s.is_some() || self.counts.is_some_and(|counts| counts.old.is_some())
    }

    /// Whether the newer of the two runs has a figure of the case.
    pub fn has_new_figure(&self) -> bool {
        self.new_s.is_some() || self.counts.is_some_and(|counts| counts.new.is_some())
    }
}

impl Comparison {
    /// Returns the cases that are slower by more than `share`: their whole interval lies above it.
    pub fn slower_than(&self, share: f64) -> impl Iterator<Item = &Compared> {
        self.cases.iter().filter(move |case| {
            case.verdict == Verdict::Slower && case.interval.is_some_and(|interval| interval.low > share)
        })
    }

    /// Returns the cases with this verdict.
    pub fn with(&self, verdict: Verdict) -> impl Iterator<Item = &Compared> {
        self.cases.iter().filter(move |case| case.verdict == verdict)
    }

    /// Whether any case is unsure.
    pub fn is_unsure(&self) -> bool {
        self.with(Verdict::Unsure).next().is_some()
    }
}

/// Compares each case of `new` with that of `old`, if there is one, and adds the cases of `old` that `new` would have
/// run and does not have. Sorted by id.
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
    cases.sort_by(|a, b| case_id::order(&a.id, &b.id));
    cases
}

/// Returns the verdict on a case for which a run has no `figure`, and the reason. A case that was skipped has
/// not failed.
pub(super) fn without_figure(
    old: &CaseRecord,
    new: &CaseRecord,
    new_has: bool,
    figure: &str,
) -> (Verdict, String) {
    let (case, run) = match (new_has, old.status, new.status) {
        (true, ..) => (old, "the earlier run"),
        (false, Status::Skipped, Status::Skipped) => (new, "both runs"),
        (false, ..) => (new, "this run"),
    };
    match (case.status, &case.skip_reason) {
        (Status::Skipped, None) => (Verdict::Skipped, format!("skipped in {run}")),
        (Status::Skipped, Some(reason)) => (Verdict::Skipped, format!("skipped in {run}: {reason}")),
        (Status::NotRun, _) => {
            (Verdict::Skipped, format!("not measured in {run}, which was interrupted before it"))
        }
        (Status::Ok | Status::Failed, _) => (Verdict::Failed, format!("{run} has no {figure} of it")),
    }
}

impl Compared {
    /// Creates a case without figures.
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
