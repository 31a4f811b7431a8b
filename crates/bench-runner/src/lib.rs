//! Programs, selection, plan, supervision of workers, console and files of a run.

pub mod callgrind;
#[cfg(feature = "cli")]
pub mod command_line;
mod litter;
pub mod plan;
pub mod program;
pub mod report;
pub mod rounds;
pub mod run;
pub mod selection;

pub use litter::end_own_strays;
