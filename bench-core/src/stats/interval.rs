//! The interval of a case's median, over rounds and the samples within them.

use serde::{Deserialize, Serialize};

use super::{mean, median, sorted, standard_deviation};

/// An interval, at 95 % confidence unless what returns it says otherwise; an end may be infinite.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// Half the width, as a share of `centre`.
    pub fn relative_half_width(&self, centre: f64) -> f64 {
        (self.high - self.low) / 2.0 / centre.abs()
    }
}

/// Student's t, two-sided 95 %, for 1 to 4 degrees of freedom.
const STUDENT: [f64; 4] = [12.706, 4.303, 3.182, 2.776];

/// The 95 % interval of the median over processes, from one median per round.
///
/// The round is the unit of replication: a round's own median already carries the noise of its
/// samples, and processes differ by more than samples do (where memory landed, what the machine was
/// doing), so resampling samples alone would claim a precision that the next process refutes.
///
/// * 6 rounds or more: order statistics. `(x₍ₖ₎, x₍ₙ₊₁₋ₖ₎)` covers the median of any continuous
///   distribution with probability `1 − 2·P(B < k)`, `B` binomial (n, ½); k is the largest that keeps
///   it at 95 % (Conover, *Practical Nonparametric Statistics*, 3.2). It supposes nothing of the
///   tails, which are heavy.
/// * 2 to 5 rounds: no order statistic reaches 95 %, so Student's t on the logarithms, whose width
///   says honestly how little so few processes tell.
/// * 1 round, or values that are not positive: `None`.
pub fn median_interval(round_medians: &[f64]) -> Option<Interval> {
    if round_medians.len() < 2 || round_medians.iter().any(|value| !(*value > 0.0 && value.is_finite())) {
        return None;
    }
    let values = sorted(round_medians);
    match order_statistic(values.len()) {
        Some(k) => Some(Interval { low: values[k - 1], high: values[values.len() - k] }),
        None => student_on_logs(&values),
    }
}

/// The largest k with `1 − 2·P(B < k) ≥ 0.95` for `B` binomial (n, ½), if there is one.
fn order_statistic(n: usize) -> Option<usize> {
    let mut probability = 0.5f64.powi(i32::try_from(n).unwrap_or(i32::MAX));
    let mut below = 0.0;
    let mut k = 0;
    while k < n / 2 && 1.0 - 2.0 * (below + probability) >= 0.95 {
        below += probability;
        probability *= (n - k) as f64 / (k + 1) as f64;
        k += 1;
    }
    (k > 0).then_some(k)
}

fn student_on_logs(values: &[f64]) -> Option<Interval> {
    let logs: Vec<f64> = values.iter().map(|value| value.ln()).collect();
    let t = STUDENT.get(logs.len() - 2)?;
    let half = t * standard_deviation(&logs)? / (logs.len() as f64).sqrt();
    // Centred on the mean: that is what the t distribution speaks of.
    let centre = mean(&logs)?;
    Some(Interval { low: (centre - half).exp(), high: (centre + half).exp() })
}

/// Robust spread of positive values, as a share of their median: 1.4826 · MAD of the logarithms,
/// which estimates the standard deviation of normal data and ignores up to half of wild ones.
/// `None` below two values or where one is not positive.
pub fn relative_spread(values: &[f64]) -> Option<f64> {
    if values.len() < 2 || values.iter().any(|value| !(*value > 0.0 && value.is_finite())) {
        return None;
    }
    robust_deviation(&values.iter().map(|value| value.ln()).collect::<Vec<_>>())
}

/// 1.4826 · MAD: the standard deviation of normal data, whatever up to half of the values do. `None` when
/// empty.
pub fn robust_deviation(values: &[f64]) -> Option<f64> {
    let centre = median(&sorted(values))?;
    let deviations: Vec<f64> = values.iter().map(|value| (value - centre).abs()).collect();
    median(&sorted(&deviations)).map(|mad| 1.4826 * mad)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::simulation::Random;

    #[test]
    fn order_statistics_are_the_published_ranks() {
        // Conover, table A3 and any table of binomial intervals of the median.
        for (n, k) in [
            (5, None),
            (6, Some(1)),
            (8, Some(1)),
            (9, Some(2)),
            (12, Some(3)),
            (20, Some(6)),
            (30, Some(10)),
        ] {
            assert_eq!(order_statistic(n), k, "n = {n}");
        }
    }

    #[test]
    fn too_little_data_has_no_interval() {
        assert_eq!(median_interval(&[]), None);
        assert_eq!(median_interval(&[1.0]), None);
        assert_eq!(median_interval(&[1.0, 0.0, 1.0]), None);
        assert_eq!(median_interval(&[1.0, f64::NAN]), None);
    }

    /// Coverage over 10 000 experiments, with log-normal rounds and with heavy tails (one round in
    /// ten is 20 % slower, always to the same side: the worst case for a symmetric interval).
    #[test]
    fn intervals_cover_the_median() {
        for rounds in [2, 3, 5, 6, 9, 20] {
            let mut noise = Random::seeded(rounds as u64);
            let mut covered = 0;
            for _ in 0..10_000 {
                let medians: Vec<f64> = (0..rounds).map(|_| (0.02 * noise.normal()).exp()).collect();
                let interval = median_interval(&medians).expect("two or more");
                covered += usize::from(interval.low <= 1.0 && 1.0 <= interval.high);
            }
            assert!((9_400..=9_950).contains(&covered), "{rounds} rounds: {covered} of 10000");
        }
        for rounds in [6, 9, 20] {
            let mut noise = Random::seeded(100 + rounds as u64);
            // The median of the mixture 0.9·N(0, s) + 0.1·N(ln 1.2, s) lies where the first has 5/9 below.
            let truth = (0.02f64 * 0.139_710).exp();
            let mut covered = 0;
            for _ in 0..10_000 {
                let medians: Vec<f64> = (0..rounds)
                    .map(|_| {
                        let slow = if noise.uniform() < 0.1 { 1.2f64.ln() } else { 0.0 };
                        (slow + 0.02 * noise.normal()).exp()
                    })
                    .collect();
                let interval = median_interval(&medians).expect("six or more");
                covered += usize::from(interval.low <= truth && truth <= interval.high);
            }
            assert!((9_400..=9_950).contains(&covered), "{rounds} heavy-tailed rounds: {covered} of 10000");
        }
    }

    #[test]
    fn spread_ignores_a_wild_value() {
        let quiet = relative_spread(&[1.0, 1.01, 0.99, 1.02, 0.98]).expect("positive");
        let wild = relative_spread(&[1.0, 1.01, 0.99, 1.02, 50.0]).expect("positive");
        assert!((quiet - 0.0148).abs() < 0.001, "{quiet}");
        assert!(wild < 2.0 * quiet, "{wild}");
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_median_and_scales(
            medians in proptest::collection::vec(1e-9f64..1e3, 6..40),
            scale in 1e-3f64..1e3,
        ) {
            let interval = median_interval(&medians).expect("positive");
            let centre = median(&sorted(&medians)).expect("not empty");
            prop_assert!(interval.low <= centre && centre <= interval.high);
            let scaled: Vec<f64> = medians.iter().map(|value| value * scale).collect();
            let other = median_interval(&scaled).expect("positive");
            prop_assert!((other.low / interval.low / scale - 1.0).abs() < 1e-9);
            prop_assert!((other.high / interval.high / scale - 1.0).abs() < 1e-9);
        }
    }
}
