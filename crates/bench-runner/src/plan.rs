//! How each case is measured: flags before attribute before defaults.

use std::time::Duration;

use bench_protocol::{Case, Overrides};
use bench_record::{Measure, Settings};

/// A case may take this long in all when nothing else is said: a benchmark of a minute is rare, one
/// that takes five is stuck.
pub const TIMEOUT: Duration = Duration::from_secs(300);

/// A count that repeats once repeats always; one that does not is seen not to.
const COUNTED_ROUNDS: u32 = 2;

/// How much longer a case may take under valgrind where only the attribute, or nobody, has said how long.
const SLOWER_UNDER_VALGRIND: f64 = 10.0;

/// Half-width of the 95 % interval of the median, as a share of it.
const TARGET_PRECISION: f64 = 0.01;

/// What the person who started the run says about measuring; it outranks the attributes.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// Flags of the same names as the attribute's keys.
    pub overrides: Overrides,
    /// Half-width of the 95 % interval of the median, as a share of it.
    pub target_precision: Option<f64>,
    /// What is measured.
    pub measure: Measure,
}

/// How `case` is measured: flags before attribute before defaults.
pub fn settings(case: &Case, wishes: &Wishes) -> Settings {
    let (flags, attribute) = (&wishes.overrides, &case.settings);
    let asked = flags.max_time.or(attribute.max_time);
    let settings = Settings {
        measure: wishes.measure,
        warmup: flags.warmup.or(attribute.warmup),
        repeats: flags.repeats.or(attribute.repeats),
        rounds: flags.rounds.or(attribute.rounds),
        max_time_s: asked.unwrap_or_else(|| case.category.default_budget()).as_secs_f64(),
        max_time_is_hard: asked.is_some(),
        timeout_s: flags.timeout.or(attribute.timeout).unwrap_or(TIMEOUT).as_secs_f64(),
        target_precision: wishes.target_precision.unwrap_or(TARGET_PRECISION),
    };
    match wishes.measure {
        Measure::Time => settings,
        Measure::Instructions => counting(settings, flags),
    }
}

/// How a case whose instructions are counted is run: what its attribute says of time does not apply.
fn counting(settings: Settings, flags: &Overrides) -> Settings {
    let slower = if flags.timeout.is_some() { 1.0 } else { SLOWER_UNDER_VALGRIND };
    Settings {
        warmup: flags.warmup,
        repeats: None,
        rounds: Some(flags.rounds.unwrap_or(COUNTED_ROUNDS)),
        max_time_is_hard: false,
        timeout_s: settings.timeout_s * slower,
        ..settings
    }
}
