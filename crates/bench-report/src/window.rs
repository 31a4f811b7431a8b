//! Chooses the part of a distribution that is shown.

use bench_stats as stats;

/// The longest time that is drawn: 30 000 years, in seconds. The limit keeps widths finite.
const LONGEST: f64 = 1e12;

/// The range that contains nearly all values, so that a single extreme value does not compress the picture of the
/// others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Window {
    /// Returns the range from percentile 0.5 to 99.5, but no further beyond percentiles 5 and 95 than half of the
    /// distance between these (for normal data 3.3 standard deviations from the centre): with a few dozen samples,
    /// percentile 99.5 is simply the most extreme one. `None` without a finite value.
    pub fn of(values: &[f64]) -> Option<Self> {
        let ascending = stats::sorted(&usable(values));
        let percentile = |p| stats::nearest_rank(&ascending, p);
        let (low, high) = (percentile(0.005)?, percentile(0.995)?);
        let (p5, p95) = (percentile(0.05)?, percentile(0.95)?);
        let reach = 0.5 * (p95 - p5);
        // If nearly all values are equal, the range must contain the others.
        Some(if reach > 0.0 {
            Window { low: low.max(p5 - reach), high: high.min(p95 + reach) }
        } else {
            Window { low, high }
        })
    }

    /// Returns the range of both together.
    pub fn and(self, other: Self) -> Self {
        Window { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    /// Returns the range with room on both sides, and never without width.
    pub fn widened(self) -> Self {
        let width = (self.high - self.low).max(1e-3 * self.high.abs()).max(1e-12);
        Window { low: self.low - 0.05 * width, high: self.high + 0.05 * width }
    }

    /// Whether `value` lies inside.
    pub fn holds(self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// Returns the values that can be drawn: finite, and at most 30 000 years.
pub fn usable(values: &[f64]) -> Vec<f64> {
    values.iter().copied().filter(|value| value.abs() <= LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wild_value_lies_outside() {
        let mut values: Vec<f64> = (0..30).map(|k| 1.0 + 0.01 * f64::from(k)).collect();
        values.push(100.0);
        values.push(f64::NAN);
        let window = Window::of(&values).expect("values");
        assert!(window.low == 1.0 && window.high < 2.0, "{window:?}");
        assert!(!window.holds(100.0) && !window.holds(f64::NAN));
    }

    #[test]
    fn equal_values_have_a_window_with_width() {
        let window = Window::of(&[2.0; 9]).expect("values").widened();
        assert!(window.low < 2.0 && window.high > 2.0);
        let zero = Window::of(&[0.0]).expect("a value").widened();
        assert!(zero.low < 0.0 && zero.high > 0.0);
        assert_eq!(Window::of(&[]), None);
        assert_eq!(Window::of(&[f64::NAN, f64::INFINITY, f64::MAX]), None);
    }
}
