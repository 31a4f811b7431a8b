//! What one iteration counts.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use crate::json::structure;

/// Work done by one iteration, counted in `unit`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Counter {
    /// What is counted, in the plural: `items`, `bytes`, `images`, `tokens`.
    pub unit: String,
    /// How many per iteration.
    pub per_iteration: u64,
}

structure!(Counter { unit, per_iteration });
