//! Why something is not known.

/// Why nothing was found, and what to do so that something is.
#[derive(Debug, PartialEq)]
pub struct Unknown {
    /// In words.
    pub reason: String,
    /// The command to type, or the action to take.
    pub advice: String,
}

impl Unknown {
    /// For this reason, with this advice.
    pub fn new(reason: impl Into<String>, advice: impl Into<String>) -> Self {
        Unknown { reason: reason.into(), advice: advice.into() }
    }

    /// A file that holds something else than it should.
    pub fn strange(path: &str, text: &str) -> Self {
        const SHOWN: usize = 40;
        let shown: String = text.chars().take(SHOWN).collect();
        Unknown::new(format!("{path} holds `{}`", shown.escape_debug()), format!("cat {path}"))
    }
}
