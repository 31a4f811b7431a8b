//! A paired comparison as data.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{PairedCase, Rules, Side};
use crate::comparison::{Compared, Verdict};
use crate::exit;
use crate::record::{Environment, RunState};

/// Version of the document's schema.
///
/// | version | what changed |
/// |---|---|
/// | 1 | first version |
pub const SCHEMA_VERSION: u32 = 1;

/// The name by which a `comparison.json` is recognised.
pub const FORMAT: &str = "bench-comparison";

/// Two live sides, case by case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairedComparison {
    /// `bench-comparison`.
    pub format: String,
    /// The version of this schema.
    pub schema_version: u32,
    /// When it began, UTC, RFC 3339.
    pub timestamp: String,
    /// Whether it ended by itself.
    pub state: RunState,
    /// What is compared with.
    pub base: SideRecord,
    /// What is compared.
    pub candidate: SideRecord,
    /// What it might cost, and what it had to be sure of.
    pub rules: Rules,
    /// Wall time, in seconds.
    pub seconds: f64,
    /// The machine.
    pub environment: Environment,
    /// What should be known first.
    pub notes: Vec<String>,
    /// The cases that were measured, in the order of their ids.
    pub cases: Vec<PairedCase>,
    /// Cases that one side alone holds.
    pub others: Vec<Compared>,
}

/// Which programs a side was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SideRecord {
    /// What a person calls it.
    pub label: String,
    /// Its programs.
    pub executables: Vec<PathBuf>,
}

impl SideRecord {
    pub(super) fn of(side: &Side) -> Self {
        SideRecord { label: side.label().to_owned(), executables: side.executables().to_vec() }
    }
}

impl PairedComparison {
    /// Every case, also those of one side alone.
    pub fn compared(&self) -> impl Iterator<Item = &Compared> {
        self.cases.iter().map(|case| &case.compared).chain(&self.others)
    }

    /// The cases with this verdict.
    pub fn with(&self, verdict: Verdict) -> impl Iterator<Item = &Compared> {
        self.compared().filter(move |case| case.verdict == verdict)
    }

    /// The process exit code, the first of these that is true: [`exit::INTERRUPTED`]; [`exit::FAILED`] where a
    /// case failed; [`exit::SLOWER`] where one is slower by more than `allowed` with its whole interval;
    /// [`exit::UNSURE`] where one is unsure and `strict` says that this is not good enough; [`exit::OK`].
    pub fn exit_code(&self, allowed: f64, strict: bool) -> u8 {
        let slower = |case: &Compared| case.interval.is_some_and(|interval| interval.low > allowed);
        if self.state == RunState::Interrupted {
            exit::INTERRUPTED
        } else if self.with(Verdict::Failed).next().is_some() {
            exit::FAILED
        } else if self.with(Verdict::Slower).any(slower) {
            exit::SLOWER
        } else if strict && self.with(Verdict::Unsure).next().is_some() {
            exit::UNSURE
        } else {
            exit::OK
        }
    }
}
