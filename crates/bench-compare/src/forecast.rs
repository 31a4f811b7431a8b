//! Predicts which changes a number of process pairs with a given spread can detect.

use bench_stats::{normal_quantile, observations_needed};

use super::evidence::enough;

/// The power from which on an effect counts as detectable.
const POWER: f64 = 0.95;

/// The largest number of pairs that is worth waiting for.
const MOST: usize = 1 << 16;

/// Changes farther than this many spreads beyond the threshold are treated the same.
const FARTHEST: f64 = 8.0;

/// A forecast that assumes log ratios of pairs to be normal around the true change. The test does not assume this: the
/// forecast only shows how long it may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Forecast {
    /// Standard deviation of a pair's log ratio.
    pub(super) deviation: f64,
    /// The threshold, as a log ratio.
    pub(super) threshold: f64,
    /// The logarithm of the e-value that a finding among the suite's cases needs.
    pub(super) log_evidence: f64,
}

impl Forecast {
    /// Returns the smallest change of time, as a log ratio, that `n` pairs would report as slower with a probability of
    /// 95 %; `None` if `n` pairs cannot detect anything.
    pub(super) fn smallest_effect(&self, n: usize) -> Option<f64> {
        let certainty = normal_quantile(POWER);
        let is_enough = |drift: f64| {
            observations_needed(drift, self.evidence_of_a_change(), certainty)
                .is_some_and(|needed| needed <= n as f64)
        };
        if !is_enough(FARTHEST) {
            return None;
        }
        let (mut too_small, mut seen) = (0.0, FARTHEST);
        for _ in 0..20 {
            let middle = f64::midpoint(too_small, seen);
            if is_enough(middle) { seen = middle } else { too_small = middle }
        }
        Some(self.threshold + self.deviation * seen)
    }

    /// Returns the number of pairs after which a change of `log_ratio` would get its verdict, whichever that is; `None`
    /// if that is more than [`MOST`].
    pub(super) fn needed(&self, log_ratio: f64) -> Option<usize> {
        let beyond = log_ratio.abs() - self.threshold;
        let evidence = if beyond > 0.0 { self.evidence_of_a_change() } else { enough() };
        let needed = observations_needed(beyond.abs() / self.deviation, evidence, 0.0)?.ceil();
        (needed <= MOST as f64).then_some(needed as usize)
    }

    /// Returns the evidence that refutes "no slower than the threshold", and is also enough for a finding of the suite,
    /// for which it is one half of a two-sided test.
    fn evidence_of_a_change(&self) -> f64 {
        (self.log_evidence + std::f64::consts::LN_2).max(enough())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Forecast = Forecast { deviation: 0.005, threshold: 0.01, log_evidence: 3.0 };

    #[test]
    fn more_pairs_see_less() {
        let seen: Vec<f64> =
            [8, 16, 32, 100, 1000].iter().filter_map(|n| QUIET.smallest_effect(*n)).collect();
        assert_eq!(seen.len(), 5);
        assert!(seen.windows(2).all(|pair| pair[1] < pair[0]), "{seen:?}");
        assert!(seen[4] > QUIET.threshold);
        assert_eq!(QUIET.smallest_effect(6), None);
        let suite = Forecast { log_evidence: 7.0, ..QUIET };
        assert_eq!(suite.smallest_effect(9), None, "a finding among a hundred cases needs more");
    }

    #[test]
    fn what_is_needed_grows_with_the_spread_and_the_nearness_of_the_threshold() {
        let needed = |deviation, log_ratio| Forecast { deviation, ..QUIET }.needed(log_ratio);
        assert!(needed(0.005, 0.0) < needed(0.01, 0.0));
        assert!(needed(0.005, 0.0) < needed(0.005, 0.008));
        assert!(needed(0.005, 0.03) < needed(0.005, 0.012));
        assert_eq!(needed(0.005, 0.01), None);
        assert_eq!(needed(0.0, 0.0), needed(1e-9, 0.0), "no spread at all");
    }
}
