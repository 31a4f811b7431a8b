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
/// pⁿ ≤ 0.01. Below it, the largest of n values need not reach the percentile at 99 % confidence
/// (the early-stopping rule of MLPerf Inference with t = 0).
pub fn support(p: f64) -> usize {
    ((1.0 - CONFIDENCE).ln() / p.ln()).ceil() as usize
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
        for (p, n) in [(0.90, 44), (0.95, 90), (0.99, 459), (0.999, 4603)] {
            assert_eq!(support(p), n, "p = {p}");
        }
    }

    proptest! {
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
