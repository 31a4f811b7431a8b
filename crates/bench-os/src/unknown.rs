//! The reason why something is not known.

/// The reason why nothing was found, and what to do about it.
#[derive(Debug, PartialEq)]
pub struct Unknown {
    /// The reason in words.
    pub reason: String,
    /// The command to type, or the action to take.
    pub advice: String,
}

impl Unknown {
    /// Creates it from a reason and an advice.
    pub fn new(reason: impl Into<String>, advice: impl Into<String>) -> Self {
        Unknown { reason: reason.into(), advice: advice.into() }
    }

    /// Creates the reason that a file does not contain what it should.
    pub fn strange(path: &str, text: &str) -> Self {
        const SHOWN: usize = 40;
        let shown: String = text.chars().take(SHOWN).collect();
        Unknown::new(format!("{path} holds `{}`", shown.escape_debug()), format!("cat {path}"))
    }
}
