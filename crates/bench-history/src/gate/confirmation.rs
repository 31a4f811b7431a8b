//! The confirmation of a suspicion before it fails a build.

use bench_judge::comparison::Compared;
use serde::Serialize;

/// The result of measuring both revisions in turn.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Confirmation {
    /// Both revisions were measured.
    Measured {
        /// The commit before the suspected change.
        base: String,
        /// The commit of the run.
        head: String,
        /// The comparison of the case.
        compared: Box<Compared>,
    },
    /// The last good run has the same commit, so the code is not the cause.
    SameCommit {
        /// The commit.
        commit: String,
    },
    /// The revisions could not be measured: the finding stays as it is.
    Impossible {
        /// The reason.
        reason: String,
    },
}
