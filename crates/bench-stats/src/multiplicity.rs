//! Controls the share of false findings among many cases.

/// Returns which hypotheses Benjamini and Hochberg's procedure rejects at the false discovery rate `fdr`.
///
/// The k* smallest p-values, `k* = max {k : p₍ₖ₎ ≤ k·fdr / m}` (Benjamini and Hochberg, "Controlling the false
/// discovery rate", JRSS-B 57, 1995). It holds for independent and positively dependent p-values; for others
/// see [`e_benjamini_hochberg`]. A NaN is never rejected, and counts among the m.
pub fn benjamini_hochberg(p: &[f64], fdr: f64) -> Vec<bool> {
    reject(p, |value, k| value <= k * fdr / p.len() as f64)
}

/// Returns which hypotheses the e-value procedure rejects at the false discovery rate `fdr`; `log_e` are natural
/// logarithms of e-values.
///
/// The k* largest e-values, `k* = max {k : e₍ₖ₎ ≥ m / (k·fdr)}` (Wang and Ramdas, "False discovery rate control
/// with e-values", JRSS-B 84, 2022). It holds under *any* dependence between the e-values, and at any stopping
/// time if each comes from an e-process; so cases that drift together may be judged together. A NaN is
/// never rejected, and counts among the m.
pub fn e_benjamini_hochberg(log_e: &[f64], fdr: f64) -> Vec<bool> {
    // Negated, so that the strongest evidence comes first, as it does with p-values.
    let negated: Vec<f64> = log_e.iter().map(|value| -value).collect();
    reject(&negated, |value, k| value <= (k * fdr / log_e.len() as f64).ln())
}

/// Selects the k smallest values, for the largest k whose k-th smallest value passes.
fn reject(values: &[f64], passes: impl Fn(f64, f64) -> bool) -> Vec<bool> {
    let mut order: Vec<usize> = (0..values.len()).filter(|index| !values[*index].is_nan()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let rejected =
        (1..=order.len()).rev().find(|k| passes(values[order[k - 1]], *k as f64)).unwrap_or_default();
    let mut verdicts = vec![false; values.len()];
    for index in &order[..rejected] {
        verdicts[*index] = true;
    }
    verdicts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::simulation::Random;

    const EXPERIMENTS: usize = 10_000;

    fn count(verdicts: &[bool]) -> usize {
        verdicts.iter().filter(|rejected| **rejected).count()
    }

    /// Returns the places of `chosen` out of `m`, with each subset equally likely (Fisher and Yates).
    fn subset(random: &mut Random, m: usize, chosen: usize) -> Vec<usize> {
        let mut places: Vec<usize> = (0..m).collect();
        for i in 0..chosen {
            let other = i + (random.uniform() * (m - i) as f64) as usize;
            places.swap(i, other);
        }
        places.truncate(chosen);
        places
    }

    #[test]
    fn the_example_of_the_paper() {
        // Benjamini and Hochberg 1995, section 3.2 (myocardial infarction, 15 comparisons): four, where
        // Bonferroni has three.
        let p = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
            0.6528, 0.7590, 1.0,
        ];
        let verdicts = benjamini_hochberg(&p, 0.05);
        assert_eq!(count(&verdicts), 4);
        assert!(verdicts[..4].iter().all(|rejected| *rejected));
    }

    #[test]
    fn a_later_value_carries_the_earlier_ones() {
        // Step *up*: 0.04 alone is above 0.05/2, but the second passes its own bound.
        assert_eq!(benjamini_hochberg(&[0.04, 0.045], 0.05), [true, true]);
        assert_eq!(e_benjamini_hochberg(&[21f64.ln(), 25f64.ln()], 0.05), [true, true]);
        assert_eq!(e_benjamini_hochberg(&[21f64.ln(), 19f64.ln()], 0.05), [false, false]);
        assert_eq!(e_benjamini_hochberg(&[19f64.ln(), 41f64.ln()], 0.05), [false, true]);
    }

    #[test]
    fn nothing_comes_of_nothing() {
        assert!(benjamini_hochberg(&[], 0.05).is_empty());
        assert!(e_benjamini_hochberg(&[], 0.05).is_empty());
        assert_eq!(benjamini_hochberg(&[f64::NAN, 0.001], 0.05), [false, true]);
        assert_eq!(e_benjamini_hochberg(&[f64::NAN, 9.0], 0.05), [false, true]);
        assert_eq!(e_benjamini_hochberg(&[9.0, 9.0], 0.0), [false, false]);
        assert_eq!(e_benjamini_hochberg(&[f64::NEG_INFINITY, f64::INFINITY], 0.05), [false, true]);
    }

    #[test]
    fn independent_p_values_keep_the_rate() {
        let mut random = Random::seeded(3);
        let mut rate = 0.0;
        for _ in 0..EXPERIMENTS {
            // Fifteen true hypotheses of twenty.
            let p: Vec<f64> =
                (0..20).map(|i| if i < 15 { random.uniform() } else { 1e-4 * random.uniform() }).collect();
            let verdicts = benjamini_hochberg(&p, 0.05);
            rate += count(&verdicts[..15]) as f64 / count(&verdicts).max(1) as f64;
        }
        rate /= EXPERIMENTS as f64;
        // Exactly m₀/m of the level for independent ones (Benjamini and Yekutieli 2001).
        assert!((rate - 0.0375).abs() < 0.004, "{rate}");
    }

    /// Tests the worst possible dependence: now and then k of m true hypotheses share just the evidence that k need.
    #[test]
    fn e_values_keep_the_rate_under_the_worst_dependence() {
        const M: usize = 20;
        const LEVEL: f64 = 0.05;
        let mut random = Random::seeded(4);
        let (mut by_e, mut by_p) = (0, 0);
        for _ in 0..EXPERIMENTS {
            // P(k) = level/m, and e = m/(k·level) for k random ones: each has expectation 1, and the rate is
            // exactly the level.
            let k = (random.uniform() / (LEVEL / M as f64)) as usize + 1;
            let mut log_e = [f64::NEG_INFINITY; M];
            for place in subset(&mut random, M, if k <= M { k } else { 0 }) {
                log_e[place] = (M as f64 / (k as f64 * LEVEL)).ln() + 1e-12;
            }
            by_e += usize::from(count(&e_benjamini_hochberg(&log_e, LEVEL)) > 0);

            // The same for p-values: P(k) = level/k, the k in ((k−1)·level/m, k·level/m]; the others uniform
            // above the level. Each is uniform, and the rate is level·(1 + ½ + … + 1/m) (Guo and Rao 2008).
            let mut rest = random.uniform();
            let k = (1..=M).find(|k| {
                rest -= LEVEL / *k as f64;
                rest < 0.0
            });
            let mut p: Vec<f64> = (0..M).map(|_| LEVEL + (1.0 - LEVEL) * random.uniform()).collect();
            for place in subset(&mut random, M, k.unwrap_or_default()) {
                p[place] = (k.unwrap_or_default() as f64 - random.uniform()) * LEVEL / M as f64;
            }
            by_p += usize::from(count(&benjamini_hochberg(&p, LEVEL)) > 0);
        }
        let (by_e, by_p) = (by_e as f64 / EXPERIMENTS as f64, by_p as f64 / EXPERIMENTS as f64);
        // 0.05 exactly, ± three binomial errors; p-values show that the test can fail.
        assert!((by_e - LEVEL).abs() < 0.0066, "{by_e}");
        assert!(by_p > 0.15, "{by_p}");
    }

    #[test]
    fn e_values_keep_the_rate_when_cases_drift_together() {
        let mut random = Random::seeded(5);
        let (mut rate, mut found) = (0.0, 0);
        for _ in 0..EXPERIMENTS {
            // Likelihood ratios of N(2, 1) to N(0, 1), correlated at 0.8; the last five of twenty are real.
            let drift = random.normal();
            let log_e: Vec<f64> = (0..20)
                .map(|i| {
                    let noise = 0.8f64.sqrt() * drift + 0.2f64.sqrt() * random.normal();
                    2.0 * (noise + if i < 15 { 0.0 } else { 5.0 }) - 2.0
                })
                .collect();
            let verdicts = e_benjamini_hochberg(&log_e, 0.05);
            rate += count(&verdicts[..15]) as f64 / count(&verdicts).max(1) as f64;
            found += count(&verdicts[15..]);
        }
        assert!(rate / EXPERIMENTS as f64 <= 0.05, "{rate} in {EXPERIMENTS}");
        assert!(found > 4 * EXPERIMENTS, "of five each: {found} in {EXPERIMENTS}");
    }

    proptest! {
        #[test]
        fn a_higher_rate_rejects_no_less(
            values in proptest::collection::vec(0.0f64..1.0, 1..40),
            a in 0.0f64..1.0,
            b in 0.0f64..1.0,
        ) {
            let log_e: Vec<f64> = values.iter().map(|value| -value.ln()).collect();
            let (low, high) = (a.min(b), a.max(b));
            for (few, many) in [
                (benjamini_hochberg(&values, low), benjamini_hochberg(&values, high)),
                (e_benjamini_hochberg(&log_e, low), e_benjamini_hochberg(&log_e, high)),
            ] {
                prop_assert!(few.iter().zip(&many).all(|(few, many)| !few || *many));
            }
        }

        #[test]
        fn stronger_evidence_is_rejected_first(log_e in proptest::collection::vec(-5.0f64..9.0, 1..40)) {
            let verdicts = e_benjamini_hochberg(&log_e, 0.1);
            for (i, rejected) in verdicts.iter().enumerate() {
                for (j, other) in verdicts.iter().enumerate() {
                    prop_assert!(!rejected || *other || log_e[j] <= log_e[i]);
                }
            }
        }

        #[test]
        fn huge_evidence_is_rejected_throughout(m in 1usize..200) {
            prop_assert_eq!(count(&e_benjamini_hochberg(&vec![20.0; m], 0.05)), m);
            prop_assert_eq!(count(&benjamini_hochberg(&vec![1e-9; m], 0.05)), m);
        }
    }
}
