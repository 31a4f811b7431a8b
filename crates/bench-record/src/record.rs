//! The record of a run.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{CaseRecord, Environment, Measure, ObjectiveSummary, Parts, Status, seconds_of_moment};

/// Version of the record's schema. A reader refuses newer ones and reads older ones.
///
/// | version | what changed |
/// |---|---|
/// | 1 | first version |
pub const SCHEMA_VERSION: u32 = 1;

/// The name by which a `run.json` is recognized.
pub const FORMAT: &str = "bench-run";

/// The record of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Record {
    /// The name of the format: [`FORMAT`].
    pub format: String,
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The run directory's name.
    pub run: String,
    /// The parts of a run that this record contains, if several processes have measured one part each; absent
    /// otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<Parts>,
    /// When the run began, UTC, RFC 3339.
    pub timestamp: String,
    /// When it was sealed, UTC, RFC 3339.
    pub sealed: String,
    /// How the run ended.
    pub state: RunState,
    /// Counts over all cases.
    pub summary: Summary,
    /// The results of the targets of all cases; absent if there are none.
    #[serde(default)]
    pub targets: Option<ObjectiveSummary>,
    /// The machine and the build.
    pub environment: Environment,
    /// Seed of the order of rounds.
    pub seed: u64,
    /// Warnings that a careful reader should know before trusting a figure.
    pub warnings: Vec<String>,
    /// The cases, in the order of their ids.
    pub cases: Vec<CaseRecord>,
}

/// The state in which a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunState {
    /// All cases were run.
    Complete,
    /// Interrupted by Ctrl-C or SIGTERM.
    Interrupted,
    /// The runner was killed; its measurements were recovered from its journal.
    Recovered,
}

/// Counts over all cases of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Summary {
    /// Cases that were to be run.
    pub total_benchmarks: usize,
    /// Cases with figures.
    pub successful_runs: usize,
    /// Cases that failed.
    pub failed_runs: usize,
    /// Cases that cannot run on this machine.
    pub skipped_runs: usize,
    /// Successful runs as a share of those that were not skipped; absent when there are none.
    pub success_rate: Option<f64>,
}

impl Summary {
    /// Counts `cases`.
    pub fn of(cases: &[CaseRecord]) -> Self {
        let count = |status| cases.iter().filter(|case| case.status == status).count();
        let (successful_runs, failed_runs) = (count(Status::Ok), count(Status::Failed));
        let tried = successful_runs + failed_runs;
        Summary {
            total_benchmarks: cases.len(),
            successful_runs,
            failed_runs,
            skipped_runs: count(Status::Skipped),
            success_rate: (tried > 0).then(|| successful_runs as f64 / tried as f64),
        }
    }
}

impl Record {
    /// Creates the record of a complete run without targets, sealed at the time at which it began, on an unknown
    /// machine.
    pub fn new(run: impl Into<String>, timestamp: impl Into<String>, cases: Vec<CaseRecord>) -> Self {
        let timestamp = timestamp.into();
        Record {
            format: FORMAT.to_owned(),
            schema_version: SCHEMA_VERSION,
            run: run.into(),
            parts: None,
            sealed: timestamp.clone(),
            timestamp,
            state: RunState::Complete,
            summary: Summary::of(&cases),
            targets: None,
            environment: Environment::default(),
            seed: 0,
            warnings: Vec::new(),
            cases,
        }
    }

    /// Returns the case with this id; `None` if there is none.
    pub fn case(&self, id: &str) -> Option<&CaseRecord> {
        self.cases.iter().find(|case| case.id == id)
    }

    /// Returns the machine that measured this case of the run, and the build of the program that contains it.
    pub fn environment_of(&self, case: &CaseRecord) -> Cow<'_, Environment> {
        let mut environment = Cow::Borrowed(&self.environment);
        if let Some(build) = &case.build {
            environment.to_mut().built_as(build);
        }
        if let Some(machine) = &case.machine {
            environment.to_mut().measured_on(machine);
        }
        environment
    }

    /// Returns the warnings about the builds and the machine that weaken trust in the figures.
    pub fn build_and_machine_warnings(&self) -> Vec<String> {
        let build = self.environment.build();
        let mut builds =
            std::iter::once(&build).chain(self.cases.iter().filter_map(|case| case.build.as_ref()));
        let unoptimized = builds.any(|build| build.debug_assertions || build.optimization == "0");
        let warning =
            "this is a build without optimisation: run `cargo bench`, or add `--release`".to_owned();
        unoptimized.then_some(warning).into_iter().chain(self.environment.machine_warnings()).collect()
    }

    /// Returns the seconds from the beginning of the run until it was sealed; `None` if one of these times is
    /// malformed, or if the clock was set back in between.
    pub fn elapsed_s(&self) -> Option<u64> {
        u64::try_from(seconds_of_moment(&self.sealed)? - seconds_of_moment(&self.timestamp)?).ok()
    }

    /// Returns the quantity that the run measured, the same for all its cases.
    pub fn measure(&self) -> Measure {
        self.cases.first().map(|case| case.settings.measure).unwrap_or_default()
    }
}
