//! The reports of load cases: tables, the rows of requests, and pictures.
//!
//! Everything here is a function of a `bench_record::Record`; nothing is written for records without load cases. Each
//! file of the run directory is one module, and registers itself.

mod best;
mod comparison;
mod console;
mod figure;
mod group;
mod levels_csv;
pub mod plot;
#[cfg(feature = "png")]
mod raster;
mod requests_csv;

#[cfg(test)]
mod fixture;

pub use best::{Best, best};
pub use figure::{family, figure, percentile};
pub use group::{Group, GroupLevel, Setting, groups};
