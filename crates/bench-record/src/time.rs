//! Time per iteration.

use bench_stats::{Interval, Modes, Outliers};
use bench_syntax::quantity::Seconds;
use serde::{Deserialize, Serialize};

/// Time per iteration over all rounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Time {
    /// Median of the rounds' medians, in seconds: each process counts once.
    pub median_s: Seconds,
    /// Its 95 % interval ([`bench_stats::median_interval`]), in seconds; absent with a single round.
    pub interval_s: Option<Interval>,
    /// Its 95 % interval, in seconds, with the spread between rounds moderated by that of the other cases of the run
    /// ([`bench_stats::SpreadOfCases`]): for one to five rounds, which alone say little about the spread. Absent with
    /// more rounds, and in runs of few cases.
    #[serde(default)]
    pub moderated_s: Option<Interval>,
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
    /// The number of samples over the rounds that count.
    pub samples: usize,
    /// The number of rounds with figures that count.
    pub rounds: usize,
    /// The number of measured iterations over the rounds that count.
    pub iterations: u64,
    /// Samples far from the others ([`bench_stats::outliers`]): counted, and part of every figure. Absent if there are
    /// too few samples, or if most are equal.
    #[serde(default)]
    pub outliers: Option<Outliers>,
    /// Two modes of the samples, in seconds, if there are two ([`bench_stats::modes_of_rounds`]). Absent if samples
    /// are too short for the clock, because its steps would be taken for modes.
    #[serde(default)]
    pub modes: Option<Modes>,
}

/// A percentile by nearest rank. A sample with several iterations counts as one value, their mean.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Percentile {
    /// The value, in seconds.
    pub value_s: Seconds,
    /// Whether there are enough samples for it at 99 % confidence ([`bench_stats::support`]).
    pub supported: bool,
}

impl Percentile {
    /// Returns percentile `p` of `ascending_s`, in seconds; `None` if there are no values.
    pub fn of(ascending_s: &[f64], p: f64) -> Option<Self> {
        let value_s = Seconds(bench_stats::nearest_rank(ascending_s, p)?);
        Some(Percentile { value_s, supported: ascending_s.len() >= bench_stats::support(p) })
    }
}

impl Time {
    /// Returns the figures of one round whose samples, in seconds, have one iteration each; `None` if there are no
    /// samples.
    pub fn of_samples(samples_s: &[f64]) -> Option<Self> {
        let ascending = bench_stats::sorted(samples_s);
        Some(Time {
            median_s: Seconds(bench_stats::median(&ascending)?),
            interval_s: None,
            moderated_s: None,
            mean_s: Seconds(bench_stats::mean(samples_s)?),
            standard_deviation_s: bench_stats::standard_deviation(samples_s).map(Seconds),
            min_s: Seconds(*ascending.first()?),
            max_s: Seconds(*ascending.last()?),
            p95: Percentile::of(&ascending, 0.95)?,
            p99: Percentile::of(&ascending, 0.99)?,
            spread_between_rounds: None,
            samples: samples_s.len(),
            rounds: 1,
            iterations: samples_s.len() as u64,
            outliers: bench_stats::outliers(samples_s),
            modes: None,
        })
    }

    /// Returns the half-width of the interval as a share of the median: of the moderated one, if there is one.
    pub fn moderated_precision(&self) -> Option<f64> {
        self.moderated_s.or(self.interval_s).map(|interval| interval.relative_half_width(self.median_s.0))
    }

    /// Returns the half-width of the interval as a share of the median.
    pub fn precision(&self) -> Option<f64> {
        self.interval_s.map(|interval| interval.relative_half_width(self.median_s.0))
    }
}
