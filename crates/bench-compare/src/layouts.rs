//! The layouts of code that process pairs run, and what these alone do to times.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{ObservedPair, PairedCase, Side};
use bench_record::{RunError, Verdict};
use bench_runner::program::{Kind, Opened};
use bench_stats as stats;
use bench_stats::seed::mix;
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
    /// Draws one for each side, each of so many, by a number that nobody chose. The two do not depend on each other, and each
    /// layout is as likely as any other: swapping the sides' names changes nothing in how they are drawn.
    pub(super) fn draw(chance: u64, layouts: usize) -> Self {
        let drawn = mix(chance);
        // The bias of `%` is below 2^-26 for as many layouts as can be asked for.
        let of = |bits: u64| (bits & u64::from(u32::MAX)) as usize % layouts.max(1) + 1;
        DrawnLayouts { base: of(drawn), candidate: of(drawn >> 32) }
    }
}

/// What layouts alone do to a case: robust standard deviations of the log ratio.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LayoutSpread {
    /// From one layout of the base to another.
    pub base: f64,
    /// From one layout of the candidate to another.
    pub candidate: f64,
    /// How far the mean over the layouts of each side may lie, with a chance of about 95 %, from what all orders of the
    /// sections would come to.
    pub left: f64,
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
        let spread = |layout: fn(&DrawnLayouts) -> usize| {
            let mut groups = vec![Vec::new(); layouts];
            for pair in pairs {
                groups.get_mut(layout(pair.layouts.as_ref()?).checked_sub(1)?)?.push(pair.log_ratio);
            }
            if groups.iter().filter(|group| !group.is_empty()).count() < FEWEST_LAYOUTS {
                return None;
            }
            stats::variance_components(&groups).map(|components| components.between)
        };
        let (base, candidate) = (spread(|drawn| drawn.base)?, spread(|drawn| drawn.candidate)?);
        Some(LayoutSpread { base, candidate, left: 2.0 * (base.hypot(candidate)) / (layouts as f64).sqrt() })
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
        "{what} {rests} on one layout of the code: `bench compare --layouts 8` tells code from addresses"
    ))
}

/// The files of a side's layouts.
pub(super) fn files(side: &Side) -> Vec<&Path> {
    side.programs().iter().flat_map(|opened| opened.program.layouts()).map(AsRef::as_ref).collect()
}

#[cfg(test)]
mod tests;
