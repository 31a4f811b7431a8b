//! Divides a stretch of runs into pieces of one level each.

use super::noise::{CAUTION, Noise};
use super::step::{Prefix, Step};
use super::{MIN_AFTER, median_of};

/// The smallest distance of the first boundary, in standard errors.
const CERTAIN: f64 = 5.5;

/// The additional distance for each further boundary. Without it, two machines that take turns would look like
/// many levels.
const CERTAIN_MORE: f64 = 1.0;

/// A stretch has at most one boundary for each of this many runs.
const RUNS_A_PIECE: usize = 15;

/// The maximum number of boundaries of a stretch.
const MOST: usize = 5;

/// The number of boundaries that may be tried although they are not certain alone: a short excursion has two, and
/// neither can be detected without the other.
const AHEAD: usize = 3;

/// The length of the shortest piece between two others.
const SHORTEST: usize = 3;

/// The length of the shortest piece at the beginning of a line.
const SHORTEST_FIRST: usize = 2;

/// Divides `values` by adding the strongest boundary again and again (binary segmentation; Vostrikova, "Detecting
/// disorder in multidimensional random processes", 1981), as long as every boundary is certain by the noise that is
/// left *with* all of them. `noise` estimates that noise from the values and some boundaries. Returns the first run of
/// every piece but the first.
///
/// The last piece holds at least [`MIN_AFTER`] runs. `is_whole` means that the stretch begins where the line does.
pub(super) fn pieces(
    values: &[f64],
    sums: &Prefix,
    is_whole: bool,
    noise: impl Fn(&[usize], f64) -> Noise,
) -> Vec<usize> {
    let most = (values.len() / RUNS_A_PIECE).min(MOST);
    let (mut bounds, mut certain) = (Vec::new(), Vec::new());
    while certain.len() < most && bounds.len() < most.max(certain.len() + 2).min(certain.len() + AHEAD) {
        let Some(at) = strongest(values, sums, &bounds, is_whole, noise(&bounds, 0.0).correlation) else {
            break;
        };
        bounds.insert(bounds.partition_point(|bound| *bound < at), at);
        let left = noise(&bounds, CAUTION);
        let limit = CERTAIN + CERTAIN_MORE * (bounds.len() as f64 - 1.0);
        let is_certain = |number: usize| {
            let (from, at, to) = around(&bounds, number, values.len());
            let step = Step::between(values, sums, (from, at, to), left.correlation);
            left.normal(step.height / (step.error * left.deviation)) >= limit
                && is_apart(values, (from, at, to))
        };
        if (0..bounds.len()).all(is_certain) {
            certain = bounds.clone();
        }
    }
    certain
}

/// Returns the pieces on both sides of a boundary: the first run of the earlier piece, the first run of the later one,
/// and the run after that.
fn around(bounds: &[usize], number: usize, len: usize) -> (usize, usize, usize) {
    let from = if number == 0 { 0 } else { bounds[number - 1] };
    (from, bounds[number], bounds.get(number + 1).copied().unwrap_or(len))
}

/// Returns the run at which one more boundary would be the strongest: its step is the largest multiple of its error.
/// `None` if every piece is too short.
fn strongest(
    values: &[f64],
    sums: &Prefix,
    bounds: &[usize],
    is_whole: bool,
    correlation: f64,
) -> Option<usize> {
    let mut best: Option<(f64, usize)> = None;
    let mut from = 0;
    for to in bounds.iter().copied().chain([values.len()]) {
        let first = if from == 0 && is_whole { SHORTEST_FIRST } else { SHORTEST };
        let last = if to == values.len() { MIN_AFTER } else { SHORTEST };
        for at in from + first..(to + 1).saturating_sub(last) {
            let step = Step::between(values, sums, (from, at, to), correlation);
            let strength = step.height.abs() / step.error;
            if best.is_none_or(|(other, _)| strength > other) {
                best = Some((strength, at));
            }
        }
        from = to;
    }
    best.map(|(_, at)| at)
}

/// Whether most runs of the shorter side lie beyond the middle between both levels: a spike moves a mean, but is not a
/// level.
fn is_apart(values: &[f64], (from, at, to): (usize, usize, usize)) -> bool {
    let (before, after) = (median_of(&values[from..at]), median_of(&values[at..to]));
    let middle = before / 2.0 + after / 2.0;
    let (shorter, is_high) = if at - from < to - at {
        (&values[from..at], before > after)
    } else {
        (&values[at..to], after > before)
    };
    let beyond =
        shorter.iter().filter(|value| if is_high { **value > middle } else { **value < middle }).count();
    before != after && 3 * beyond >= 2 * shorter.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::tests::Random;

    fn found(values: &[f64]) -> Vec<usize> {
        let noise = |bounds: &[usize], caution| Noise::within(values, bounds, caution).at_least(0.1);
        pieces(values, &Prefix::of(values), true, noise)
    }

    #[test]
    fn levels_are_pieces_and_noise_is_none() {
        let mut random = Random::seeded(7);
        let mut line =
            |level: fn(usize) -> f64| -> Vec<f64> { (0..100).map(|i| random.normal() + level(i)).collect() };
        assert!(found(&line(|_| 0.0)).is_empty());
        assert_eq!(found(&line(|i| if i < 10 { 50.0 } else { 0.0 })), [10]);
        assert_eq!(found(&line(|i| if (60..68).contains(&i) { 10.0 } else { 0.0 })), [60, 68]);
    }

    #[test]
    fn an_excursion_of_three_runs_is_a_piece() {
        let mut random = Random::seeded(8);
        let values: Vec<f64> =
            (0..80).map(|i| random.normal() + if (40..43).contains(&i) { 12.0 } else { 0.0 }).collect();
        assert_eq!(found(&values), [40, 43]);
    }

    #[test]
    fn machines_that_take_turns_are_no_pieces() {
        let mut random = Random::seeded(9);
        let mut is_high = false;
        let values: Vec<f64> = (0..200)
            .map(|_| {
                is_high ^= random.uniform() < 0.2;
                random.normal() + if is_high { 8.0 } else { 0.0 }
            })
            .collect();
        assert!(found(&values).is_empty());
    }
}
