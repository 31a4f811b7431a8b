//! Estimates how much processes differ, and how much samples within one process do.

use super::{median, robust_deviation, sorted};

/// Standard deviations of the one-way random-effects model `xᵢⱼ = μ + aᵢ + eᵢⱼ`: groups are processes, values
/// their samples; in the unit of the values, or as shares if the values are logarithms.
///
/// (Searle, Casella and McCulloch, *Variance Components*, 1992, chapter 3.)
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Components {
    /// The deviation of the group effects `aᵢ`, which only more processes average out.
    pub between: f64,
    /// The deviation of the errors `eᵢⱼ`, which more samples average out.
    pub within: f64,
}

/// The components of variance, robustly, from the values of each group.
///
/// * `within = 1.4826 · median |xᵢⱼ − xᵢₖ| / √2` over all pairs `j < k` of the same group: the MAD of
///   differences, which needs no centre, and so has no bias in small groups (about a group's own median the MAD
///   is 28 % too small at four values). Larger groups weigh more. It bears 29 % of wild values. Of groups of more than
///   64 values, pairs at 63 distances at most, evenly chosen: all of them would be as many as the square.
/// * `between² = s² − within² · mean(vᵢ)`, not below 0, with `s = 1.4826·MAD` of the group medians (Rousseeuw
///   and Croux, "Alternatives to the median absolute deviation", JASA 88, 1993) times the correction for few
///   groups (Croux and Rousseeuw, "Time-efficient algorithms for two highly robust estimators of scale",
///   COMPSTAT 1992), and `vᵢ` the variance of a median of nᵢ independent normal values: π/2n for many, and
///   `π / (2n + π − 2)` for odd, `π / (2n + 2π − 4)` for even n, which is exact at 1 and 2 and within 3 % of the
///   true variance between.
///
/// Samples that follow each other closely (autocorrelation) say less about their process than as many independent
/// ones; the remaining uncertainty is then counted as `between`. That error only leads to more processes.
///
/// Groups without values are left out. `None` with fewer than two groups, if no group has two values, or
/// if a value is not finite.
pub fn variance_components(groups: &[Vec<f64>]) -> Option<Components> {
    let groups: Vec<&Vec<f64>> = groups.iter().filter(|group| !group.is_empty()).collect();
    if groups.len() < 2 || groups.iter().copied().flatten().any(|value| !value.is_finite()) {
        return None;
    }
    let differences: Vec<f64> = groups.iter().flat_map(|group| pairwise_differences(group)).collect();
    let within = 1.4826 * median(&sorted(&differences))? / std::f64::consts::SQRT_2;
    let medians: Vec<f64> = groups.iter().filter_map(|group| median(&sorted(group))).collect();
    let spread = small_sample_correction(medians.len()) * robust_deviation(&medians)?;
    let noise = groups.iter().map(|group| variance_of_median(group.len())).sum::<f64>() / groups.len() as f64;
    let between = (spread.powi(2) - within.powi(2) * noise).max(0.0).sqrt();
    Some(Components { between, within })
}

fn pairwise_differences(group: &[f64]) -> impl Iterator<Item = f64> + '_ {
    /// The maximum number of distances between the places of two values.
    const MOST_DISTANCES: usize = 63;
    let step = (group.len().saturating_sub(1)).div_ceil(MOST_DISTANCES).max(1);
    let distances = (1..group.len()).step_by(step);
    distances.flat_map(|distance| group.iter().zip(&group[distance..]).map(|(a, b)| (a - b).abs()))
}

/// Returns the variance of the median of `n` standard normal values.
fn variance_of_median(n: usize) -> f64 {
    use std::f64::consts::PI;
    let missing = if n % 2 == 1 { PI - 2.0 } else { 2.0 * PI - 4.0 };
    PI / (2.0 * n as f64 + missing)
}

/// Returns the factor that makes 1.4826·MAD of `n` normal values unbiased: the published factors for 2 to 9, then n /
/// (n − 0.8).
fn small_sample_correction(n: usize) -> f64 {
    const FACTORS: [f64; 8] = [1.196, 1.495, 1.363, 1.206, 1.200, 1.140, 1.129, 1.107];
    n.checked_sub(2)
        .and_then(|index| FACTORS.get(index).copied())
        .unwrap_or_else(|| n as f64 / (n as f64 - 0.8))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mean;
    use crate::simulation::Random;

    fn groups(random: &mut Random, sizes: &[usize], between: f64, within: f64) -> Vec<Vec<f64>> {
        let group = |size: &usize| {
            let effect = between * random.normal();
            (0..*size).map(|_| effect + within * random.normal()).collect()
        };
        sizes.iter().map(group).collect()
    }

    /// Returns the mean components over 150 experiments.
    fn average(mut draw: impl FnMut() -> Vec<Vec<f64>>) -> Components {
        let found: Vec<Components> =
            (0..150).map(|_| variance_components(&draw()).expect("groups with values")).collect();
        let between: Vec<f64> = found.iter().map(|components| components.between).collect();
        let within: Vec<f64> = found.iter().map(|components| components.within).collect();
        Components { between: mean(&between).expect("150"), within: mean(&within).expect("150") }
    }

    fn assert_near(found: Components, between: f64, within: f64, share: f64, name: &str) {
        assert!((found.within / within - 1.0).abs() < share, "{name}: {found:?}, not {between}, {within}");
        assert!((found.between / between - 1.0).abs() < share, "{name}: {found:?}, not {between}, {within}");
    }

    #[test]
    fn components_are_found() {
        let mut random = Random::seeded(7);
        for (between, within, size) in [(1.0, 1.0, 10), (1.0, 0.1, 5), (2.0, 1.0, 3), (1.0, 2.0, 9)] {
            let found = average(|| groups(&mut random, &[size; 30], between, within));
            assert_near(found, between, within, 0.06, "equal groups");
        }
        let uneven: Vec<usize> = (0..30).map(|i| 2 + i % 9).collect();
        assert_near(average(|| groups(&mut random, &uneven, 1.0, 1.0)), 1.0, 1.0, 0.06, "uneven groups");
        assert_near(average(|| groups(&mut random, &[10; 5], 1.0, 0.2)), 1.0, 0.2, 0.12, "few groups");
    }

    #[test]
    fn large_groups_are_not_squared() {
        let count = |n: usize| pairwise_differences(&vec![0.0; n]).count();
        assert_eq!([0, 1, 2, 10, 64].map(count), [0, 0, 1, 45, 64 * 63 / 2]);
        assert!(count(65) < 64 * 63 / 2 && count(10_000) < 63 * 10_000);
        let mut random = Random::seeded(10);
        let found = average(|| groups(&mut random, &[200; 10], 1.0, 1.0));
        assert_near(found, 1.0, 1.0, 0.12, "large groups");
    }

    #[test]
    fn like_processes_have_next_to_no_between() {
        let mut random = Random::seeded(8);
        let found = average(|| groups(&mut random, &[20; 30], 0.0, 1.0));
        // Half of the estimates are 0; without the removal it would be 0.27, the spread of the medians.
        assert!(found.between < 0.15, "{found:?}");
        assert!((found.within - 1.0).abs() < 0.02, "{found:?}");
    }

    /// Tests wild values: one sample in twenty is interrupted, and one process in ten has its memory in a bad place,
    /// both always slower by far. The classic mean squares would find 6 and 11.
    #[test]
    fn wild_values_do_not_carry_it_off() {
        let mut random = Random::seeded(9);
        let found = average(|| {
            let mut groups = groups(&mut random, &[10; 30], 1.0, 1.0);
            for group in &mut groups {
                let misplaced = if random.uniform() < 0.1 { 20.0 } else { 0.0 };
                for value in group.iter_mut() {
                    *value += misplaced + if random.uniform() < 0.05 { 50.0 } else { 0.0 };
                }
            }
            groups
        });
        assert_near(found, 1.0, 1.0, 0.25, "contaminated");
    }

    #[test]
    fn too_little_data_has_no_components() {
        assert_eq!(variance_components(&[]), None);
        assert_eq!(variance_components(&[vec![1.0, 2.0, 3.0]]), None);
        assert_eq!(variance_components(&[vec![1.0, 2.0], vec![]]), None);
        assert_eq!(variance_components(&[vec![1.0], vec![2.0]]), None);
        assert_eq!(variance_components(&[vec![1.0, 2.0], vec![f64::NAN, 1.0]]), None);
        let constant = variance_components(&[vec![1.0, 1.0], vec![1.0]]);
        assert_eq!(constant, Some(Components { between: 0.0, within: 0.0 }));
    }

    proptest! {
        #[test]
        fn components_follow_scale_and_ignore_shift(
            values in proptest::collection::vec(-10.0f64..10.0, 20),
            shift in -10.0f64..10.0,
            scale in 0.1f64..10.0,
        ) {
            let groups: Vec<Vec<f64>> = values.chunks(4).map(<[f64]>::to_vec).collect();
            let moved: Vec<Vec<f64>> =
                groups.iter().map(|group| group.iter().map(|value| scale * value + shift).collect()).collect();
            let (found, other) =
                (variance_components(&groups).expect("five"), variance_components(&moved).expect("five"));
            prop_assert!((other.within - scale * found.within).abs() < 1e-9);
            // The root magnifies rounding next to zero.
            prop_assert!((other.between.powi(2) - (scale * found.between).powi(2)).abs() < 1e-9 * scale.powi(2) * 100.0);
        }
    }
}
