//! The figures of a case that have a history.

use bench_judge::Summarize;
use bench_protocol::Better;
use bench_record::{CaseRecord, Served, Status};
use bench_stats::Interval;

/// One figure of a case in one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// `time`, `peak_memory`, or the key of a metric.
    pub metric: String,
    /// The unit that the value is in.
    pub unit: String,
    /// Whether a lower or a higher value is better.
    pub better: Better,
    /// Its value; finite.
    pub value: f64,
    /// Its 95 % interval, if that is known.
    pub interval: Option<Interval>,
    /// The number of rounds from which it is computed.
    pub rounds: u32,
}

/// Returns all valid figures of a case. There are none if it failed, and neither its time nor its metrics if the
/// level from which they come is not valid. A value that is not finite is left out; 0 is kept.
pub fn figures(case: &CaseRecord) -> Vec<Figure> {
    if case.status != Status::Ok {
        return Vec::new();
    }
    // A figure of a level that is not valid would be a point of the history that does not describe the model.
    let served = case.served();
    let level_of_time = served.as_ref().and_then(|served| served.levels.first());
    let time_is_valid = level_of_time.is_none_or(|level| level.doubt().is_none());
    let best = served.as_ref().and_then(Served::best);
    let metrics_are_valid = best.is_none_or(|level| level.doubt().is_none());
    let own = [
        ("time", "s", case.time.as_ref().map(|time| time.median_s.0)),
        ("first_call", "s", case.first_call_s.map(|time| time.0)),
        ("load", "s", case.load_s.map(|time| time.0)),
        ("cpu_time", "s", case.cpu_time_s.map(|time| time.0)),
        ("peak_memory", "bytes", case.peak_memory_bytes.map(|bytes| bytes.0 as f64)),
    ];
    let rounds = case
        .time
        .as_ref()
        .map_or_else(|| case.rounds.iter().filter(|round| round.is_ok()).count(), |time| time.rounds);
    let rounds = u32::try_from(rounds).unwrap_or(u32::MAX);
    let is_valid = |metric: &str| time_is_valid || !["time", "cpu_time"].contains(&metric);
    let own = own.into_iter().filter(|(metric, ..)| is_valid(metric)).filter_map(|(metric, unit, value)| {
        Some(Figure {
            metric: metric.to_owned(),
            unit: unit.to_owned(),
            better: Better::Lower,
            value: value?,
            interval: case.time.as_ref().and_then(|time| time.interval_s).filter(|_| metric == "time"),
            rounds,
        })
    });
    let of_field = case.metrics.iter().filter(|_| metrics_are_valid).map(|metric| Figure {
        metric: metric.key(),
        unit: metric.unit.clone(),
        better: metric.better,
        value: metric.value,
        interval: metric.interval,
        rounds,
    });
    let mut all: Vec<Figure> = own.chain(of_field).filter(|figure| figure.value.is_finite()).collect();
    // Two metrics of one name and unit would be one line with two values for each night.
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|figure| seen.insert((figure.metric.clone(), figure.unit.clone())));
    all
}
