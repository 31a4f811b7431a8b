//! Suspicions that have to be confirmed before they fail a build.

use super::{Confirmation, Evidence, Finding, Ruling};

/// A suspicion: that a case became slower between a commit and the code of the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Suspicion {
    /// The last good commit, if it is known.
    pub last_good: Option<String>,
    /// The run that measured it, if the history contains it.
    pub last_good_run: Option<String>,
    /// The change of time that is allowed, as a share.
    pub allowed: f64,
}

impl Finding {
    /// The suspicion to confirm; `None` if measuring time cannot confirm it.
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
            // Two records leave much unsure; a case that looks too slow is worth measuring.
            Evidence::Baseline { commit, .. } if now / before - 1.0 > allowed => {
                Some(Suspicion { last_good: commit.clone(), last_good_run: None, allowed })
            }
            _ => None,
        }
    }

    /// Replaces the ruling by that of the measurement, if there is one.
    pub fn confirm(&mut self, confirmation: Confirmation) {
        self.ruling = match &confirmation {
            Confirmation::Measured { compared, .. } => {
                let allowed = self.suspicion().map_or(0.0, |suspicion| suspicion.allowed);
                // Not measured on both sides: the ruling stands.
                Ruling::of_measurement(compared, allowed).unwrap_or(self.ruling)
            }
            Confirmation::SameCommit { .. } => Ruling::Cleared,
            Confirmation::Impossible { .. } => self.ruling,
        };
        self.confirmation = Some(confirmation);
    }
}
