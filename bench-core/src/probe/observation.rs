//! What a probe has seen in a round, and how rounds become one figure.

use serde::{Deserialize, Serialize};

use crate::domain::{Better, Metric};
use crate::record::RoundRecord;
use crate::stats::{self, Interval};

/// What a probe has seen in a round.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observation {
    /// Figures.
    pub readings: Vec<Reading>,
    /// Courses in time.
    pub series: Vec<Series>,
    /// What should be said of them: warnings of the case.
    pub notes: Vec<String>,
}

impl From<Vec<Reading>> for Observation {
    fn from(readings: Vec<Reading>) -> Self {
        Observation { readings, ..Observation::default() }
    }
}

/// One figure that a probe has read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// What it is, in snake case and without its unit: `cpu_time`, `peak_memory`.
    pub metric: String,
    /// Its unit: `s`, `bytes`; `1` for a plain number.
    pub unit: String,
    /// The figure.
    pub value: f64,
    /// Its 95 % interval within the round, in its unit, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
    /// How the rounds of a case become one figure.
    #[serde(default)]
    pub over_rounds: OverRounds,
    /// Which way is better.
    #[serde(default = "lower")]
    pub better: Better,
}

fn lower() -> Better {
    Better::Lower
}

/// How the readings of a case's rounds become one figure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverRounds {
    /// Their median, with its interval over the rounds.
    #[default]
    Median,
    /// The largest.
    Max,
}

impl Reading {
    /// A figure with its name and unit: a cost, of which the median over rounds is taken.
    pub fn new(metric: &str, unit: &str, value: f64) -> Self {
        Reading {
            metric: metric.to_owned(),
            unit: unit.to_owned(),
            value,
            interval: None,
            over_rounds: OverRounds::Median,
            better: Better::Lower,
        }
    }

    /// Of all rounds, the largest counts: a peak.
    #[must_use]
    pub fn max(self) -> Self {
        Reading { over_rounds: OverRounds::Max, ..self }
    }

    /// More of it is better.
    #[must_use]
    pub fn higher_is_better(self) -> Self {
        Reading { better: Better::Higher, ..self }
    }

    /// With its 95 % interval within the round, if there is one.
    #[must_use]
    pub fn with_interval(self, interval: Option<Interval>) -> Self {
        Reading { interval, ..self }
    }
}

/// A figure over the time of a round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// What it is, in snake case and without its unit.
    pub metric: String,
    /// Its unit.
    pub unit: String,
    /// When, in seconds from the first sample on, ascending.
    pub time_s: Vec<f64>,
    /// What it was then, as many as there are times; absent where it could not be read.
    pub values: Vec<Option<f64>>,
}

/// What the rounds of a case say together, in the order in which probes told it: the median of a reading with
/// its interval over the rounds, or the largest. One round's own interval stands where there is just one.
pub(crate) fn over(rounds: &[RoundRecord]) -> Vec<Metric> {
    let all = || rounds.iter().flat_map(|round| &round.probes).flat_map(|report| &report.readings);
    let mut kinds: Vec<&Reading> = Vec::new();
    for reading in all() {
        if !kinds.iter().any(|known| known.metric == reading.metric) {
            kinds.push(reading);
        }
    }
    let together = |kind: &Reading| {
        let readings: Vec<&Reading> = all().filter(|reading| reading.metric == kind.metric).collect();
        let values = stats::sorted(&readings.iter().map(|reading| reading.value).collect::<Vec<_>>());
        let (value, interval) = match kind.over_rounds {
            OverRounds::Max => (*values.last()?, None),
            OverRounds::Median => (stats::median(&values)?, stats::median_interval(&values)),
        };
        let own = if readings.len() == 1 { kind.interval } else { None };
        let metric = Metric::new(&kind.metric, &kind.unit, value, kind.better);
        Some(metric.with_interval(interval.or(own)))
    };
    kinds.into_iter().filter_map(together).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::ProbeReport;

    fn round(readings: Vec<Reading>) -> RoundRecord {
        let report = ProbeReport { readings, ..ProbeReport::of("p") };
        RoundRecord { probes: vec![report], ..RoundRecord::default() }
    }

    #[test]
    fn rounds_become_one_figure_in_the_way_of_its_kind() {
        let rounds: Vec<RoundRecord> = [3.0, 1.0, 2.0, 7.0, 5.0, 4.0, 6.0]
            .map(|value| {
                round(vec![Reading::new("cost", "s", value), Reading::new("peak", "bytes", value).max()])
            })
            .into();
        let figures = over(&rounds);
        assert_eq!(
            figures.iter().map(|metric| (metric.name.as_str(), metric.value)).collect::<Vec<_>>(),
            [("cost", 4.0), ("peak", 7.0)]
        );
        let interval = figures[0].interval.expect("seven rounds");
        assert!(interval.low < 4.0 && 4.0 < interval.high && figures[1].interval.is_none());
    }

    #[test]
    fn a_single_round_has_the_interval_of_its_own() {
        let own = Some(Interval { low: 1.0, high: 3.0 });
        let reading = Reading::new("growth", "bytes/iteration", 2.0).with_interval(own);
        assert_eq!(over(&[round(vec![reading.clone()])])[0].interval, own);
        assert_ne!(over(&[round(vec![reading.clone()]), round(vec![reading])])[0].interval, own);
        assert!(over(&[round(vec![])]).is_empty());
    }

    #[test]
    fn a_reading_from_before_is_read() {
        let reading: Reading =
            serde_json::from_str(r#"{"metric": "cpu_time", "unit": "s", "value": 2.0}"#).expect("read");
        assert_eq!(reading, Reading::new("cpu_time", "s", 2.0));
    }
}
