//! A recommendation.

use bench_record::{Figure, Level, Notice};

/// A recommendation of what to do next, and why.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Recommendation {
    /// The rule that it comes from: `throughput_peak`, `leak`.
    pub rule: &'static str,
    /// The name of the level that it is about; `None` if it is about the benchmark as a whole.
    pub level: Option<String>,
    /// The recommendation as a notice: the common statement of all recommendations of the rule, the figure that matters
    /// most, and the whole text.
    pub notice: Notice,
}

/// A rule, and the statement that all its recommendations share.
pub(super) struct Advice {
    pub(super) rule: &'static str,
    /// The shared statement, without figures and names of levels.
    pub(super) gist: &'static str,
}

impl Advice {
    /// Creates a recommendation about one level.
    pub(super) fn at(&self, level: &Level, text: String) -> Recommendation {
        Recommendation { level: Some(level.name.clone()), ..self.whole(text) }
    }

    /// Creates a recommendation about the benchmark as a whole.
    pub(super) fn whole(&self, text: String) -> Recommendation {
        Recommendation { rule: self.rule, level: None, notice: Notice::new(self.rule, self.gist, text) }
    }
}

impl Recommendation {
    /// Adds the figure that matters most.
    pub(super) fn with(mut self, figure: Figure) -> Self {
        self.notice = self.notice.with(figure);
        self
    }

    /// Returns the recommendation in words, with the figures on which it is based.
    pub fn text(&self) -> &str {
        &self.notice.text
    }
}
