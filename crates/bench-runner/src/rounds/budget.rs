//! Decides whether a case gets another round, and how long that may be.

use std::time::Duration;

use bench_protocol::Mode;
use bench_record::{CaseRecord, RoundRecord};

/// The number of slices of a case's budget, one for each round: processes differ by more than samples do, so many
/// short rounds show more than few long ones.
const SLICES: f64 = 20.0;

/// The minimum number of rounds with which the interval of the median assumes nothing about the tails.
const FEWEST_ROUNDS: usize = 6;

/// The maximum number of rounds: more would show nothing new.
const MOST_ROUNDS: usize = 60;

/// The default number of rounds over which `repeats` are spread.
const ROUNDS_FOR_REPEATS: u64 = 5;

/// The next round of a case.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Next {
    /// The exact number of samples; `None` if no number was requested.
    pub samples: Option<u64>,
    /// The time that warm-up and sampling should take.
    pub slice: Duration,
    /// The time after which the round has failed.
    pub timeout: Duration,
}

/// Returns the next round; `None` if the case has enough rounds, has failed, or has spent its budget.
pub(crate) fn next(case: &CaseRecord, mode: Mode) -> Option<Next> {
    let settings = &case.settings;
    let done = case.rounds.len();
    if case.rounds.iter().any(|round| !round.is_ok()) {
        return None;
    }
    let spent: f64 = case.rounds.iter().map(RoundRecord::spent_s).sum();
    let expected: f64 = case.rounds.iter().filter_map(|round| round.expected_s).sum();
    let allowed = if settings.timeout_is_hard { settings.timeout_s } else { settings.timeout_s + expected };
    let timeout = seconds(allowed - spent);
    // A round that would be ended by the timeout is not begun: the case keeps what it has.
    let another_s = case.rounds.last().map_or(0.0, |last| match settings.timeout_is_hard {
        true => last.spent_s(),
        false => last.spent_s() - last.expected_s.unwrap_or_default(),
    });
    if done > 0 && mode != Mode::Once && allowed - spent < another_s {
        return None;
    }
    if mode == Mode::Once {
        return (done == 0).then_some(Next { samples: None, slice: Duration::ZERO, timeout });
    }
    let left = settings.max_time_s - spent;
    let wanted = settings
        .rounds
        .map(u64::from)
        .or_else(|| settings.repeats.map(|repeats| repeats.min(ROUNDS_FOR_REPEATS)));
    if let Some(wanted) = wanted {
        let out_of_time = settings.max_time_is_hard && done > 0 && left <= 0.0;
        return (!out_of_time && (done as u64) < wanted).then(|| Next {
            samples: settings.repeats.map(|repeats| share(repeats, wanted, done as u64)),
            slice: seconds(settings.max_time_s / wanted as f64),
            timeout,
        });
    }
    let Some(last) = case.rounds.last() else {
        return Some(Next { samples: None, slice: seconds(settings.max_time_s / SLICES), timeout });
    };
    let precise = case
        .time
        .as_ref()
        .and_then(|time| time.precision())
        .is_some_and(|precision| precision <= settings.target_precision);
    // A disturbed round cannot be relied on: another one takes its place.
    let sound = case.rounds.iter().filter(|round| round.disturbed.is_none()).count();
    // A round of which less than half would fit into the budget is not begun.
    if done >= MOST_ROUNDS || precise && sound >= FEWEST_ROUNDS || left < last.spent_s() / 2.0 {
        return None;
    }
    // If starting and loading take long, measuring may take the same time.
    let slice = (settings.max_time_s / SLICES).max(cost_before_warm_up(last)).min(left.max(0.0));
    Some(Next { samples: None, slice: seconds(slice), timeout })
}

/// Returns the repeats of round number `round` if `repeats` are spread over `rounds`, at least one for each.
fn share(repeats: u64, rounds: u64, round: u64) -> u64 {
    (repeats / rounds + u64::from(round < repeats % rounds)).max(1)
}

/// Returns the time of a round before its warm-up and samples: setup, load, first call.
fn cost_before_warm_up(round: &RoundRecord) -> f64 {
    let samples: f64 = round.sample_ns.iter().map(|ns| *ns as f64).sum();
    let warm_up = round.warm_up.map_or(0.0, |warm_up| warm_up.ns as f64);
    round.spent_s() - (samples + warm_up) / 1e9
}

/// Converts seconds to a duration; a value that is negative or too large is limited.
fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)
}
