//! What speaks for and against all that a case's change could be.

use super::{CONFIDENCE, ObservedPair, Rules};
use bench_record::Verdict;
use bench_stats::Bets;

/// Bets against all that a case's change could be.
#[derive(Clone, Debug)]
pub(super) struct Evidence {
    /// Against "slower by the threshold at most": what refutes it makes the case slower. The others likewise.
    pub(super) slower: Bets,
    faster: Bets,
    /// Against "slower by the threshold at least".
    not_slower: Bets,
    /// As a change of -100 % is beyond all measuring, no bet is needed where the threshold is as wide as that.
    not_faster: Option<Bets>,
    longer: Bets,
    shorter: Bets,
}

impl Evidence {
    pub(super) fn new(rules: &Rules) -> Self {
        let (above, below) = (rules.above(), rules.below());
        Evidence {
            slower: Bets::above(above),
            faster: Bets::below(below),
            not_slower: Bets::below(above),
            not_faster: below.is_finite().then(|| Bets::above(below)),
            longer: Bets::above(0.0),
            shorter: Bets::below(0.0),
        }
    }

    pub(super) fn see(&mut self, pair: &ObservedPair) {
        let Evidence { slower, faster, not_slower, not_faster, longer, shorter } = self;
        for bets in [slower, faster, not_slower, longer, shorter].into_iter().chain(not_faster) {
            bets.see(pair.observation());
        }
    }

    /// What the interval of the change comes to: it holds what is not refuted.
    pub(super) fn verdict(&self) -> Verdict {
        if refuted(&self.slower) {
            Verdict::Slower
        } else if refuted(&self.faster) {
            Verdict::Faster
        } else if refuted(&self.not_slower) && self.not_faster.as_ref().is_none_or(refuted) {
            Verdict::Same
        } else {
            Verdict::Unsure
        }
    }

    /// Whether no change at all is still possible.
    pub(super) fn allows_none(&self) -> bool {
        !refuted(&self.longer) && !refuted(&self.shorter)
    }

    /// Logarithm of the e-value against a change within the threshold: the mean of those against either
    /// side of it is one against both.
    pub(super) fn of_a_change(&self) -> f64 {
        let (slower, faster) = (self.slower.log_e_value(), self.faster.log_e_value());
        let (most, least) = (slower.max(faster), slower.min(faster));
        most + (least - most).exp().ln_1p() - std::f64::consts::LN_2
    }
}

/// Whether what these bets are against lies outside of the interval.
fn refuted(bets: &Bets) -> bool {
    bets.log_e_value() >= enough()
}

/// The logarithm of the e-value that refutes what lies beyond one end of the interval.
pub(super) fn enough() -> f64 {
    (2.0 / (1.0 - CONFIDENCE)).ln()
}
