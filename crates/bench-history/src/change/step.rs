//! The size of a step in noise in which neighbouring runs resemble each other.

/// The sums of the first values of a slice, from which the sum of any stretch follows by one subtraction.
pub(super) struct Prefix(Vec<f64>);

impl Prefix {
    /// Computes the sums of the first values of `values`.
    pub(super) fn of(values: &[f64]) -> Self {
        let mut sums = Vec::with_capacity(values.len() + 1);
        let mut sum = 0.0;
        sums.push(sum);
        for value in values {
            sum += value;
            sums.push(sum);
        }
        Prefix(sums)
    }

    /// Returns the sum of the values from `from` to before `to`.
    pub(super) fn sum(&self, from: usize, to: usize) -> f64 {
        self.0[to] - self.0[from]
    }
}

/// An estimated step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// Its height, in the unit of the values.
    pub(super) height: f64,
    /// Its standard error, in standard deviations of the noise.
    pub(super) error: f64,
}

impl Step {
    /// Estimates the step at `at` of the runs from `from` to before `to`; both sides hold at least one run.
    ///
    /// With `eₜ = yₜ − ρ yₜ₋₁` the noise is white. The level μ and the step h then follow from least squares, whose
    /// regressors are `(1 − ρ, 0)` before the step, `(1 − ρ, 1)` at it and `(1 − ρ, 1 − ρ)` after it; the first
    /// run is weighed by `1 − ρ²`. If neighbours resemble each other much, nearly all that is known of h comes from the
    /// jump itself: correlation makes excursions longer, not steeper.
    pub(super) fn between(
        values: &[f64],
        sums: &Prefix,
        (from, at, to): (usize, usize, usize),
        correlation: f64,
    ) -> Self {
        let c = 1.0 - correlation;
        let white = 1.0 - correlation * correlation;
        let (before, after) = ((at - from) as f64, (to - at) as f64);
        let e_before = sums.sum(from + 1, at) - correlation * sums.sum(from, at - 1);
        let e_at = values[at] - correlation * values[at - 1];
        let e_later = sums.sum(at + 1, to) - correlation * sums.sum(at, to - 1);
        let level_level = white + (before - 1.0) * c * c + after * c * c;
        let level_step = c + (after - 1.0) * c * c;
        let step_step = 1.0 + (after - 1.0) * c * c;
        let level = white * values[from] + c * (e_before + e_at + e_later);
        let step = e_at + c * e_later;
        let information = step_step - level_step * level_step / level_level;
        Step {
            height: (step - level_step / level_level * level) / information,
            error: (white / information).sqrt(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(values: &[f64], at: usize, correlation: f64) -> Step {
        Step::between(values, &Prefix::of(values), (0, at, values.len()), correlation)
    }

    #[test]
    fn without_correlation_it_is_the_difference_of_means() {
        let found = step(&[1.0, 3.0, 2.0, 6.0, 8.0], 3, 0.0);
        assert!((found.height - 5.0).abs() < 1e-12);
        assert!((found.error - (1.0f64 / 3.0 + 0.5).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn with_correlation_the_jump_counts() {
        let values: Vec<f64> = (0..30).map(|i| if i >= 20 { 1.0 } else { 0.0 }).collect();
        for correlation in [0.0, 0.5, 0.9] {
            assert!((step(&values, 20, correlation).height - 1.0).abs() < 1e-9);
        }
        // The same rise, spread over six runs.
        let ramp: Vec<f64> = (0..30).map(|i| (f64::from(i) - 17.0).clamp(0.0, 6.0) / 6.0).collect();
        assert!(step(&ramp, 20, 0.9).height < 0.4);
        assert!(step(&values, 20, 0.9).error < step(&values, 20, 0.0).error * 1.2);
    }
}
