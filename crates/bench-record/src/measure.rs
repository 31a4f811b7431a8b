//! The quantity that a run measures.

use std::fmt;
use std::str::FromStr;

use bench_syntax::UsageError;
use serde::{Deserialize, Serialize};

use crate::THRESHOLD;

/// The quantity that a run measures, the same for all its cases.
///
/// Exhaustive: each has its own mode of the worker and its own table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Time per iteration.
    #[default]
    Time,
    /// Instructions of one iteration, counted under valgrind.
    Instructions,
}

impl Measure {
    /// Returns the default share below which a change is of no practical interest: between two counts, any difference
    /// matters.
    pub fn threshold(self) -> f64 {
        match self {
            Measure::Time => THRESHOLD,
            Measure::Instructions => 0.0,
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Measure::Time => "time",
            Measure::Instructions => "instructions",
        })
    }
}

impl FromStr for Measure {
    type Err = UsageError;

    fn from_str(text: &str) -> Result<Self, UsageError> {
        match text {
            "time" => Ok(Measure::Time),
            "instructions" => Ok(Measure::Instructions),
            _ => Err(UsageError::malformed("measure", text, "`time` or `instructions`")),
        }
    }
}
