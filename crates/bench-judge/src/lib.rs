//! Turns rounds into figures, and figures into verdicts and exit codes.
#![forbid(unsafe_code)]

pub mod comparison;
mod counted_rounds;
mod counts;
mod decision;
mod disturbance;
pub mod domain;
mod doubts;
#[cfg(test)]
mod earlier_runs;
mod moderate;
pub mod objective;
mod opened;
mod parts;
mod probes;
mod rounds_apart;
mod served;
mod summary;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod time;
mod turns;

pub use decision::{ComparisonPolicy, Decision};
pub use disturbance::mark_disturbed;
pub use moderate::moderate;
pub use opened::{merge, open};
pub use parts::join;
pub use probes::states as probe_states;
pub use summary::Summarize;
pub use time::over as time_over;
pub use turns::{FigureInTurn, InTurn};
