//! Shows a run on a terminal and in files.

pub mod console;
mod counts;
pub mod failure;
mod gpu;
pub mod quietness;
mod samples_csv;
mod summary_csv;
pub mod targets;
mod targets_csv;
