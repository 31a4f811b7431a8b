//! Probes observe a worker while it measures, from outside the timed section.

mod cpu_time;
mod peak_memory;

use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::quantity::nanoseconds;

/// Something that observes while a case runs. Its own cost is measured and recorded.
pub trait Probe {
    /// The name that `--probes` and the record use.
    fn name(&self) -> &'static str;

    /// Just before the first sample.
    fn begin(&mut self) {}

    /// After each sample, outside the timed section.
    fn sample(&mut self) {}

    /// After the last sample.
    ///
    /// # Errors
    /// Why there is nothing to report: the machine does not have what this probe reads. Its columns
    /// stay empty then; they are never 0.
    fn end(&mut self, iterations: u64) -> Result<Vec<Reading>, String>;
}

/// How a probe is plugged in: `bench_core::inventory::submit! { ProbeFactory::new("name", || Box::new(…)) }`.
pub struct ProbeFactory {
    name: &'static str,
    make: fn() -> Box<dyn Probe>,
}

impl ProbeFactory {
    /// Registers `make` under `name`.
    pub const fn new(name: &'static str, make: fn() -> Box<dyn Probe>) -> Self {
        ProbeFactory { name, make }
    }
}

inventory::collect!(ProbeFactory);

/// Names of all probes that are linked, sorted.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = inventory::iter::<ProbeFactory>.into_iter().map(|factory| factory.name).collect();
    names.sort_unstable();
    names
}

/// One figure that a probe has read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// What it is: `cpu_time_per_iteration`, `peak_memory`.
    pub metric: String,
    /// Its unit: `s`, `bytes`.
    pub unit: String,
    /// The figure.
    pub value: f64,
}

impl Reading {
    /// A figure with its name and unit.
    pub fn new(metric: &str, unit: &str, value: f64) -> Self {
        Reading { metric: metric.to_owned(), unit: unit.to_owned(), value }
    }
}

/// What a probe has to say about a round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProbeReport {
    /// The probe.
    pub probe: String,
    /// What it read; empty where it is unavailable.
    pub readings: Vec<Reading>,
    /// Why it is unavailable, if it is.
    pub unavailable: Option<String>,
    /// What observing cost, over the whole round.
    pub cost_ns: u64,
}

/// The probes of one round.
#[derive(Default)]
pub(crate) struct ProbeSet {
    attached: Vec<Attached>,
}

struct Attached {
    probe: Box<dyn Probe>,
    cost_ns: u64,
    readings: Result<Vec<Reading>, String>,
}

impl ProbeSet {
    /// The named probes, or all that are linked.
    pub(crate) fn attach(wanted: Option<&[String]>) -> Self {
        let mut factories: Vec<_> = inventory::iter::<ProbeFactory>
            .into_iter()
            .filter(|factory| wanted.is_none_or(|names| names.iter().any(|name| name == factory.name)))
            .collect();
        factories.sort_unstable_by_key(|factory| factory.name);
        let attached = factories
            .into_iter()
            .map(|factory| Attached { probe: (factory.make)(), cost_ns: 0, readings: Ok(Vec::new()) })
            .collect();
        ProbeSet { attached }
    }

    fn each(&mut self, mut act: impl FnMut(&mut Attached)) {
        for attached in &mut self.attached {
            let start = Instant::now();
            act(attached);
            attached.cost_ns += nanoseconds(start.elapsed());
        }
    }

    pub(crate) fn begin(&mut self) {
        self.each(|attached| attached.probe.begin());
    }

    pub(crate) fn sample(&mut self) {
        self.each(|attached| attached.probe.sample());
    }

    pub(crate) fn end(&mut self, iterations: u64) {
        self.each(|attached| attached.readings = attached.probe.end(iterations));
    }

    pub(crate) fn reports(self) -> Vec<ProbeReport> {
        self.attached
            .into_iter()
            .map(|Attached { probe, cost_ns, readings }| {
                let (readings, unavailable) = match readings {
                    // JSON knows no NaN and no infinity; a figure that is none is left out.
                    Ok(readings) => {
                        (readings.into_iter().filter(|reading| reading.value.is_finite()).collect(), None)
                    }
                    Err(reason) => (Vec::new(), Some(reason)),
                };
                ProbeReport { probe: probe.name().to_owned(), readings, unavailable, cost_ns }
            })
            .collect()
    }
}
