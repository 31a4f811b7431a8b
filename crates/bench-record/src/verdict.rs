//! The verdict on a case that was compared.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The default share below which a change is of no practical interest.
pub const THRESHOLD: f64 = 0.01;

/// The verdict on a case.
///
/// Exhaustive: a gate that did not know a verdict would let it pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The whole interval lies within the threshold.
    Same,
    /// The whole interval lies below it.
    Faster,
    /// The whole interval lies beyond it.
    Slower,
    /// The interval contains an end of the threshold, or there is no interval to rely on.
    Unsure,
    /// Not in the earlier run.
    Added,
    /// Not in this run.
    Removed,
    /// One of the runs has no figure.
    Failed,
    /// One of the runs has no figure because it skipped the case, or was interrupted before it.
    Skipped,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Verdict::Same => "same",
            Verdict::Faster => "faster",
            Verdict::Slower => "slower",
            Verdict::Unsure => "unsure",
            Verdict::Added => "added",
            Verdict::Removed => "removed",
            Verdict::Failed => "failed",
            Verdict::Skipped => "skipped",
        })
    }
}
