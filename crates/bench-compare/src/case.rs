//! The comparison of one case on both sides.

use serde::{Deserialize, Serialize};

use super::counted::{CountedPair, Uncounted};
use super::{LayoutSpread, ObservedPair, Role, TimeSpent};
use bench_judge::comparison::Compared;
use bench_record::{Failure, Verdict};

/// The failure of a side, which leaves a case without figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SideFailure {
    /// The side that failed.
    pub side: Role,
    /// The failure.
    pub failure: Failure,
}

/// The comparison of one case on both sides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PairedCase {
    /// The result. Times are medians over process pairs.
    #[serde(flatten)]
    pub compared: Compared,
    /// Wall time of both sides' processes together, in seconds.
    pub seconds: f64,
    /// Robust standard deviation of the log ratio from process pair to process pair.
    pub spread_between: Option<f64>,
    /// Robust standard deviation of the log ratio from batch to batch of one process pair.
    pub spread_within: Option<f64>,
    /// The effect of layouts of the code alone; `None` if each program was linked once, or if there are too few process
    /// pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layouts: Option<LayoutSpread>,
    /// How the wall time was spent.
    pub time: TimeSpent,
    /// The largest number of threads that one of its workers had after it had been measured; `None` if it is not known,
    /// as in documents of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
    /// The share below which a change of this case is of no practical interest, if the benchmark sets it; `None` if the
    /// share of the rules applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// Natural logarithm of the e-value against a change within the threshold.
    pub log_e_value: f64,
    /// The smallest changes that could be seen in 1, 5 and 30 seconds of this case.
    pub smallest_effects: [Option<f64>; 3],
    /// The number of seconds that would settle the case, if it is unsure; `None` if it is not, if more than 65 536
    /// pairs would be needed, if layouts are drawn, or if no pair was measured.
    pub settle_s: Option<f64>,
    /// The instructions of both sides; `None` if they were not counted, as in documents of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<CountedPair>,
    /// The reason why instructions were not counted, if they were to be counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncounted: Option<Uncounted>,
    /// The reason why there are no figures; `None` if there are some.
    pub failure: Option<SideFailure>,
    /// The reason why the case cannot run here; `None` if it can.
    pub skipped: Option<String>,
    /// All measurements, in order of time.
    pub pairs: Vec<ObservedPair>,
}

/// The share below which a change of time may come from the positions of code and data: moving code alone has changed
/// times by as much.
const SMALL: f64 = 0.05;

impl PairedCase {
    /// Whether the case is `slower` or `faster` by so little that the positions of code and data could be the cause.
    pub(super) fn changed_by_little(&self) -> bool {
        matches!(self.compared.verdict, Verdict::Slower | Verdict::Faster)
            && self.compared.change.is_some_and(|change| change.abs() < SMALL)
    }
}
