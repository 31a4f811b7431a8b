//! Pictures of verdicts and distributions.

mod distributions;
mod intervals;

pub use distributions::distributions;
pub use intervals::{IntervalRow, intervals};
