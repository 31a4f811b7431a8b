//! The probes of one round: their names, their readings, and their cost.

use bench_protocol::ProbeReport;
use std::time::Instant;

use crate::probe::{Probe, ProbeFactory};
use bench_protocol::{Assignment, Observation, Reading};
use bench_syntax::quantity::nanoseconds;

/// Returns the names of all linked probes, sorted.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = inventory::iter::<ProbeFactory>.into_iter().map(|factory| factory.name).collect();
    names.sort_unstable();
    names
}

/// The probes of one round.
#[derive(Default)]
pub(crate) struct ProbeSet {
    attached: Vec<Attached>,
}

struct Attached {
    probe: Box<dyn Probe>,
    cost_ns: u64,
    /// Whether it has returned its readings, or is unavailable.
    is_done: bool,
    seen: Result<Observation, String>,
}

impl Attached {
    fn new(probe: Box<dyn Probe>) -> Self {
        Attached { probe, cost_ns: 0, is_done: false, seen: Ok(Observation::default()) }
    }

    fn end(&mut self, iterations: u64) {
        self.seen = self.probe.end(iterations);
        self.is_done = true;
    }
}

impl ProbeSet {
    /// Attaches the named probes, or all linked probes if `wanted` is `None`.
    pub(crate) fn attach(wanted: Option<&[String]>) -> Self {
        let mut factories: Vec<_> = inventory::iter::<ProbeFactory>
            .into_iter()
            .filter(|factory| wanted.is_none_or(|names| names.iter().any(|name| name == factory.name)))
            .collect();
        factories.sort_unstable_by_key(|factory| factory.name);
        let attach = |factory: &ProbeFactory| Attached::new((factory.make)());
        ProbeSet { attached: factories.into_iter().map(attach).collect() }
    }

    /// Calls `act` for each probe that is not done.
    fn each(&mut self, mut act: impl FnMut(&mut Attached)) {
        for attached in self.attached.iter_mut().filter(|attached| !attached.is_done) {
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
        self.each(|attached| {
            attached.seen = attached.probe.begin().map(|()| Observation::default());
            attached.is_done = attached.seen.is_err();
        });
    }

    pub(crate) fn sample(&mut self) {
        self.each(|attached| attached.probe.sample());
    }

    /// Returns the readings of all probes for the level that has just ended.
    pub(crate) fn level(&mut self, requests: u64) -> Vec<Reading> {
        let mut readings = Vec::new();
        self.each(|attached| readings.extend(attached.probe.level(requests)));
        readings.retain(Reading::is_finite);
        readings
    }

    /// Ends every probe that wants no further iteration after the last sample. Returns whether another one does.
    pub(crate) fn wants_another(&mut self, iterations: u64) -> bool {
        let mut is_wanted = false;
        self.each(|attached| {
            if attached.probe.wants_another() {
                is_wanted = true;
            } else {
                attached.end(iterations);
            }
        });
        is_wanted
    }

    /// Ends every probe that has not ended.
    pub(crate) fn end(&mut self, iterations: u64) {
        self.each(|attached| attached.end(iterations));
    }

    pub(crate) fn reports(self) -> Vec<ProbeReport> {
        let report = |Attached { probe, cost_ns, seen, .. }| ProbeReport {
            cost_ns,
            ..ProbeReport::seen(probe.name(), seen)
        };
        self.attached.into_iter().map(report).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_protocol::Series;

    /// Reports which of its methods were called, and is unavailable if `missing` is set.
    #[derive(Default)]
    struct Told {
        missing: bool,
        further: u32,
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
        fn wants_another(&mut self) -> bool {
            self.calls.push("another?");
            self.further = self.further.saturating_sub(1);
            self.further > 0
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

    fn set(probes: impl IntoIterator<Item = Told>) -> ProbeSet {
        let attached = probes.into_iter().map(|probe| Attached::new(Box::new(probe))).collect();
        let mut set = ProbeSet { attached };
        set.begin();
        set.sample();
        set
    }

    fn round(missing: bool) -> (Vec<Reading>, ProbeReport) {
        let mut set = set([Told { missing, ..Told::default() }]);
        let level = set.level(5);
        set.end(1);
        (level, set.reports().remove(0))
    }

    #[test]
    fn a_probe_that_wants_no_further_iteration_does_not_see_those_of_others() {
        let mut set = set([0, 3, 2].map(|further| Told { further, ..Told::default() }));
        let further = std::iter::from_fn(|| set.wants_another(1).then_some(())).count();
        set.end(1);
        assert_eq!(further, 2);
        let asked: Vec<usize> = set.reports().iter().map(|report| report.notes.len() - 1).collect();
        assert_eq!(asked, [1, 3, 2], "ended once it wants none");
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
