//! The interval of a case's median, over rounds and the samples within them.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::{mean, median, normal_quantile, sorted, standard_deviation, student_quantile};

/// An interval, at 95 % confidence unless the function that returns it states another; an end may be infinite.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// Returns half the width, as a share of `centre`.
    pub fn relative_half_width(&self, centre: f64) -> f64 {
        (self.high - self.low) / 2.0 / centre.abs()
    }

    /// Returns the same interval, widened to contain `value` if necessary.
    #[must_use]
    pub fn with(&self, value: f64) -> Self {
        Interval { low: self.low.min(value), high: self.high.max(value) }
    }
}

/// The confidence of every interval here.
const CONFIDENCE: f64 = 0.95;

/// Student's t, two-sided 95 %, for 1 to 4 degrees of freedom.
const STUDENT: [f64; 4] = [12.706, 4.303, 3.182, 2.776];

/// The 95 % interval of the median over processes, from one median per round.
///
/// The round is the unit of replication: a round's own median already contains the noise of its samples, and processes
/// differ by more than samples do (by the place of their memory, by other work of the machine), so resampling only
/// samples would claim a precision that the next process refutes.
///
/// * 6 rounds or more: order statistics. `(x₍ₖ₎, x₍ₙ₊₁₋ₖ₎)` covers the median of any continuous distribution with
///   probability `γₖ = 1 − 2·P(B < k)`, `B` binomial (n, ½); k is the largest that keeps it at 95 % (Conover,
///   *Practical Nonparametric Statistics*, 3.2). It assumes nothing about the tails, which are heavy. Since γ comes in
///   steps (96.9 % at 6 rounds, 97.9 % at 12), each end lies between the k-th and the next value, at the share `λ =
///   (n−k)·I / (k + (n−2k)·I)`, `I = (γₖ − 0.95) / (γₖ − γₖ₊₁)` (Hettmansperger and Sheather, "Confidence intervals
///   based on interpolated order statistics", Statistics & Probability Letters 4, 1986). Interpolated on logarithms:
///   measured values are positive and vary by factors, and so the interval of a rate is that of the time from which it
///   was computed. Simulated coverage 94.4 to 95.4 %, tails up to Cauchy's.
/// * 2 to 5 rounds: no order statistic reaches 95 %, so Student's t on the logarithms, whose width shows how little
///   information so few processes give.
/// * 1 round, or values that are not positive: `None`.
pub fn median_interval(round_medians: &[f64]) -> Option<Interval> {
    if round_medians.len() < 2 || round_medians.iter().any(|value| !(*value > 0.0 && value.is_finite())) {
        return None;
    }
    let values = sorted(round_medians);
    match order_statistic(values.len()) {
        Some(bound) => Some(Interval { low: bound.of(values.iter()), high: bound.of(values.iter().rev()) }),
        None => student_on_logs(&values),
    }
}

/// The 95 % interval of the mean over processes, from one mean per round, by Student's t. This is right for means
/// of many samples, and too narrow if a few slow samples make up most of a mean. `None` for fewer than two values,
/// or if one is not finite.
pub fn mean_interval(round_means: &[f64]) -> Option<Interval> {
    if round_means.iter().any(|value| !value.is_finite()) {
        return None;
    }
    around_mean(round_means, student(round_means.len().checked_sub(1)?)?)
}

/// The interval of the mean of independent values that contains it except with the probability `error_rate`, by Student's
/// t. `None` for fewer than four values ([`student_quantile`]), or if one is not finite.
pub fn mean_interval_within(values: &[f64], error_rate: f64) -> Option<Interval> {
    if values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let normal = normal_quantile(1.0 - error_rate / 2.0);
    around_mean(values, student_quantile(normal, values.len().checked_sub(1)? as f64)?)
}

/// The interval of `t` standard errors on each side of the mean.
fn around_mean(values: &[f64], t: f64) -> Option<Interval> {
    let half = t * standard_deviation(values)? / (values.len() as f64).sqrt();
    let centre = mean(values)?;
    Some(Interval { low: centre - half, high: centre + half })
}

/// Returns the two-sided 95 % quantile of Student's t; `None` without a degree of freedom.
pub fn student(degrees: usize) -> Option<f64> {
    match STUDENT.get(degrees.checked_sub(1)?) {
        Some(t) => Some(*t),
        None => student_quantile(normal_quantile(1.0 - (1.0 - CONFIDENCE) / 2.0), degrees as f64),
    }
}

/// The position of an end of the interval, counted from its own side.
#[derive(Clone, Copy, Debug, PartialEq)]
struct OrderStatistic {
    /// The largest k with `γₖ ≥ 0.95`.
    rank: usize,
    /// Share of the way from the k-th value to the next.
    inward: f64,
}

impl OrderStatistic {
    /// Returns the bound; `values` are positive and run inwards from its end. NaN if there are fewer than its rank.
    fn of<'a>(self, mut values: impl Iterator<Item = &'a f64>) -> f64 {
        let outer = values.nth(self.rank - 1).copied().unwrap_or(f64::NAN);
        let inner = values.next().copied().unwrap_or(outer);
        // As a factor, so that equal values give exactly their own value.
        outer * (inner / outer).powf(self.inward)
    }
}

/// Returns the order statistic of the 95 % interval of the median of `n` values; `None` if these are too few.
fn order_statistic(n: usize) -> Option<OrderStatistic> {
    // In logarithms, because ½ⁿ is not a number from n = 1075 on.
    let mut log_probability = -(n as f64) * std::f64::consts::LN_2;
    let (mut coverage, mut rank) = (1.0, 0);
    while rank < n / 2 {
        let next = coverage - 2.0 * log_probability.exp();
        if next < CONFIDENCE {
            break;
        }
        log_probability += ((n - rank) as f64 / (rank + 1) as f64).ln();
        coverage = next;
        rank += 1;
    }
    let excess = (coverage - CONFIDENCE) / (2.0 * log_probability.exp());
    let (outside, between) = (rank as f64, n as f64 - 2.0 * rank as f64);
    let inward = (n - rank) as f64 * excess / (outside + between * excess);
    (rank > 0).then_some(OrderStatistic { rank, inward })
}

fn student_on_logs(values: &[f64]) -> Option<Interval> {
    let logs: Vec<f64> = values.iter().map(|value| value.ln()).collect();
    let t = STUDENT.get(logs.len() - 2)?;
    let half = t * standard_deviation(&logs)? / (logs.len() as f64).sqrt();
    // Centred on the mean, which is what the t distribution describes.
    let centre = mean(&logs)?;
    Some(Interval { low: (centre - half).exp(), high: (centre + half).exp() })
}

/// Returns the robust spread of positive values, as a share of their median: 1.4826 · MAD of the logarithms, which
/// estimates the standard deviation of normal data, even if up to half of the values are wild. `None` below two values
/// or if one is not positive.
pub fn relative_spread(values: &[f64]) -> Option<f64> {
    if values.len() < 2 || values.iter().any(|value| !(*value > 0.0 && value.is_finite())) {
        return None;
    }
    robust_deviation(&values.iter().map(|value| value.ln()).collect::<Vec<_>>())
}

/// Returns 1.4826 · MAD: the standard deviation of normal data, even if up to half of the values are wild. `None` when
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
    use crate::simulation::Random;

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
            assert_eq!(order_statistic(n).map(|bound| bound.rank), k, "n = {n}");
        }
        // The normal approximation: n/2 − 0.98·√n, past where ½ⁿ is a number.
        let many = order_statistic(10_000).expect("enough").rank;
        assert!((4_901..=4_903).contains(&many), "{many}");
    }

    #[test]
    fn interpolation_is_the_published_share() {
        // Worked by hand for n = 10: γ₂ = 1 − 22/1024, γ₃ = 1 − 112/1024, I = 29.2/90,
        // λ = 8·I / (2 + 6·I) = 0.6577.
        let bound = order_statistic(10).expect("ten");
        assert_eq!(bound.rank, 2);
        assert!((bound.inward - 0.657_657_657).abs() < 1e-6, "{}", bound.inward);
        let powers: Vec<f64> = (0..10).map(|exponent| 10f64.powi(exponent)).collect();
        let interval = median_interval(&powers).expect("ten");
        assert!((interval.low.log10() - 1.657_657_657).abs() < 1e-6);
        assert!((interval.high.log10() - 7.342_342_342).abs() < 1e-6);
        assert_eq!(median_interval(&[0.3; 10]), Some(Interval { low: 0.3, high: 0.3 }));
    }

    #[test]
    fn too_little_data_has_no_interval() {
        assert_eq!(median_interval(&[]), None);
        assert_eq!(median_interval(&[1.0]), None);
        assert_eq!(median_interval(&[1.0, 0.0, 1.0]), None);
        assert_eq!(median_interval(&[1.0, f64::NAN]), None);
    }

    /// Returns how many of 10 000 intervals of `rounds` values from `draw` contain `truth`.
    fn covering(rounds: usize, truth: f64, draw: impl Fn(&mut Random) -> f64) -> usize {
        let mut random = Random::seeded(rounds as u64);
        let covers = (0..10_000).filter(|_| {
            let medians: Vec<f64> = (0..rounds).map(|_| draw(&mut random)).collect();
            let interval = median_interval(&medians).expect("two or more, positive");
            interval.low <= truth && truth <= interval.high
        });
        covers.count()
    }

    fn assert_coverage(name: &str, rounds: &[usize], truth: f64, draw: impl Fn(&mut Random) -> f64) {
        for rounds in rounds {
            let covered = covering(*rounds, truth, &draw);
            assert!((9_400..=9_600).contains(&covered), "{rounds} {name} rounds: {covered} of 10000");
        }
    }

    #[test]
    fn intervals_cover_the_median_of_log_normal_rounds() {
        assert_coverage("log-normal", &[2, 3, 4, 5, 6, 7, 8, 9, 12, 20, 30], 1.0, |random| {
            (0.02 * random.normal()).exp()
        });
    }

    #[test]
    fn intervals_cover_the_median_of_heavy_tails() {
        assert_coverage("t2", &[6, 7, 9, 12, 20, 30], 1.0, |random| (0.02 * random.student_2()).exp());
        // One round in ten is 20 % slower, always to the same side: the worst case for a symmetric interval.
        // The median of 0.9·N(0, s) + 0.1·N(ln 1.2, s) lies where the first has 5/9 below.
        assert_coverage("mixed", &[6, 7, 9, 12, 20, 30], (0.02f64 * 0.139_710).exp(), |random| {
            let slow = if random.uniform() < 0.1 { 1.2f64.ln() } else { 0.0 };
            (slow + 0.02 * random.normal()).exp()
        });
    }

    /// Samples of a round that follow each other closely (AR(1), ρ = 0.9), in processes that differ: samples
    /// taken for independent would give an interval three times too narrow.
    #[test]
    fn intervals_cover_the_median_of_autocorrelated_rounds_in_differing_processes() {
        assert_coverage("autocorrelated", &[6, 9, 20], 1.0, |random| {
            let process = 0.01 * random.normal();
            let mut state = random.normal();
            let samples: Vec<f64> = (0..15)
                .map(|_| {
                    state = 0.9 * state + (1.0f64 - 0.9 * 0.9).sqrt() * random.normal();
                    (process + 0.02 * state).exp()
                })
                .collect();
            median(&sorted(&samples)).expect("fifteen")
        });
    }

    #[test]
    fn the_interval_of_a_mean_is_the_textbook_one() {
        // Mean 5, standard deviation √(32/7), t of 7 degrees 2.365: 5 ± 1.788.
        let interval = mean_interval(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]).expect("eight");
        assert!(
            (interval.low - 3.2125).abs() < 1e-3 && (interval.high - 6.7875).abs() < 1e-3,
            "{interval:?}"
        );
        let two = mean_interval(&[1.0, 2.0]).expect("two");
        assert!((two.high - 1.5 - 12.706 * 0.5).abs() < 1e-3, "{two:?}");
        assert_eq!(mean_interval(&[1.0]), None);
        assert_eq!(mean_interval(&[]), None);
        assert_eq!(mean_interval(&[1.0, f64::NAN]), None);
        // At 95 % both are the same, to the accuracy of the expansion.
        let values = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0];
        let (table, expansion) = (mean_interval(&values), mean_interval_within(&values, 0.05));
        let high = |interval: Option<Interval>| interval.map_or(f64::NAN, |interval| interval.high);
        assert!((high(table) - high(expansion)).abs() < 1e-3, "{table:?} {expansion:?}");
        assert!(high(mean_interval_within(&values, 0.01)) > high(table));
        assert_eq!(mean_interval_within(&values[..3], 0.05), None);
        assert_eq!(mean_interval_within(&[1.0, 2.0, 3.0, 4.0, f64::NAN], 0.05), None);
        assert_eq!(two.with(100.0), Interval { low: two.low, high: 100.0 });
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
