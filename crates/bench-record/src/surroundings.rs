//! The state of the machine around a round.

use serde::{Deserialize, Serialize};

use bench_stats as stats;

/// The times of the reference kernels before and after a round, and the operating system's statistics for the time
/// between.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Surroundings {
    /// The references before the round.
    pub before: References,
    /// The references after it.
    pub after: References,
    /// The share of processor time, over all processors, that the hypervisor gave to others during the round; absent if
    /// the round was too short for the kernel's ticks of 10 ms.
    pub steal: Option<f64>,
    /// Share of the round's time in which some task of the machine waited for a processor (`some` of
    /// `/proc/pressure/cpu`); absent if the kernel does not keep it.
    pub pressure: Option<f64>,
}

/// The times of two reference kernels whose work never changes: if they move, the machine has changed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct References {
    /// One step of a dependent chain of integer additions, in nanoseconds: the clock of the core.
    pub clock_step_ns: f64,
    /// One step of a walk through 16 MiB in random order, in nanoseconds: the latency of memory.
    pub walk_step_ns: f64,
}

impl Surroundings {
    /// Creates the surroundings of a round, with steal and pressure unknown.
    pub const fn new(before: References, after: References) -> Self {
        Surroundings { before, after, steal: None, pressure: None }
    }
}

impl References {
    /// Creates one reading of both kernels.
    pub const fn new(clock_step_ns: f64, walk_step_ns: f64) -> Self {
        References { clock_step_ns, walk_step_ns }
    }

    /// Returns the medians of all readings around rounds; `None` if there are none.
    pub fn typical(seen: impl Iterator<Item = Surroundings>) -> Option<Self> {
        let readings: Vec<References> = seen.flat_map(|seen| [seen.before, seen.after]).collect();
        let median = |of: fn(&References) -> f64| {
            stats::median(&stats::sorted(&readings.iter().map(of).collect::<Vec<_>>()))
        };
        Some(References {
            clock_step_ns: median(|reading| reading.clock_step_ns)?,
            walk_step_ns: median(|reading| reading.walk_step_ns)?,
        })
    }
}
