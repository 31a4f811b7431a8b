//! The probes of a run, and the cost of each.

use serde::{Deserialize, Serialize};

use bench_syntax::quantity::Seconds;

/// A probe of a run: whether it was available, and its cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProbeState {
    /// The name of the probe.
    pub probe: String,
    /// The reason why it has no readings in the whole run; absent if it has some.
    pub unavailable: Option<String>,
    /// The cost of observing on the benchmark's own thread, median over all rounds, in seconds.
    pub cost_s: Seconds,
}

impl ProbeState {
    /// Creates the state of a probe; `unavailable` is the reason why it has no readings.
    pub fn new(probe: impl Into<String>, unavailable: Option<String>, cost_s: Seconds) -> Self {
        ProbeState { probe: probe.into(), unavailable, cost_s }
    }
}
