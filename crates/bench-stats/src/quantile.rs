//! Quantiles, how many observations they need, and how far they can be relied on.

use super::interval::student;
use super::{Interval, mean, sorted};

/// Confidence at which [`support`] holds.
const CONFIDENCE: f64 = 0.99;

/// Returns quantile `p` of an ascending slice by nearest rank: the smallest value with at least `p·n` values at or
/// below it, `x[⌈p·n⌉ − 1]`. `None` when empty or if `p` lies outside `(0, 1]`.
///
/// `x[int(p·n)]`, often seen, makes p99 the maximum for every n up to 100.
pub fn nearest_rank(sorted: &[f64], p: f64) -> Option<f64> {
    if !(p > 0.0 && p <= 1.0) {
        return None;
    }
    // p·n can come out a hair above a whole number (0.95 · 100), which must not move the rank up.
    let rank = (p * sorted.len() as f64 - 1e-9).ceil().max(1.0) as usize;
    sorted.get(rank - 1).copied()
}

/// Returns the smallest number n of observations whose largest value reaches percentile `p` at 99 % confidence: the
/// smallest n with pⁿ ≤ 0.01. Same as [`support_with`]`(p, 0)`.
pub fn support(p: f64) -> usize {
    support_with(p, 0)
}

/// Returns the smallest number of observations that support percentile `p` if `over` of them lie over the bound: the
/// smallest `n = h + over` with `I(p; h, over + 1) ≤ 0.01`, I the regularised incomplete beta function. That is the
/// probability that at most `over` of n values exceed the percentile by chance, so from this n on the bound holds at 99
/// % confidence: the early-stopping rule of MLPerf Inference (*Inference rules*, appendix "Early Stopping Criterion").
/// `usize::MAX` for a `p` outside `(0, 1)`, which no number of observations supports.
pub fn support_with(p: f64, over: usize) -> usize {
    if !(p > 0.0 && p < 1.0) {
        return usize::MAX;
    }
    let threshold = (1.0 - CONFIDENCE).ln();
    let supports = |n: usize| log_at_most(over, n, p) <= threshold;
    // The probability falls with n. At n = over it is 1: double until it is small enough, then bisect.
    let (mut too_few, mut step) = (over, 1usize);
    while !supports(too_few.saturating_add(step)) {
        too_few = too_few.saturating_add(step);
        step = step.saturating_mul(2);
    }
    let mut enough = too_few.saturating_add(step);
    while enough - too_few > 1 {
        let middle = too_few + (enough - too_few) / 2;
        if supports(middle) {
            enough = middle;
        } else {
            too_few = middle;
        }
    }
    enough
}

/// `ln P(at most `over` of n values exceed the percentile p)`: the lower tail of the binomial distribution
/// with n trials of probability 1 − p, which is `ln I(p; n − over, over + 1)`.
///
/// All terms are positive, so nothing cancels, and each comes from the one before it by a ratio, so the
/// relative error is that of `over` roundings.
fn log_at_most(over: usize, n: usize, p: f64) -> f64 {
    const LARGE: f64 = 1e200;
    let odds = (1.0 - p) / p;
    let (mut term, mut sum, mut logarithm_taken_out) = (1.0f64, 1.0f64, n as f64 * p.ln());
    for j in 1..=over.min(n) {
        term *= (n - j + 1) as f64 / j as f64 * odds;
        sum += term;
        if sum > LARGE {
            logarithm_taken_out += LARGE.ln();
            term /= LARGE;
            sum /= LARGE;
        }
    }
    logarithm_taken_out + sum.ln()
}

/// Normal quantile of 97.5 %.
const NORMAL: f64 = 1.960;

/// The 95 % interval of quantile `p` over the samples of all rounds together, by order statistics.
///
/// `(x₍ₗ₎, x₍ᵤ₎)` of n independent samples covers the quantile of any distribution with at least 95 %, where
/// `P(B < l) ≤ 2.5 %` and `P(B ≥ u) ≤ 2.5 %`, `B` binomial (n, p) (Conover, *Practical Nonparametric Statistics*, 3.2).
/// Samples of one process are not independent, so n is divided by the design effect of Kish (*Survey Sampling*, 1965):
/// how much more the share of samples below the quantile varies between rounds than it would for independent
/// samples, as Woodruff does for quantiles of clustered samples ("Confidence intervals for medians and other position
/// measures", JASA 47, 1952). The variance between few rounds is little known, and is enlarged by the square of
/// Student's t over the normal quantile; an effect below 1 is taken for 1. Simulated coverage in the tests below.
///
/// `None` below two rounds, if there are too few samples for one of the ends, and if `p` lies outside `(0, 1)`.
pub fn quantile_interval(rounds: &[Vec<f64>], p: f64) -> Option<Interval> {
    let values = sorted(&rounds.concat());
    let n = values.len();
    let quantile = nearest_rank(&values, p).filter(|_| p < 1.0)?;
    let effective = (n as f64 / design_effect(rounds, quantile, p)?).floor();
    let low = binomial_quantile(effective, p, 0.025);
    let high = binomial_quantile(effective, p, 0.975) + 1.0;
    // If the quantile may lie beyond all samples, the interval has no such end.
    if low < 1.0 || high > effective {
        return None;
    }
    let rank = |rank: f64| rank / effective * n as f64;
    Some(Interval {
        low: *values.get((rank(low).floor() as usize).checked_sub(1)?)?,
        high: *values.get((rank(high).ceil() as usize).min(n).checked_sub(1)?)?,
    })
}

/// Returns the factor by which the share of samples at or below `quantile` varies more than that of independent
/// samples, at least 1. `None` below two rounds.
fn design_effect(rounds: &[Vec<f64>], quantile: f64, p: f64) -> Option<f64> {
    let rounds: Vec<&Vec<f64>> = rounds.iter().filter(|round| !round.is_empty()).collect();
    let n: f64 = rounds.iter().map(|round| round.len() as f64).sum();
    let t = student(rounds.len().checked_sub(1)?)?;
    // Ratio estimator: each round is weighted by its number of samples.
    let excesses: Vec<f64> = rounds
        .iter()
        .map(|round| round.iter().filter(|value| **value <= quantile).count() as f64 - p * round.len() as f64)
        .collect();
    let centre = mean(&excesses)?;
    let count = rounds.len() as f64;
    let squares: f64 = excesses.iter().map(|excess| (excess - centre).powi(2)).sum();
    let between = count / (count - 1.0) * squares / n;
    Some((between / (p * (1.0 - p)) * (t / NORMAL).powi(2)).max(1.0))
}

/// Returns the smallest k with P(B ≤ k) > q, `B` binomial (n, p).
fn binomial_quantile(n: f64, p: f64, q: f64) -> f64 {
    // In logarithms: for large n, (1 − p)ⁿ is too small for an `f64`.
    let odds = (p / (1.0 - p)).ln();
    let mut log_term = n * (-p).ln_1p();
    let (mut k, mut sum) = (0.0, log_term.exp());
    while sum <= q && k < n {
        log_term += ((n - k) / (k + 1.0)).ln() + odds;
        k += 1.0;
        sum += log_term.exp();
    }
    k
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::median;
    use crate::simulation::Random;
    use proptest::prelude::*;

    /// Creates rounds that do not differ in how many of their samples lie below any quantile.
    fn alike(rounds: usize, n: usize) -> Vec<Vec<f64>> {
        (0..rounds).map(|round| (0..n / rounds).map(|i| (i * rounds + round + 1) as f64).collect()).collect()
    }

    #[test]
    fn order_statistics_of_quantiles_are_the_published_ranks() {
        // The median of 10, 20, 100: ranks 2 and 9, 6 and 15, 40 and 61 (Conover, table A3; Hahn and Meeker,
        // table A.15). p95 of 100: 90 and 99 or 100; the binomial tails are 1.2 % and 3.7 % at 99, so 100.
        for (n, p, low, high) in
            [(10, 0.5, 2.0, 9.0), (20, 0.5, 6.0, 15.0), (100, 0.5, 40.0, 61.0), (100, 0.95, 90.0, 100.0)]
        {
            let found = quantile_interval(&alike(5, n), p);
            assert_eq!(found, Some(Interval { low, high }), "{n} {p}");
        }
        assert_eq!(binomial_quantile(1e5, 0.95, 0.5), 95_000.0);
    }

    #[test]
    fn too_little_data_has_no_interval_of_a_quantile() {
        assert_eq!(quantile_interval(&alike(1, 100), 0.5), None, "one round");
        assert_eq!(
            quantile_interval(&[vec![], alike(1, 100).remove(0)], 0.5),
            None,
            "one round with samples"
        );
        assert_eq!(quantile_interval(&alike(5, 70), 0.95), None, "0.95⁷⁰ is above 2.5 %");
        assert!(quantile_interval(&alike(5, 75), 0.95).is_some());
        assert_eq!(quantile_interval(&alike(5, 100), 1.0), None);
        assert_eq!(quantile_interval(&[], 0.5), None);
    }

    /// Returns, for 1000 intervals of p95 of `count` rounds of 60 samples, whose shift makes `between` of the
    /// variance, how many exist, and how many of them contain the true one.
    fn covering(count: usize, between: f64) -> (usize, usize) {
        let mut random = Random::seeded(count as u64);
        let (mut there, mut covering) = (0, 0);
        for _ in 0..1000 {
            let rounds: Vec<Vec<f64>> = (0..count)
                .map(|_| {
                    let shift = between.sqrt() * random.normal();
                    (0..60).map(|_| shift + (1.0 - between).sqrt() * random.normal()).collect()
                })
                .collect();
            if let Some(interval) = quantile_interval(&rounds, 0.95) {
                there += 1;
                covering += usize::from(interval.low <= 1.644_854 && 1.644_854 <= interval.high);
            }
        }
        (there, covering)
    }

    #[test]
    fn intervals_cover_the_quantile_of_rounds_that_differ() {
        for (count, between) in [(6, 0.0), (12, 0.0), (30, 0.0), (12, 0.1), (30, 0.1), (30, 0.5)] {
            let (there, covered) = covering(count, between);
            assert!(there >= 500, "{count} rounds, {between}: only {there}");
            assert!(covered * 100 >= there * 93, "{count} rounds, {between}: {covered} of {there}");
        }
    }

    #[test]
    fn median_of_odd_and_even() {
        assert_eq!(median(&[1.0, 2.0, 9.0]), Some(2.0));
        assert_eq!(median(&[1.0, 2.0, 4.0, 9.0]), Some(3.0));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn nearest_rank_of_one_to_a_hundred() {
        let values: Vec<f64> = (1..=100).map(f64::from).collect();
        for (p, value) in
            [(0.5, 50.0), (0.9, 90.0), (0.95, 95.0), (0.99, 99.0), (0.999, 100.0), (1.0, 100.0), (0.001, 1.0)]
        {
            assert_eq!(nearest_rank(&values, p), Some(value), "p = {p}");
        }
        assert_eq!(nearest_rank(&values, 0.0), None);
        assert_eq!(nearest_rank(&values, 1.1), None);
        assert_eq!(nearest_rank(&values, f64::NAN), None);
        assert_eq!(nearest_rank(&[], 0.5), None);
    }

    #[test]
    fn support_is_the_published_table() {
        for (p, published) in [
            (0.90, [44, 64, 81, 197]),
            (0.95, [90, 130, 165, 398]),
            (0.99, [459, 662, 838, 2010]),
            (0.999, [4603, 6636, 8403, 20140]),
        ] {
            assert_eq!([0, 1, 2, 10].map(|over| support_with(p, over)), published, "p = {p}");
            assert_eq!(support(p), published[0], "p = {p}");
        }
        assert_eq!(support(0.5), 7);
    }

    #[test]
    fn no_number_supports_what_is_no_percentile() {
        for p in [0.0, 1.0, -0.1, 1.1, f64::NAN] {
            assert_eq!(support_with(p, 3), usize::MAX, "p = {p}");
        }
    }

    #[test]
    fn support_with_many_over_the_bound_is_that_of_the_normal_limit() {
        // (t + ½ − n·q) / √(n·p·q) = −2.326, up to the skewness of order 1.
        for (p, over) in [(0.9f64, 10_000usize), (0.99, 10_000), (0.999, 10_000)] {
            let n = support_with(p, over) as f64;
            let q = 1.0 - p;
            let z = (over as f64 + 0.5 - n * q) / (n * p * q).sqrt();
            assert!((z + 2.326_348).abs() < 0.02, "p = {p}: n = {n}, z = {z}");
        }
    }

    proptest! {
        #[test]
        fn support_grows_with_what_lies_over_the_bound(percent in 1u32..100, over in 0usize..400) {
            let p = f64::from(percent) / 100.0;
            let (n, more) = (support_with(p, over), support_with(p, over + 1));
            prop_assert!(n > over && more > n);
            // One observation fewer is not enough.
            prop_assert!(log_at_most(over, n, p) <= 0.01f64.ln());
            prop_assert!(log_at_most(over, n - 1, p) > 0.01f64.ln());
        }

        #[test]
        fn nearest_rank_is_the_smallest_value_with_enough_below(
            mut values in proptest::collection::vec(-1e6f64..1e6, 1..60),
            percent in 1u32..=100,
        ) {
            values.sort_by(f64::total_cmp);
            let p = f64::from(percent) / 100.0;
            let found = nearest_rank(&values, p).expect("not empty");
            // In whole numbers, so that the check has no rounding of its own.
            let below = values.iter().filter(|value| **value <= found).count() as u32 * 100;
            prop_assert!(below >= percent * values.len() as u32);
            let strictly = values.iter().filter(|value| **value < found).count() as u32 * 100;
            prop_assert!(strictly < percent * values.len() as u32);
        }
    }
}
