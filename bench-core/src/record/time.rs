//! Time per iteration: what the rounds of a case say together.

use serde::{Deserialize, Serialize};

use crate::quantity::Seconds;
use crate::record::{RoundRecord, disturbance};
use crate::stats::{self, Interval, Modes, Outliers};

/// Severe outliers beyond this share are worth a warning; fewer are what any shared machine makes.
const MANY_OUTLIERS: f64 = 0.05;

/// Time per iteration over all rounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Time {
    /// Median of the rounds' medians, in seconds: each process counts once.
    pub median_s: Seconds,
    /// Its 95 % interval ([`stats::median_interval`]), in seconds; absent with a single round.
    pub interval_s: Option<Interval>,
    /// Mean over all samples, in seconds.
    pub mean_s: Seconds,
    /// Standard deviation over all samples, in seconds; absent with a single one.
    pub standard_deviation_s: Option<Seconds>,
    /// Fastest sample, in seconds.
    pub min_s: Seconds,
    /// Slowest sample, in seconds.
    pub max_s: Seconds,
    /// 95th percentile over all samples.
    pub p95: Percentile,
    /// 99th percentile over all samples.
    pub p99: Percentile,
    /// Robust spread between the rounds' medians, as a share of the median; absent with a single round.
    pub spread_between_rounds: Option<f64>,
    /// Samples over the rounds that count.
    pub samples: usize,
    /// Rounds with figures that count.
    pub rounds: usize,
    /// Measured iterations over the rounds that count.
    pub iterations: u64,
    /// Samples far from the others ([`stats::outliers`]): counted, and part of every figure. Absent where
    /// there are too few, or where most are equal.
    #[serde(default)]
    pub outliers: Option<Outliers>,
    /// Two modes of the samples, in seconds, if there are two ([`stats::modes_of_rounds`]). Never where
    /// samples are too short for the clock, whose steps would be taken for modes.
    #[serde(default)]
    pub modes: Option<Modes>,
}

/// A percentile by nearest rank. Where samples hold several iterations it is one of samples' means.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Percentile {
    /// The value, in seconds.
    pub value_s: Seconds,
    /// Whether there are enough samples for it at 99 % confidence ([`stats::support`]).
    pub supported: bool,
}

impl Percentile {
    fn of(sorted: &[f64], p: f64) -> Option<Self> {
        stats::nearest_rank(sorted, p)
            .map(|value| Percentile { value_s: Seconds(value), supported: sorted.len() >= stats::support(p) })
    }
}

impl Time {
    /// The figures of `rounds` together, without those that fell into bad minutes where enough others are
    /// left; `None` where there is no sample.
    pub fn of(rounds: &[RoundRecord]) -> Option<Self> {
        let measured = || disturbance::counted(rounds).filter(|round| !round.sample_ns.is_empty());
        let medians: Vec<f64> = measured().filter_map(RoundRecord::median_s).collect();
        let samples: Vec<f64> = measured().flat_map(RoundRecord::per_iteration).collect();
        let ascending = stats::sorted(&samples);
        let modes = || {
            let by_round: Vec<Vec<f64>> = measured().map(|round| round.per_iteration().collect()).collect();
            stats::modes_of_rounds(&by_round)
        };
        Some(Time {
            median_s: Seconds(stats::median(&stats::sorted(&medians))?),
            interval_s: stats::median_interval(&medians),
            mean_s: Seconds(stats::mean(&samples)?),
            standard_deviation_s: stats::standard_deviation(&samples).map(Seconds),
            min_s: Seconds(*ascending.first()?),
            max_s: Seconds(*ascending.last()?),
            p95: Percentile::of(&ascending, 0.95)?,
            p99: Percentile::of(&ascending, 0.99)?,
            spread_between_rounds: stats::relative_spread(&medians),
            samples: samples.len(),
            rounds: medians.len(),
            iterations: measured()
                .map(|round| round.iterations_per_sample * round.sample_ns.len() as u64)
                .sum(),
            outliers: stats::outliers(&samples),
            modes: if is_coarse(rounds) { None } else { modes() },
        })
    }

    /// Half-width of the interval as a share of the median.
    pub fn precision(&self) -> Option<f64> {
        self.interval_s.map(|interval| interval.relative_half_width(self.median_s.0))
    }

    /// What keeps one figure from standing for all samples: two modes, or else many outliers.
    pub(super) fn irregularity(&self) -> Option<String> {
        if let Some(Modes { low, high }) = self.modes {
            let told = |mode: stats::Mode| format!("{} ({:.0} %", Seconds(mode.centre), mode.share * 100.0);
            return Some(format!("two modes: {} of samples) and {})", told(low), told(high)));
        }
        let outliers = self.outliers.filter(|found| found.severe_share() > MANY_OUTLIERS)?;
        let count = outliers.low_severe + outliers.high_severe;
        Some(format!(
            "{:.0} % of samples are severe outliers ({count} of {}: {} slow, {} fast): median and interval \
             bear it, mean and p99 show it",
            outliers.severe_share() * 100.0,
            outliers.of,
            outliers.high_severe,
            outliers.low_severe
        ))
    }
}

/// Whether most rounds have samples of less than 100 steps of the clock.
pub(super) fn is_coarse(rounds: &[RoundRecord]) -> bool {
    let coarse = |round: &&RoundRecord| {
        let sample =
            stats::median(&stats::sorted(&round.sample_ns.iter().map(|ns| *ns as f64).collect::<Vec<_>>()));
        sample.zip(round.clock_resolution_ns).is_some_and(|(sample, step)| sample < 100.0 * step as f64)
    };
    rounds.iter().filter(coarse).count() * 2 > rounds.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_from_before_is_read() {
        let round = |round| RoundRecord {
            round,
            iterations_per_sample: 1,
            sample_ns: (0..20).map(|k| 76_000 + k % 7 * 100).collect(),
            ..RoundRecord::default()
        };
        let mut value = serde_json::to_value(Time::of(&[round(0), round(1)])).expect("JSON");
        let fields = value.as_object_mut().expect("an object");
        assert!(fields.remove("outliers").is_some() && fields.remove("modes").is_some());
        let time: Time = serde_json::from_value(value).expect("figures");
        assert_eq!((time.outliers, time.modes), (None, None));
    }
}
