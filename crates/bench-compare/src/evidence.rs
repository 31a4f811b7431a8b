//! The evidence for a change of a case, from its process pairs.

use super::{CONFIDENCE, ObservedPair};
use bench_record::Verdict;
use bench_stats::{Bets, Observation};

/// The wealth of some bets: an e-value against the opposite of their claim.
#[derive(Clone, Debug)]
pub(super) struct Wealth {
    /// The bets before the first observation.
    blank: Bets,
    now: Bets,
    /// The largest logarithm of a pass's e-value times its weight; `None` if no pass was seen.
    passes: Option<f64>,
}

impl Wealth {
    fn on(blank: Bets) -> Self {
        Wealth { now: blank.clone(), blank, passes: None }
    }

    fn see(&mut self, observation: Observation) {
        self.now.see(observation);
    }

    /// Adds a pass. Each pass bets again, on figures that are more precise than those of the pass before. The sum of
    /// the e-values of all passes, with weights that add up to 1, is an e-value, and no summand
    /// exceeds it.
    fn see_pass(&mut self, observations: &[Observation], weight: f64) {
        let mut bets = self.blank.clone();
        observations.iter().for_each(|observation| bets.see(*observation));
        let found = bets.log_e_value() + weight.ln();
        self.passes = Some(self.passes.map_or(found, |before| before.max(found)));
    }

    pub(super) fn log_e_value(&self) -> f64 {
        self.passes.unwrap_or_else(|| self.now.log_e_value())
    }
}

/// Bets on what the change of a case could be.
#[derive(Clone, Debug)]
pub(super) struct Evidence {
    /// The bets that it is slower by more than the threshold.
    pub(super) slower: Wealth,
    /// The bets that it is faster by more than the threshold.
    faster: Wealth,
    /// The bets that it is not slower by as much as the threshold.
    not_slower: Wealth,
    /// The bets that it is not faster by as much as the threshold; `None` if the threshold is 100 % or more, because
    /// nothing can be faster by that much.
    not_faster: Option<Wealth>,
    /// The bets that it takes longer at all.
    longer: Wealth,
    /// The bets that it takes less time at all.
    shorter: Wealth,
}

impl Evidence {
    /// Creates the evidence before any observation; the threshold is a share.
    pub(super) fn new(threshold: f64) -> Self {
        // As log ratios.
        let (above, below) = (threshold.ln_1p(), (-threshold).ln_1p());
        Evidence {
            slower: Wealth::on(Bets::above(above)),
            faster: Wealth::on(Bets::below(below)),
            not_slower: Wealth::on(Bets::below(above)),
            not_faster: below.is_finite().then(|| Wealth::on(Bets::above(below))),
            longer: Wealth::on(Bets::above(0.0)),
            shorter: Wealth::on(Bets::below(0.0)),
        }
    }

    pub(super) fn see(&mut self, pair: &ObservedPair) {
        self.all().for_each(|wealth| wealth.see(pair.observation()));
    }

    /// Adds all observations of a pass over layouts at once; the weights of all passes add up to less than 1.
    pub(super) fn see_pass(&mut self, observations: &[Observation], weight: f64) {
        self.all().for_each(|wealth| wealth.see_pass(observations, weight));
    }

    fn all(&mut self) -> impl Iterator<Item = &mut Wealth> {
        let Evidence { slower, faster, not_slower, not_faster, longer, shorter } = self;
        [slower, faster, not_slower, longer, shorter].into_iter().chain(not_faster)
    }

    /// Returns the verdict according to the interval of the change, which contains all values that are not refuted.
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

    /// Returns the logarithm of the e-value against a change within the threshold: the mean of the e-values against
    /// both sides is an e-value itself.
    pub(super) fn of_a_change(&self) -> f64 {
        let (slower, faster) = (self.slower.log_e_value(), self.faster.log_e_value());
        let (most, least) = (slower.max(faster), slower.min(faster));
        most + (least - most).exp().ln_1p() - std::f64::consts::LN_2
    }
}

/// Whether these bets have won so much that the opposite of their claim lies outside of the interval.
fn refuted(bets: &Wealth) -> bool {
    bets.log_e_value() >= enough()
}

/// Returns the logarithm of the e-value that refutes the values beyond one end of the interval.
pub(super) fn enough() -> f64 {
    (2.0 / (1.0 - CONFIDENCE)).ln()
}
