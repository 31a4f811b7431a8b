//! The plan: which cases, how each is measured, and in which order their rounds come.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::benchmark::Overrides;
use crate::case::Case;
use crate::quantity::nanoseconds;
use crate::record::{Measure, Settings};

/// A case may take this long in all when nothing else is said: a benchmark of a minute is rare, one
/// that takes five is stuck.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(300);

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
pub(crate) fn settings(case: &Case, wishes: &Wishes) -> Settings {
    let benchmark = case.benchmark();
    let (flags, attribute) = (&wishes.overrides, &benchmark.settings);
    let asked = flags.max_time.or(attribute.max_time);
    let settings = Settings {
        measure: wishes.measure,
        warmup: flags.warmup.or(attribute.warmup),
        repeats: flags.repeats.or(attribute.repeats),
        rounds: flags.rounds.or(attribute.rounds),
        max_time_s: asked.unwrap_or_else(|| benchmark.category.default_budget()).as_secs_f64(),
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
