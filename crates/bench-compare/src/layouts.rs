//! The layouts of code that process pairs run, and what these alone do to times.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{ObservedPair, PairedCase, Role, Side};
use bench_record::{RunError, Verdict};
use bench_runner::program::{Kind, Opened};
use bench_stats as stats;
use bench_stats::Observation;
use bench_stats::seed::{mix, shuffle};
use bench_syntax::UsageError;

/// Which layout of its code each side of a process pair ran: 1 is the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrawnLayouts {
    /// The base's.
    pub base: usize,
    /// The candidate's.
    pub candidate: usize,
}

impl DrawnLayouts {
    /// Those of the pair with this number, of so many layouts of each side. In a pass every layout of either side runs once,
    /// with the same partner in every pass; who is whose partner, and the order of each pass, follow from the seed alone.
    /// Swapping the sides' names changes nothing in how they are drawn.
    pub(super) fn draw(seed: u64, number: usize, layouts: usize) -> Self {
        let order = |salt: u64| {
            let mut order: Vec<usize> = (0..layouts).collect();
            shuffle(&mut order, mix(seed.wrapping_add(salt)));
            order
        };
        let (pass, place) = (number / layouts, number % layouts);
        let place = order(2 + pass as u64)[place];
        DrawnLayouts { base: order(0)[place] + 1, candidate: order(1)[place] + 1 }
    }
}

/// What the layouts say once a whole pass over them has ended: an observation for each base layout and its partner, and the
/// weight of this pass among all that could be; `None` unless the number of passes is a power of two.
///
/// Layouts, not process pairs, are what is drawn at random: pairs of the same two layouts agree with each other, however
/// many there are, and do not count as more than one. The pass after `n` others weighs half as much as the pass before that is
/// looked at.
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

/// What layouts alone do to a case: robust standard deviations of the logarithm of its time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LayoutSpread {
    /// From one layout of the base to another.
    pub base: f64,
    /// From one layout of the candidate to another.
    pub candidate: f64,
}

/// Fewer layouts of a side say nothing of how layouts differ.
const FEWEST_LAYOUTS: usize = 3;

/// Fewer pairs for each layout do not tell what it does from noise.
const PAIRS_PER_LAYOUT: usize = 3;

impl LayoutSpread {
    /// What the pairs of a case say, of so many layouts of each side; `None` while there are too few.
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

/// How many layouts two programs have that are compared; `None` if each was linked once.
///
/// # Errors
/// [`RunError::Usage`] if one has more than the other: what is drawn from more is drawn from others.
pub(super) fn common<'a>(
    pairs: impl IntoIterator<Item = (&'a Opened, &'a Opened)>,
) -> Result<Option<usize>, RunError> {
    let mut known = None;
    for (base, candidate) in pairs {
        let numbers = [base, candidate].map(|opened| opened.program.layouts().len());
        let expected = *known.get_or_insert(numbers[0]);
        if let Some(other) = numbers.into_iter().find(|number| *number != expected) {
            return Err(UsageError(format!(
                "expected as many layouts of every program, found {expected} and {other}: build both sides with the same \
                 `--layouts`"
            ))
            .into());
        }
    }
    Ok(known.filter(|number| *number > 1))
}

/// A change smaller than this may be one of addresses: moving code alone has changed times by as much.
const SMALL: f64 = 0.05;

/// What should be known of small changes between two builds of which each has one layout, if there are any.
pub(super) fn note(cases: &[PairedCase], base: &Side, candidate: &Side) -> Option<String> {
    let files = |side: &Side| -> Vec<_> {
        side.programs().iter().map(|opened| opened.program.path().to_owned()).collect()
    };
    let can_be_linked_again =
        |side: &Side| side.programs().iter().all(|opened| opened.program.kind() == Kind::BenchTarget);
    // A program against itself has the same layout on both sides.
    let applies = cfg!(target_os = "linux")
        && files(base) != files(candidate)
        && can_be_linked_again(base)
        && can_be_linked_again(candidate);
    if applies { note_of(cases) } else { None }
}

fn note_of(cases: &[PairedCase]) -> Option<String> {
    let is_small = |case: &&PairedCase| {
        matches!(case.compared.verdict, Verdict::Slower | Verdict::Faster)
            && case.compared.change.is_some_and(|change| change.abs() < SMALL)
    };
    let ids: Vec<&str> = cases.iter().filter(is_small).map(|case| case.compared.id.as_str()).collect();
    let (what, rests) = match ids[..] {
        [] => return None,
        [one] => (format!("the change of {one}"), "rests"),
        [one, ref others @ ..] => (format!("the changes of {one} and {} more", others.len()), "rest"),
    };
    Some(format!(
        "{what} {rests} on one layout of the code: `bench compare --layouts 16` tells code from addresses"
    ))
}

/// The files of a side's layouts.
pub(super) fn files(side: &Side) -> Vec<&Path> {
    side.programs().iter().flat_map(|opened| opened.program.layouts()).map(AsRef::as_ref).collect()
}

#[cfg(test)]
mod tests;
