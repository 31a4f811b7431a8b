//! Counters: the work of one iteration.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use crate::json::structure;

/// The work of one iteration, counted in `unit`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Counter {
    /// The unit, in the plural: `items`, `bytes`, `images`, `tokens`.
    pub unit: String,
    /// The number per iteration.
    pub per_iteration: u64,
}

structure!(Counter { unit, per_iteration });

impl Counter {
    /// Converts criterion's `Throughput::KIND(count)`, also of versions that have `BytesDecimal`; `None` if the kind
    /// is unknown. `ElementsAndBytes` becomes two counters, `Elements` and `Bytes`.
    pub fn of_criterion(kind: &str, count: u64) -> Option<Self> {
        let unit = match kind {
            "Bytes" | "BytesDecimal" => "bytes",
            "Bits" => "bits",
            "Elements" => "elements",
            _ => return None,
        };
        Some(Counter { unit: unit.to_owned(), per_iteration: count })
    }
}
