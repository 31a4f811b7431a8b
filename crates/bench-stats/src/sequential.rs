//! Inference on a median that may be looked at after every observation: betting on signs.
//!
//! A fixed-sample interval promises 5 % of errors for *one* look. Looked at after every observation, and
//! stopped at the first that suits, it errs several times as often. What is here keeps its promise however
//! often one looks and whenever one stops, for any distribution, tails of any weight.

use super::{Interval, sorted};

/// Natural logarithm of the e-value against "the median is at most `bound`".
///
/// With k of the n values strictly above `bound` (a tie or a NaN is not above, which errs towards no
/// evidence), a gambler who backs "above" with every stake p in (½, 1) at once has
///
/// `E = 2ⁿ ∫₁⸝₂¹ 2 pᵏ (1−p)ⁿ⁻ᵏ dp = 2ⁿ⁺¹ · B(k+1, n−k+1) · P(Bin(n+1, ½) ≤ k) = Σⱼ₌₀ᵏ C(n+1, j) / ((n+1) · C(n, k))`.
///
/// While `P(xᵢ > bound | past) ≤ ½` it is a nonnegative supermartingale from 1, so `P(supₙ Eₙ ≥ 1/α) ≤ α`
/// (Ville, *Étude critique de la notion de collectif*, 1939). The mixture over the stake is that of Robbins
/// ("Statistical methods related to the law of the iterated logarithm", Ann. Math. Stat. 41, 1970); for
/// quantiles, Howard and Ramdas ("Sequential estimation of quantiles", Bernoulli 28(3), 2022); for e-values in
/// general, Ramdas, Grünwald, Vovk and Shafer ("Game-theoretic statistics and safe anytime-valid inference",
/// Statistical Science 38(4), 2023).
///
/// 0 for an empty slice: no bet, no evidence. A NaN `bound` has nothing above it.
pub fn log_e_value_above(values: &[f64], bound: f64) -> f64 {
    log_e_value(values.len(), values.iter().filter(|value| **value > bound).count())
}

/// Natural logarithm of the e-value against "the median is at least `bound`": the mirror of
/// [`log_e_value_above`], with the values strictly below `bound` in place of those above.
pub fn log_e_value_below(values: &[f64], bound: f64) -> f64 {
    log_e_value(values.len(), values.iter().filter(|value| **value < bound).count())
}

/// The time-uniform confidence sequence of the median, as it stands after `values`: every θ that neither
/// [`log_e_value_above`] nor [`log_e_value_below`] refutes at `2 / (1 − confidence)`.
///
/// The probability that it *ever* excludes the median is at most `1 − confidence`: Ville's inequality on each
/// side at half the error, so it may be evaluated after every observation and sampling stopped on what it
/// says (Howard and Ramdas 2022; Darling and Robbins, "Confidence sequences for mean, variance, and median",
/// PNAS 58, 1967).
///
/// Its ends are the order statistics `[x₍ₖ₎, x₍ₙ₊₁₋ₖ₎]` of [`rank_needed`]; `(−∞, ∞)` while there are too few
/// values. A NaN counts for neither side, so it only widens the interval.
pub fn median_sequence(values: &[f64], confidence: f64) -> Interval {
    let numbers: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    // The e-value refutes a θ with this many numbers on one side of it, out of *all* values.
    let refuting = rank_needed(values.len(), confidence).map(|rank| values.len() + 1 - rank);
    match refuting.filter(|count| *count <= numbers.len()) {
        Some(count) => {
            let ascending = sorted(&numbers);
            Interval { low: ascending[ascending.len() - count], high: ascending[count - 1] }
        }
        None => Interval { low: f64::NEG_INFINITY, high: f64::INFINITY },
    }
}

/// The rank k for which [`median_sequence`] of `n` values is `[x₍ₖ₎, x₍ₙ₊₁₋ₖ₎]`: the largest with
/// `E(n, n+1−k) ≥ 2 / (1 − confidence)`, where `E(n, k)` is the e-value of [`log_e_value_above`].
///
/// `None` where even all values on one side are not enough (below 8 values at 95 %), and for a `confidence`
/// outside `[0, 1)`.
pub fn rank_needed(n: usize, confidence: f64) -> Option<usize> {
    if !(0.0..1.0).contains(&confidence) {
        return None;
    }
    let threshold = (2.0 / (1.0 - confidence)).ln();
    if log_e_value(n, n) < threshold {
        return None;
    }
    // The evidence grows with the number on one side. At half of the values E is at most 1, never enough; at all
    // of them it is: bisect between.
    let (mut too_few, mut enough) = (n / 2, n);
    while enough - too_few > 1 {
        let middle = too_few + (enough - too_few) / 2;
        if log_e_value(n, middle) < threshold {
            too_few = middle;
        } else {
            enough = middle;
        }
    }
    Some(n + 1 - enough)
}

/// `ln E(n, k)`, by the sum of binomial coefficients over the last one's.
///
/// All terms are positive, so nothing cancels, and each comes from the one before it by a ratio, so the
/// relative error is that of n roundings (10⁻¹¹ at n = 100 000). Log-gamma would cancel here.
fn log_e_value(n: usize, k: usize) -> f64 {
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

    const EXPERIMENTS: usize = 10_000;
    const LOOKS: usize = 200;

    /// The two-sided 95 % interval of the median for one look: 1 − 2·P(Bin(n, ½) < k) ≥ 0.95.
    fn fixed_rank(n: usize) -> Option<usize> {
        let (mut probability, mut below, mut k) = (0.5f64.powi(n as i32), 0.0, 0);
        while k < n / 2 && 1.0 - 2.0 * (below + probability) >= 0.95 {
            below += probability;
            probability *= (n - k) as f64 / (k + 1) as f64;
            k += 1;
        }
        (k > 0).then_some(k)
    }

    /// Share of experiments in which `[x₍ₖ₎, x₍ₙ₊₁₋ₖ₎]` excludes the median 0 after any of the observations.
    fn ever_excludes(ranks: &[Option<usize>], seed: u64, draw: fn(&mut Random) -> f64) -> f64 {
        let mut random = Random::seeded(seed);
        let excluding = (0..EXPERIMENTS).filter(|_| {
            let (mut above, mut below) = (0, 0);
            // Every value is drawn, so that both kinds of rank see the same data.
            (1..=LOOKS).fold(false, |excluded, n| {
                let value = draw(&mut random);
                above += usize::from(value > 0.0);
                below += usize::from(value < 0.0);
                excluded || ranks[n].is_some_and(|rank| above.max(below) > n - rank)
            })
        });
        excluding.count() as f64 / EXPERIMENTS as f64
    }

    #[test]
    fn peeking_errs_in_at_most_one_of_twenty() {
        let sequence: Vec<_> = (0..=LOOKS).map(|n| rank_needed(n, 0.95)).collect();
        let fixed: Vec<_> = (0..=LOOKS).map(fixed_rank).collect();
        let normal: fn(&mut Random) -> f64 = Random::normal;
        let bimodal: fn(&mut Random) -> f64 =
            |random| random.normal() * 0.1 + if random.uniform() < 0.5 { -1.0 } else { 1.0 };
        for (name, draw) in [("normal", normal), ("cauchy", Random::cauchy), ("bimodal", bimodal)] {
            let error = ever_excludes(&sequence, 1, draw);
            assert!(error <= 0.05, "{name}: the sequence excluded the median in {error} of the experiments");
            // Far below the promise it would be honest and useless.
            assert!(error >= 0.01, "{name}: {error}");
            let naive = ever_excludes(&fixed, 1, draw);
            assert!(
                naive > 0.20,
                "{name}: a fixed-sample interval under the same looks only erred in {naive}"
            );
        }
    }

    #[test]
    fn evidence_of_known_counts() {
        // k = n: (2ⁿ⁺¹ − 1) / (n + 1); k = 0: 1 / (n + 1).
        assert!((log_e_value_above(&[1.0; 8], 0.0) - (511.0f64 / 9.0).ln()).abs() < 1e-12);
        assert!((log_e_value_above(&[-1.0; 8], 0.0) - (1.0f64 / 9.0).ln()).abs() < 1e-12);
        assert!((log_e_value_below(&[-1.0; 8], 0.0) - (511.0f64 / 9.0).ln()).abs() < 1e-12);
        assert_eq!(log_e_value_above(&[], 0.0), 0.0);
        // A tie and a NaN are on neither side.
        let mixed = [1.0, 0.0, f64::NAN, 2.0];
        assert_eq!(log_e_value_above(&mixed, 0.0), log_e_value_above(&[1.0, -1.0, -1.0, 2.0], 0.0));
        assert_eq!(log_e_value_below(&mixed, 0.0), log_e_value_below(&[1.0, 1.0, 1.0, 2.0], 0.0));
    }

    #[test]
    fn evidence_is_the_integral() {
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
            let found = log_e_value(n as usize, k as usize).exp();
            assert!((found / integral - 1.0).abs() < 1e-9, "n = {n}, k = {k}: {found}, {integral}");
        }
    }

    #[test]
    fn evidence_is_stable_for_many_values() {
        let n = 100_000;
        let all = (n as f64 + 1.0) * std::f64::consts::LN_2 - (n as f64 + 1.0).ln();
        assert!((log_e_value(n, n) / all - 1.0).abs() < 1e-12);
        assert!((log_e_value(n, 0) + (n as f64 + 1.0).ln()).abs() < 1e-12);
        // Half and half: Laplace's √(π / 2n), whose own relative error is O(1/√n).
        let half = (std::f64::consts::PI / (2.0 * n as f64)).sqrt().ln();
        assert!((log_e_value(n, n / 2) - half).abs() < 0.01);
    }

    #[test]
    fn the_sequence_is_unbounded_below_eight_values() {
        assert_eq!(rank_needed(0, 0.95), None);
        assert_eq!(rank_needed(7, 0.95), None);
        // All of eight on one side: 56.8 ≥ 40, all of seven: 31.9.
        assert_eq!(rank_needed(8, 0.95), Some(1));
        assert_eq!(rank_needed(100, 1.0), None);
        assert_eq!(rank_needed(100, f64::NAN), None);
        assert_eq!(
            median_sequence(&[1.0; 7], 0.95),
            Interval { low: f64::NEG_INFINITY, high: f64::INFINITY }
        );
        let eight = [3.0, 1.0, 8.0, 5.0, 2.0, 7.0, 6.0, 4.0];
        assert_eq!(median_sequence(&eight, 0.95), Interval { low: 1.0, high: 8.0 });
    }

    proptest! {
        #[test]
        fn evidence_is_a_martingale_and_grows(n in 0usize..500, share in 0.0f64..=1.0) {
            let k = (share * n as f64) as usize;
            let now = log_e_value(n, k).exp();
            let (not_above, above) = (log_e_value(n + 1, k).exp(), log_e_value(n + 1, k + 1).exp());
            prop_assert!(((not_above + above) / 2.0 / now - 1.0).abs() < 1e-9);
            prop_assert!(not_above < above);
        }

        #[test]
        fn the_sequence_holds_what_is_not_refuted(
            values in proptest::collection::vec(prop_oneof![9 => (-9i32..9).prop_map(f64::from), 1 => Just(f64::NAN)], 0..60),
            confidence in 0.0f64..0.999,
        ) {
            let interval = median_sequence(&values, confidence);
            let threshold = (2.0 / (1.0 - confidence)).ln();
            for half_steps in -21..=21 {
                let bound = f64::from(half_steps) / 2.0;
                let refuted = log_e_value_above(&values, bound) >= threshold
                    || log_e_value_below(&values, bound) >= threshold;
                prop_assert_eq!(refuted, !(interval.low <= bound && bound <= interval.high), "{}", bound);
            }
        }

        #[test]
        fn more_confidence_is_wider(n in 1usize..2000, a in 0.0f64..0.999, b in 0.0f64..0.999) {
            prop_assert!(rank_needed(n, a.max(b)) <= rank_needed(n, a.min(b)));
        }
    }
}
