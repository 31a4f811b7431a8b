//! A deviation of a program from the protocol.

/// A difference between a program and the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deviation {
    /// The behaviour that the protocol requires.
    pub(crate) expected: String,
    /// The observed behaviour.
    pub(crate) found: String,
}

impl Deviation {
    /// Records what was expected and what was found.
    pub(crate) fn new(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Deviation { expected: expected.into(), found: found.into() }
    }
}

/// The result of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The program follows the protocol.
    Ok,
    /// The program deviates from the protocol.
    Deviation(Deviation),
    /// The program does not offer the checked feature; with the reason.
    NotChecked(String),
}

impl From<Result<(), Deviation>> for Outcome {
    fn from(result: Result<(), Deviation>) -> Self {
        match result {
            Ok(()) => Outcome::Ok,
            Err(deviation) => Outcome::Deviation(deviation),
        }
    }
}
