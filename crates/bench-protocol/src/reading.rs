//! The readings of probes.

use bench_stats::Interval;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use crate::Better;
use crate::json::{Decode, Encode, Json, JsonError, Members, Object, is_default, names, structure};

/// The report of a probe on a round.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct ProbeReport {
    /// The probe.
    pub probe: String,
    /// The readings; empty if the probe is unavailable.
    pub readings: Vec<Reading>,
    /// The quantities that it followed over time.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub series: Vec<Series>,
    /// Notes on its readings.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub notes: Vec<String>,
    /// The reason why it is unavailable; `None` if it is available.
    pub unavailable: Option<String>,
    /// The cost of observing on the benchmark's own thread, over the whole round.
    pub cost_ns: u64,
}

impl ProbeReport {
    /// Creates the report of a probe that has seen nothing yet.
    pub fn of(probe: &str) -> Self {
        ProbeReport {
            probe: probe.to_owned(),
            readings: Vec::new(),
            series: Vec::new(),
            notes: Vec::new(),
            unavailable: None,
            cost_ns: 0,
        }
    }

    /// Creates the report of a probe that has ended: its observation, or the reason why it is unavailable. JSON has
    /// neither NaN nor infinity, so figures that are not finite are left out.
    pub fn seen(probe: &str, seen: Result<Observation, String>) -> Self {
        match seen {
            Ok(Observation { mut readings, mut series, notes }) => {
                readings.retain(Reading::is_finite);
                for value in series.iter_mut().flat_map(|series| &mut series.values) {
                    *value = value.filter(|value| value.is_finite());
                }
                ProbeReport { readings, series, notes, ..ProbeReport::of(probe) }
            }
            Err(reason) => ProbeReport { unavailable: Some(reason), ..ProbeReport::of(probe) },
        }
    }
}

/// One figure that a probe has read.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Reading {
    /// The name of the metric, in snake case and without its unit: `cpu_time`, `peak_memory`.
    pub metric: String,
    /// Its unit: `s`, `bytes`; `1` for a plain number.
    pub unit: String,
    /// The figure.
    pub value: f64,
    /// Its 95 % interval within the round, in its unit, if it has one.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub interval: Option<Interval>,
    /// How the readings of several rounds become one figure.
    #[cfg_attr(feature = "serde", serde(default))]
    pub over_rounds: OverRounds,
    /// Whether a lower or a higher value is better.
    #[cfg_attr(feature = "serde", serde(default = "lower"))]
    pub better: Better,
}

#[cfg(feature = "serde")]
fn lower() -> Better {
    Better::Lower
}

/// How the readings of a case's rounds become one figure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(rename_all = "snake_case"))]
pub enum OverRounds {
    /// Their median, with its interval over the rounds.
    #[default]
    Median,
    /// The largest.
    Max,
}

impl Reading {
    /// Whether its value is a number: neither NaN nor infinite.
    pub fn is_finite(&self) -> bool {
        self.value.is_finite()
    }

    /// Creates a figure with its name and unit: a cost, whose median over rounds is taken.
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

    /// Takes the largest value of all rounds: a peak.
    #[must_use]
    pub fn max(self) -> Self {
        Reading { over_rounds: OverRounds::Max, ..self }
    }

    /// Marks that a higher value is better.
    #[must_use]
    pub fn higher_is_better(self) -> Self {
        Reading { better: Better::Higher, ..self }
    }

    /// Adds its 95 % interval within the round, if there is one.
    #[must_use]
    pub fn with_interval(self, interval: Option<Interval>) -> Self {
        Reading { interval, ..self }
    }
}

/// A figure over the time of a round.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Series {
    /// The name of the metric, in snake case and without its unit.
    pub metric: String,
    /// Its unit.
    pub unit: String,
    /// The times, in seconds from the first sample on, ascending.
    pub time_s: Vec<f64>,
    /// The values, as many as there are times; a value is absent if it could not be read.
    pub values: Vec<Option<f64>>,
}

/// The observation of a probe during a round.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observation {
    /// Figures.
    pub readings: Vec<Reading>,
    /// Quantities that were followed over time.
    pub series: Vec<Series>,
    /// Notes, which become warnings of the case.
    pub notes: Vec<String>,
}

impl From<Vec<Reading>> for Observation {
    fn from(readings: Vec<Reading>) -> Self {
        Observation { readings, ..Observation::default() }
    }
}

structure!(ProbeReport { probe, readings, series: sparse, notes: sparse, unavailable, cost_ns });

structure!(Series { metric, unit, time_s, values });

names!(OverRounds { Median = "median", Max = "max" });

impl Encode for Reading {
    fn encode(&self, out: &mut String) {
        let mut object = Object::open(out);
        object.field("metric", &self.metric).field("unit", &self.unit).field("value", &self.value);
        if !is_default(&self.interval) {
            object.field("interval", &self.interval);
        }
        object.field("over_rounds", &self.over_rounds).field("better", &self.better).close();
    }
}

impl Decode for Reading {
    fn decode(json: &Json<'_>) -> Result<Self, JsonError> {
        let members = Members::of(json)?;
        Ok(Reading {
            metric: members.get("metric")?,
            unit: members.get("unit")?,
            value: members.get("value")?,
            interval: members.get("interval")?,
            over_rounds: members.get_or_default("over_rounds")?,
            better: members.get_or("better", Better::Lower)?,
        })
    }
}

impl Encode for Interval {
    fn encode(&self, out: &mut String) {
        Object::open(out).field("low", &self.low).field("high", &self.high).close();
    }
}

impl Decode for Interval {
    fn decode(json: &Json<'_>) -> Result<Self, JsonError> {
        let members = Members::of(json)?;
        Ok(Interval { low: members.get("low")?, high: members.get("high")? })
    }
}
