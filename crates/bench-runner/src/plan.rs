//! Combines the settings of each case: flags override the attribute, which overrides defaults.

use std::time::Duration;

use bench_protocol::{Case, Overrides};
use bench_record::{Measure, Settings};
use bench_syntax::UsageError;
use bench_syntax::quantity::Seconds;

/// The default time limit of a case, in addition to its budget and the planned time of its levels of load: a benchmark
/// that takes one minute is rare, and one that takes five has hung.
pub const TIMEOUT: Duration = Duration::from_secs(300);

/// The share of the timeout to which a longer budget is cut.
const OF_TIMEOUT: f64 = 0.8;

/// The number of rounds if instructions are counted: two show whether the count repeats.
const COUNTED_ROUNDS: u32 = 2;

/// The factor by which a case may take longer under valgrind if `--timeout` is not given.
const SLOWER_UNDER_VALGRIND: f64 = 10.0;

/// The target half-width of the 95 % interval of the median, as a share of the median.
const TARGET_PRECISION: f64 = 0.01;

/// The settings of the user, which override the attributes.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// Flags of the same names as the attribute's keys.
    pub overrides: Overrides,
    /// The target half-width of the 95 % interval of the median, as a share of the median.
    pub target_precision: Option<f64>,
    /// The measured quantity.
    pub measure: Measure,
}

/// Checks that the user's settings can be met.
///
/// # Errors
/// A budget that is longer than the time after which the case fails.
pub fn check(wishes: &Wishes) -> Result<(), UsageError> {
    match (wishes.overrides.max_time, wishes.overrides.timeout) {
        (Some(max_time), Some(timeout)) if timeout < max_time => Err(UsageError(format!(
            "`--timeout {}` would end a case before its `--max-time {}`: expected a timeout that is longer than \
             the budget",
            Seconds(timeout.as_secs_f64()),
            Seconds(max_time.as_secs_f64())
        ))),
        _ => Ok(()),
    }
}

/// Returns the settings of `case`: flags override the attribute, which overrides defaults.
pub fn settings(case: &Case, wishes: &Wishes) -> Settings {
    let (flags, attribute) = (&wishes.overrides, &case.settings);
    let asked = flags.max_time.or(attribute.max_time);
    let timeout = flags.timeout.or(attribute.timeout);
    let timeout_s = timeout.unwrap_or(TIMEOUT + asked.unwrap_or_default()).as_secs_f64();
    let max_time_s = asked.unwrap_or_else(|| case.category.default_budget()).as_secs_f64();
    let mut settings = Settings::default();
    settings.measure = wishes.measure;
    settings.warmup = flags.warmup.or(attribute.warmup);
    settings.repeats = flags.repeats.or(attribute.repeats);
    settings.rounds = flags.rounds.or(attribute.rounds);
    // A budget longer than the timeout is cut to end before it, so that the case has figures.
    settings.max_time_s = if max_time_s > timeout_s { OF_TIMEOUT * timeout_s } else { max_time_s };
    // Rounds that a flag requests are not cut short by a budget in the attribute.
    settings.max_time_is_hard =
        flags.max_time.or(attribute.max_time.filter(|_| flags.rounds.is_none())).is_some();
    settings.timeout_s = timeout_s;
    settings.timeout_is_hard = timeout.is_some();
    settings.threshold = attribute.usable_threshold();
    settings.target_precision = wishes.target_precision.unwrap_or(TARGET_PRECISION);
    match wishes.measure {
        Measure::Time => settings,
        Measure::Instructions => counting(settings, flags),
    }
}

/// Returns the settings of a case whose instructions are counted: the attribute's settings of time do not apply.
fn counting(mut settings: Settings, flags: &Overrides) -> Settings {
    let slower = if flags.timeout.is_some() { 1.0 } else { SLOWER_UNDER_VALGRIND };
    settings.warmup = flags.warmup;
    settings.repeats = None;
    settings.rounds = Some(flags.rounds.unwrap_or(COUNTED_ROUNDS));
    settings.max_time_is_hard = false;
    settings.timeout_s *= slower;
    settings
}

#[cfg(test)]
mod tests {
    use bench_syntax::Category;

    use super::*;

    #[test]
    fn limits_of_time_know_each_other() {
        let case = Case::new("unit/x", Category::Unit);
        let minutes = |minutes: u64| Some(Duration::from_secs(60 * minutes));
        let of = |max_time, timeout| {
            let wishes =
                Wishes { overrides: Overrides { max_time, timeout, ..Overrides::NONE }, ..Wishes::default() };
            let settings = settings(&case, &wishes);
            (settings.max_time_s, settings.timeout_s, check(&wishes).is_ok())
        };
        // The case may take its budget, and five minutes more.
        assert_eq!(of(minutes(10), None), (600.0, 900.0, true));
        assert_eq!(of(minutes(10), minutes(20)), (600.0, 1200.0, true));
        assert_eq!(of(minutes(10), minutes(5)), (240.0, 300.0, false));
        assert_eq!(of(None, Some(Duration::from_secs(1))).0, 0.8);
    }

    #[test]
    fn rounds_that_are_asked_for_are_cut_short_only_by_a_budget_that_is_asked_for_with_them() {
        let mut case = Case::new("unit/x", Category::Unit);
        let second = Some(Duration::from_secs(1));
        let hard = |case: &Case, rounds, max_time| {
            let overrides = Overrides { rounds, max_time, ..Overrides::NONE };
            settings(case, &Wishes { overrides, ..Wishes::default() }).max_time_is_hard
        };
        assert_eq!([hard(&case, Some(3), None), hard(&case, Some(3), second)], [false, true]);
        case.settings.max_time = second;
        assert_eq!([hard(&case, None, None), hard(&case, Some(3), None)], [true, false]);
        assert!(hard(&case, Some(3), second));
    }
}
