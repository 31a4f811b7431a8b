//! Counts the instructions of both sides, once nothing is timed any more.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use bench_protocol::Mode;
use bench_record::{RunState, Verdict};
use bench_runner::callgrind::Valgrind;
use bench_runner::rounds::{Interrupt, Workers};
use bench_syntax::UsageError;

use super::counted::{Uncounted, WhyUncounted};
use super::counter::{Counter, Held, Patience};
use super::{Follow, PairedCase, PairedComparison, Role, Rules, Side};

/// The flag that decides whether instructions are counted.
const FLAG: &str = "--instructions always";

/// The smallest time limit of a process, however short the comparison was: valgrind itself takes about a second to
/// start a program.
const LEAST_A_COUNT: Duration = Duration::from_secs(5);

/// The smallest time limit of all counts together, however short the comparison was: it allows for both sides of one
/// case, twice.
const LEAST_IN_ALL: Duration = Duration::from_secs(10);

/// The smallest factor by which a process takes longer under valgrind.
const SLOWER: u32 = 20;

/// The cases whose instructions are counted in addition to the times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CountChoice {
    /// Counts cases whose time is unsure or has changed by little, if valgrind is installed, and for no longer than
    /// the times took.
    #[default]
    Auto,
    /// Counts all compared cases, however long it takes.
    Always,
    /// Counts no case.
    Never,
}

impl fmt::Display for CountChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            CountChoice::Auto => "auto",
            CountChoice::Always => "always",
            CountChoice::Never => "never",
        })
    }
}

impl FromStr for CountChoice {
    type Err = UsageError;

    fn from_str(text: &str) -> Result<Self, UsageError> {
        match text {
            "auto" => Ok(CountChoice::Auto),
            "always" => Ok(CountChoice::Always),
            "never" => Ok(CountChoice::Never),
            _ => Err(UsageError::malformed(
                "choice of when to count instructions",
                text,
                "`auto`, `always` or `never`",
            )),
        }
    }
}

/// Counts instructions of `base` and `candidate`, which have been compared, for the cases that `choice` names, and
/// adds them to the times. Verdicts do not change. If it is interrupted, it keeps the counts so far.
///
/// A case that cannot be counted has not failed: the comparison contains the reason.
pub fn count(
    comparison: &mut PairedComparison,
    (base, candidate): (&Side, &Side),
    choice: CountChoice,
    interrupt: &Interrupt,
    follow: &mut dyn Follow,
) {
    let subjects = wanted(comparison, base, candidate, choice);
    if subjects.is_empty() || interrupt.is_raised() {
        return;
    }
    let valgrind = match Valgrind::find(FLAG) {
        Ok(valgrind) => valgrind,
        Err(error) => {
            if choice == CountChoice::Always {
                comparison.notes.push(format!("no instructions were counted: {error}"));
            }
            return;
        }
    };
    let rules = &comparison.rules;
    let mut workers = Workers::new(interrupt.clone(), rules.max_memory, false, Some(valgrind));
    let timed = Duration::try_from_secs_f64(comparison.seconds).unwrap_or_default();
    let mut counter = Counter::new(&mut workers, rules, patience(choice, rules, timed));
    for (number, subject) in subjects.iter().enumerate() {
        let case = &mut comparison.cases[subject.index];
        follow.counts(&case.compared.id, number, subjects.len());
        match counter.pair(subject.base, subject.candidate, subject.expected) {
            Ok(counted) => case.instructions = Some(counted),
            Err(uncounted) => case.uncounted = Some(uncounted),
        }
    }
    comparison.counting = counter.end();
    bench_runner::end_own_strays();
}

/// A case that is counted, in both programs.
struct Wanted<'a> {
    /// Its place in the comparison.
    index: usize,
    base: Held<'a>,
    candidate: Held<'a>,
    /// The expected time of a process; zero if it does not matter.
    expected: Duration,
}

/// Returns the cases to count: unsure cases first, and among cases that are equal in this respect, those that take the
/// least time to count.
fn wanted<'a>(
    comparison: &mut PairedComparison,
    base: &'a Side,
    candidate: &'a Side,
    choice: CountChoice,
) -> Vec<Wanted<'a>> {
    if choice == CountChoice::Never || comparison.state == RunState::Interrupted {
        return Vec::new();
    }
    let held = |side: Role, programs: &'a Side, id: &str| {
        programs.find(id).map(|(opened, case)| Held { side, opened, case })
    };
    let mut subjects = Vec::new();
    for (index, case) in comparison.cases.iter_mut().enumerate().filter(|(_, case)| is_wanted(case, choice)) {
        let id = &case.compared.id;
        let (Some(base), Some(candidate)) =
            (held(Role::Base, base, id), held(Role::Candidate, candidate, id))
        else {
            continue;
        };
        match [base, candidate].into_iter().find(|held| !held.opened.listing.offers(Mode::Count)) {
            None => {
                let expected = if choice == CountChoice::Always { Duration::ZERO } else { expected(case) };
                subjects.push(Wanted { index, base, candidate, expected });
            }
            // Without a request to count, this is not reported.
            Some(_) if choice == CountChoice::Auto => {}
            Some(held) => {
                let message = format!("{} cannot count instructions", held.opened.program.name());
                case.uncounted = Some(Uncounted::new(WhyUncounted::NotOffered, held.side, message));
            }
        }
    }
    let cases = &comparison.cases;
    subjects
        .sort_by_key(|subject| (cases[subject.index].compared.verdict != Verdict::Unsure, subject.expected));
    subjects
}

/// Estimates the time of a process under valgrind from that of processes without it: the time to start, load and make a
/// first call, and that of one more iteration.
fn expected(case: &PairedCase) -> Duration {
    let processes = 2.0 * case.pairs.len().max(1) as f64;
    let sides = [case.compared.old_s, case.compared.new_s];
    let iteration = sides.into_iter().flatten().fold(0.0, f64::max);
    let seconds = case.time.start_s / processes + iteration;
    Duration::try_from_secs_f64(seconds).unwrap_or_default().saturating_mul(SLOWER)
}

/// Whether instructions add something to the result of a case.
fn is_wanted(case: &PairedCase, choice: CountChoice) -> bool {
    match (choice, case.compared.verdict) {
        (CountChoice::Auto, Verdict::Unsure) => true,
        // Whether the work has changed as well is worth knowing.
        (CountChoice::Auto, Verdict::Slower | Verdict::Faster) => case.changed_by_little(),
        (CountChoice::Always, Verdict::Unsure | Verdict::Slower | Verdict::Faster | Verdict::Same) => true,
        _ => false,
    }
}

/// Returns the time limits of counting, for a comparison that took `timed`.
fn patience(choice: CountChoice, rules: &Rules, timed: Duration) -> Patience {
    match choice {
        CountChoice::Always => Patience { one: rules.timeout, all: Duration::MAX },
        CountChoice::Auto | CountChoice::Never => Patience {
            one: rules.max_time.max(LEAST_A_COUNT).min(rules.timeout),
            all: timed.max(LEAST_IN_ALL),
        },
    }
}

#[cfg(test)]
mod tests;
