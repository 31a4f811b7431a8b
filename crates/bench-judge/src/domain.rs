//! Fields of work, and their figures that follow from time and counters.

use bench_protocol::{Better, Counter};
use bench_record::{Metric, Time};
use bench_stats::Interval;

/// The measured work of a case, from which a domain computes its figures.
#[derive(Clone, Copy, Debug)]
pub struct Work<'a> {
    /// Time per iteration.
    pub time: &'a Time,
    /// The counters of one iteration.
    pub counters: &'a [Counter],
}

impl Work<'_> {
    /// Returns the number of `unit` per second, at the median time; `None` without a counter of this unit.
    pub fn rate(&self, unit: &str) -> Option<f64> {
        let counter = self.counters.iter().find(|counter| counter.unit == unit)?;
        (self.time.median_s.0 > 0.0).then(|| counter.per_iteration as f64 / self.time.median_s.0)
    }

    /// Returns the 95 % interval of [`rate`](Self::rate): the reciprocal of that of the median, since the count is
    /// exact.
    pub fn rate_interval(&self, unit: &str) -> Option<Interval> {
        let counter = self.counters.iter().find(|counter| counter.unit == unit)?;
        let time = self.time.interval_s.filter(|time| time.low > 0.0)?;
        let count = counter.per_iteration as f64;
        Some(Interval { low: count / time.high, high: count / time.low })
    }
}

/// A field of work. It registers itself when it is linked. The cases of this one count `pages`, as in
/// `b.count("pages", 4)`:
///
/// ```
/// use bench_judge::domain::{Domain, Work};
/// use bench_protocol::Better;
/// use bench_record::Metric;
///
/// fn pages(work: &Work<'_>) -> Vec<Metric> {
///     let rate = work.rate("pages").map(|rate| Metric::new("PPM", "pages/min", 60.0 * rate, Better::Higher));
///     rate.into_iter().collect()
/// }
///
/// inventory::submit! { // in a bench target: `bench_core::inventory`
///     Domain { name: "scanning", units: &["pages"], metrics: pages }
/// }
/// ```
pub struct Domain {
    /// Its name: `classification`.
    pub name: &'static str,
    /// Its units; counters in them belong to the field, and get no plain throughput.
    pub units: &'static [&'static str],
    /// Computes the figures; called if a case counts one of the units.
    pub metrics: fn(&Work<'_>) -> Vec<Metric>,
}

inventory::collect!(Domain);

/// Returns all figures that follow from `work`: those of the domains that know its counters, a plain `throughput` for
/// the first counter that no domain knows, and a `throughput of …` for each other one.
pub(crate) fn metrics(work: &Work<'_>) -> Vec<Metric> {
    let mut domains: Vec<&Domain> = inventory::iter::<Domain>.into_iter().collect();
    domains.sort_unstable_by_key(|domain| domain.name);
    let knows = |domain: &&&Domain, counter: &Counter| domain.units.contains(&counter.unit.as_str());
    let mut metrics: Vec<Metric> = domains
        .iter()
        .filter(|domain| work.counters.iter().any(|counter| knows(domain, counter)))
        .flat_map(|domain| (domain.metrics)(work))
        .collect();
    let unknown =
        work.counters.iter().filter(|counter| !domains.iter().any(|domain| knows(&domain, counter)));
    for (number, counter) in unknown.enumerate() {
        // Two figures with the same name would differ by their units alone, which few tables show.
        let name =
            if number == 0 { "throughput".to_owned() } else { format!("throughput of {}", counter.unit) };
        if let Some(value) = work.rate(&counter.unit) {
            let throughput = Metric::new(name, format!("{}/s", counter.unit), value, Better::Higher);
            metrics.push(throughput.with_interval(work.rate_interval(&counter.unit)));
        }
    }
    metrics
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::record;

    #[test]
    fn a_rate_has_the_interval_of_its_time() {
        let record = record(vec![("unit/x", vec![100, 110, 120, 130]), ("unit/once", vec![100])]);
        let counters = [Counter { unit: "images".to_owned(), per_iteration: 8 }];
        let of = |id: &str| {
            let time = record.case(id).and_then(|case| case.time.as_ref()).expect("figures");
            (time.interval_s, metrics(&Work { time, counters: &counters }).remove(0))
        };
        let (time, metric) = of("unit/x");
        let (time, rate) = (time.expect("four rounds"), metric.interval.expect("follows"));
        assert!((rate.low * time.high - 8.0).abs() < 1e-9 && (rate.high * time.low - 8.0).abs() < 1e-9);
        assert!(rate.low < metric.value && metric.value < rate.high);
        assert_eq!(of("unit/once").1.interval, None);
    }

    #[test]
    fn no_two_figures_of_a_case_have_one_name() {
        let record = record(vec![("unit/x", vec![100, 110, 120, 130])]);
        let time = record.cases[0].time.as_ref().expect("figures");
        let counter = |unit: &str, per_iteration| Counter { unit: unit.to_owned(), per_iteration };
        let counters = [counter("steps", 1), counter("image-steps", 4)];
        let names: Vec<String> =
            metrics(&Work { time, counters: &counters }).into_iter().map(|metric| metric.name).collect();
        assert_eq!(names, ["throughput", "throughput of image-steps"]);
    }
}
