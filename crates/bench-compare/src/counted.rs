//! Instructions and other events that were counted in addition to the times of a case.

use serde::{Deserialize, Serialize};

use bench_record::CaseCounts;

use super::Role;

/// The instructions of both sides of a case, counted under valgrind after the times had been measured. They do not
/// affect a verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CountedPair {
    /// The counts of the base's processes.
    pub base: CaseCounts,
    /// The counts of the candidate's processes.
    pub candidate: CaseCounts,
    /// The relative change of the instructions of an iteration, candidate/base − 1.
    pub change: f64,
}

/// How far a [`CountedPair`] can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeatability {
    /// A second process repeated each count exactly.
    Exact,
    /// The sides differ by no more than the harness around an iteration may add.
    LikeHarness,
    /// The sides differ, and each was counted in one process: whether the count repeats is not known.
    CountedOnce,
    /// Processes of one side differ, and the sides differ by more.
    Varies,
    /// Processes of one side differ by as much as the sides do.
    VariesAsMuch,
}

/// The number of instructions by which counts of the same closure may differ from build to build: the instructions
/// around an empty closure are subtracted, but around another closure the compiler may use registers differently.
const HARNESS: u64 = 10;

impl CountedPair {
    pub(super) fn new(base: CaseCounts, candidate: CaseCounts) -> Self {
        let [then, now] = [&base, &candidate].map(|counts| counts.iteration.instructions as f64);
        // A base of no instructions counts as one.
        let change = (now - then) / then.max(1.0);
        CountedPair { base, candidate, change }
    }

    /// Whether both sides have counted the same.
    pub(super) fn is_equal(&self) -> bool {
        self.base.iteration.instructions == self.candidate.iteration.instructions
    }

    /// Returns how far processes of one side lie apart, as a share: the larger value of both sides.
    pub(super) fn spread(&self) -> f64 {
        self.base.spread().max(self.candidate.spread())
    }

    /// Returns how far the counts can be relied on: two processes with the same count, of one side or of both, show
    /// that the count repeats.
    pub(super) fn repeatability(&self) -> Repeatability {
        let (base, candidate) = (&self.base, &self.candidate);
        let overlap = base.least_instructions <= candidate.most_instructions
            && candidate.least_instructions <= base.most_instructions;
        if self.spread() > 0.0 {
            if overlap { Repeatability::VariesAsMuch } else { Repeatability::Varies }
        } else if self.is_equal() {
            Repeatability::Exact
        } else if base.iteration.instructions.abs_diff(candidate.iteration.instructions) <= HARNESS {
            Repeatability::LikeHarness
        } else if base.rounds.min(candidate.rounds) > 1 {
            Repeatability::Exact
        } else {
            Repeatability::CountedOnce
        }
    }
}

/// The reason why the instructions of a case were not counted, although they were to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Uncounted {
    /// The kind of the reason.
    pub why: WhyUncounted,
    /// The description of the failure.
    pub message: String,
}

impl Uncounted {
    pub(super) fn new(why: WhyUncounted, side: Role, message: String) -> Self {
        Uncounted { why, message: format!("{side}: {message}") }
    }
}

/// The reasons why instructions of a case were not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WhyUncounted {
    /// Earlier cases have used up the time for counting.
    OutOfTime,
    /// The case had not ended when the time limit of one count was over, or was not expected to end by then.
    TooSlow,
    /// The case failed under valgrind.
    Failed,
    /// One of the programs does not support counting.
    NotOffered,
    /// The user interrupted the counting.
    Interrupted,
}

/// The settings with which instructions were counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Counting {
    /// The time that counting took, in seconds.
    pub seconds: f64,
    /// Version of valgrind: `3.19.0`.
    pub valgrind: String,
    /// The options of valgrind that affect the counts.
    pub options: String,
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use bench_record::RoundCounts;

    /// Returns the counts of rounds with these numbers of instructions.
    pub(crate) fn counts(instructions: &[u64]) -> CaseCounts {
        let mut sorted = instructions.to_vec();
        sorted.sort_unstable();
        let mut round = RoundCounts::default();
        round.iteration.instructions = sorted[(sorted.len() - 1) / 2];
        let mut counts = CaseCounts::of_round(&round);
        counts.least_instructions = sorted[0];
        counts.most_instructions = sorted[sorted.len() - 1];
        counts.rounds = sorted.len();
        counts
    }

    pub(crate) fn pair(base: &[u64], candidate: &[u64]) -> CountedPair {
        CountedPair::new(counts(base), counts(candidate))
    }

    #[test]
    fn a_count_is_exact_if_a_second_process_has_found_it() {
        let of = |base: &[u64], candidate: &[u64]| pair(base, candidate).repeatability();
        assert_eq!(of(&[100], &[100]), Repeatability::Exact, "the other side has found it");
        assert_eq!(of(&[100], &[120]), Repeatability::CountedOnce);
        assert_eq!(of(&[100, 100], &[120]), Repeatability::CountedOnce);
        assert_eq!(of(&[100, 100], &[120, 120]), Repeatability::Exact);
        assert_eq!(of(&[100, 110], &[130, 130]), Repeatability::Varies);
        assert_eq!(of(&[130, 130], &[100, 110]), Repeatability::Varies);
        assert_eq!(of(&[100, 120], &[110, 110]), Repeatability::VariesAsMuch);
        assert_eq!(of(&[100, 120], &[100, 120]), Repeatability::VariesAsMuch, "equal by chance");
        assert_eq!(of(&[4], &[14]), Repeatability::LikeHarness);
        assert_eq!(of(&[15, 15], &[4, 4]), Repeatability::Exact);
    }

    #[test]
    fn nothing_and_something_have_a_change_that_is_a_number() {
        assert_eq!(pair(&[0], &[0]).change, 0.0);
        assert_eq!(pair(&[0], &[3]).change, 3.0);
        assert_eq!(pair(&[50, 50], &[51, 51]).change, 0.02);
    }
}
