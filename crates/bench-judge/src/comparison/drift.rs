//! Estimates the drift: the change that the cases of two runs have in common.

use bench_stats as stats;

/// The number of cases below which a drift common to all cannot be distinguished from a change of one.
pub(super) const FEWEST_CASES: usize = 8;

/// The change that all cases have in common, on the logarithmic scale.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Drift {
    /// The median of the log ratios.
    pub(super) shift: f64,
    /// 1.4826 times the median absolute deviation from `shift`. A machine rarely changes for every case alike; code
    /// that has changed for some cases hardly moves a median of deviations.
    pub(super) spread: f64,
}

impl Drift {
    /// Returns `None` if there are too few cases to distinguish a drift.
    pub(super) fn of(logs: &[f64]) -> Option<Self> {
        if logs.len() < FEWEST_CASES {
            return None;
        }
        Some(Drift { shift: stats::median(&stats::sorted(logs))?, spread: stats::robust_deviation(logs)? })
    }
}
