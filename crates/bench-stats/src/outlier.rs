//! Finds values that lie far from the others. They are counted, and never left out.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::{median, sorted};

/// Mild beyond this many interquartile ranges outside the quartiles, severe beyond twice as many (Tukey,
/// *Exploratory Data Analysis*, 1977, 2D: inner and outer fences).
const MILD: f64 = 1.5;
const SEVERE: f64 = 3.0;

/// The number of values below which the quartiles are hardly more than the extremes.
const FEWEST: usize = 8;

/// The number of values outside Tukey's fences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Outliers {
    /// The number of values below the outer fence.
    pub low_severe: usize,
    /// The number of values between the lower fences.
    pub low_mild: usize,
    /// The number of values between the upper fences.
    pub high_mild: usize,
    /// The number of values above the outer fence.
    pub high_severe: usize,
    /// The number of all values.
    pub of: usize,
}

impl Outliers {
    /// The share of values beyond an outer fence. Of normal data it is 2 in a million.
    pub fn severe_share(&self) -> f64 {
        (self.low_severe + self.high_severe) as f64 / self.of.max(1) as f64
    }
}

/// Classifies positive values by fences on their logarithms.
///
/// On logarithms, because disturbances multiply a measured time: times are skewed to the right, and fences on a plain
/// scale would call the ordinary tail of log-normal times outliers (for σ = 0.5 one in thirteen) while hardly anything
/// could be too fast. The quartiles are Tukey's hinges.
///
/// `None` below eight values, if one is not positive and finite, or if the quartiles coincide: then
/// a clock with coarse steps would make an outlier of every value that is one step off.
pub fn outliers(values: &[f64]) -> Option<Outliers> {
    if values.len() < FEWEST || values.iter().any(|value| !(*value > 0.0 && value.is_finite())) {
        return None;
    }
    let logs = sorted(&values.iter().map(|value| value.ln()).collect::<Vec<_>>());
    // Hinges: the medians of both halves, each including the middle value if there is one.
    let half = logs.len().div_ceil(2);
    let (low, high) = (median(&logs[..half])?, median(&logs[logs.len() - half..])?);
    let range = high - low;
    if range <= f64::EPSILON * low.abs() {
        return None;
    }
    let below = |fence: f64| logs.partition_point(|log| *log < low - fence * range);
    let above = |fence: f64| logs.len() - logs.partition_point(|log| *log <= high + fence * range);
    Some(Outliers {
        low_severe: below(SEVERE),
        low_mild: below(MILD) - below(SEVERE),
        high_mild: above(MILD) - above(SEVERE),
        high_severe: above(SEVERE),
        of: logs.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fences_stand_where_tukey_set_them() {
        // Logarithms 1 to 9: hinges 3 and 7, fences at −3, −9 and 13, 19.
        let with = |others: &[f64]| {
            let logs: Vec<f64> = (1..=9).map(f64::from).chain(others.iter().copied()).collect();
            outliers(&logs.iter().map(|log| log.exp()).collect::<Vec<_>>()).expect("positive")
        };
        let none = Outliers { low_severe: 0, low_mild: 0, high_mild: 0, high_severe: 0, of: 9 };
        assert_eq!(with(&[]), none);
        // One on each side leaves the hinges of eleven values at 2.5 and 7.5: fences at −5, −12.5 and 15, 22.5.
        assert_eq!(with(&[-6.0, 16.0]), Outliers { low_mild: 1, high_mild: 1, of: 11, ..none });
        assert_eq!(with(&[-13.0, 23.0]), Outliers { low_severe: 1, high_severe: 1, of: 11, ..none });
        assert_eq!(with(&[-4.9, 14.9]), Outliers { of: 11, ..none });
    }

    #[test]
    fn no_fences_without_quartiles() {
        assert_eq!(outliers(&[1.0; 20]), None);
        assert_eq!(outliers(&[1.0, 2.0, 3.0]), None);
        for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(outliers(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, wrong]), None);
        }
    }

    proptest! {
        #[test]
        fn a_change_of_unit_changes_nothing(
            values in proptest::collection::vec(1e-9f64..1e3, 8..200),
            power in -20i32..20,
        ) {
            let found = outliers(&values);
            // Half of the values lie between the hinges, at least.
            prop_assert!(found.is_none_or(|found| 2.0 * found.severe_share() <= 1.0 && found.of == values.len()));
            let scaled: Vec<f64> = values.iter().map(|value| value * 2f64.powi(power)).collect();
            prop_assert_eq!(outliers(&scaled).map(|found| found.of), found.map(|found| found.of));
        }
    }
}
