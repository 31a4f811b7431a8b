//! Inference on a centre of symmetry that may be looked at after every observation: betting on signs and on sizes.
//!
//! A fixed-sample interval promises 5 % of errors for *one* evaluation. If it is evaluated after every observation,
//! and sampling stops at the first convenient result, it errs several times as often. The tests here keep their
//! promise however often they are evaluated and whenever sampling stops, for any distribution, with tails of any
//! weight.

use super::{Interval, median, sorted};

/// One observation that is bet on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation {
    /// The observed value.
    pub value: f64,
    /// The unit in which its distance from a bound is measured, fixed before the observation: about a standard
    /// deviation. Without one, only the sign is bet on. A wrong one costs evidence, never the guarantee.
    pub scale: Option<f64>,
}

/// Bets against "observations lie evenly around a centre, and the centre is at most (or at least) this bound".
///
/// Evenly: an observation some distance above the centre is as likely as one the same distance below it, whatever came
/// before. The side it falls on is then a fair coin, even if the distance is known, and the stake may depend on the
/// distance. The wealth
///
/// `E = ½ E_signs + ½ · mean over κ of ∏ᵢ (1 + tanh(κ zᵢ))`, with `zᵢ = (xᵢ − bound)/scaleᵢ`,
///
/// is a nonnegative supermartingale from 1, so that `P(supₙ Eₙ ≥ 1/α) ≤ α` (Ville, *Étude critique de la notion de
/// collectif*, 1939). `1 + tanh(δz/σ²)` is the likelihood ratio of a normal centred at δ against one that may equally
/// be mirrored. So little is lost if noise is normal, and while all observations fall on one side, each nearly doubles
/// the wealth (Ramdas, Grünwald, Vovk and Shafer, "Game-theoretic statistics and safe anytime-valid inference",
/// Statistical Science 38(4), 2023). zᵢ is cut off at ±3: no single observation ruins a cautious bettor.
///
/// `E_signs` mixes all stakes p in (½, 1) on the signs alone: k of n above the bound give `2ⁿ ∫₁⸝₂¹ 2 pᵏ (1−p)ⁿ⁻ᵏ dp =
/// Σⱼ₌₀ᵏ C(n+1, j) / ((n+1) · C(n, k))` (Robbins, "Statistical methods related to the law of the iterated logarithm",
/// Ann. Math. Stat. 41, 1970; for quantiles, Howard and Ramdas, "Sequential estimation of quantiles", Bernoulli 28(3),
/// 2022). It is valid for any tails.
///
/// A value at the bound, or one that is not a number, lies on neither side: it wins nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Bets {
    bound: f64,
    /// +1 if the bet is on "above", −1 if it is on "below".
    backed: f64,
    observations: usize,
    won: usize,
    /// Logarithm of the wealth of each of [`STAKES`].
    sizes: [f64; STAKES.len()],
}

/// The κ of the bettors on sizes: they suit changes from a third of the scale to several times it.
const STAKES: [f64; 5] = [0.25, 0.5, 1.0, 2.0, 4.0];

/// The share of the wealth that is bet on signs alone.
const ON_SIGNS: f64 = 0.5;

/// The distance, in scales, beyond which all distances count as this one.
const FARTHEST: f64 = 3.0;

impl Bets {
    /// Creates bets against "at most `bound`".
    pub fn above(bound: f64) -> Self {
        Bets { bound, backed: 1.0, observations: 0, won: 0, sizes: [0.0; STAKES.len()] }
    }

    /// Creates bets against "at least `bound`".
    pub fn below(bound: f64) -> Self {
        Bets { backed: -1.0, ..Bets::above(bound) }
    }

    /// Settles the bets on one more observation.
    pub fn see(&mut self, Observation { value, scale }: Observation) {
        self.observations += 1;
        let distance = self.backed * (value - self.bound);
        // Leaving such a value out is fair: on which side it lies does not decide whether it is a number.
        if !distance.is_finite() {
            return;
        }
        self.won += usize::from(distance > 0.0);
        let Some(scale) = scale.filter(|scale| scale.is_finite() && *scale > 0.0) else { return };
        let z = (distance / scale).clamp(-FARTHEST, FARTHEST);
        for (wealth, stake) in self.sizes.iter_mut().zip(STAKES) {
            *wealth += log_factor(stake * z);
        }
    }

    /// Returns the natural logarithm of the e-value; 0 before the first observation.
    pub fn log_e_value(&self) -> f64 {
        let signs = ON_SIGNS.ln() + log_e_value_of_signs(self.observations, self.won);
        let logs = self.sizes.map(|wealth| log_share_of_a_stake() + wealth);
        let most = logs.iter().copied().fold(signs, f64::max);
        let sum: f64 = logs.iter().map(|log| (log - most).exp()).sum::<f64>() + (signs - most).exp();
        most + sum.ln()
    }
}

/// Returns the logarithm of the share of the wealth that each bettor on sizes begins with.
fn log_share_of_a_stake() -> f64 {
    ((1.0 - ON_SIGNS) / STAKES.len() as f64).ln()
}

/// Returns `ln(1 + tanh y)`: the logarithm of the factor by which a bet of tanh y on a sign that comes true grows the
/// wealth.
fn log_factor(y: f64) -> f64 {
    std::f64::consts::LN_2 - (-2.0 * y).exp().ln_1p()
}

/// Returns the natural logarithm of the e-value of these bets after these observations.
fn settled(mut bets: Bets, observations: &[Observation]) -> f64 {
    observations.iter().for_each(|observation| bets.see(*observation));
    bets.log_e_value()
}

/// Returns the time-uniform confidence sequence of the centre of symmetry after these observations: every bound that
/// neither [`Bets::above`] nor [`Bets::below`] refutes at `2 / (1 − confidence)`.
///
/// The probability that it *ever* excludes the centre is at most `1 − confidence`: Ville's inequality on each side at
/// half the error, so it may be evaluated after every observation, and sampling may stop on its result (Darling and
/// Robbins, "Confidence sequences for mean, variance, and median", PNAS 58, 1967). `(−∞, ∞)` while there are too few
/// observations, and for a `confidence` outside `[0, 1)`.
pub fn centre_sequence(observations: &[Observation], confidence: f64) -> Interval {
    let unbounded = Interval { low: f64::NEG_INFINITY, high: f64::INFINITY };
    let values: Vec<f64> =
        observations.iter().map(|seen| seen.value).filter(|value| value.is_finite()).collect();
    let values = sorted(&values);
    let (Some(centre), true) = (median(&values), (0.0..1.0).contains(&confidence)) else { return unbounded };
    let threshold = (2.0 / (1.0 - confidence)).ln();
    let range = values[values.len() - 1] - values[0];
    // Mirrored, the upper end is the lower one.
    let end = |backed: f64| {
        let is_refuted = |below: f64| {
            let bets = Bets { backed, ..Bets::above(centre - backed * below) };
            settled(bets, observations) >= threshold
        };
        nearest_refuted(range.max(centre.abs() * 1e-12).max(1e-300), is_refuted)
            .map(|below| centre - backed * below)
    };
    Interval { low: end(1.0).unwrap_or(unbounded.low), high: end(-1.0).unwrap_or(unbounded.high) }
}

/// Returns the smallest distance from the middle at which a bound is refuted, rounded up; `None` if none is.
///
/// The evidence against a bound grows with its distance, which is negative beyond the middle.
fn nearest_refuted(step: f64, is_refuted: impl Fn(f64) -> bool) -> Option<f64> {
    /// The number of doublings to a distance that is practically infinite.
    const DOUBLINGS: i32 = 60;
    /// The number of halvings after which the rest of the range no longer matters.
    const FINE: i32 = 40;
    let far = |sign: f64| (0..DOUBLINGS).map(move |power| sign * step * 2f64.powi(power));
    let mut refuted = far(1.0).find(|distance| is_refuted(*distance))?;
    let mut possible = if is_refuted(0.0) { far(-1.0).find(|distance| !is_refuted(*distance))? } else { 0.0 };
    for _ in 0..FINE {
        let middle = f64::midpoint(refuted, possible);
        if is_refuted(middle) { refuted = middle } else { possible = middle }
    }
    Some(refuted)
}

/// Returns the amount that one more observation adds to the logarithm of the wealth of each bettor on sizes, if
/// observations are normal around a centre that lies `drift` scales beyond the bound: mean and standard deviation.
fn growth(drift: f64) -> [(f64, f64); STAKES.len()] {
    const STEPS: i32 = 60;
    const REACH: f64 = 6.0;
    let points: Vec<(f64, f64)> = (0..=STEPS)
        .map(|step| {
            let noise = REACH * f64::from(2 * step - STEPS) / f64::from(STEPS);
            (super::normal_density(noise), (drift + noise).clamp(-FARTHEST, FARTHEST))
        })
        .collect();
    let total: f64 = points.iter().map(|(weight, _)| weight).sum();
    STAKES.map(|stake| {
        let mean_of = |f: &dyn Fn(f64) -> f64| {
            points.iter().map(|(weight, z)| weight * f(log_factor(stake * z))).sum::<f64>() / total
        };
        let mean = mean_of(&|log| log);
        (mean, mean_of(&|log| (log - mean) * (log - mean)).sqrt())
    })
}

/// Returns how many observations bring the logarithm of the e-value to `log_evidence`, if they are normal around a
/// centre that lies `drift` scales beyond the bound; with a probability of about one half, or that of a standard
/// normal variable being below `certainty`. `None` if they never do.
///
/// From the bets on sizes alone: each bettor's logarithm is a random walk.
pub fn observations_needed(drift: f64, log_evidence: f64, certainty: f64) -> Option<f64> {
    /// Up to more pairs than any comparison would wait for.
    const DOUBLINGS: i32 = 40;
    let growth = growth(drift);
    if !growth.iter().any(|(mean, _)| *mean > 0.0) {
        return None;
    }
    let is_enough = |n: &f64| {
        let wealth = |(mean, deviation): (f64, f64)| (n * mean - certainty * deviation * n.sqrt()).exp();
        growth.into_iter().map(wealth).sum::<f64>().ln() + log_share_of_a_stake() >= log_evidence
    };
    let mut enough = (0..DOUBLINGS).map(|power| 2f64.powi(power)).find(is_enough)?;
    let mut too_few = enough / 2.0;
    for _ in 0..20 {
        let middle = f64::midpoint(too_few, enough);
        if is_enough(&middle) { enough = middle } else { too_few = middle }
    }
    Some(enough)
}

/// Returns `ln E_signs` of k out of n, from the sum of binomial coefficients relative to the last of them.
///
/// All terms are positive, so nothing cancels, and each comes from the one before it by a ratio, so the
/// relative error is that of n roundings (10⁻¹¹ at n = 100 000). Log-gamma would cancel here.
fn log_e_value_of_signs(n: usize, k: usize) -> f64 {
    const LARGE: f64 = 1e200;
    let trials = n + 1;
    let (mut term, mut sum, mut logarithm_taken_out) = (1.0f64, 1.0f64, 0.0f64);
    for j in (1..=k).rev() {
        term *= j as f64 / (trials + 1 - j) as f64;
        sum += term;
        if sum > LARGE {
            logarithm_taken_out += LARGE.ln();
            term /= LARGE;
            sum /= LARGE;
        }
        // Past the middle the terms fall faster than a geometric series: the rest is below n·10⁻¹⁸.
        if 2 * j < trials && term < 1e-18 * sum {
            break;
        }
    }
    // C(n+1, k) / C(n, k) = (n+1) / (n+1−k), and the n+1 of the denominator falls away.
    logarithm_taken_out + sum.ln() - ((trials - k) as f64).ln()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::simulation::Random;

    const EXPERIMENTS: usize = 2_000;
    const LOOKS: usize = 200;

    fn all(values: &[f64], scale: Option<f64>) -> Vec<Observation> {
        values.iter().map(|value| Observation { value: *value, scale }).collect()
    }

    /// Returns the share of experiments in which the centre 0 is excluded after any of the observations.
    fn ever_excludes(seed: u64, scale: Option<f64>, draw: fn(&mut Random) -> f64) -> f64 {
        let mut random = Random::seeded(seed);
        let threshold = 40f64.ln();
        let excluding = (0..EXPERIMENTS).filter(|_| {
            let (mut above, mut below) = (Bets::above(0.0), Bets::below(0.0));
            (0..LOOKS).fold(false, |excluded, _| {
                let seen = Observation { value: draw(&mut random), scale };
                above.see(seen);
                below.see(seen);
                excluded || above.log_e_value().max(below.log_e_value()) >= threshold
            })
        });
        excluding.count() as f64 / EXPERIMENTS as f64
    }

    #[test]
    fn peeking_errs_in_at_most_one_of_twenty() {
        let normal: fn(&mut Random) -> f64 = Random::normal;
        let bimodal: fn(&mut Random) -> f64 =
            |random| random.normal() * 0.1 + if random.uniform() < 0.5 { -1.0 } else { 1.0 };
        for (name, draw) in [("normal", normal), ("cauchy", Random::cauchy), ("bimodal", bimodal)] {
            // The promise is kept even with a scale that is wrong by a factor of ten.
            for scale in [None, Some(0.1), Some(1.0)] {
                let error = ever_excludes(1, scale, draw);
                assert!(
                    error <= 0.05,
                    "{name}, {scale:?}: the centre was excluded in {error} of the experiments"
                );
                // An error far below the promised one would be correct, but useless.
                assert!(error >= 0.005, "{name}, {scale:?}: {error}");
            }
        }
    }

    /// Returns the number of observations after which "at most 0" is refuted at 40, at the median of experiments.
    fn usually_needed(drift: f64, scale: Option<f64>, draw: fn(&mut Random) -> f64) -> usize {
        let mut random = Random::seeded(2);
        let mut needed: Vec<usize> = (0..200)
            .map(|_| {
                let mut bets = Bets::above(0.0);
                (1..5_000)
                    .find(|_| {
                        bets.see(Observation { value: drift + draw(&mut random), scale });
                        bets.log_e_value() >= 40f64.ln()
                    })
                    .unwrap_or(5_000)
            })
            .collect();
        needed.sort_unstable();
        needed[needed.len() / 2]
    }

    /// Same as [`usually_needed`], if all of the wealth is bet on signs.
    fn needed_by_signs(drift: f64, draw: fn(&mut Random) -> f64) -> usize {
        let mut random = Random::seeded(2);
        let mut needed: Vec<usize> = (0..200)
            .map(|_| {
                let mut won = 0;
                (1..5_000)
                    .find(|n| {
                        won += usize::from(drift + draw(&mut random) > 0.0);
                        log_e_value_of_signs(*n, won) >= 40f64.ln()
                    })
                    .unwrap_or(5_000)
            })
            .collect();
        needed.sort_unstable();
        needed[needed.len() / 2]
    }

    #[test]
    fn sizes_save_observations_and_cost_few_where_tails_are_heavy() {
        for drift in [0.5, 1.0, 4.0] {
            let (both, signs) =
                (usually_needed(drift, Some(1.0), Random::normal), needed_by_signs(drift, Random::normal));
            assert!(both as f64 <= 0.9 * signs as f64, "normal, {drift}: {both} against {signs}");
            let (both, signs) =
                (usually_needed(drift, Some(1.5), Random::cauchy), needed_by_signs(drift, Random::cauchy));
            assert!(both as f64 <= 1.25 * signs as f64, "cauchy, {drift}: {both} against {signs}");
        }
    }

    #[test]
    fn what_is_needed_is_what_is_foretold() {
        for drift in [0.5, 1.0, 4.0] {
            let found = usually_needed(drift, Some(1.0), Random::normal) as f64;
            let foretold = observations_needed(drift, 40f64.ln(), 0.0).expect("enough");
            assert!((0.6..=1.25).contains(&(found / foretold)), "{drift}: {found}, foretold {foretold}");
        }
        assert_eq!(observations_needed(0.0, 3.0, 0.0), None);
        assert_eq!(observations_needed(-1.0, 3.0, 0.0), None);
        assert_eq!(observations_needed(f64::NAN, 3.0, 0.0), None);
        let (likely, certain) = (observations_needed(0.5, 3.0, 0.0), observations_needed(0.5, 3.0, 1.645));
        assert!(likely < certain);
    }

    #[test]
    fn evidence_of_known_counts() {
        // k = n: (2ⁿ⁺¹ − 1) / (n + 1); k = 0: 1 / (n + 1).
        assert!((log_e_value_of_signs(8, 8) - (511.0f64 / 9.0).ln()).abs() < 1e-12);
        assert!((log_e_value_of_signs(8, 0) - (1.0f64 / 9.0).ln()).abs() < 1e-12);
        assert!(settled(Bets::above(0.0), &[]).abs() < 1e-12);
        // A value at the bound, or one that is not finite, is on neither side, and wins no bet on sizes.
        let mixed = all(&[1.0, 0.0, f64::NAN, f64::INFINITY, 2.0], Some(1.0));
        let (above, below) = (settled(Bets::above(0.0), &mixed), settled(Bets::below(0.0), &mixed));
        let sizes = |factor: fn(f64) -> f64| {
            STAKES.iter().map(|stake| factor(stake.tanh()) * factor((2.0 * stake).tanh())).sum::<f64>() / 5.0
        };
        let expected = |k, sizes: f64| (0.5 * log_e_value_of_signs(5, k).exp() + 0.5 * sizes).ln();
        assert!((above - expected(2, sizes(|share| 1.0 + share))).abs() < 1e-12);
        assert!((below - expected(0, sizes(|share| 1.0 - share))).abs() < 1e-12);
    }

    #[test]
    fn evidence_of_signs_is_the_integral() {
        // Simpson's rule on 2ⁿ·2·pᵏ(1−p)ⁿ⁻ᵏ over (½, 1).
        for (n, k) in [(1, 0), (1, 1), (10, 5), (10, 9), (57, 20), (57, 40), (300, 150), (300, 190)] {
            let steps = 20_000;
            let sum: f64 = (0..=steps)
                .map(|i| {
                    let p = 0.5 + 0.5 * f64::from(i) / f64::from(steps);
                    let weight = if i == 0 || i == steps { 1.0 } else { f64::from(2 + 2 * (i % 2)) };
                    weight * 2.0 * (2.0 * p).powi(k) * (2.0 * (1.0 - p)).powi(n - k)
                })
                .sum();
            let integral = sum * 0.5 / f64::from(steps) / 3.0;
            let found = log_e_value_of_signs(n as usize, k as usize).exp();
            assert!((found / integral - 1.0).abs() < 1e-9, "n = {n}, k = {k}: {found}, {integral}");
        }
    }

    #[test]
    fn evidence_of_signs_is_stable_for_many_values() {
        let n = 100_000;
        let all = (n as f64 + 1.0) * std::f64::consts::LN_2 - (n as f64 + 1.0).ln();
        assert!((log_e_value_of_signs(n, n) / all - 1.0).abs() < 1e-12);
        assert!((log_e_value_of_signs(n, 0) + (n as f64 + 1.0).ln()).abs() < 1e-12);
        // Half and half: Laplace's √(π / 2n), whose own relative error is O(1/√n).
        let half = (std::f64::consts::PI / (2.0 * n as f64)).sqrt().ln();
        assert!((log_e_value_of_signs(n, n / 2) - half).abs() < 0.01);
    }

    #[test]
    fn the_sequence_is_unbounded_while_there_is_little() {
        let unbounded = Interval { low: f64::NEG_INFINITY, high: f64::INFINITY };
        assert_eq!(centre_sequence(&[], 0.95), unbounded);
        assert_eq!(
            centre_sequence(&all(&[1.0; 6], Some(1.0)), 0.95),
            unbounded,
            "35 at the most, and 40 is needed"
        );
        let seven = centre_sequence(&all(&[1.0; 7], Some(1.0)), 0.95);
        assert!(seven.low.is_finite() && seven.high.is_finite(), "{seven:?}");
        for confidence in [1.0, -0.1, f64::NAN] {
            assert_eq!(centre_sequence(&all(&[1.0; 100], None), confidence), unbounded);
        }
        // With signs only and without spread, every other centre is refuted.
        let same = centre_sequence(&all(&[1.0; 12], None), 0.95);
        assert!((same.low - 1.0).abs() < 1e-9 && (same.high - 1.0).abs() < 1e-9, "{same:?}");
    }

    proptest! {
        #[test]
        fn evidence_is_a_martingale(
            before in proptest::collection::vec((-9i32..9, 1u32..9), 0..30), size in 0i32..50, scale in 1u32..9,
        ) {
            let observation = |value: i32, scale: u32| {
                Observation { value: f64::from(value) / 4.0, scale: (scale > 1).then(|| f64::from(scale) / 4.0) }
            };
            let mut bets = Bets::above(0.0);
            before.iter().for_each(|(value, scale)| bets.see(observation(*value, *scale)));
            let next = |value: i32| {
                let mut bets = bets.clone();
                bets.see(observation(value, scale));
                bets.log_e_value().exp()
            };
            let (now, mean) = (bets.log_e_value().exp(), (next(size) + next(-size)) / 2.0);
            if size == 0 {
                prop_assert!(mean <= now * (1.0 + 1e-9), "a tie wins nothing");
            } else {
                prop_assert!((mean / now - 1.0).abs() < 1e-9);
                prop_assert!(next(size) >= next(-size));
            }
        }

        #[test]
        fn the_sequence_holds_what_is_not_refuted(
            values in proptest::collection::vec((prop_oneof![9 => (-9i32..9).prop_map(f64::from), 1 => Just(f64::NAN)], 0u32..3), 0..60),
            confidence in 0.0f64..0.999,
        ) {
            let observations: Vec<Observation> = values
                .iter()
                .map(|(value, scale)| Observation { value: *value, scale: (*scale > 0).then(|| f64::from(*scale)) })
                .collect();
            let interval = centre_sequence(&observations, confidence);
            let threshold = (2.0 / (1.0 - confidence)).ln();
            for half_steps in -21..=21 {
                // Not a value itself, where rounding could flip a sign.
                let bound = f64::from(half_steps) / 2.0 + 0.1;
                let refuted = settled(Bets::above(bound), &observations) >= threshold
                    || settled(Bets::below(bound), &observations) >= threshold;
                prop_assert_eq!(refuted, !(interval.low <= bound && bound <= interval.high), "{} in {:?}", bound, interval);
            }
        }

        #[test]
        fn more_confidence_is_wider(
            values in proptest::collection::vec(-9.0f64..9.0, 1..60), a in 0.0f64..0.999, b in 0.0f64..0.999,
        ) {
            let observations = all(&values, Some(2.0));
            let (less, more) = (centre_sequence(&observations, a.min(b)), centre_sequence(&observations, a.max(b)));
            let dust = 1e-6;
            prop_assert!(more.low <= less.low + dust && more.high >= less.high - dust, "{:?} {:?}", less, more);
        }
    }
}
