//! Judges objectives.
//!
//! [`judge`] compares an [`Objective`](bench_syntax::objective::Objective) with a record, from the record alone, and
//! says `met` or `missed` only if the whole 95 % interval of the figure lies on that side of the limit. The record
//! keeps the text of each objective from the moment a run is planned, so that what a killed run has measured is
//! judged like any other.

mod earlier;
mod figure;
mod judge;
mod speedup;
mod summary;

pub use earlier::EarlierRecords;
pub use judge::{judge, settle};
pub use summary::{FORMULA, summary};
