//! Objectives: limits declared with a benchmark, or given at run time, and judged by every run.
//!
//! An [`Objective`] is one condition on one figure: `median <= 5s`, `ips >= 10 @ batch=8`,
//! `speedup(unet/performance/step) >= 50`.

pub mod grammar;
mod limit;
mod relation;
mod unit;

pub use limit::{Objective, Quantity, Setting};
pub use relation::Relation;
pub use unit::Unit;
