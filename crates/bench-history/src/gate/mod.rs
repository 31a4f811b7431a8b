//! Decides whether a run may pass: by its history or a baseline, its limits and its targets.
//!
//! [`decide`] is a pure function of what is stored and of [`Config`](crate::config::Config). What it reports against a
//! case is a [`Finding`] with its [`Evidence`]; a change of time that it suspects can be confirmed by measuring both
//! revisions in turn ([`Finding::suspicion`], [`Finding::confirm`]) before it fails a build. [`Decision::exit_code`]
//! says what all of it comes to.

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
