//! A recommendation.

use bench_record::Level;

/// A recommendation and its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recommendation {
    /// The rule that it comes from: `throughput_peak`, `leak`.
    pub rule: &'static str,
    /// The name of the level that it is about; `None` if it is about the benchmark as a whole.
    pub level: Option<String>,
    /// The text, with the figures that support it.
    pub text: String,
}

impl Recommendation {
    /// About one level.
    pub(super) fn at(rule: &'static str, level: &Level, text: String) -> Self {
        Recommendation { rule, level: Some(level.name.clone()), text }
    }

    /// About the benchmark as a whole.
    pub(super) fn whole(rule: &'static str, text: String) -> Self {
        Recommendation { rule, level: None, text }
    }
}
