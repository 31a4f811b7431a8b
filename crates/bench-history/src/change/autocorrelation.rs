//! Neighbouring runs resemble each other, and so tell less than independent ones.

/// No estimate from some dozens of runs can tell more from a random walk.
const LARGEST: f64 = 0.95;

/// By so many of its standard errors the estimate is raised: taking neighbours for less alike than they are costs a
/// false alarm, the opposite a few nights.
const CAUTION: f64 = 0.75;

/// Correlation of one value with the next; never below 0.
///
/// The estimate from n values is too small by about `(1 + 3ρ) / n` (Marriott and Pope, "Bias in the estimation of
/// autocorrelations", Biometrika 41, 1954), and that is put back; its standard error is `√((1 − ρ²) / n)`. What lies within one
/// standard error of none is taken in part.
pub(super) fn autocorrelation(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let square: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    if square <= 1e-12 {
        return 0.0;
    }
    let together: f64 = values.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
    let found = together / square;
    let unbiased = (found + (1.0 + 3.0 * found.max(0.0)) / n).clamp(0.0, LARGEST);
    let error = ((1.0 - unbiased * unbiased) / n).sqrt();
    let believed = (unbiased * n.sqrt()).min(1.0);
    (believed * (unbiased + CAUTION * error)).min(LARGEST)
}

/// `values` with the line of least squares taken out: what creeps is no correlation.
pub(super) fn without_line(values: &[f64]) -> Vec<f64> {
    let n = values.len() as f64;
    let middle = (n - 1.0) / 2.0;
    let along: f64 = values.iter().enumerate().map(|(i, value)| (i as f64 - middle) * value).sum();
    let slope = along / (n * (n * n - 1.0) / 12.0).max(1.0);
    values.iter().enumerate().map(|(i, value)| value - slope * (i as f64 - middle)).collect()
}

/// By how much the variance of a sum of `m` values with this autocorrelation exceeds that of independent ones:
/// `1 + 2 Σₖ (1 − k/m) ρᵏ`, k from 1 to m − 1.
pub(super) fn inflation(correlation: f64, m: usize) -> f64 {
    let (mut sum, mut power) = (1.0, 1.0);
    if correlation == 0.0 {
        return sum;
    }
    for k in 1..m {
        power *= correlation;
        sum += 2.0 * (1.0 - k as f64 / m as f64) * power;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::tests::Random;

    /// The mean estimate over series of n.
    fn mean_estimate(correlation: f64, n: usize) -> f64 {
        let mut random = Random::seeded(3);
        let estimates = (0..400).map(|_| autocorrelation(&random.autocorrelated(correlation, n)));
        estimates.sum::<f64>() / 400.0
    }

    #[test]
    fn the_correlation_is_found() {
        for correlation in [0.3, 0.5, 0.8] {
            let found = mean_estimate(correlation, 100);
            let cautious = correlation + CAUTION * ((1.0 - correlation * correlation) / 100.0).sqrt();
            assert!((found - cautious).abs() < 0.03, "{correlation}: {found}");
        }
        assert!(mean_estimate(0.0, 100) < 0.1);
        assert_eq!(autocorrelation(&[1.0; 30]), 0.0);
    }

    #[test]
    fn a_line_is_no_correlation() {
        let mut random = Random::seeded(4);
        let values: Vec<f64> = (0..200).map(|i| f64::from(i) / 20.0 + random.normal()).collect();
        assert!(autocorrelation(&values) > 0.8);
        assert!(autocorrelation(&without_line(&values)) < 0.15);
    }

    #[test]
    fn inflation_is_that_of_the_sum() {
        assert_eq!(inflation(0.0, 20), 1.0);
        assert!((inflation(0.5, 2) - 1.5).abs() < 1e-12);
        assert!((inflation(0.5, 100_000) - 3.0).abs() < 1e-3);
    }
}
