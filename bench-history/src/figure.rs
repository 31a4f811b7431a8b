//! The figures of a case that have a history.

use bench_core::domain::Better;
use bench_core::record::{CaseRecord, Status};

/// One figure of a case in one run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Figure {
    pub(crate) metric: String,
    pub(crate) unit: String,
    pub(crate) better: Better,
    pub(crate) value: f64,
}

/// All figures of a case: none if it failed. What is not a finite number is none, and 0 is one.
pub(crate) fn figures(case: &CaseRecord) -> Vec<Figure> {
    if case.status != Status::Ok {
        return Vec::new();
    }
    let own = [
        ("time", "s", case.time.as_ref().map(|time| time.median_s.0)),
        ("first_call", "s", case.first_call_s.map(|time| time.0)),
        ("load", "s", case.load_s.map(|time| time.0)),
        ("cpu_time", "s", case.cpu_time_s.map(|time| time.0)),
        ("peak_memory", "bytes", case.peak_memory_bytes.map(|bytes| bytes.0 as f64)),
    ];
    let own = own.into_iter().filter_map(|(metric, unit, value)| {
        Some(Figure {
            metric: metric.to_owned(),
            unit: unit.to_owned(),
            better: Better::Lower,
            value: value?,
        })
    });
    let of_field = case.metrics.iter().map(|metric| Figure {
        metric: metric.key(),
        unit: metric.unit.clone(),
        better: metric.better,
        value: metric.value,
    });
    let mut all: Vec<Figure> = own.chain(of_field).filter(|figure| figure.value.is_finite()).collect();
    // Two metrics of one name would be one line with two values a night.
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|figure| seen.insert(figure.metric.clone()));
    all
}
