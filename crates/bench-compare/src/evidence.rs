//! What the process pairs of a case say about its change.

use super::{CONFIDENCE, ObservedPair, Rules};
use bench_record::Verdict;
use bench_stats::Bets;

/// Bets on what the change of a case could be.
#[derive(Clone, Debug)]
pub(super) struct Evidence {
    /// That it is slower by more than the threshold.
    pub(super) slower: Bets,
    /// That it is faster by more than the threshold.
    faster: Bets,
    /// That it is not slower by as much as the threshold.
    not_slower: Bets,
    /// That it is not faster by as much as the threshold; absent where that is 100 % or more, which nothing can be.
    not_faster: Option<Bets>,
    /// That it takes longer at all.
    longer: Bets,
    /// That it takes less time at all.
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

/// Whether these bets have won so much that the opposite of what they are on lies outside of the interval.
fn refuted(bets: &Bets) -> bool {
    bets.log_e_value() >= enough()
}

/// The logarithm of the e-value that refutes what lies beyond one end of the interval.
pub(super) fn enough() -> f64 {
    (2.0 / (1.0 - CONFIDENCE)).ln()
}
