//! What so many crossovers of such a spread can tell.

use bench_stats::{log_e_value_above, normal_density, normal_quantile, rank_needed};

use super::CONFIDENCE;

/// The power at which an effect counts as one that can be seen.
const POWER: f64 = 0.95;

/// More crossovers than this nobody waits for.
const MOST: usize = 1 << 16;

/// Log ratios of crossovers, supposed normal around the truth. The test supposes nothing of the kind: this
/// says only how long it may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Forecast {
    /// Standard deviation of a crossover's log ratio.
    pub(super) deviation: f64,
    /// The practical floor, as a log ratio.
    pub(super) threshold: f64,
    /// Logarithm of the e-value that a finding among so many cases needs.
    pub(super) log_evidence: f64,
}

impl Forecast {
    /// The smallest change of time, as a log ratio, that `n` crossovers would call slower with a probability
    /// of 95 %; `None` where `n` cannot call anything.
    ///
    /// The interval's lower end is the order statistic x₍ₖ₎: about normal around the quantile k/(n+1), with
    /// standard deviation `σ·√(p(1−p)/n) / φ(z)` (David and Nagaraja, *Order Statistics*, 2003, 10.2).
    pub(super) fn smallest_effect(&self, n: usize) -> Option<f64> {
        let p = end(n)?;
        // All n on one side is the most evidence there can be.
        if log_e_value_above(&vec![1.0; n], 0.0) - std::f64::consts::LN_2 < self.log_evidence {
            return None;
        }
        let z = normal_quantile(p);
        let error = self.deviation * (p * (1.0 - p) / n as f64).sqrt() / normal_density(z);
        Some(self.threshold + self.deviation * z.abs() + normal_quantile(POWER) * error)
    }

    /// Crossovers after which a change of `log_ratio` would be called what it is, whichever that may be;
    /// `None` where that is beyond all patience.
    pub(super) fn needed(&self, log_ratio: f64) -> Option<usize> {
        let distance = (log_ratio.abs() - self.threshold).abs();
        let enough = |n: usize| end(n).is_some_and(|p| self.deviation * normal_quantile(p).abs() <= distance);
        // Doubling first: ranks among many are dear to find, and few are needed as a rule.
        let mut many = 8;
        while !enough(many) {
            many *= 2;
            if many > MOST {
                return None;
            }
        }
        let mut too_few = many / 2;
        while many - too_few > 1 {
            let middle = too_few + (many - too_few) / 2;
            if enough(middle) { many = middle } else { too_few = middle }
        }
        Some(many)
    }
}

/// The quantile that the lower end of the interval of `n` crossovers stands for, k/(n+1).
fn end(n: usize) -> Option<f64> {
    rank_needed(n, CONFIDENCE).map(|rank| rank as f64 / (n + 1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Forecast = Forecast { deviation: 0.005, threshold: 0.01, log_evidence: 3.0 };

    #[test]
    fn more_crossovers_see_less() {
        let seen: Vec<f64> =
            [8, 16, 32, 100, 1000].iter().filter_map(|n| QUIET.smallest_effect(*n)).collect();
        assert_eq!(seen.len(), 5);
        assert!(seen.windows(2).all(|pair| pair[1] < pair[0]), "{seen:?}");
        assert!(seen[4] > QUIET.threshold);
        assert_eq!(QUIET.smallest_effect(7), None);
        let suite = Forecast { log_evidence: 7.0, ..QUIET };
        assert_eq!(suite.smallest_effect(10), None, "a finding among a hundred cases needs more");
    }

    #[test]
    fn what_is_needed_grows_with_the_spread_and_the_nearness_of_the_threshold() {
        let needed = |deviation, log_ratio| Forecast { deviation, ..QUIET }.needed(log_ratio);
        assert!(needed(0.005, 0.0) < needed(0.01, 0.0));
        assert!(needed(0.005, 0.0) < needed(0.005, 0.008));
        assert!(needed(0.005, 0.03) < needed(0.005, 0.012));
        assert_eq!(needed(0.05, 0.01), None);
    }
}
