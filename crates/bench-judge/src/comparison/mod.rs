//! Compares a record with that of an earlier run, as far as two runs allow.

mod compared;
mod conclusion;
mod counts;
mod drift;
mod history;
mod machine;
mod spread;
mod unpaired;
mod verdict;
mod width;

pub use compared::{Compared, ComparedCounts, Comparison};
pub use conclusion::visible;
pub use counts::check_measure;
pub use unpaired::Judgement;
pub use verdict::{counted, judge};

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
