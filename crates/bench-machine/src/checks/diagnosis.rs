//! The quietness of a machine at present, as a document.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::examination::Examination;
use bench_record as record;
use bench_record::{Check, State};

/// The JSON of `bench doctor --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// The name of the format: `bench-diagnosis`.
    pub format: String,
    /// Version of this document: 1.
    pub schema_version: u32,
    /// When it began, UTC, RFC 3339.
    pub timestamp: String,
    /// The time over which counters were watched, in seconds.
    pub watched_s: f64,
    /// All checks, in a fixed order.
    pub checks: Vec<Check>,
}

/// Watches the machine for a time in which this process itself does nothing. Below 0.2 s, some counters stay unknown.
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
    /// Returns the number of checks in this state.
    pub fn count(&self, state: State) -> usize {
        self.checks.iter().filter(|check| check.state == state).count()
    }
}
