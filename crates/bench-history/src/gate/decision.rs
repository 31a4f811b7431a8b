//! The decision: all findings together.

use bench_record::{EarlierRun, Record};
use serde::Serialize;

use super::{Evidence, Finding, Ruling};
use crate::across::MachineShift;
use crate::commits::Commits;
use crate::store::Acceptance;

/// The reference of a comparison.
#[derive(Clone, Copy, Debug)]
pub enum Against<'a> {
    /// The earlier runs.
    History {
        /// The accepted changes in these runs.
        accepted: &'a [Acceptance],
        /// The order of the commits.
        commits: &'a Commits,
    },
    /// A baseline.
    Baseline {
        /// The name of the run.
        name: &'a str,
        /// The run.
        record: &'a Record,
        /// Other runs, which show how much they differ without any change.
        earlier: &'a [EarlierRun],
    },
}

/// The reference of a comparison, as it is reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// The earlier runs.
    History,
    /// A baseline.
    Baseline {
        /// The name of the run.
        name: String,
        /// The run.
        run: String,
    },
}

/// Whether a run may pass, and why not.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decision {
    /// The run.
    pub run: String,
    /// Its commit, if known.
    pub commit: Option<String>,
    /// The reference.
    pub against: Told,
    /// The number of figures that were judged.
    pub judged: usize,
    /// The number of limits and targets that were judged; one that applies to two cases counts twice.
    pub objectives: usize,
    /// The number of judged figures with too few runs for a change to be found.
    pub too_little_history: usize,
    /// Notes to read before the findings.
    pub notes: Vec<String>,
    /// Recent shifts of the whole machine, which are not changes of any code.
    pub machine_shifts: Vec<MachineShift>,
    /// The findings: those that fail first, then by case.
    pub findings: Vec<Finding>,
}

impl Decision {
    /// Sorts the findings again, after some were confirmed.
    pub fn sort(&mut self) {
        let place = |finding: &Finding| match finding.ruling {
            Ruling::Fails => 0,
            Ruling::Unsure => 1,
            Ruling::Cleared => 2,
        };
        self.findings.sort_by(|a, b| (place(a), &a.case, &a.figure).cmp(&(place(b), &b.case, &b.figure)));
    }

    /// Whether nothing was judged, which is not a success.
    pub fn is_empty(&self) -> bool {
        self.judged == 0 && self.objectives == 0 && self.findings.is_empty()
    }

    /// The findings with this ruling.
    pub fn with(&self, ruling: Ruling) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.ruling == ruling)
    }

    /// Returns the process exit code, the first of these that applies: [`FAILED`](bench_record::exit::FAILED) if a
    /// benchmark failed; [`USAGE`](bench_record::exit::USAGE) if nothing was judged;
    /// [`SLOWER`](bench_record::exit::SLOWER) if anything else fails the build; [`UNSURE`](bench_record::exit::UNSURE)
    /// if something is unsure or has too little history, and `strict` is set; [`OK`](bench_record::exit::OK).
    pub fn exit_code(&self, strict: bool) -> u8 {
        let is_failure = |finding: &Finding| matches!(finding.evidence, Evidence::Failure { .. });
        let mut verdict = bench_judge::Decision::default();
        for finding in self.with(Ruling::Fails) {
            let case = finding.case.clone();
            verdict = if is_failure(finding) { verdict.failed(case) } else { verdict.slower(case) };
        }
        if self.is_empty() {
            verdict = verdict.incomparable("nothing was judged");
        }
        if strict && (self.with(Ruling::Unsure).next().is_some() || self.too_little_history > 0) {
            verdict = verdict.unsure("a figure is unsure, or has too little history");
        }
        verdict.exit_code()
    }
}
