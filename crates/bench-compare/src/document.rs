//! A paired comparison as data.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::counted::Counting;
use super::{PairedCase, Rules, Side};
use bench_judge::Decision;
use bench_judge::comparison::Compared;
use bench_protocol::Build;
use bench_record::{Environment, RunState, Verdict};

/// The version of the document's schema.
///
/// | version | what changed |
/// |---|---|
/// | 1 | first version |
/// | 2 | a case holds `pairs`, each summed up by its own statistic, in place of crossovers; `time` |
pub const SCHEMA_VERSION: u32 = 2;

/// The name by which a `comparison.json` is recognized.
pub const FORMAT: &str = "bench-comparison";

/// A comparison of two live sides, case by case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PairedComparison {
    /// The name of the format: `bench-comparison`.
    pub format: String,
    /// The version of this schema.
    pub schema_version: u32,
    /// When it began, UTC, RFC 3339.
    pub timestamp: String,
    /// Whether it ended by itself, or was interrupted.
    pub state: RunState,
    /// The base.
    pub base: SideRecord,
    /// The candidate.
    pub candidate: SideRecord,
    /// The limits of time and error.
    pub rules: Rules,
    /// The number of layouts in which the code of each program was linked, if it was more than one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layouts: Option<usize>,
    /// Wall time, in seconds, without counting instructions.
    pub seconds: f64,
    /// The machine.
    pub environment: Environment,
    /// Notes to read before the results.
    pub notes: Vec<String>,
    /// The cases that were measured, in the order of their ids.
    pub cases: Vec<PairedCase>,
    /// Cases that only one side has.
    pub others: Vec<Compared>,
    /// The settings with which instructions were counted; `None` if they were not, as in documents of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counting: Option<Counting>,
}

/// The programs of a side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SideRecord {
    /// The name in reports: a revision, or a path.
    pub label: String,
    /// Its programs.
    pub executables: Vec<PathBuf>,
    /// The files that were measured in place of the programs: the same code in other layouts. They are in the order of
    /// the programs, the same number for each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layouts: Vec<PathBuf>,
    /// The build of the programs; `None` in documents of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<Build>,
}

impl SideRecord {
    pub(super) fn of(side: &Side) -> Self {
        SideRecord {
            label: side.label().to_owned(),
            executables: side.programs().iter().map(|opened| opened.program.path().to_owned()).collect(),
            layouts: side.layouts(),
            build: side.build().cloned(),
        }
    }
}

impl PairedComparison {
    /// Returns every case, including those of only one side.
    pub fn compared(&self) -> impl Iterator<Item = &Compared> {
        self.cases.iter().map(|case| &case.compared).chain(&self.others)
    }

    /// The cases with this verdict.
    pub fn with(&self, verdict: Verdict) -> impl Iterator<Item = &Compared> {
        self.compared().filter(move |case| case.verdict == verdict)
    }

    /// Returns the decision from which the exit code follows: a case is slower if its whole interval lies beyond the
    /// share `allowed`; unsure cases count if `strict`.
    pub fn decision(&self, allowed: f64, strict: bool) -> Decision {
        let slower = |case: &&Compared| case.interval.is_some_and(|interval| interval.low > allowed);
        let ids = |cases: Vec<&Compared>| cases.iter().map(|case| case.id.clone()).collect::<Vec<_>>();
        let mut decision = Decision::default();
        if self.state == RunState::Interrupted {
            decision = decision.interrupted();
        }
        decision = ids(self.with(Verdict::Failed).collect()).into_iter().fold(decision, Decision::failed);
        decision = ids(self.with(Verdict::Slower).filter(slower).collect())
            .into_iter()
            .fold(decision, Decision::slower);
        if strict {
            decision = ids(self.with(Verdict::Unsure).collect()).into_iter().fold(decision, Decision::unsure);
        }
        decision
    }
}

#[cfg(test)]
impl PairedComparison {
    /// Returns a complete comparison with these cases, and nothing else.
    pub(crate) fn of_cases(cases: Vec<PairedCase>) -> Self {
        let side = || SideRecord {
            label: "one".to_owned(),
            executables: Vec::new(),
            layouts: Vec::new(),
            build: None,
        };
        PairedComparison {
            format: FORMAT.to_owned(),
            schema_version: SCHEMA_VERSION,
            timestamp: String::new(),
            state: RunState::Complete,
            base: side(),
            candidate: side(),
            rules: Rules::default(),
            layouts: None,
            seconds: 2.0,
            environment: Environment::default(),
            notes: Vec::new(),
            cases,
            others: Vec::new(),
            counting: None,
        }
    }
}
