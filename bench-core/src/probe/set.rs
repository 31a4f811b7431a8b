//! The probes of one round: which, what each said, and what it cost.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::probe::{Observation, Probe, ProbeFactory, Reading, Series};
use crate::protocol::Assignment;
use crate::quantity::nanoseconds;

/// Names of all probes that are linked, sorted.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = inventory::iter::<ProbeFactory>.into_iter().map(|factory| factory.name).collect();
    names.sort_unstable();
    names
}

/// What a probe has to say about a round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProbeReport {
    /// The probe.
    pub probe: String,
    /// What it read; empty where it is unavailable.
    pub readings: Vec<Reading>,
    /// What it followed in time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub series: Vec<Series>,
    /// What should be said of its readings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Why it is unavailable, if it is.
    pub unavailable: Option<String>,
    /// What observing cost on the benchmark's own thread, over the whole round.
    pub cost_ns: u64,
}

impl ProbeReport {
    /// Of a probe that has seen nothing yet.
    pub(crate) fn of(probe: &str) -> Self {
        ProbeReport {
            probe: probe.to_owned(),
            readings: Vec::new(),
            series: Vec::new(),
            notes: Vec::new(),
            unavailable: None,
            cost_ns: 0,
        }
    }
}

/// The probes of one round.
#[derive(Default)]
pub(crate) struct ProbeSet {
    attached: Vec<Attached>,
}

struct Attached {
    probe: Box<dyn Probe>,
    cost_ns: u64,
    seen: Result<Observation, String>,
}

impl ProbeSet {
    /// The named probes, or all that are linked.
    pub(crate) fn attach(wanted: Option<&[String]>) -> Self {
        let mut factories: Vec<_> = inventory::iter::<ProbeFactory>
            .into_iter()
            .filter(|factory| wanted.is_none_or(|names| names.iter().any(|name| name == factory.name)))
            .collect();
        factories.sort_unstable_by_key(|factory| factory.name);
        let attach = |factory: &ProbeFactory| Attached {
            probe: (factory.make)(),
            cost_ns: 0,
            seen: Ok(Observation::default()),
        };
        ProbeSet { attached: factories.into_iter().map(attach).collect() }
    }

    /// Lets each probe that is available do something.
    fn each(&mut self, mut act: impl FnMut(&mut Attached)) {
        for attached in self.attached.iter_mut().filter(|attached| attached.seen.is_ok()) {
            let start = Instant::now();
            act(attached);
            attached.cost_ns += nanoseconds(start.elapsed());
        }
    }

    pub(crate) fn prepare(&mut self, assignment: &Assignment) {
        self.each(|attached| attached.probe.prepare(assignment));
    }

    pub(crate) fn device(&mut self, uuid: &str) {
        self.each(|attached| attached.probe.device(uuid));
    }

    pub(crate) fn begin(&mut self) {
        self.each(|attached| attached.seen = attached.probe.begin().map(|()| Observation::default()));
    }

    pub(crate) fn sample(&mut self) {
        self.each(|attached| attached.probe.sample());
    }

    /// What all probes saw of the level that has just ended.
    pub(crate) fn level(&mut self, requests: u64) -> Vec<Reading> {
        let mut readings = Vec::new();
        self.each(|attached| readings.extend(attached.probe.level(requests)));
        readings.retain(is_figure);
        readings
    }

    pub(crate) fn end(&mut self, iterations: u64) {
        self.each(|attached| attached.seen = attached.probe.end(iterations));
    }

    pub(crate) fn reports(self) -> Vec<ProbeReport> {
        let report = |Attached { probe, cost_ns, seen }| {
            let report = ProbeReport { cost_ns, ..ProbeReport::of(probe.name()) };
            match seen {
                Ok(Observation { mut readings, mut series, notes }) => {
                    readings.retain(is_figure);
                    for value in series.iter_mut().flat_map(|series| &mut series.values) {
                        *value = value.filter(|value| value.is_finite());
                    }
                    ProbeReport { readings, series, notes, ..report }
                }
                Err(reason) => ProbeReport { unavailable: Some(reason), ..report },
            }
        };
        self.attached.into_iter().map(report).collect()
    }
}

/// JSON knows no NaN and no infinity; a figure that is none is left out.
fn is_figure(reading: &Reading) -> bool {
    reading.value.is_finite()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says what it was asked, and is unavailable if it is to be.
    struct Told {
        missing: bool,
        calls: Vec<&'static str>,
    }

    impl Probe for Told {
        fn name(&self) -> &'static str {
            "told"
        }
        fn begin(&mut self) -> Result<(), String> {
            if self.missing { Err("no such thing".to_owned()) } else { Ok(()) }
        }
        fn sample(&mut self) {
            self.calls.push("sample");
        }
        fn level(&mut self, requests: u64) -> Vec<Reading> {
            vec![Reading::new("served", "1", requests as f64), Reading::new("none", "1", f64::NAN)]
        }
        fn end(&mut self, _iterations: u64) -> Result<Observation, String> {
            let time_s = vec![0.0, 1.0];
            let series = Series {
                metric: "x".into(),
                unit: "1".into(),
                time_s,
                values: vec![Some(f64::NAN), Some(2.0)],
            };
            let notes = self.calls.iter().map(|call| (*call).to_owned()).collect();
            Ok(Observation {
                readings: vec![Reading::new("inf", "1", f64::INFINITY)],
                series: vec![series],
                notes,
            })
        }
    }

    fn round(missing: bool) -> (Vec<Reading>, ProbeReport) {
        let probe = Box::new(Told { missing, calls: Vec::new() });
        let mut set =
            ProbeSet { attached: vec![Attached { probe, cost_ns: 0, seen: Ok(Observation::default()) }] };
        set.begin();
        set.sample();
        let level = set.level(5);
        set.end(1);
        (level, set.reports().remove(0))
    }

    #[test]
    fn what_is_no_figure_is_left_out() {
        let (level, report) = round(false);
        assert_eq!(level, [Reading::new("served", "1", 5.0)]);
        assert!(report.readings.is_empty() && report.unavailable.is_none());
        assert_eq!(report.series[0].values, [None, Some(2.0)]);
        assert_eq!(report.notes, ["sample"]);
    }

    #[test]
    fn a_probe_that_is_unavailable_is_asked_nothing_more() {
        let (level, report) = round(true);
        assert!(level.is_empty() && report.notes.is_empty());
        assert_eq!(report.unavailable.as_deref(), Some("no such thing"));
    }
}
