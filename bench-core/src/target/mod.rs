//! Targets: limits declared beside a benchmark, or given at run time, and judged by every run.
//!
//! A [`Target`] is one condition on one figure: `median <= 5s`, `ips >= 10 @ batch=8`,
//! `speedup(unet/performance/step) >= 50`. [`judge`] holds it against a record, from the record alone, and says
//! `met` or `missed` only where the whole 95 % interval of the figure lies on that side of the limit. The record
//! keeps the text of each target from the moment a run is planned, so that what a killed run has measured is
//! judged like any other.

mod earlier;
mod figure;
mod grammar;
mod judge;
mod limit;
mod outcome;
mod speedup;
mod summary;
mod unit;

pub use earlier::EarlierRecords;
pub use judge::{judge, settle};
pub use limit::{Quantity, Relation, Setting, Target};
pub use outcome::{Outcome, TargetResult};
pub use summary::{FORMULA, TargetSummary};
pub use unit::Unit;
