//! Maps values to positions in a picture, and finds round values for the ticks of an axis.

/// A linear axis.
#[derive(Clone, Copy, Debug)]
pub struct Axis {
    /// The values at both ends.
    pub range: (f64, f64),
    /// The positions of these ends, in units of the picture.
    pub place: (f64, f64),
}

impl Axis {
    /// Returns the position of `value`, or that of the nearer end if `value` lies outside the axis.
    pub fn at(&self, value: f64) -> f64 {
        let (low, high) = self.range;
        let share = ((value - low) / (high - low)).clamp(0.0, 1.0);
        self.place.0 + share * (self.place.1 - self.place.0)
    }

    /// Whether `value` lies between the ends.
    pub fn holds(&self, value: f64) -> bool {
        (self.range.0..=self.range.1).contains(&value)
    }

    /// Returns about `wanted` round values within the range, and the number of decimals that distinguishes them once
    /// multiplied by `scale`.
    pub fn ticks(&self, wanted: usize, scale: f64) -> (Vec<f64>, usize) {
        let (low, high) = (self.range.0 * scale, self.range.1 * scale);
        let rough = (high - low) / wanted.max(1) as f64;
        let power = 10f64.powf(rough.log10().floor());
        // 1, 2 and 5 times a power of ten: the steps in which people count.
        let step = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power).into_iter().find(|step| *step >= rough);
        let Some(step) = step.filter(|step| step.is_normal()) else { return (Vec::new(), 0) };
        let (first, last) = ((low / step - 1e-9).ceil(), (high / step + 1e-9).floor());
        // Beyond 2^53 steps from zero neighbours cannot be told apart, and a loop would not end.
        if !(last - first).is_finite() || last - first > 100.0 || first.abs().max(last.abs()) > 1e15 {
            return (Vec::new(), 0);
        }
        let ticks = (0..=(last - first) as usize).map(|k| (first + k as f64) * step / scale).collect();
        (ticks, (-(step * 1.000_001).log10().floor()).clamp(0.0, 12.0) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(low: f64, high: f64, scale: f64) -> (Vec<String>, usize) {
        let (ticks, decimals) = Axis { range: (low, high), place: (0.0, 1.0) }.ticks(6, scale);
        (ticks.iter().map(|tick| format!("{:.decimals$}", tick * scale)).collect(), decimals)
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(ticks(-0.031, 0.062, 100.0).0, ["-2", "0", "2", "4", "6"]);
        assert_eq!(ticks(1.0e-3, 1.01e-3, 1e3).0, ["1.000", "1.002", "1.004", "1.006", "1.008", "1.010"]);
        assert_eq!(ticks(0.0, 1000.0, 1.0).0, ["0", "200", "400", "600", "800", "1000"]);
    }

    #[test]
    fn a_range_without_width_has_no_ticks() {
        assert!(ticks(1.0, 1.0, 1.0).0.is_empty());
        assert!(ticks(1.0, 1.0 + f64::EPSILON, 1.0).0.is_empty());
        assert!(ticks(f64::NAN, 1.0, 1.0).0.is_empty());
        assert!(ticks(0.0, f64::INFINITY, 1.0).0.is_empty());
    }

    #[test]
    fn values_beyond_the_ends_stay_at_them() {
        let axis = Axis { range: (0.0, 10.0), place: (100.0, 200.0) };
        assert_eq!([-5.0, 5.0, f64::INFINITY].map(|value| axis.at(value)), [100.0, 150.0, 200.0]);
        assert!(axis.holds(10.0) && !axis.holds(10.1) && !axis.holds(f64::NAN));
    }
}
