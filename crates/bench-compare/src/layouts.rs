//! Separates the change of a case from the effect of layouts, and estimates that effect.

use serde::{Deserialize, Serialize};

use super::{ObservedPair, Role};
use bench_stats as stats;
use bench_stats::Observation;

/// Returns the observations of the layouts once a whole pass over them has ended: one for each base layout and its
/// partner, and the weight of this pass among all possible ones; `None` unless the number of passes is a power of two.
///
/// Layouts are drawn at random, not process pairs: pairs of the same two layouts agree with each other, however many
/// there are, and do not count as more than one. A pass weighs half as much as the one that was used before it.
pub(super) fn observations(pairs: &[ObservedPair], layouts: usize) -> Option<(Vec<Observation>, f64)> {
    let passes = pairs.len() / layouts;
    if passes * layouts != pairs.len() || !passes.is_power_of_two() {
        return None;
    }
    let centres: Vec<f64> = (1..=layouts)
        .filter_map(|layout| {
            let of_it = pairs.iter().filter(|pair| pair.layouts.is_some_and(|drawn| drawn.base == layout));
            stats::median(&stats::sorted(&of_it.map(|pair| pair.log_ratio).collect::<Vec<_>>()))
        })
        .collect();
    let seen = centres.iter().enumerate().map(|(number, value)| {
        let scale =
            stats::robust_deviation(&centres[..number]).filter(|scale| number >= 2 && scale.is_finite());
        Observation { value: *value, scale }
    });
    Some((seen.collect(), 0.5 / passes as f64))
}

/// The effect of layouts alone on a case: robust standard deviations of the logarithm of its time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LayoutSpread {
    /// The deviation from one layout of the base to another.
    pub base: f64,
    /// The deviation from one layout of the candidate to another.
    pub candidate: f64,
}

/// The number of layouts of a side below which the effect of layouts is not estimated.
const FEWEST_LAYOUTS: usize = 3;

/// The number of pairs for each layout below which its effect cannot be distinguished from noise.
const PAIRS_PER_LAYOUT: usize = 3;

impl LayoutSpread {
    /// Estimates the effect from the pairs of a case, with `layouts` layouts of each side; `None` if there are too few
    /// layouts or pairs.
    pub(super) fn of(pairs: &[ObservedPair], layouts: usize) -> Option<Self> {
        if layouts < FEWEST_LAYOUTS || pairs.len() < PAIRS_PER_LAYOUT * layouts {
            return None;
        }
        let spread = |side: Role| {
            let mut groups = vec![Vec::new(); layouts];
            for pair in pairs {
                let drawn = pair.layouts?;
                let layout = if side == Role::Base { drawn.base } else { drawn.candidate };
                let time = stats::median(&stats::sorted(&pair.pair.times(side).collect::<Vec<_>>()))?;
                groups.get_mut(layout.checked_sub(1)?)?.push(time.ln());
            }
            stats::variance_components(&groups).map(|components| components.between)
        };
        Some(LayoutSpread { base: spread(Role::Base)?, candidate: spread(Role::Candidate)? })
    }
}

#[cfg(test)]
mod tests;
