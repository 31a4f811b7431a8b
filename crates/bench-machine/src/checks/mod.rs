//! Checks how quiet the machine is: what can move figures without a change of the code, and what to do about it.
//!
//! Every check reads files of `/proc` and `/sys` and needs no privilege. Values that are missing or may not be read
//! are unknown, with the reason: never a guess, and never the failure of a run.

mod affinity;
mod aslr;
mod battery;
mod container;
mod cpufreq;
mod diagnosis;
mod examination;
mod finding;
mod frequency;
mod governor;
mod load;
mod pressure;
mod processes;
mod processors;
mod quota;
mod smt;
mod steal;
mod throttling;
mod turbo;
mod virtual_machine;

pub use diagnosis::{Diagnosis, diagnose};
pub use examination::Examination;
