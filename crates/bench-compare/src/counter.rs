//! Counts the instructions of a case in both programs, as often as necessary to know whether the counts repeat.

use std::time::{Duration, Instant};

use bench_judge::Summarize;
use bench_protocol::{Assignment, Case, Mode};
use bench_record::{CaseCounts, CaseRecord, Cause, RoundRecord};
use bench_runner::program::Opened;
use bench_runner::rounds::{PlannedCase, RoundExecutor};
use bench_syntax::quantity::nanoseconds;

use super::counted::{CountedPair, Counting, Repeatability, Uncounted, WhyUncounted};
use super::partner::{self, Limits, Subject};
use super::{Role, Rules};

/// The time limits of counting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Patience {
    /// The limit of one process.
    pub(super) one: Duration,
    /// The limit of all processes together.
    pub(super) all: Duration,
}

/// A case in one program.
#[derive(Clone, Copy)]
pub(super) struct Held<'a> {
    pub(super) side: Role,
    pub(super) opened: &'a Opened,
    pub(super) case: &'a Case,
}

impl<'a> Held<'a> {
    fn planned(self) -> PlannedCase<'a> {
        let record = CaseRecord::blank(&self.case.id, self.case.category);
        PlannedCase { program: &self.opened.program, case: self.case, record }
    }
}

pub(super) struct Counter<'a> {
    executor: &'a mut dyn RoundExecutor,
    rules: &'a Rules,
    patience: Patience,
    began: Instant,
    /// The settings with which the first round was counted; `None` before it.
    how: Option<Counting>,
}

impl<'a> Counter<'a> {
    /// Creates a counter that measures with `executor`, whose workers run under valgrind.
    pub(super) fn new(executor: &'a mut dyn RoundExecutor, rules: &'a Rules, patience: Patience) -> Self {
        Counter { executor, rules, patience, began: Instant::now(), how: None }
    }

    /// Counts a case once on each side, and once more if the sides differ: two processes with the same count show that
    /// it repeats, whichever program they run. Starts nothing if a process is `expected` to take longer than its limit.
    ///
    /// # Errors
    /// [`Uncounted`]: the reason why a side has no counts.
    pub(super) fn pair(
        &mut self,
        base: Held<'_>,
        candidate: Held<'_>,
        expected: Duration,
    ) -> Result<CountedPair, Uncounted> {
        if expected > self.patience.one {
            let [expected, may] = [expected, self.patience.one].map(|time| time.as_secs_f64());
            let message = format!(
                "a process would take about {expected:.0} s under valgrind, more than the limit of {may:.0} s \
                 (`--max-time`)"
            );
            return Err(Uncounted { why: WhyUncounted::TooSlow, message });
        }
        if expected > self.left() {
            return Err(out_of_time());
        }
        let (mut of_base, mut of_candidate) = (base.planned(), candidate.planned());
        let counted = CountedPair::new(
            self.round(&mut of_base, base.side)?,
            self.round(&mut of_candidate, candidate.side)?,
        );
        if counted.repeatability() != Repeatability::CountedOnce {
            return Ok(counted);
        }
        let CountedPair { base: once, candidate: other, .. } = counted;
        // If the second round fails, the counts of the first one are used.
        let again = self.round(&mut of_base, base.side).unwrap_or(once);
        let other_again = self.round(&mut of_candidate, candidate.side).unwrap_or(other);
        Ok(CountedPair::new(again, other_again))
    }

    /// Returns how cases were counted, and how long that took; `None` if none was counted.
    pub(super) fn end(self) -> Option<Counting> {
        self.how.map(|how| Counting { seconds: self.began.elapsed().as_secs_f64(), ..how })
    }

    /// Counts one more round of a case of a side; returns the combined counts.
    fn round(&mut self, planned: &mut PlannedCase<'_>, side: Role) -> Result<CaseCounts, Uncounted> {
        let limit = self.patience.one.min(self.left());
        if limit.is_zero() {
            return Err(out_of_time());
        }
        let assignment = self.assignment(planned, limit);
        let Some(round) = self.executor.round(planned, &assignment, limit) else {
            let message = "interrupted before it was counted".to_owned();
            return Err(Uncounted { why: WhyUncounted::Interrupted, message });
        };
        if let Some(uncounted) = self.trouble(&round, side, limit) {
            return Err(uncounted);
        }
        if let (None, Some(counts)) = (&self.how, &round.counts) {
            let (valgrind, options) = (counts.valgrind.clone(), counts.options.clone());
            self.how = Some(Counting { seconds: 0.0, valgrind, options });
        }
        planned.record.push(round);
        planned.record.counts.clone().ok_or_else(|| {
            Uncounted::new(WhyUncounted::Failed, side, "valgrind has counted nothing".to_owned())
        })
    }

    /// Returns the rest of the time for all counts.
    fn left(&self) -> Duration {
        self.patience.all.saturating_sub(self.began.elapsed())
    }

    fn assignment(&self, planned: &PlannedCase<'_>, limit: Duration) -> Assignment {
        let Rules { timeout, max_memory, device, .. } = *self.rules;
        let subject = Subject {
            program: planned.program,
            case: &planned.case.id,
            locator: planned.case.locator.as_deref(),
        };
        let limits = Limits { timeout, memory: max_memory, device };
        Assignment {
            round: u32::try_from(planned.record.rounds.len()).unwrap_or(u32::MAX),
            timeout_ns: Some(nanoseconds(limit)),
            timeout_is_hard: true,
            ..partner::assignment(subject, Mode::Count, limits)
        }
    }

    /// Returns the reason why a round with the time limit `limit` has no counts; `None` if nothing went wrong.
    fn trouble(&self, round: &RoundRecord, side: Role, limit: Duration) -> Option<Uncounted> {
        let trouble = |why, message| Some(Uncounted::new(why, side, message));
        match (&round.failure, &round.skipped) {
            (Some(failure), _) if failure.cause == Cause::Timeout => {
                let why =
                    if limit < self.patience.one { WhyUncounted::OutOfTime } else { WhyUncounted::TooSlow };
                trouble(why, format!("not done under valgrind after {:.1} s", limit.as_secs_f64()))
            }
            (Some(failure), _) => trouble(WhyUncounted::Failed, failure.message.clone()),
            (None, Some(reason)) => {
                trouble(WhyUncounted::Failed, format!("skipped under valgrind: {reason}"))
            }
            (None, None) => None,
        }
    }
}

fn out_of_time() -> Uncounted {
    let message = "the time for all counts was used up: it is as long as the comparison took".to_owned();
    Uncounted { why: WhyUncounted::OutOfTime, message }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use bench_protocol::{Build, Listing};
    use bench_record::{Failure, RoundCounts};
    use bench_runner::program::Program;
    use bench_syntax::Category;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    /// Returns these rounds, one after another; `None` is an interrupt.
    #[derive(Default)]
    struct Told {
        rounds: VecDeque<Option<RoundRecord>>,
        asked: Vec<(String, Assignment)>,
    }

    impl RoundExecutor for Told {
        fn round(
            &mut self,
            case: &PlannedCase<'_>,
            assignment: &Assignment,
            timeout: Duration,
        ) -> Option<RoundRecord> {
            assert_eq!(assignment.timeout_ns, Some(nanoseconds(timeout)));
            self.asked.push((case.program.name().to_owned(), assignment.clone()));
            self.rounds.pop_front().expect("no more rounds than these")
        }
    }

    fn counted(instructions: u64) -> Option<RoundRecord> {
        let mut counts = RoundCounts::default();
        counts.iteration.instructions = instructions;
        counts.valgrind = "3.19.0".to_owned();
        let mut round = RoundRecord::default();
        round.counts = Some(counts);
        Some(round)
    }

    fn failed(cause: Cause) -> Option<RoundRecord> {
        let mut round = RoundRecord::default();
        round.failure = Some(Failure::new(cause, "oh"));
        Some(round)
    }

    /// The expected time of a process if nothing else is given.
    const MOMENT: Duration = Duration::ZERO;

    type Outcome = (Result<CountedPair, Uncounted>, Told, Option<Counting>);

    fn count(rounds: impl IntoIterator<Item = Option<RoundRecord>>, patience: Patience) -> Outcome {
        count_expecting(MOMENT, rounds, patience)
    }

    fn count_expecting(
        expected: Duration,
        rounds: impl IntoIterator<Item = Option<RoundRecord>>,
        patience: Patience,
    ) -> Outcome {
        let mut told = Told { rounds: rounds.into_iter().collect(), ..Told::default() };
        let mut case = Case::new("unit/x", Category::Unit);
        case.locator = Some("there".to_owned());
        let opened = |name: &str| {
            let program = Program::executable(std::path::Path::new(name)).expect("a path");
            Opened { program, listing: Listing::new(Build::default(), vec![case.clone()]) }
        };
        let (old, new) = (opened("/old"), opened("/new"));
        let held = |side, opened| Held { side, opened, case: &case };
        let rules = Rules::default();
        let mut counter = Counter::new(&mut told, &rules, patience);
        let outcome = counter.pair(held(Role::Base, &old), held(Role::Candidate, &new), expected);
        let how = counter.end();
        (outcome, told, how)
    }

    const PATIENT: Patience = Patience { one: HOUR, all: Duration::MAX };

    #[test]
    fn equal_counts_need_no_second_round() {
        let (outcome, told, how) = count([counted(100), counted(100)], PATIENT);
        let pair = outcome.expect("counts");
        assert_eq!((pair.repeatability(), pair.change), (Repeatability::Exact, 0.0));
        let programs: Vec<&str> = told.asked.iter().map(|(program, _)| program.as_str()).collect();
        assert_eq!(programs, ["old", "new"]);
        let (outcome, ..) = count([counted(4), counted(7)], PATIENT);
        assert_eq!(outcome.expect("counts").repeatability(), Repeatability::LikeHarness);
        let (_, assignment) = &told.asked[0];
        assert_eq!((assignment.mode, assignment.locator.as_deref()), (Mode::Count, Some("there")));
        assert_eq!(how.expect("a count").valgrind, "3.19.0");
    }

    #[test]
    fn a_difference_is_looked_at_twice() {
        let (outcome, told, _) = count([100, 120, 100, 120].map(counted), PATIENT);
        assert_eq!(outcome.expect("counts").repeatability(), Repeatability::Exact);
        assert_eq!(told.asked.iter().map(|(_, asked)| asked.round).collect::<Vec<_>>(), [0, 0, 1, 1]);
        let (outcome, ..) = count([100, 140, 110, 140].map(counted), PATIENT);
        let pair = outcome.expect("counts");
        assert_eq!(pair.repeatability(), Repeatability::Varies);
        assert_eq!((pair.base.rounds, pair.candidate.rounds), (2, 2));
    }

    #[test]
    fn what_comes_after_the_first_rounds_takes_nothing_away() {
        for last in [failed(Cause::Signal), failed(Cause::Timeout), None] {
            let (outcome, ..) = count([counted(100), counted(120), counted(100), last], PATIENT);
            let pair = outcome.expect("counts");
            assert_eq!((pair.base.rounds, pair.candidate.rounds), (2, 1));
            assert_eq!(pair.repeatability(), Repeatability::CountedOnce);
        }
    }

    #[test]
    fn what_was_not_counted_is_named_with_its_reason() {
        let why = |rounds: Vec<Option<RoundRecord>>, patience| {
            let (outcome, _, how) = count(rounds, patience);
            let uncounted = outcome.expect_err("no counts");
            (uncounted.why, uncounted.message, how.is_some())
        };
        let candidate = why(vec![counted(100), failed(Cause::Signal)], PATIENT);
        assert_eq!(candidate, (WhyUncounted::Failed, "candidate: oh".to_owned(), true));
        let (why_slow, message, _) = why(vec![failed(Cause::Timeout)], PATIENT);
        assert_eq!(why_slow, WhyUncounted::TooSlow);
        assert!(message.starts_with("base: not done under valgrind"), "{message}");
        assert_eq!(why(vec![None], PATIENT).0, WhyUncounted::Interrupted);
        let no_time = Patience { one: HOUR, all: Duration::ZERO };
        assert_eq!(why(vec![], no_time).0, WhyUncounted::OutOfTime, "no process is started");
        // The time for all counts was over, not that for a single count.
        let little_time = Patience { one: 2 * HOUR, all: HOUR };
        assert_eq!(why(vec![failed(Cause::Timeout)], little_time).0, WhyUncounted::OutOfTime);
    }

    #[test]
    fn what_would_take_too_long_is_not_begun() {
        let why = |expected, patience| {
            let (outcome, told, _) = count_expecting(expected, [], patience);
            assert!(told.asked.is_empty(), "no process is started");
            let uncounted = outcome.expect_err("no counts");
            (uncounted.why, uncounted.message)
        };
        let (too_slow, message) = why(2 * HOUR, PATIENT);
        assert_eq!(too_slow, WhyUncounted::TooSlow);
        assert!(message.contains("about 7200 s under valgrind, more than the limit of 3600 s"), "{message}");
        let little_time = Patience { one: 3 * HOUR, all: HOUR };
        assert_eq!(why(2 * HOUR, little_time).0, WhyUncounted::OutOfTime);
    }
}
