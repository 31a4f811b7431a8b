//! Finds which of many ordered observations bound a quantile.

use super::normal_quantile;

/// The variance from which on the normal approximation replaces the binomial distribution: ranks then agree to one or
/// two.
const LARGE_VARIANCE: f64 = 100.0;

/// Returns the ranks (from 1) of the order statistics that bound quantile `p` of a distribution at 95 %, for `n`
/// independent observations from it. The number of observations below the quantile is binomial (n, p), whatever the
/// distribution (David and Nagaraja, *Order Statistics*, 7.1). `None` if there are too few observations.
pub fn quantile_ranks(n: u64, p: f64) -> Option<(u64, u64)> {
    if n == 0 || !(p > 0.0 && p < 1.0) {
        return None;
    }
    if p > 0.5 {
        // The same from the other end, where the sums are short.
        let (low, high) = quantile_ranks_below(n, 1.0 - p)?;
        return Some((n + 1 - high, n + 1 - low));
    }
    quantile_ranks_below(n, p)
}

fn quantile_ranks_below(n: u64, p: f64) -> Option<(u64, u64)> {
    const TAIL: f64 = 0.025;
    let size = n as f64;
    let (mean, variance) = (size * p, size * p * (1.0 - p));
    let (low, high) = if variance > LARGE_VARIANCE {
        let half = normal_quantile(1.0 - TAIL) * variance.sqrt();
        ((mean - half).floor(), (mean + half).ceil() + 1.0)
    } else {
        // P(B < low) ≤ 2.5 % and P(B ≥ high) ≤ 2.5 %.
        let odds = p / (1.0 - p);
        let mut term = (size * (-p).ln_1p()).exp();
        let (mut below, mut k, mut low) = (0.0, 0.0, None);
        loop {
            below += term;
            if low.is_none() && below > TAIL {
                low = Some(k);
            }
            if below >= 1.0 - TAIL || k >= size {
                break (low.unwrap_or(k), k + 1.0);
            }
            term *= (size - k) / (k + 1.0) * odds;
            k += 1.0;
        }
    };
    (low >= 1.0 && high <= size).then_some((low as u64, high as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_the_published_ones() {
        // Conover, *Practical Nonparametric Statistics*, table of the median's interval at 95 %.
        for (n, ranks) in [(6, (1, 6)), (10, (2, 9)), (20, (6, 15)), (50, (18, 33)), (100, (40, 61))] {
            assert_eq!(quantile_ranks(n, 0.5), Some(ranks), "{n}");
        }
        for n in [0, 1, 5] {
            assert_eq!(quantile_ranks(n, 0.5), None, "{n}");
        }
    }

    #[test]
    fn both_ends_are_alike() {
        for n in [100, 1000, 30_000, 10_000_000] {
            let (low, high) = quantile_ranks(n, 0.1).expect("enough");
            assert_eq!(quantile_ranks(n, 0.9), Some((n + 1 - high, n + 1 - low)));
            assert!(low < n / 10 && high > n / 10, "{n}: {low} {high}");
        }
        // 1 % of 100 lies too near to the end.
        assert_eq!(quantile_ranks(100, 0.99), None);
        assert!(quantile_ranks(1000, 0.99).is_some());
    }

    #[test]
    fn the_approximation_meets_the_sums() {
        let (low, high) = quantile_ranks(410, 0.5).expect("enough");
        let (low_sum, high_sum) = quantile_ranks(396, 0.5).expect("enough");
        assert!(
            (5..=9).contains(&(low - low_sum)) && (5..=9).contains(&(high - high_sum)),
            "{low} {high} {low_sum} {high_sum}"
        );
    }
}
