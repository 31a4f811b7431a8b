//! The plan: which cases, how each is measured, and in which order their rounds come.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::benchmark::Overrides;
use crate::case::Case;
use crate::error::UsageError;
use crate::quantity::{Seconds, nanoseconds};
use crate::record::{Measure, Settings};

/// A case may take this long in all, beyond the budget that was asked for and the time that its levels of load are to
/// last: a benchmark of a minute is rare, one that takes five is stuck.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(300);

/// Share of a shorter timeout that a budget may take.
const OF_TIMEOUT: f64 = 0.8;

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

/// Checks that what a person asked for can be done.
///
/// # Errors
/// A budget that is longer than the time after which the case fails.
pub(crate) fn check(wishes: &Wishes) -> Result<(), UsageError> {
    match (wishes.overrides.max_time, wishes.overrides.timeout) {
        (Some(max_time), Some(timeout)) if timeout < max_time => Err(UsageError(format!(
            "`--timeout {}` would end a case before its `--max-time {}`: give the timeout the longer time",
            Seconds(timeout.as_secs_f64()),
            Seconds(max_time.as_secs_f64())
        ))),
        _ => Ok(()),
    }
}

/// How `case` is measured: flags before attribute before defaults.
pub(crate) fn settings(case: &Case, wishes: &Wishes) -> Settings {
    let benchmark = case.benchmark();
    let (flags, attribute) = (&wishes.overrides, &benchmark.settings);
    let asked = flags.max_time.or(attribute.max_time);
    let timeout = flags.timeout.or(attribute.timeout);
    let timeout_s = timeout.unwrap_or(TIMEOUT + asked.unwrap_or_default()).as_secs_f64();
    let max_time_s = asked.unwrap_or_else(|| benchmark.category.default_budget()).as_secs_f64();
    let settings = Settings {
        measure: wishes.measure,
        warmup: flags.warmup.or(attribute.warmup),
        repeats: flags.repeats.or(attribute.repeats),
        rounds: flags.rounds.or(attribute.rounds),
        // A budget that the timeout would cut off ends before, so that the case has its figures.
        max_time_s: if max_time_s > timeout_s { OF_TIMEOUT * timeout_s } else { max_time_s },
        max_time_is_hard: asked.is_some(),
        timeout_s,
        timeout_is_hard: timeout.is_some(),
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

/// Puts `items` into an order that depends on the seed alone (Fisher-Yates).
pub(crate) fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed;
    for end in (1..items.len()).rev() {
        state = state.wrapping_add(1);
        // The bias of `%` is below 2⁻³² for any number of cases that fits into memory.
        items.swap(end, (mix(state) % (end as u64 + 1)) as usize);
    }
}

/// A seed nobody chose.
pub(crate) fn clock_seed() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| mix(nanoseconds(since)))
}

/// A hash of an id, the same in every build and on every machine: FNV-1a, 64 bits, its bits mixed.
pub(crate) fn hash(id: &str) -> u64 {
    mix(id
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014).
pub(crate) fn mix(state: u64) -> u64 {
    let mut z = state.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_time_know_each_other() {
        use crate::benchmark::{Benchmark, Category, Ignore, Source};
        static X: Benchmark = Benchmark {
            name: "x",
            model: None,
            category: Category::Unit,
            tags: &[],
            targets: &[],
            axes: &[],
            settings: Overrides::NONE,
            ignore: Ignore::No,
            source: Source { module: "m", file: "f.rs", line: 1 },
            call: |_, _| Ok(()),
        };
        let case = Case::all_of(&X).next().expect("a case");
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
    fn order_follows_the_seed_and_loses_nothing() {
        let order = |seed| {
            let mut items: Vec<u32> = (0..50).collect();
            shuffle(&mut items, seed);
            items
        };
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
        let mut again = order(3);
        again.sort_unstable();
        assert_eq!(again, (0..50).collect::<Vec<_>>());
    }
}
