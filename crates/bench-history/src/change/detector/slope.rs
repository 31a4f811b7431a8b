//! Decides whether a line has drifted gradually rather than stepped.

use super::super::LOOK_BACK;

/// The difference of twice the logarithm of the likelihood from which on a slope explains a line better than a step.
/// Both have as many parameters: two heights and a place.
const BETTER: f64 = 9.0;

/// Returns whether the runs of `values`, with wild ones clipped, are explained better by a level that turns into a
/// slope than by a step at run `at`. A slope has lasted at least [`LOOK_BACK`] runs: anything shorter is a step.
pub(super) fn explains_better(values: &[f64], at: usize) -> bool {
    let n = values.len();
    if n < 2 * LOOK_BACK || at == 0 || at >= n {
        return false;
    }
    let stepped = off_mean(&values[..at]) + off_mean(&values[at..]);
    let crept = (0..=n - LOOK_BACK).map(|from| off_hinge(values, from)).fold(f64::INFINITY, f64::min);
    // The likelihood of normal noise whose spread is estimated with the rest.
    crept > 0.0 && n as f64 * (stepped / crept).ln() >= BETTER
}

/// The sum of squares around the mean.
fn off_mean(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter().map(|value| (value - mean).powi(2)).sum()
}

/// The sum of squares around the best line that is level up to run `from` and then a slope.
fn off_hinge(values: &[f64], from: usize) -> f64 {
    let n = values.len() as f64;
    let along = |i: usize| i.saturating_sub(from) as f64;
    let mean = values.iter().sum::<f64>() / n;
    let middle = (0..values.len()).map(along).sum::<f64>() / n;
    let (mut square, mut together, mut all) = (0.0, 0.0, 0.0);
    for (i, value) in values.iter().enumerate() {
        let (x, y) = (along(i) - middle, value - mean);
        square += x * x;
        together += x * y;
        all += y * y;
    }
    all - together * together / square
}
