//! Pictures of verdicts and distributions.

mod distributions;
mod intervals;

pub(crate) use distributions::distributions;
pub(crate) use intervals::{IntervalRow, intervals};
