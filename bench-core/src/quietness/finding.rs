//! What a look at the machine has found.

/// What was found, as people read it.
#[derive(Debug, PartialEq)]
pub(super) enum Finding {
    /// Nothing to doubt.
    Ok(String),
    /// Something that moves figures, and what to type or do about it.
    Warn { value: String, advice: String },
}

/// Why nothing was found, and what to do so that something is.
#[derive(Debug, PartialEq)]
pub(super) struct Unknown {
    pub(super) reason: String,
    pub(super) advice: String,
}

pub(super) type Outcome = Result<Finding, Unknown>;

impl Finding {
    pub(super) fn ok(value: impl Into<String>) -> Self {
        Finding::Ok(value.into())
    }

    pub(super) fn warn(value: impl Into<String>, advice: impl Into<String>) -> Self {
        Finding::Warn { value: value.into(), advice: advice.into() }
    }
}

impl Unknown {
    pub(super) fn new(reason: impl Into<String>, advice: impl Into<String>) -> Self {
        Unknown { reason: reason.into(), advice: advice.into() }
    }
}
