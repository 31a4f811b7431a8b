//! Quantiles and how many observations they need.

/// Confidence at which [`support`] holds.
const CONFIDENCE: f64 = 0.99;

/// The middle value of an ascending slice, or the mean of the two middle ones; `None` when empty.
pub fn median(sorted: &[f64]) -> Option<f64> {
    let n = sorted.len();
    match n {
        0 => None,
        _ if n % 2 == 1 => Some(sorted[n / 2]),
        _ => Some((sorted[n / 2 - 1] + sorted[n / 2]) / 2.0),
    }
}

/// Quantile `p` of an ascending slice by nearest rank: the smallest value with at least `p·n` values
/// at or below it, `x[⌈p·n⌉ − 1]`. `None` when empty or `p` lies outside `(0, 1]`.
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

/// The fewest observations that support percentile `p` with none beyond it: the smallest n with
/// pⁿ ≤ 0.01. Below it, the largest of n values need not reach the percentile at 99 % confidence.
/// [`support_with`] none over the bound.
pub fn support(p: f64) -> usize {
    support_with(p, 0)
}

/// The fewest observations that support percentile `p` where `over` of them lie over the bound: the smallest
/// `n = h + over` with `I(p; h, over + 1) ≤ 0.01`, I the regularised incomplete beta function. That is the
/// probability that at most `over` of n values exceed the percentile by chance, so beyond n the bound holds
/// at 99 % confidence: the early-stopping rule of MLPerf Inference (*Inference rules*, appendix "Early
/// Stopping Criterion"). `usize::MAX` for a `p` outside `(0, 1)`, which no number of observations supports.
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
            // One fewer does not do.
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
