//! `estimates.json`.

use bench_stats as stats;
use serde::{Deserialize, Serialize};

/// The content of the file, in nanoseconds.
#[derive(Deserialize, Serialize)]
pub(super) struct Estimates {
    pub(super) mean: Estimate,
    pub(super) median: Estimate,
    pub(super) median_abs_dev: Estimate,
    /// Exists only for samples of different length.
    pub(super) slope: Option<Estimate>,
    pub(super) std_dev: Estimate,
}

/// A figure with its confidence interval and standard error.
#[derive(Deserialize, Serialize)]
pub(super) struct Estimate {
    pub(super) confidence_interval: ConfidenceInterval,
    pub(super) point_estimate: f64,
    pub(super) standard_error: f64,
}

#[derive(Deserialize, Serialize)]
pub(super) struct ConfidenceInterval {
    pub(super) confidence_level: f64,
    pub(super) lower_bound: f64,
    pub(super) upper_bound: f64,
}

const CONFIDENCE: f64 = 0.95;

/// The number of standard errors from the middle to the end of a 95 % interval.
const ERRORS: f64 = 1.959_963_984_540_054;

impl Estimate {
    fn with_error(value: f64, standard_error: f64) -> Self {
        let (low, high) = (value - ERRORS * standard_error, value + ERRORS * standard_error);
        Estimate::between(value, low, high)
    }

    fn between(value: f64, low: f64, high: f64) -> Self {
        Estimate {
            confidence_interval: ConfidenceInterval {
                confidence_level: CONFIDENCE,
                lower_bound: low,
                upper_bound: high,
            },
            point_estimate: value,
            standard_error: (high - low) / 2.0 / ERRORS,
        }
    }
}

impl Estimates {
    /// Computes the estimates from samples in nanoseconds per iteration; `None` if there are too few for an interval.
    ///
    /// Errors are those of large samples from a normal distribution: σ/√n for the mean, σ/√(2n) for the standard
    /// deviation, 1.17 σ/√n for the median absolute deviation, which is 37 % efficient (Rousseeuw and Croux 1993).
    pub(super) fn of(samples_ns: &[f64]) -> Option<Self> {
        let ascending = stats::sorted(samples_ns);
        let median = stats::median(&ascending)?;
        let interval = stats::median_interval(samples_ns)?;
        let deviation = stats::standard_deviation(samples_ns)?;
        let distances: Vec<f64> = samples_ns.iter().map(|ns| (ns - median).abs()).collect();
        // Scaled as in criterion, so that it is the standard deviation if samples are normal.
        let absolute = 1.4826 * stats::median(&stats::sorted(&distances))?;
        let root = (samples_ns.len() as f64).sqrt();
        let (low, high) = (interval.low.max(*ascending.first()?), interval.high.min(*ascending.last()?));
        Some(Estimates {
            mean: Estimate::with_error(stats::mean(samples_ns)?, deviation / root),
            median: Estimate::between(median, low, high),
            median_abs_dev: Estimate::with_error(absolute, 1.17 * absolute / root),
            slope: None,
            std_dev: Estimate::with_error(deviation, deviation / (2f64.sqrt() * root)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_estimated() {
        let samples: Vec<f64> = (1..=101).map(f64::from).collect();
        let estimates = Estimates::of(&samples).expect("estimates");
        assert_eq!(estimates.median.point_estimate, 51.0);
        assert!((estimates.mean.point_estimate - 51.0).abs() < 1e-9);
        assert!((estimates.std_dev.point_estimate - 29.3).abs() < 0.1);
        assert!((estimates.mean.standard_error - 29.3 / 101f64.sqrt()).abs() < 0.01);
        assert!((estimates.median_abs_dev.point_estimate - 1.4826 * 25.0).abs() < 1e-9);
        let interval = &estimates.median.confidence_interval;
        assert!(interval.lower_bound < 51.0 && interval.upper_bound > 51.0);
    }

    #[test]
    fn one_sample_says_nothing_of_its_error() {
        assert!(Estimates::of(&[]).is_none() && Estimates::of(&[1.0]).is_none());
    }
}
