//! The interface of an adapter.

use std::collections::BTreeMap;
use std::time::Duration;

use bench_protocol::{Assignment, Finish, Frame, Mode};

use crate::subject::Subject;

/// The reason why a round has no result.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The round has failed.
    Failed(String),
    /// The case cannot be measured here.
    Skipped(String),
}

impl From<String> for Trouble {
    fn from(message: String) -> Self {
        Trouble::Failed(message)
    }
}

/// The benchmarks in an executable.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    /// Names of benchmarks, as the harness writes them.
    pub(crate) names: Vec<String>,
    /// The versions of the libraries that measure them, by name.
    pub(crate) engines: BTreeMap<String, String>,
}

/// Sends a frame to the runner.
pub(crate) type Tell<'a> = dyn FnMut(Frame) -> Result<(), String> + 'a;

/// Communicates with the executables of one harness.
pub(crate) trait Adapter: Sync {
    /// Asks the executable for its benchmarks. Nothing is measured.
    fn list(&self, subject: &Subject, patience: Duration) -> Result<Held, String>;

    /// Measures a round of the benchmark that has one of these names, and sends its times to `tell`.
    fn measure(
        &self,
        subject: &Subject,
        names: &[String],
        assignment: &Assignment,
        tell: &mut Tell<'_>,
    ) -> Result<Finish, Trouble>;
}

/// The modes of all adapters: no harness times single batches on request.
pub(crate) const MODES: [Mode; 2] = [Mode::Sample, Mode::Once];

/// Creates the last frame of a round for which only the number of iterations is known.
pub(crate) fn finish(iterations: u64) -> Finish {
    Finish {
        iterations,
        inputs_alive: None,
        counters: Vec::new(),
        probes: Vec::new(),
        clock_resolution_ns: None,
        empty_iteration_ns: None,
    }
}
