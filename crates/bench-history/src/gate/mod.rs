//! Decides whether a run may pass: by its history or a baseline, its limits and its targets.
//!
//! [`decide`] is a pure function of the stored data and of [`Config`](crate::config::Config). It reports a [`Finding`]
//! with its [`Evidence`]; a suspected change of time can be confirmed by measuring both revisions in turn
//! ([`Finding::suspicion`], [`Finding::confirm`]) before it fails a build. [`Decision::exit_code`] combines all
//! findings.

mod against_baseline;
mod against_history;
mod confirmation;
mod decide;
mod decision;
mod finding;
mod limits;
mod ruling;
mod suspicion;

pub use confirmation::Confirmation;
pub use decide::decide;
pub use decision::{Against, Decision, Told};
pub use finding::{Evidence, Finding};
pub use ruling::Ruling;
pub use suspicion::Suspicion;
