//! Runs in the formats of other tools, and results of other tools as runs.
//!
//! An [`Export`] is a format in which a run can be written; an [`Import`] is one from which a run can be read.
//! [`EXPORTS`] and [`IMPORTS`] list all of them, and each has a module. Figures that were not measured are absent from
//! the output, never 0.
#![forbid(unsafe_code)]

mod asv;
mod benchfmt;
mod bmf;
mod catalogue;
mod criterion;
#[cfg(test)]
mod damage;
mod error;
mod export;
mod families;
mod file;
#[cfg(test)]
mod fixture;
mod github_action;
mod google_benchmark;
mod hyperfine;
mod import;
mod imported_case;
mod json;
mod junit;
mod known_unit;
mod measure;
mod openmetrics;
mod otlp;
#[cfg(feature = "parquet")]
pub mod parquet;
mod pyperf;
mod pytest_benchmark;
mod recognition;
mod timestamp;

pub use catalogue::{EXPORTS, IMPORTS, exporter, importer};
pub use error::InterchangeError;
pub use export::{Document, Export, Exported};
pub use import::{Import, Imported, Origin};
pub use imported_case::ImportedCase;
pub use recognition::recognize;
pub use timestamp::{rfc3339, seconds_since_1970};
