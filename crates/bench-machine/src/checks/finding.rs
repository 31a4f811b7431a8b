//! The result of a check of the machine.

use std::time::Duration;

use bench_os::{Machine, Unknown};
use bench_record::{Check, State};

/// A finding, as people read it.
#[derive(Debug, PartialEq)]
pub(super) enum Finding {
    /// Nothing to doubt.
    Ok(String),
    /// Something that changes figures, with the command to type or the action to take.
    Warn { value: String, advice: String },
}

pub(super) type Outcome = Result<Finding, Unknown>;

/// Reads a second time, and returns the outcome for the time between both readings.
pub(super) type Counting = Box<dyn FnOnce(&Machine, Duration) -> Outcome>;

impl Finding {
    pub(super) fn ok(value: impl Into<String>) -> Self {
        Finding::Ok(value.into())
    }

    pub(super) fn warn(value: impl Into<String>, advice: impl Into<String>) -> Self {
        Finding::Warn { value: value.into(), advice: advice.into() }
    }
}

/// Creates the check of this name, with its outcome.
pub(super) fn check(name: &str, outcome: Outcome) -> Check {
    let (state, value, advice) = match outcome {
        Ok(Finding::Ok(value)) => (State::Ok, value, None),
        Ok(Finding::Warn { value, advice }) => (State::Warn, value, Some(advice)),
        Err(Unknown { reason, advice }) => (State::Unknown, reason, Some(advice)),
    };
    let mut check = Check::new(name, state, value);
    check.advice = advice;
    check
}

/// Returns the reason that the time was over before there was anything to count.
pub(super) fn too_short() -> Unknown {
    Unknown::new("watched for too short a time", "bench doctor --watch 5s")
}
