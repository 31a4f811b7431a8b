//! The rounds of a case, and as many of its samples as are needed to draw them.

use bench_record::{CaseRecord, RoundRecord};
use serde::Serialize;

use crate::packed::floats;

/// The maximum number of samples of one case on a page: as many points as a plot can show separately.
const MOST_OF_CASE: usize = 500;

/// The maximum number of samples of one run, over all of its cases: 5.3 bytes each.
const MOST_OF_RUN: usize = 100_000;

/// The minimum for the maximum number of samples of one case, in a run with many cases.
const FEWEST: usize = 50;

/// The rounds that have samples, in order of time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Rounds {
    /// [`floats`]: seconds from the beginning of the run to the beginning of each round.
    started_s: String,
    /// [`floats`]: the median of each round, in seconds per iteration.
    median_s: String,
    /// The number of `samples` of each round.
    counts: Vec<usize>,
    /// [`floats`]: seconds per iteration, round by round in order of time.
    samples: String,
    /// The step between the samples shown: with 3, every third sample of a round.
    every: usize,
    /// The disturbed rounds: the index of each, and the reason.
    disturbed: Vec<(usize, String)>,
}

impl Rounds {
    /// Returns the rounds of one of `cases` cases of a run; `None` if there are no samples.
    pub(crate) fn of(case: &CaseRecord, cases: usize) -> Option<Self> {
        let rounds: Vec<&RoundRecord> =
            case.rounds.iter().filter(|round| round.is_ok() && !round.sample_ns.is_empty()).collect();
        let all: usize = rounds.iter().map(|round| round.sample_ns.len()).sum();
        let most = (MOST_OF_RUN / cases.max(1)).clamp(FEWEST, MOST_OF_CASE);
        let every = all.div_ceil(most).max(1);
        (all > 0).then(|| Rounds {
            started_s: floats(rounds.iter().map(|round| round.started_s)),
            median_s: floats(rounds.iter().map(|round| round.median_s().unwrap_or(f64::NAN))),
            counts: rounds.iter().map(|round| round.sample_ns.len().div_ceil(every)).collect(),
            samples: floats(rounds.iter().flat_map(|round| round.per_iteration().step_by(every))),
            every,
            disturbed: rounds
                .iter()
                .enumerate()
                .filter_map(|(number, round)| Some((number, round.disturbed.clone()?)))
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use bench_syntax::Category;

    use super::*;

    fn case(rounds: Vec<RoundRecord>) -> CaseRecord {
        let mut case = CaseRecord::blank("unit/x", Category::Unit);
        case.rounds = rounds;
        case
    }

    #[test]
    fn many_samples_are_thinned_evenly_round_by_round() {
        let few = case(vec![RoundRecord::sampled(2, vec![2, 4, 6]), RoundRecord::sampled(1, vec![8])]);
        let rounds = Rounds::of(&few, 1).expect("samples");
        assert_eq!((rounds.counts.as_slice(), rounds.every), (&[3, 1][..], 1));
        assert_eq!(rounds.samples, floats([1e-9, 2e-9, 3e-9, 8e-9].into_iter()));
        assert_eq!(rounds.median_s, floats([2e-9, 8e-9].into_iter()));
        let many = case(vec![RoundRecord::sampled(1, vec![7; 900]), RoundRecord::sampled(1, vec![7; 101])]);
        let rounds = Rounds::of(&many, 1).expect("samples");
        assert_eq!((rounds.counts.as_slice(), rounds.every), (&[300, 34][..], 3));
        let rounds = Rounds::of(&many, 1_000_000).expect("samples");
        assert_eq!((rounds.counts.as_slice(), rounds.every), (&[43, 5][..], 21));
    }

    #[test]
    fn a_round_that_failed_is_not_drawn() {
        let mut failed = RoundRecord::sampled(1, vec![5]);
        failed.skipped = Some("no weights".to_owned());
        assert_eq!(Rounds::of(&case(vec![failed]), 1), None);
        assert_eq!(Rounds::of(&case(Vec::new()), 1), None);
    }
}
