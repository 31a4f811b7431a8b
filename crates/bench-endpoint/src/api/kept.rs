//! The texts of an answer.

/// The texts of an answer, kept to be read once it has ended.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// The answer proper.
    pub(super) answer: String,
    /// The other generated text: reasoning, refusals, calls of tools.
    pub(super) besides: String,
}
