//! Measuring both revisions in turn, before a suspicion fails a build.

use bench_judge::comparison::Compared;
use bench_record::Verdict;
use serde::Serialize;

use super::{Evidence, Finding, Ruling};

/// What a case is suspected of: that it became slower between a commit and the code of the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Suspicion {
    /// The last commit that was well, if it is known.
    pub last_good: Option<String>,
    /// The run that measured it, where the history tells.
    pub last_good_run: Option<String>,
    /// The change of time that is allowed, as a share.
    pub allowed: f64,
}

/// What came of measuring both revisions in turn.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Confirmation {
    /// They were measured.
    Measured {
        /// The commit that was well.
        base: String,
        /// The commit of the run.
        head: String,
        /// What the comparison says of the case.
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

impl Ruling {
    /// What follows from measuring both revisions in turn, where time may grow by the share `allowed`: the whole
    /// interval decides, as in `bench compare`. `None` where they were not both measured.
    pub fn of_measurement(compared: &Compared, allowed: f64) -> Option<Ruling> {
        let beyond = compared.interval.is_none_or(|interval| interval.low > allowed);
        let within = compared.interval.is_some_and(|interval| interval.high <= allowed);
        match compared.verdict {
            Verdict::Same | Verdict::Faster => Some(Ruling::Cleared),
            Verdict::Slower | Verdict::Unsure if within => Some(Ruling::Cleared),
            Verdict::Slower if beyond => Some(Ruling::Fails),
            Verdict::Slower | Verdict::Unsure => Some(Ruling::Unsure),
            Verdict::Failed | Verdict::Added | Verdict::Removed => None,
        }
    }
}

impl Finding {
    /// What is to be confirmed; `None` for what measuring time cannot confirm.
    pub fn suspicion(&self) -> Option<Suspicion> {
        if self.figure != "time" {
            return None;
        }
        let (before, now, allowed) = (self.before?, self.now?, self.allowed?);
        let allowed = allowed / before;
        match &self.evidence {
            Evidence::History { turn, .. } => Some(Suspicion {
                last_good: turn.last_before.commit.clone(),
                last_good_run: Some(turn.last_before.run.clone()),
                allowed,
            }),
            // Two records are unsure of much; what looks too slow is worth the trouble.
            Evidence::Baseline { commit, .. } if now / before - 1.0 > allowed => {
                Some(Suspicion { last_good: commit.clone(), last_good_run: None, allowed })
            }
            _ => None,
        }
    }

    /// Lets the measurement have the last word, where there is one.
    pub fn confirm(&mut self, confirmation: Confirmation) {
        self.ruling = match &confirmation {
            Confirmation::Measured { compared, .. } => {
                let allowed = self.suspicion().map_or(0.0, |suspicion| suspicion.allowed);
                // Not measured on both sides: what the finding says stands.
                Ruling::of_measurement(compared, allowed).unwrap_or(self.ruling)
            }
            Confirmation::SameCommit { .. } => Ruling::Cleared,
            Confirmation::Impossible { .. } => self.ruling,
        };
        self.confirmation = Some(confirmation);
    }
}
