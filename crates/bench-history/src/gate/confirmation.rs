//! Measures both revisions in turn, before a suspicion fails a build.

use bench_judge::comparison::Compared;
use serde::Serialize;

/// The result of measuring both revisions in turn.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Confirmation {
    /// They were measured.
    Measured {
        /// The commit that was well.
        base: String,
        /// The commit of the run.
        head: String,
        /// The comparison of the case.
        compared: Box<Compared>,
    },
    /// There are not two: the last good run has measured the same commit, so it was not the code.
    SameCommit {
        /// The commit.
        commit: String,
    },
    /// They could not be: the word of the finding stands.
    Impossible {
        /// Why.
        reason: String,
    },
}
