//! A whole store as Parquet, for analysis elsewhere: a table of figures and one of raw samples.

mod column;
mod figures;
mod samples;

pub use figures::write_figures;
pub use samples::Samples;
