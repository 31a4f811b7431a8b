//! The interval of a proportion, and the test that it is one half.

use super::Interval;

/// Returns the 95 % interval of a probability, from `hits` in `trials`, by Clopper and Pearson (*The use of confidence
/// or fiducial limits illustrated in the case of the binomial*, Biometrika 26, 1934): all probabilities that an exact
/// binomial test at 2.5 % a side does not refute. Never too narrow, and useful at 0 hits. `[0, 1]` without trials.
pub fn proportion_interval(hits: u64, trials: u64) -> Interval {
    const TAIL: f64 = 0.025;
    let low = match hits {
        0 => 0.0,
        _ => solve(|p| at_most(hits - 1, trials, p) - (1.0 - TAIL)),
    };
    let high = if hits >= trials { 1.0 } else { solve(|p| at_most(hits, trials, p) - TAIL) };
    Interval { low, high }
}

/// Returns the two-sided p-value of the counts `one` and `other` if both outcomes are equally likely: the exact
/// binomial test at one half, which is the sign test (Conover, *Practical Nonparametric Statistics*, 3rd edition, 3.4),
/// twice the smaller tail and at most 1. It is 1 if both counts are 0.
///
/// ```
/// assert!((bench_stats::symmetry_p_value(9, 1) - 22.0 / 1024.0).abs() < 1e-12);
/// ```
pub fn symmetry_p_value(one: u64, other: u64) -> f64 {
    (2.0 * at_most(one.min(other), one + other, 0.5)).min(1.0)
}

/// Returns P(X ≤ k) of the binomial distribution.
fn at_most(k: u64, n: u64, p: f64) -> f64 {
    if p <= 0.0 || k >= n {
        return 1.0;
    }
    if p >= 1.0 {
        return 0.0;
    }
    // In logarithms: for large n, (1 − p)ⁿ is too small for an `f64`.
    let odds = (p / (1.0 - p)).ln();
    let mut log_term = n as f64 * (-p).ln_1p();
    let mut sum = log_term.exp();
    for i in 0..k {
        log_term += ((n - i) as f64 / (i + 1) as f64).ln() + odds;
        sum += log_term.exp();
    }
    sum.min(1.0)
}

/// Returns the root in [0, 1] of a decreasing function.
fn solve(function: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if function(middle) > 0.0 { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uneven_splits_are_unlikely() {
        for (one, other, published) in
            [(5, 5, 1.0), (0, 0, 1.0), (0, 10, 2.0 / 1024.0), (2, 8, 112.0 / 1024.0), (4, 20, 0.001_544)]
        {
            let found = symmetry_p_value(one, other);
            assert!((found - published).abs() < 1e-6, "{one} {other}: {found}, not {published}");
            assert_eq!(found, symmetry_p_value(other, one));
        }
        // One half to a power that is too small for an `f64`.
        assert!(symmetry_p_value(1000, 1000) > 0.99 && symmetry_p_value(900, 1100) < 1e-4);
        assert!(symmetry_p_value(20_000, 20_100) > 0.5);
    }

    #[test]
    fn intervals_are_the_published_ones() {
        // Tables of exact binomial limits; 0 of n is 1 − 0.025^(1/n).
        for (hits, trials, low, high) in [
            (0, 400, 0.0, 0.009_180),
            (5, 10, 0.187_086, 0.812_914),
            (1, 20, 0.001_265, 0.248_733),
            (20, 20, 0.831_567, 1.0),
            (380, 400, 0.923_897, 0.969_186),
        ] {
            let found = proportion_interval(hits, trials);
            assert!(
                (found.low - low).abs() < 2e-4 && (found.high - high).abs() < 2e-4,
                "{hits}/{trials}: {found:?}"
            );
        }
        assert_eq!(proportion_interval(0, 0), Interval { low: 0.0, high: 1.0 });
    }
}
