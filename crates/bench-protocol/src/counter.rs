//! What one iteration counts.

/// Work done by one iteration, counted in `unit`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Counter {
    /// What is counted, in the plural: `items`, `bytes`, `images`, `tokens`.
    pub unit: String,
    /// How many per iteration.
    pub per_iteration: u64,
}
