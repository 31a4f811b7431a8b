//! Estimates the noise around the levels of a line.

use super::median;

/// The number of standard errors by which the correlation of neighbours is raised before it is relied on.
pub(super) const CAUTION: f64 = 0.85;

/// The distances between two runs at which only the slow part of the noise makes them alike. What neighbours have in
/// common has mostly faded after five runs, and a slow part that turns within twelve averages out over the runs by
/// which a step is judged.
const APART: (usize, usize) = (5, 12);

/// The height of a step, in deviations, from which on the slow part of the noise does not explain it, because it does
/// not jump. From this height on, each run can be assigned to a level.
pub(super) const JUMP: f64 = 4.0;

/// The largest correlation that an estimate from some hundred runs can distinguish from a random walk.
const LARGEST: f64 = 0.95;

/// The distance from the median of the five runs around it, in deviations of its neighbours, at which a run is
/// clipped: a spike counts as far off, but no farther.
const CLIP: f64 = 5.0;

/// The maximum number of runs that a remembered estimate counts as.
const REMEMBERED: f64 = 30.0;

/// The number of new runs from which on a remembered estimate no longer counts.
const FORGOTTEN: f64 = 60.0;

/// Spread and correlation of the noise, and how well they are known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Noise {
    /// Standard deviation around the levels.
    pub(super) deviation: f64,
    /// Correlation of a run with the next one; from 0 to [`LARGEST`].
    pub(super) correlation: f64,
    /// The share of the variance that runs have in common over [`APART`] runs, beyond what the correlation of
    /// neighbours explains; from 0 to 1.
    slow: f64,
    /// Degrees of freedom: the number of runs less the number of levels.
    freedom: f64,
    /// The number of runs.
    runs: f64,
}

impl Noise {
    /// Estimates the noise of `values` around the means of the pieces that `bounds` divide them into. The correlation
    /// is raised by `caution` of its standard errors: taking neighbours for less alike than they are costs a false
    /// alarm, the opposite a few nights.
    ///
    /// An estimate from n runs and k pieces is too small by about `k (1 + 3ρ) / n` (Marriott and Pope, "Bias in the
    /// estimation of autocorrelations", Biometrika 41, 1954), which is added back; its standard error is
    /// `√((1 − ρ²) / n)`. An estimate within one standard error of zero counts in part.
    ///
    /// The levels of real lines wander. An autoregression of first order whose neighbours resemble each other little
    /// forgets this within a few runs, and each turn looks like a new level. The slow part is therefore estimated from
    /// the mean covariance of runs that lie [`APART`], less the part of it that the autoregression explains. The means
    /// of the pieces make this covariance smaller, and the difference is added back as well.
    ///
    /// Raising the correlation leaves the innovations unchanged, so the deviation grows with it: otherwise a jump,
    /// which is judged by the innovations, would look larger the less is known about the correlation.
    pub(super) fn within(values: &[f64], bounds: &[usize], caution: f64) -> Self {
        let n = values.len() as f64;
        let pieces = bounds.len() as f64 + 1.0;
        let (mut square, mut together) = (0.0, 0.0);
        let (mut apart, mut pairs, mut taken) = (0.0, 0.0, 0.0);
        let mut from = 0;
        for to in bounds.iter().copied().chain([values.len()]) {
            let piece = &values[from..to];
            let mean = piece.iter().sum::<f64>() / piece.len() as f64;
            let (mut last, mut earlier, mut pairs_here) = (0.0, 0.0, 0);
            for (i, value) in piece.iter().enumerate() {
                let off = value - mean;
                square += off * off;
                together += off * last;
                last = off;
                // The sum of the runs that lie apart from this one.
                earlier += i.checked_sub(APART.0).map_or(0.0, |at| piece[at] - mean);
                earlier -= i.checked_sub(APART.1 + 1).map_or(0.0, |at| piece[at] - mean);
                apart += off * earlier;
                pairs_here += (i.min(APART.1) + 1).saturating_sub(APART.0);
            }
            pairs += pairs_here as f64;
            taken += pairs_here as f64 / piece.len() as f64;
            from = to;
        }
        let freedom = (n - pieces).max(1.0);
        // False for NaN, too, and for figures whose squares overflow.
        if !(square > 0.0 && square.is_finite()) {
            return Noise { deviation: 0.0, correlation: 0.0, slow: 0.0, freedom, runs: n };
        }
        let found = together / square;
        let unbiased = (found + pieces * (1.0 + 3.0 * found.max(0.0)) / n).clamp(0.0, LARGEST);
        let error = ((1.0 - unbiased * unbiased) / n).sqrt();
        let believed = (unbiased * n.sqrt()).min(1.0);
        let correlation = (believed * (unbiased + caution * error)).min(LARGEST);
        let likely = believed * unbiased;
        let raised = ((1.0 - likely * likely) / (1.0 - correlation * correlation)).max(1.0);
        let inflation = (1.0 + likely) / (1.0 - likely);
        let lags = APART.0..=APART.1;
        let explained = lags.clone().map(|lag| likely.powi(lag as i32)).sum::<f64>() / lags.count() as f64;
        let shared = apart / square * freedom / pairs + inflation * taken / pairs - explained;
        // Too few runs for any pair give NaN.
        let slow = if shared > 0.0 { shared.min(1.0) } else { 0.0 };
        Noise { deviation: (raised * square / freedom).sqrt(), correlation, slow, freedom, runs: n }
    }

    /// Returns the noise averaged with that of an earlier level, whose deviation is multiplied by `scale`.
    ///
    /// Deviations are averaged by their logarithms: a level that is ten times as quiet as the one before it would
    /// otherwise pass for noisy until the memory has faded.
    pub(super) fn with(self, earlier: Noise, scale: f64) -> Self {
        let weight = earlier.freedom.min(REMEMBERED) * (1.0 - self.freedom / FORGOTTEN).max(0.0);
        let before = earlier.deviation * scale;
        let runs = earlier.runs.min(2.0 * REMEMBERED);
        let both = |before: f64, own: f64| {
            if self.runs < 12.0 { before } else { (runs * before + self.runs * own) / (runs + self.runs) }
        };
        let correlation = both(earlier.correlation, self.correlation);
        let slow = both(earlier.slow, self.slow);
        let freedom = weight + self.freedom;
        let deviation = if before > 0.0 && self.deviation > 0.0 {
            ((weight * before.ln() + self.freedom * self.deviation.ln()) / freedom).exp()
        } else {
            before.max(self.deviation)
        };
        Noise { deviation, correlation, slow, freedom, runs: runs + self.runs }
    }

    /// Adds white noise of the deviation `floor`: no figure is known more exactly.
    pub(super) fn at_least(self, floor: f64) -> Self {
        let own = self.deviation * self.deviation;
        let all = own + floor * floor;
        if !(all > 0.0 && all.is_finite()) {
            return Noise { deviation: self.deviation.max(floor), ..self };
        }
        let share = own / all;
        Noise {
            deviation: all.sqrt(),
            correlation: self.correlation * share,
            slow: self.slow * share,
            ..self
        }
    }

    /// Returns the standard error of a step of this `height` from a level that is known from `before` runs: `faster`,
    /// the error without a slow part, combined with the slow part of both levels. The slow part of the old level is
    /// smaller if it had time to turn.
    pub(super) fn error_with_slow(&self, height: f64, faster: f64, before: f64) -> f64 {
        if height.abs() >= JUMP * self.deviation {
            return faster;
        }
        let slow = self.slow * self.deviation * self.deviation;
        (faster * faster + slow * (1.0 + (APART.1 as f64 / before).min(1.0))).sqrt()
    }

    /// Returns the deviation, raised if recent runs are wilder: `square` is the sum of their squares around their own
    /// levels, and `runs` their number less one for each level.
    pub(super) fn recent_deviation(&self, square: f64, runs: f64) -> f64 {
        const OWN: f64 = 8.0;
        let own = self.deviation * self.deviation;
        ((OWN * own + square) / (OWN + runs)).sqrt().max(self.deviation)
    }

    /// Returns the factor by which the variance of the mean of many runs exceeds that of independent ones.
    pub(super) fn inflation(&self) -> f64 {
        (1.0 + self.correlation) / (1.0 - self.correlation)
    }

    /// Converts a quotient whose divisor was estimated into the normal quantile of the same probability (Wallace,
    /// "Bounds on normal approximations to Student's and the chi-square distributions", 1959). Correlated runs count as
    /// fewer, but a jump is judged by the innovations, of which there are as many as runs: never as fewer than a
    /// quarter.
    pub(super) fn normal(&self, t: f64) -> f64 {
        let square = self.correlation * self.correlation;
        let freedom = (self.freedom * ((1.0 - square) / (1.0 + square)).max(1.0 / 4.0)).max(1.0);
        // An infinite quotient counts as a very large one.
        let t = t.abs().min(1e100);
        (8.0 * freedom + 1.0) / (8.0 * freedom + 3.0) * (freedom * (1.0 + t * t / freedom).ln()).sqrt()
    }
}

/// Returns how far from its neighbours a run may lie before it is clipped, in the unit of the values; at least [`CLIP`]
/// times `floor`.
///
/// The scale is the median difference of neighbours. If most neighbours are equal, as with whole pages of memory, it is
/// the mean difference without the largest tenth.
pub(super) fn reach(values: &[f64], floor: f64) -> f64 {
    let mut differences: Vec<f64> = values.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    let mut deviation = 1.4826 * median(&mut differences) / std::f64::consts::SQRT_2;
    if deviation <= floor {
        differences.sort_unstable_by(f64::total_cmp);
        let kept = differences.len() - differences.len().div_ceil(10);
        let mean = differences[..kept].iter().sum::<f64>() / kept.max(1) as f64;
        deviation = 1.2533 * mean / std::f64::consts::SQRT_2;
    }
    // `max` ignores NaN.
    CLIP * deviation.max(floor)
}

/// Returns run `at` of `values`, clipped to at most `reach` from the median of the five runs around it. A level that
/// lasts three runs stays unchanged.
pub(super) fn clipped(values: &[f64], at: usize, reach: f64) -> f64 {
    let n = values.len();
    let from = at.saturating_sub(2).min(n.saturating_sub(5));
    let around = &values[from..(from + 5).min(n)];
    let mut five = [0.0; 5];
    let five = &mut five[..around.len()];
    five.copy_from_slice(around);
    five.sort_unstable_by(f64::total_cmp);
    let middle = five[five.len() / 2];
    values[at].max(middle - reach).min(middle + reach)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::tests::Random;

    /// Returns the mean estimate of the correlation over 400 series of `n` runs.
    fn mean_estimate(correlation: f64, n: usize) -> f64 {
        let mut random = Random::seeded(3);
        let estimates =
            (0..400).map(|_| Noise::within(&random.autocorrelated(correlation, n), &[], 0.0).correlation);
        estimates.sum::<f64>() / 400.0
    }

    #[test]
    fn the_correlation_is_found() {
        for correlation in [0.3, 0.5, 0.8] {
            let found = mean_estimate(correlation, 100);
            assert!((found - correlation).abs() < 0.03, "{correlation}: {found}");
        }
        assert!(mean_estimate(0.0, 100) < 0.1);
    }

    #[test]
    fn a_step_between_pieces_is_no_noise() {
        let mut random = Random::seeded(4);
        let values: Vec<f64> =
            (0..200).map(|i| random.normal() + if i >= 120 { 50.0 } else { 0.0 }).collect();
        let noise = Noise::within(&values, &[120], 0.0);
        assert!((noise.deviation - 1.0).abs() < 0.15 && noise.correlation < 0.2, "{noise:?}");
        assert!(Noise::within(&values, &[], 0.0).correlation > 0.9);
    }

    #[test]
    fn figures_that_repeat_exactly_have_a_scale() {
        let noise = Noise::within(&[1.0; 30], &[], 1.0).at_least(0.01);
        assert_eq!((noise.deviation, noise.correlation), (0.01, 0.0));
        assert_eq!(reach(&[1.0; 30], 0.01), 5.0 * 0.01);
    }

    #[test]
    fn the_slow_part_is_what_neighbours_do_not_explain() {
        let mut random = Random::seeded(7);
        let mut mean_share = |correlation: f64, white: f64| {
            let shares = (0..100).map(|_| {
                let slow = random.autocorrelated(correlation, 300);
                let values: Vec<f64> = slow.iter().map(|value| value + white * random.normal()).collect();
                Noise::within(&values, &[], 0.0).slow
            });
            shares.sum::<f64>() / 100.0
        };
        // Half of the variance, of which about two thirds are left over APART runs.
        let wandering = mean_share(0.95, 1.0);
        assert!((0.2..0.5).contains(&wandering), "{wandering}");
        for correlation in [0.0, 0.5, 0.7] {
            let stationary = mean_share(correlation, 0.0);
            assert!(stationary < 0.06, "{correlation}: {stationary}");
        }
    }

    #[test]
    fn caution_leaves_the_innovations() {
        let mut random = Random::seeded(5);
        let values = random.autocorrelated(0.7, 200);
        let innovation = |noise: Noise| noise.deviation * (1.0 - noise.correlation.powi(2)).sqrt();
        let (likely, cautious) = (Noise::within(&values, &[], 0.0), Noise::within(&values, &[], 2.0));
        assert!(cautious.correlation > likely.correlation + 0.05);
        assert!((innovation(cautious) / innovation(likely) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_quiet_level_is_known_to_be_quiet_while_the_noisy_one_is_remembered() {
        let mut random = Random::seeded(6);
        let mut around = |deviation: f64, runs: usize| -> Noise {
            let values: Vec<f64> = (0..runs).map(|_| deviation * random.normal()).collect();
            Noise::within(&values, &[], 0.0)
        };
        let (noisy, quiet) = (around(10.0, 100), around(1.0, 30));
        let both = quiet.with(noisy, 1.0).deviation;
        assert!(both > 1.0 && both < 3.0, "{both}");
        let same = around(1.0, 30).with(around(1.0, 100), 1.0).deviation;
        assert!((same - 1.0).abs() < 0.2, "{same}");
    }

    #[test]
    fn few_runs_make_no_large_quantile() {
        let few = Noise::within(&[0.0, 1.0, 0.5, 1.5, 0.0, 1.0], &[3], 0.0);
        assert!(few.normal(8.0) < 4.0);
        let many = Noise { freedom: 1e6, ..few };
        assert!((Noise { correlation: 0.0, ..many }.normal(4.0) - 4.0).abs() < 0.01);
    }

    #[test]
    fn a_spike_is_clipped_and_a_level_is_not() {
        let spike = [0.0, 0.0, 0.0, 90.0, 0.0, 0.0, 0.0];
        assert_eq!(clipped(&spike, 3, 5.0), 5.0);
        let level = [0.0, 0.0, 0.0, 90.0, 90.0, 90.0];
        assert_eq!((clipped(&level, 3, 5.0), clipped(&level, 2, 5.0)), (90.0, 0.0));
    }
}
