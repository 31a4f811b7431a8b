//! Reduces a process pair to one number.
//!
//! The statistic, the effect that is removed from it and its scale are decided by earlier pairs, and by how much the
//! halves of this pair differ, which does not depend on which side is called the base. Exchanging the names of the
//! sides therefore changes only the sign of the number, which is all that the bets assume ([`bench_stats::Bets`]).

use serde::{Deserialize, Serialize};

use super::{DrawnLayouts, Pair, Role};
use bench_stats as stats;
use bench_stats::Observation;

/// A number that summarizes a process pair: a log ratio candidate/base, which changes its sign when the sides are
/// exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Statistic {
    /// The median of the log ratios of neighbouring batches: drift cancels, and up to half of them may be wild.
    Neighbours,
    /// The Hodges-Lehmann location of these log ratios: steadier if times have modes.
    HodgesLehmann,
    /// The log ratio of the tenth percentiles of both sides: interruptions do not affect them.
    LowestTenth,
    /// The log ratio of the first quartiles.
    LowestQuarter,
    /// The log ratio of the means of the faster halves.
    FasterHalf,
    /// The log ratio of the means of the fastest quarters.
    FastestQuarter,
}

impl Statistic {
    const ALL: [Statistic; 6] = [
        Statistic::Neighbours,
        Statistic::HodgesLehmann,
        Statistic::LowestTenth,
        Statistic::LowestQuarter,
        Statistic::FasterHalf,
        Statistic::FastestQuarter,
    ];

    /// Returns the statistic for pairs with this many batches while no steadier one is known: the median of few batches
    /// ignores too much.
    fn usual(batches: usize) -> Self {
        if batches >= MANY_BATCHES { Statistic::Neighbours } else { Statistic::HodgesLehmann }
    }
}

/// A process pair, and the number that summarizes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ObservedPair {
    /// The measured pair.
    #[serde(flatten)]
    pub pair: Pair,
    /// The statistic that summarizes it.
    pub statistic: Statistic,
    /// The log ratio candidate/base, with the effect of the order removed as far as earlier pairs have shown it.
    pub log_ratio: f64,
    /// The spread that is expected from earlier pairs and from the halves of this one, as a standard deviation; `None`
    /// if neither shows it.
    pub scale: Option<f64>,
    /// The layouts that were drawn; `None` if each program was linked once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layouts: Option<DrawnLayouts>,
}

impl ObservedPair {
    /// Returns the observation on which the test bets.
    pub(super) fn observation(&self) -> Observation {
        Observation { value: self.log_ratio, scale: self.scale }
    }
}

/// The number of past pairs that are considered: earlier ones are not, because conditions change.
const MEMORY: usize = 200;

/// The number of pairs below which the effect of the order cannot be distinguished from noise.
const PAIRS_TO_LEARN_ORDER: usize = 8;

/// The number of batches from which on the median loses little precision. Slow cases have fewer.
const MANY_BATCHES: usize = 20;

/// The number of pairs below which the spread of pairs does not show that a statistic is better than the usual one.
const PAIRS_TO_CHOOSE: usize = 8;

/// The number of batches below which the halves of a pair are too small to be compared.
const FEWEST_TO_HALVE: usize = 4;

/// The number of pairs that the spread within pairs counts as: this many pairs show their own spread about as well.
const PAIRS_WITHIN: f64 = 8.0;

/// The number of random divisions into halves: more of them hardly make their mean steadier.
const DIVISIONS: u64 = 10;

/// The share of the usual statistic's spread below which the spread of another one must lie: the smallest of several
/// spreads is often due to chance.
const CLEARLY: f64 = 0.8;

/// The values that are fixed for a pair before it is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Expectation {
    statistic: Statistic,
    /// The effect on a log ratio if the base comes first.
    order: f64,
    scale: Option<f64>,
}

/// A number for each of [`Statistic::ALL`].
type ByStatistic = [f64; Statistic::ALL.len()];

/// All statistics of a pair that has been measured.
#[derive(Clone, Copy, Debug)]
struct Past {
    first: Role,
    values: ByStatistic,
    /// The squared standard errors of the values, as far as the pair itself shows them.
    squared_errors: Option<ByStatistic>,
}

/// All statistics of the pairs of a case.
#[derive(Clone, Debug, Default)]
pub(super) struct Observer(Vec<Past>);

impl Observer {
    /// Summarizes a pair by the statistic that earlier pairs, and its own halves, have shown to be the best.
    pub(super) fn observe(&mut self, pair: Pair) -> ObservedPair {
        let squared_errors = squared_errors(&pair);
        let Expectation { statistic, order, scale } =
            self.expect(Statistic::usual(pair.base_ns.len()), squared_errors);
        let values = summaries(&pair);
        let log_ratio = values[statistic as usize] - sign(pair.first) * order;
        self.0.push(Past { first: pair.first, values, squared_errors });
        ObservedPair { pair, statistic, log_ratio, scale, layouts: None }
    }

    fn expect(&self, usual: Statistic, present: Option<ByStatistic>) -> Expectation {
        let past = &self.0[self.0.len().saturating_sub(MEMORY)..];
        let within: Vec<ByStatistic> =
            past.iter().filter_map(|pair| pair.squared_errors).chain(present).collect();
        let of = |statistic: Statistic| {
            let order = if past.len() >= PAIRS_TO_LEARN_ORDER { order_effect(past, statistic) } else { 0.0 };
            let rest: Vec<f64> =
                past.iter().map(|pair| pair.values[statistic as usize] - sign(pair.first) * order).collect();
            let between = stats::robust_deviation(&rest).filter(|_| past.len() >= 2);
            let errors: Vec<f64> = within.iter().map(|errors| errors[statistic as usize]).collect();
            let squared_error = stats::mean(&errors).filter(|error| *error > 0.0);
            let scale = spread(between, past.len(), squared_error).filter(|scale| scale.is_finite());
            Expectation { statistic, order, scale }
        };
        let others = Statistic::ALL.into_iter().filter(|statistic| *statistic != usual);
        let usual = of(usual);
        if past.len() < PAIRS_TO_CHOOSE && within.is_empty() {
            return usual;
        }
        let spread = |expectation: Expectation| expectation.scale.unwrap_or(f64::INFINITY);
        // The choice between two equal spreads must not depend on rounding, which differs between the sides.
        let steadier = |best: Expectation, other: Expectation| {
            if spread(other) < 0.999 * spread(best) { other } else { best }
        };
        let steadiest = others.map(of).fold(usual, steadier);
        if spread(steadiest) < CLEARLY * spread(usual) { steadiest } else { usual }
    }
}

/// Returns the spread that the next pair is expected to have, from the spread `between` this number of `pairs` and from
/// the mean square of their own errors; `None` if both are unknown. The fewer pairs there are, the less their spread
/// counts: two may be close to each other by chance.
fn spread(between: Option<f64>, pairs: usize, squared_error: Option<f64>) -> Option<f64> {
    let Some(squared_error) = squared_error else { return between };
    let Some(between) = between else { return Some(squared_error.sqrt()) };
    let pairs = pairs as f64;
    let squares = pairs * between * between + PAIRS_WITHIN * squared_error;
    Some((squares / (pairs + PAIRS_WITHIN)).sqrt())
}

/// Returns the squared standard errors of the statistics of a pair with few batches: half of the difference between two
/// halves of the pair varies as their mean does. `None` if there are too few batches, or so many that they are not
/// needed.
fn squared_errors(pair: &Pair) -> Option<ByStatistic> {
    let batches = pair.base_ns.len().min(pair.candidate_ns.len());
    if !(FEWEST_TO_HALVE..MANY_BATCHES).contains(&batches) {
        return None;
    }
    let mut sums = [0.0; Statistic::ALL.len()];
    for division in 0..DIVISIONS {
        let mut numbers: Vec<usize> = (0..batches).collect();
        // The same divisions for every pair, whatever was measured.
        stats::seed::shuffle(&mut numbers, division);
        let (one, other) = numbers.split_at(batches / 2);
        let half = |numbers: &[usize]| {
            let of = |times: &[u64]| numbers.iter().map(|number| times[*number]).collect();
            let (base_ns, candidate_ns) = (of(&pair.base_ns), of(&pair.candidate_ns));
            summaries(&Pair { base_ns, candidate_ns, ..*pair })
        };
        for ((sum, one), other) in sums.iter_mut().zip(half(one)).zip(half(other)) {
            *sum += ((one - other) / 2.0).powi(2) / DIVISIONS as f64;
        }
    }
    Some(sums)
}

/// Returns +1 if the base came first, otherwise −1.
fn sign(first: Role) -> f64 {
    match first {
        Role::Base => 1.0,
        Role::Candidate => -1.0,
    }
}

/// Returns half of the difference between the pairs of either order, in which the change of the code cancels; 0 if one
/// order is missing.
fn order_effect(past: &[Past], statistic: Statistic) -> f64 {
    let median_of = |role: Role| {
        let values: Vec<f64> = past
            .iter()
            .filter(|pair| pair.first == role)
            .map(|pair| pair.values[statistic as usize])
            .collect();
        stats::median(&stats::sorted(&values))
    };
    match (median_of(Role::Base), median_of(Role::Candidate)) {
        (Some(base), Some(candidate)) if (base - candidate).is_finite() => (base - candidate) / 2.0,
        _ => 0.0,
    }
}

/// Returns the values of all statistics for a pair, in the order of [`Statistic::ALL`]; NaN if the pair has no batches.
fn summaries(pair: &Pair) -> ByStatistic {
    let logs = pair.log_ratios();
    let ascending = |side: Role| stats::sorted(&pair.times(side).collect::<Vec<_>>());
    let sides = [ascending(Role::Candidate), ascending(Role::Base)];
    let ratio = |of: &dyn Fn(&[f64]) -> Option<f64>| {
        let [candidate, base] = &sides;
        Some((of(candidate)? / of(base)?).ln())
    };
    let fastest = |share: usize| ratio(&|times: &[f64]| stats::mean(&times[..times.len().div_ceil(share)]));
    let quantile = |share: f64| ratio(&|times: &[f64]| interpolated(times, share));
    Statistic::ALL.map(|statistic| {
        let value = match statistic {
            Statistic::Neighbours => stats::median(&stats::sorted(&logs)),
            Statistic::HodgesLehmann => stats::hodges_lehmann(&logs),
            Statistic::LowestTenth => quantile(0.1),
            Statistic::LowestQuarter => quantile(0.25),
            Statistic::FasterHalf => fastest(2),
            Statistic::FastestQuarter => fastest(4),
        };
        value.unwrap_or(f64::NAN)
    })
}

/// Returns a quantile of an ascending slice, interpolated between neighbours (Hyndman and Fan's type 7); `None` if the
/// slice is empty.
fn interpolated(ascending: &[f64], share: f64) -> Option<f64> {
    let place = share * ascending.len().checked_sub(1)? as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    Some(ascending[below] + (ascending[above] - ascending[below]) * place.fract())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pair(first: Role, base_ns: &[u64], candidate_ns: &[u64]) -> Pair {
        Pair {
            first,
            iterations: 10,
            base_ns: base_ns.to_vec(),
            candidate_ns: candidate_ns.to_vec(),
            handed_over: 0,
        }
    }

    #[test]
    fn every_statistic_sees_a_tenth() {
        let found = summaries(&pair(Role::Base, &[100, 100, 200, 100, 300], &[110, 110, 220, 110, 330]));
        for (statistic, log_ratio) in Statistic::ALL.iter().zip(found) {
            assert!((log_ratio - 1.1f64.ln()).abs() < 1e-12, "{statistic:?}: {log_ratio}");
        }
        // One wild batch of five does not affect any of them.
        let wild = summaries(&pair(Role::Base, &[100, 100, 200, 100, 300], &[110, 110, 220, 110, 9000]));
        for (statistic, log_ratio) in Statistic::ALL.iter().zip(wild) {
            assert!((log_ratio - 1.1f64.ln()).abs() < 1e-12, "{statistic:?}: {log_ratio}");
        }
        assert!(summaries(&pair(Role::Base, &[], &[])).iter().all(|value| value.is_nan()));
    }

    /// Returns a pair whose first side is 4 % slower because of the order, and whose candidate is 1 % slower.
    fn ordered(number: usize) -> Pair {
        let first = if (number * 7).is_multiple_of(3) { Role::Base } else { Role::Candidate };
        let noise = (number * 13 % 32) as f64 / 31.0 - 0.5;
        let log_ratio = 0.01 - sign(first) * 0.04 + 0.002 * noise;
        pair(first, &[1_000_000; 4], &[(1e6 * log_ratio.exp()) as u64; 4])
    }

    #[test]
    fn what_the_order_does_is_learnt_and_taken_out() {
        let mut observer = Observer::default();
        let seen: Vec<ObservedPair> = (0..40).map(|number| observer.observe(ordered(number))).collect();
        assert!(seen[..8].iter().all(|pair| (pair.log_ratio - 0.01).abs() > 0.03), "nothing is known yet");
        assert!(seen[10..].iter().all(|pair| (pair.log_ratio - 0.01).abs() < 0.003), "{:?}", seen[10]);
        assert_eq!(seen[1].scale, None);
        assert!(seen[20].scale.is_some_and(|scale| scale < 0.003), "{:?}", seen[20].scale);
    }

    /// Returns a pair with this many `batches` of about 100 ms, which all vary by 1 %; the share `held_up` of them
    /// takes up to a third longer.
    fn slow(number: u64, batches: u64, held_up: f64) -> Pair {
        let times = |salt: u64| -> Vec<u64> {
            (0..batches)
                .map(|batch| {
                    let chance = |salt: u64| {
                        (stats::seed::mix(number * 1000 + salt + batch) >> 11) as f64 / (1u64 << 53) as f64
                    };
                    let late = if chance(salt) < held_up { chance(salt + 100) / 3.0 } else { 0.0 };
                    (1e8 * (1.0 + late + 0.01 * chance(salt + 200))) as u64
                })
                .collect()
        };
        pair(if number.is_multiple_of(2) { Role::Base } else { Role::Candidate }, &times(0), &times(500))
    }

    #[test]
    fn few_batches_are_summed_up_by_what_suits_them_from_the_first_pairs_on() {
        let third = |batches, held_up| {
            let mut observer = Observer::default();
            (0..3).map(|number| observer.observe(slow(number, batches, held_up)).statistic).last()
        };
        assert_eq!(third(10, 0.0), Some(Statistic::HodgesLehmann));
        assert_eq!(third(50, 0.0), Some(Statistic::Neighbours));
        let steadier = third(16, 0.6);
        assert!(!matches!(steadier, Some(Statistic::HodgesLehmann | Statistic::Neighbours)), "{steadier:?}");
    }

    #[test]
    fn the_halves_of_the_first_pair_show_how_much_the_next_may_differ() {
        let mut observer = Observer::default();
        let seen: Vec<ObservedPair> =
            (0..200).map(|number| observer.observe(slow(number, 10, 0.0))).collect();
        let values: Vec<f64> = seen.iter().map(|pair| pair.log_ratio).collect();
        let found = stats::robust_deviation(&values).expect("a spread");
        for pair in &seen[..6] {
            let scale = pair.scale.expect("a scale");
            assert!((0.4..2.5).contains(&(scale / found)), "expected {scale}, found {found}");
        }
    }

    #[test]
    fn the_steadiest_statistic_is_chosen() {
        let mut observer = Observer::default();
        // Half of the batches are interrupted, at random: only the fastest show what the code does.
        let seen: Vec<ObservedPair> = (0..60u64)
            .map(|number| {
                let times = |salt: u64| -> Vec<u64> {
                    (0..20)
                        .map(|batch| {
                            let chance = stats::seed::mix(number * 1000 + salt + batch);
                            1_000_000 + chance % 1000 + if chance & 0x1_0000 == 0 { 0 } else { chance >> 44 }
                        })
                        .collect()
                };
                let first = if number % 2 == 0 { Role::Base } else { Role::Candidate };
                observer.observe(pair(first, &times(0), &times(500)))
            })
            .collect();
        assert!(seen[..PAIRS_TO_CHOOSE].iter().all(|pair| pair.statistic == Statistic::Neighbours));
        let last = seen[59].statistic;
        assert!(!matches!(last, Statistic::Neighbours | Statistic::HodgesLehmann), "{last:?}");
    }

    proptest! {
        /// Swapping the names of the sides negates each log ratio, and leaves the statistic and the scale unchanged.
        #[test]
        fn swapped_sides_say_the_opposite(
            pairs in proptest::collection::vec(
                (any::<bool>(), proptest::collection::vec((1u64..1_000_000, 1u64..1_000_000), 2..8)), 1..30),
        ) {
            let (mut one, mut other) = (Observer::default(), Observer::default());
            for (base_first, times) in pairs {
                let (base, candidate): (Vec<u64>, Vec<u64>) = times.into_iter().unzip();
                let first = if base_first { Role::Base } else { Role::Candidate };
                let seen = one.observe(pair(first, &base, &candidate));
                let swapped = other.observe(pair(first.other(), &candidate, &base));
                prop_assert_eq!(seen.statistic, swapped.statistic);
                let close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * (1.0 + a.abs());
                prop_assert!(close(seen.log_ratio, -swapped.log_ratio), "{} {}", seen.log_ratio, swapped.log_ratio);
                prop_assert!(close(seen.scale.unwrap_or(0.0), swapped.scale.unwrap_or(0.0)));
            }
        }
    }
}
