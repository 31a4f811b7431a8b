//! Fields of work: which of their own figures follow from time and counters.

use serde::{Deserialize, Serialize};

use crate::bencher::Counter;
use crate::record::Time;

/// A figure with its unit and the direction in which it is better.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Its name in its field: `IPS`, `throughput`.
    pub name: String,
    /// Its unit: `images/s`.
    pub unit: String,
    /// The figure.
    pub value: f64,
    /// Which way is better.
    pub better: Better,
}

/// Which way a figure is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
}

/// What a case has done, as a domain sees it.
#[derive(Clone, Copy, Debug)]
pub struct Work<'a> {
    /// Time per iteration.
    pub time: &'a Time,
    /// What one iteration counts.
    pub counters: &'a [Counter],
}

impl Work<'_> {
    /// How many of `unit` are done in a second, at the median time.
    pub fn rate(&self, unit: &str) -> Option<f64> {
        let counter = self.counters.iter().find(|counter| counter.unit == unit)?;
        (self.time.median_s.0 > 0.0).then(|| counter.per_iteration as f64 / self.time.median_s.0)
    }
}

/// A field of work. Plugged in by being linked: `bench_core::inventory::submit! { Domain { … } }`.
pub struct Domain {
    /// Its name: `classification`.
    pub name: &'static str,
    /// Units it knows; counters in them are its own, and get no plain throughput.
    pub units: &'static [&'static str],
    /// The figures that follow; called where a case counts one of the units.
    pub metrics: fn(&Work<'_>) -> Vec<Metric>,
}

inventory::collect!(Domain);

/// All figures that follow from `work`: those of the domains that know its counters, and a plain
/// `throughput` for each counter that no domain knows.
pub(crate) fn metrics(work: &Work<'_>) -> Vec<Metric> {
    let mut domains: Vec<&Domain> = inventory::iter::<Domain>.into_iter().collect();
    domains.sort_unstable_by_key(|domain| domain.name);
    let knows = |domain: &&&Domain, counter: &Counter| domain.units.contains(&counter.unit.as_str());
    let mut metrics: Vec<Metric> = domains
        .iter()
        .filter(|domain| work.counters.iter().any(|counter| knows(domain, counter)))
        .flat_map(|domain| (domain.metrics)(work))
        .collect();
    for counter in work.counters {
        if !domains.iter().any(|domain| knows(&domain, counter))
            && let Some(value) = work.rate(&counter.unit)
        {
            metrics.push(Metric {
                name: "throughput".to_owned(),
                unit: format!("{}/s", counter.unit),
                value,
                better: Better::Higher,
            });
        }
    }
    metrics
}
