//! Judges objectives.
//!
//! [`judge`] compares an [`Objective`](bench_syntax::objective::Objective) with a record, using only the record, and
//! returns `met` or `missed` only if the whole 95 % interval of the figure lies on that side of the limit. The record
//! contains the text of each objective from the moment a run is planned, so that the measurements of a killed run are
//! judged like any others.

mod earlier;
mod figure;
mod judge;
mod speedup;
mod summary;

pub use earlier::EarlierRecords;
pub use judge::{judge, settle};
pub use summary::{FORMULA, summary};
