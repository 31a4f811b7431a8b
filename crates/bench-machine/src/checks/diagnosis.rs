//! How quiet a machine is now, as a document.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::examination::Examination;
use bench_record as record;
use bench_record::{Check, State};

/// The JSON of `bench doctor --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// `bench-diagnosis`.
    pub format: String,
    /// Version of this document: 1.
    pub schema_version: u32,
    /// When it began, UTC, RFC 3339.
    pub timestamp: String,
    /// For how long what is counted was counted, in seconds.
    pub watched_s: f64,
    /// All checks, in a fixed order.
    pub checks: Vec<Check>,
}

/// Watches the machine for a time in which this process itself does nothing. With less than 0.2 s some of what
/// is counted stays unknown.
pub fn diagnose(watch: Duration) -> Diagnosis {
    let timestamp = record::now_utc();
    let examination = Examination::begin();
    std::thread::sleep(watch);
    Diagnosis {
        format: "bench-diagnosis".to_owned(),
        schema_version: 1,
        timestamp,
        watched_s: watch.as_secs_f64(),
        checks: examination.end(),
    }
}

impl Diagnosis {
    /// How many checks are in this state.
    pub fn count(&self, state: State) -> usize {
        self.checks.iter().filter(|check| check.state == state).count()
    }
}
