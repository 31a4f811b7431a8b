//! Whether a lower or a higher figure is better.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use crate::json::names;

/// Whether a lower or a higher figure is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(rename_all = "snake_case"))]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
}

names!(Better { Higher = "higher", Lower = "lower" });
