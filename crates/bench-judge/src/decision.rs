//! Decides the exit code of a run or a comparison, and the message for it.

use bench_record::{CaseRecord, Cause, InvalidCause, Level, Outcome, Record, RunState, Verdict, exit};
use bench_syntax::text::printable;

use crate::Summarize;
use crate::comparison::{Compared, Comparison};

/// The findings that decide the exit code. Every command collects its findings here, so that all of them weigh the
/// same findings in the same way.
///
/// ```
/// use bench_judge::Decision;
/// use bench_record::exit;
///
/// let decision = Decision::default().slower("unit/softmax").unsure("unit/gelu");
/// assert_eq!(decision.exit_code(), exit::SLOWER);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    interrupted: bool,
    failures: Vec<String>,
    failed: Vec<String>,
    incomparable: Vec<String>,
    slower: Vec<String>,
    invalid: Vec<String>,
    unsure: Vec<String>,
}

/// The conditions that a comparison must meet.
#[derive(Clone, Copy, Debug, Default)]
pub struct ComparisonPolicy {
    /// The share by which a case may be slower. `None`: any slower case passes.
    pub allowed: Option<f64>,
    /// Whether an unsure comparison, or one across machines or builds, must not pass.
    pub strict: bool,
}

impl Decision {
    /// Records that the run was interrupted.
    #[must_use]
    pub fn interrupted(self) -> Self {
        Decision { interrupted: true, ..self }
    }

    /// Records that a benchmark failed.
    #[must_use]
    pub fn failed(mut self, what: impl Into<String>) -> Self {
        self.failed.push(what.into());
        self
    }

    /// Records that nothing can be judged until a problem has been solved, and which one.
    #[must_use]
    pub fn incomparable(mut self, why: impl Into<String>) -> Self {
        self.incomparable.push(why.into());
        self
    }

    /// Records that something is slower than allowed, or that an objective is missed.
    #[must_use]
    pub fn slower(mut self, what: impl Into<String>) -> Self {
        self.slower.push(what.into());
        self
    }

    /// Records that a result is unsure that must not be.
    #[must_use]
    pub fn unsure(mut self, what: impl Into<String>) -> Self {
        self.unsure.push(what.into());
        self
    }

    /// Records how a run ended, and which of its cases failed.
    #[must_use]
    pub fn of_run(mut self, record: &Record) -> Self {
        self.interrupted |= record.state == RunState::Interrupted;
        let failed = record.cases.iter().filter(|case| case.status == bench_record::Status::Failed);
        self.failed.extend(failed.map(|case| case.id.clone()));
        self
    }

    /// Adds the findings of a comparison of two records. A case without a figure in the newer run has failed; without
    /// one in the earlier run it cannot be judged, which counts as doubt, not as a failure of the current run.
    #[must_use]
    pub fn of_comparison(mut self, comparison: &Comparison, policy: ComparisonPolicy) -> Self {
        if let (true, Some(different)) = (policy.strict, &comparison.different) {
            self.incomparable.push(format!("no verdict with `--strict`: {}", printable(different)));
        }
        let (failed_now, failed_before): (Vec<&Compared>, Vec<&Compared>) =
            comparison.with(Verdict::Failed).partition(|case| !case.has_new_figure());
        self.failed.extend(failed_now.into_iter().map(|case| case.id.clone()));
        if let Some(allowed) = policy.allowed {
            let slower: Vec<&str> = comparison.slower_than(allowed).map(|case| case.id.as_str()).collect();
            if !slower.is_empty() {
                self.slower.push(format!("slower by more than {} %: {}", allowed * 100.0, slower.join(", ")));
            }
        }
        // A case that was measured before and is skipped now is no longer watched.
        let no_longer_measured =
            comparison.with(Verdict::Skipped).any(|case| case.has_old_figure() && !case.has_new_figure());
        if policy.strict && (comparison.is_unsure() || !failed_before.is_empty() || no_longer_measured) {
            self.unsure.push("unsure, and `--strict` was given".to_owned());
        }
        self
    }

    /// Records which targets of a run are missed and, if `strict`, which are unsure.
    #[must_use]
    pub fn of_objectives(mut self, record: &Record, strict: bool) -> Self {
        let with = |outcome: Outcome| {
            let cases = record.cases.iter();
            let results = cases.flat_map(|case| case.targets.iter().map(move |result| (case, result)));
            results
                .filter(|(_, result)| result.outcome == outcome)
                .map(|(case, result)| printable(&format!("{}: {}", case.id, result.text)))
                .collect::<Vec<_>>()
                .join("; ")
        };
        let (missed, unsure) = (with(Outcome::Missed), with(Outcome::Unsure));
        if !missed.is_empty() {
            self.slower.push(format!("missed targets: {missed}"));
        }
        if strict && !unsure.is_empty() {
            self.unsure.push(format!("unsure targets, and `--strict` was given: {unsure}"));
        }
        self
    }

    /// Records which cases have figures that are not valid.
    #[must_use]
    pub fn of_validity(mut self, record: &Record) -> Self {
        let invalid = |case: &CaseRecord| Some(printable(&format!("{}: {}", case.id, case.invalid()?)));
        let invalid: Vec<String> = record.cases.iter().filter_map(invalid).collect();
        if !invalid.is_empty() {
            let invalid = invalid.join("; ");
            self.unsure.push(format!("figures that are not valid, and `--strict` was given: {invalid}"));
        }
        self
    }

    /// Adds the findings of a load test: those of [`of_failures`](Self::of_failures), and levels whose figures are not
    /// valid. Failures within the share do not make a level invalid.
    #[must_use]
    pub fn of_load(mut self, record: &Record, max_failures: f64) -> Self {
        self = self.of_failures(record, max_failures);
        for case in record.cases.iter().filter(|case| !fails_too_often(case, max_failures)) {
            for level in levels(case) {
                let causes = &level.validity.causes;
                let other = causes.iter().any(|cause| *cause != InvalidCause::Failures);
                if !level.validity.valid && (other || causes.is_empty()) {
                    let why = level.validity.reasons.join("; ");
                    self.invalid
                        .push(printable(&format!("{} at {} is not valid: {why}", case.id, level.name)));
                }
            }
        }
        self
    }

    /// Records which cases of a load test failed: those of which more than the share `max_failures` of requests failed, and
    /// those that failed for another reason.
    #[must_use]
    pub fn of_failures(mut self, record: &Record, max_failures: f64) -> Self {
        self.interrupted |= record.state == RunState::Interrupted;
        for case in &record.cases {
            let (requests, failed) = requests(case);
            if fails_too_often(case, max_failures) {
                let most = levels(case).find_map(|level| level.errors.first());
                let most = most.map_or(String::new(), |told| format!(", such as: {}", told.message));
                self.failures
                    .push(printable(&format!("{}: {failed} of {requests} requests failed{most}", case.id)));
                continue;
            }
            let failure = case.failure.as_ref().filter(|_| case.status == bench_record::Status::Failed);
            match failure {
                // The load ended with the first request: the server does not answer any.
                Some(failure) if requests == 0 && failure.cause == Cause::Error => {
                    let told = format!("{}: no request was answered: {}", case.id, failure.message);
                    self.failures.push(printable(&told));
                }
                Some(_) => self.failed.push(case.id.clone()),
                None => {}
            }
        }
        self
    }

    /// Combines the findings of both decisions.
    #[must_use]
    pub fn and(mut self, other: Decision) -> Self {
        self.interrupted |= other.interrupted;
        self.failures.extend(other.failures);
        self.failed.extend(other.failed);
        self.incomparable.extend(other.incomparable);
        self.slower.extend(other.slower);
        self.invalid.extend(other.invalid);
        self.unsure.extend(other.unsure);
        self
    }

    /// Returns the exit code: first an interrupt; then too many failed requests; then a failure; then something that
    /// cannot be judged at all; then a certain regression; then doubt.
    pub fn exit_code(&self) -> u8 {
        if self.interrupted {
            exit::INTERRUPTED
        } else if !self.failures.is_empty() {
            exit::FAILURES
        } else if !self.failed.is_empty() {
            exit::FAILED
        } else if !self.incomparable.is_empty() {
            exit::USAGE
        } else if !self.slower.is_empty() {
            exit::SLOWER
        } else if !self.invalid.is_empty() {
            exit::INVALID
        } else if !self.unsure.is_empty() {
            exit::UNSURE
        } else {
            exit::OK
        }
    }

    /// Returns the reasons for the exit code, one line each. Failures are shown with the cases, and not repeated here.
    pub fn reasons(&self) -> &[String] {
        if self.interrupted {
            return &[];
        }
        if !self.failures.is_empty() {
            return &self.failures;
        }
        if !self.failed.is_empty() {
            return &[];
        }
        let rest = [&self.incomparable, &self.slower, &self.invalid, &self.unsure];
        rest.into_iter().find(|reasons| !reasons.is_empty()).map_or(&[], Vec::as_slice)
    }
}

/// Returns the levels of all rounds of a case.
fn levels(case: &CaseRecord) -> impl Iterator<Item = &Level> {
    case.rounds.iter().filter_map(|round| round.served.as_ref()).flat_map(|served| &served.levels)
}

/// Returns the number of requests of a case, and of those that failed.
fn requests(case: &CaseRecord) -> (u64, u64) {
    levels(case).fold((0, 0), |(requests, failed), level| (requests + level.requests, failed + level.failed))
}

/// Whether more than this share of the requests of a case failed.
fn fails_too_often(case: &CaseRecord, max_failures: f64) -> bool {
    let (requests, failed) = requests(case);
    failed as f64 > max_failures * requests as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_finding_decides() {
        let all = || Decision::default().unsure("u").slower("s").incomparable("i").failed("f").interrupted();
        let without = |drop: fn(&mut Decision)| {
            let mut decision = all();
            drop(&mut decision);
            decision
        };
        assert_eq!(all().exit_code(), 130);
        let not_interrupted = without(|d| d.interrupted = false);
        assert_eq!(not_interrupted.exit_code(), 1);
        let mut decision = Decision { failed: Vec::new(), ..not_interrupted };
        assert_eq!((decision.exit_code(), decision.reasons()), (2, &["i".to_owned()][..]));
        decision.incomparable.clear();
        assert_eq!((decision.exit_code(), decision.reasons()), (3, &["s".to_owned()][..]));
        decision.slower.clear();
        assert_eq!((decision.exit_code(), decision.reasons()), (4, &["u".to_owned()][..]));
        assert_eq!(Decision::default().exit_code(), 0);
        assert_eq!(Decision::default().and(Decision::default().slower("s")).exit_code(), 3);
    }

    /// Tests that the command that measures and the command that compares two records agree.
    #[test]
    fn a_case_that_failed_before_is_no_failure_now() {
        use crate::comparison::{Comparison, Judgement};
        use crate::testing::record;
        let (works, fails) =
            (record(vec![("unit/x", vec![100, 101, 102])]), record(vec![("unit/x", vec![])]));
        let compare = |old, new| Comparison::of(old, new, &Judgement::default(), |_| true);
        let policy = |strict| ComparisonPolicy { allowed: Some(0.0), strict };
        let code = |old, new, strict| {
            Decision::default().of_comparison(&compare(old, new), policy(strict)).exit_code()
        };
        assert_eq!(code(&fails, &works, false), exit::OK);
        assert_eq!(code(&fails, &works, true), exit::UNSURE);
        assert_eq!(code(&works, &fails, false), exit::FAILED);
        assert_eq!(code(&fails, &fails, false), exit::FAILED);
    }

    #[test]
    fn failures_of_a_load_outrank_levels_that_are_not_valid() {
        use bench_record::{Level, RoundRecord, Served};
        let code = |failed, causes: &[InvalidCause], max_failures| {
            let mut level = Level::named("concurrency 1");
            level.requests = 100;
            level.failed = failed;
            level.validity.valid = causes.is_empty();
            level.validity.causes = causes.to_vec();
            let mut record = crate::testing::record(vec![("unit/x", vec![100])]);
            record.cases[0].rounds = vec![RoundRecord::serving(Served::at_levels(vec![level]))];
            Decision::default().of_load(&record, max_failures).exit_code()
        };
        assert_eq!(code(0, &[], 0.0), exit::OK);
        assert_eq!(code(2, &[InvalidCause::Failures], 0.01), exit::FAILURES);
        assert_eq!(code(2, &[InvalidCause::Failures], 0.05), exit::OK);
        assert_eq!(code(0, &[InvalidCause::HarnessLate], 0.01), exit::INVALID);
        assert_eq!(code(2, &[InvalidCause::HarnessLate, InvalidCause::Failures], 0.01), exit::FAILURES);
        let ended = |cause| {
            let mut record = crate::testing::record(vec![("unit/x", vec![100])]);
            record.cases[0].status = bench_record::Status::Failed;
            record.cases[0].failure = Some(bench_record::Failure::new(cause, "refused"));
            record.cases[0].rounds.clear();
            Decision::default().of_load(&record, 0.01).exit_code()
        };
        assert_eq!((ended(Cause::Error), ended(Cause::Panic)), (exit::FAILURES, exit::FAILED));
    }
}
