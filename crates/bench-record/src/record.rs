//! The record of a run.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{CaseRecord, Environment, Measure, ObjectiveSummary, Status};

/// Version of the record's schema. A reader refuses newer ones and reads older ones.
///
/// | version | what changed |
/// |---|---|
/// | 1 | first version |
pub const SCHEMA_VERSION: u32 = 1;

/// The name by which a `run.json` is recognised.
pub const FORMAT: &str = "bench-run";

/// Everything that is known of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Record {
    /// [`FORMAT`].
    pub format: String,
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The run directory's name.
    pub run: String,
    /// When the run began, UTC, RFC 3339.
    pub timestamp: String,
    /// When it was sealed, UTC, RFC 3339.
    pub sealed: String,
    /// Whether it ended by itself.
    pub state: RunState,
    /// Counts over all cases.
    pub summary: Summary,
    /// What came of the targets of all cases; absent where there are none.
    #[serde(default)]
    pub targets: Option<ObjectiveSummary>,
    /// The machine and the build.
    pub environment: Environment,
    /// Seed of the order of rounds.
    pub seed: u64,
    /// What a careful person would want to know before trusting a figure.
    pub warnings: Vec<String>,
    /// The cases, in the order of their ids.
    pub cases: Vec<CaseRecord>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunState {
    /// All cases were run.
    Complete,
    /// By Ctrl-C or SIGTERM.
    Interrupted,
    /// The runner was killed; what it had measured was recovered from its journal.
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
    /// The record of a run that ended by itself, sealed when it began, on an unknown machine, and without objectives.
    pub fn new(run: impl Into<String>, timestamp: impl Into<String>, cases: Vec<CaseRecord>) -> Self {
        let timestamp = timestamp.into();
        Record {
            format: FORMAT.to_owned(),
            schema_version: SCHEMA_VERSION,
            run: run.into(),
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

    /// The case with this id.
    pub fn case(&self, id: &str) -> Option<&CaseRecord> {
        self.cases.iter().find(|case| case.id == id)
    }

    /// The machine, and the build of the program that holds this case of the run.
    pub fn environment_of(&self, case: &CaseRecord) -> Cow<'_, Environment> {
        match &case.build {
            Some(build) => {
                let mut environment = self.environment.clone();
                environment.built_as(build);
                Cow::Owned(environment)
            }
            None => Cow::Borrowed(&self.environment),
        }
    }

    /// What about the builds and the machine speaks against trusting the figures.
    pub fn build_and_machine_warnings(&self) -> Vec<String> {
        let build = self.environment.build();
        let mut builds =
            std::iter::once(&build).chain(self.cases.iter().filter_map(|case| case.build.as_ref()));
        let unoptimized = builds.any(|build| build.debug_assertions || build.optimization == "0");
        let warning =
            "this is a build without optimisation: run `cargo bench`, or add `--release`".to_owned();
        unoptimized.then_some(warning).into_iter().chain(self.environment.machine_warnings()).collect()
    }

    /// What the run measured: the same for all its cases.
    pub fn measure(&self) -> Measure {
        self.cases.first().map(|case| case.settings.measure).unwrap_or_default()
    }
}

/// Now, UTC, to the second, RFC 3339: `2026-11-21T07:31:05Z`.
pub fn now_utc() -> String {
    let seconds =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    utc(seconds)
}

/// Civil date from days since the epoch (H. Hinnant, *chrono-Compatible Low-Level Date Algorithms*).
fn utc(seconds: u64) -> String {
    let days = (seconds / 86_400) as i64 + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let of_day = seconds % 86_400;
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", of_day / 3600, of_day / 60 % 60, of_day % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_civil() {
        assert_eq!(utc(0), "1970-01-01T00:00:00Z");
        assert_eq!(utc(951_827_696), "2000-02-29T12:34:56Z");
        assert_eq!(utc(1_795_246_265), "2026-11-21T07:31:05Z");
        assert_eq!(utc(4_107_542_400), "2100-03-01T00:00:00Z");
    }
}
