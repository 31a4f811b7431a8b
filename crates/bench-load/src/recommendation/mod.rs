//! Recommendations from the figures of a run: rules of a few lines each, each with the figures that support it.
//!
//! A rule reads the levels of one benchmark together ([`Group`]), because most advice is about how they differ. It
//! recommends nothing if the figures it needs are missing.

mod advice;
mod cost;
mod export;
#[cfg(test)]
mod fixture;
mod generation;
mod group;
mod harness;
mod latency;
mod rules;
mod section;
mod speech;
mod sweep;
mod throughput;

pub use advice::Recommendation;
pub use group::{FirstCall, Group};
pub use rules::recommendations;
