//! The shape of a case's samples.

use bench_record::{CaseRecord, RoundRecord};
use bench_report::sparkline;

/// The number of cells of a distribution: the number of letters of its header.
const CELLS: usize = 12;

/// Returns all samples as a histogram from the fastest on the left to the slowest on the right; empty if there are
/// fewer than `fewest`.
pub(super) fn distribution_from(fewest: usize, case: &CaseRecord) -> String {
    let samples: Vec<f64> =
        case.rounds.iter().filter(|round| round.is_ok()).flat_map(RoundRecord::per_iteration).collect();
    if samples.len() < fewest { String::new() } else { sparkline(&samples, CELLS) }
}
