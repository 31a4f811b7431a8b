//! Adds up requests, one after another, in bounded memory.

use bench_protocol::Better;
use bench_record::Metric;
use bench_stats as stats;

use super::blocks::Blocks;
use super::{Distribution, Outcome, Row};
use crate::domain::{Domain, Figure, Seen};

/// Sums and distributions over the requests of a level, or of a part of it.
#[derive(Debug)]
pub(crate) struct Tally {
    domain: &'static Domain,
    served: u64,
    failed: u64,
    timed_out: u64,
    good: u64,
    first_sent_ns: u64,
    last_sent_ns: u64,
    last_end_ns: u64,
    first_intended_ns: u64,
    last_intended_ns: u64,
    /// The sum of the service latencies of all requests, in seconds, for the requests in flight.
    busy_s: f64,
    /// The amounts that served requests have added to each rate; `None` until a request has reported one.
    rates: Vec<Option<f64>>,
    ratios: Vec<(f64, f64)>,
    quantities: Vec<Distribution>,
    headline: Distribution,
    service: Distribution,
    scheduled: Distribution,
    lag: Distribution,
    /// The columns are served requests, good requests, and the domain's rates.
    blocks: Blocks,
}

/// The part of a level that a tally covers, in nanoseconds from its beginning.
pub(crate) type Window = (u64, u64);

impl Tally {
    pub(crate) fn new(domain: &'static Domain) -> Self {
        Tally {
            domain,
            served: 0,
            failed: 0,
            timed_out: 0,
            good: 0,
            first_sent_ns: u64::MAX,
            last_sent_ns: 0,
            last_end_ns: 0,
            first_intended_ns: u64::MAX,
            last_intended_ns: 0,
            busy_s: 0.0,
            rates: vec![None; domain.rates.len()],
            ratios: vec![(0.0, 0.0); domain.ratios.len()],
            quantities: domain.quantities.iter().map(|_| Distribution::default()).collect(),
            headline: Distribution::default(),
            service: Distribution::default(),
            scheduled: Distribution::default(),
            lag: Distribution::default(),
            blocks: Blocks::new(domain.rates.len() + 2),
        }
    }

    /// Adds a request with all its figures.
    pub(crate) fn add(&mut self, row: &Row, seen: &Seen<'_>, latency_s: f64, good: bool) {
        self.first_sent_ns = self.first_sent_ns.min(row.sent_ns);
        self.last_sent_ns = self.last_sent_ns.max(row.sent_ns);
        self.last_end_ns = self.last_end_ns.max(row.end_ns);
        self.first_intended_ns = self.first_intended_ns.min(row.intended_ns);
        self.last_intended_ns = self.last_intended_ns.max(row.intended_ns);
        self.busy_s += seen.times.service_latency_s();
        self.lag.add(seen.times.send_lag_s());
        if row.outcome == Outcome::Served {
            self.headline.add(latency_s);
            self.service.add(seen.times.service_latency_s());
            self.scheduled.add(seen.times.scheduled_latency_s());
            for (quantity, distribution) in self.domain.quantities.iter().zip(&mut self.quantities) {
                (quantity.of)(seen, &mut |value| distribution.add(value));
            }
            for (ratio, (over, under)) in self.domain.ratios.iter().zip(&mut self.ratios) {
                if let (Some(above), Some(below)) = (finite((ratio.over)(seen)), finite((ratio.under)(seen)))
                {
                    *over += above;
                    *under += below;
                }
            }
        }
        self.add_rates(row, seen, good);
    }

    /// Adds only the contribution of a request to rates: it began before the part that this tally covers, so its
    /// latency does not belong to it.
    pub(crate) fn add_rates(&mut self, row: &Row, seen: &Seen<'_>, good: bool) {
        match row.outcome {
            Outcome::Served => self.served += 1,
            Outcome::Failed | Outcome::Panicked => self.failed += 1,
            Outcome::TimedOut => {
                self.failed += 1;
                self.timed_out += 1;
            }
        }
        if row.outcome != Outcome::Served {
            return;
        }
        self.good += u64::from(good);
        for (rate, sum) in self.domain.rates.iter().zip(&mut self.rates) {
            if let Some(brought) = finite((rate.of)(seen)) {
                *sum = Some(sum.unwrap_or(0.0) + brought);
            }
        }
        let brought = self.domain.rates.iter().map(|rate| finite((rate.of)(seen)).unwrap_or(0.0));
        self.blocks.add(row.end_ns, [1.0, f64::from(u8::from(good))].into_iter().chain(brought));
    }

    /// Returns the bytes of memory that grow with the number of requests.
    pub(crate) fn held_bytes(&self) -> u64 {
        let whole = [&self.headline, &self.service, &self.scheduled, &self.lag];
        self.quantities.iter().chain(whole).map(Distribution::held_bytes).sum()
    }

    pub(crate) fn requests(&self) -> u64 {
        self.served + self.failed
    }

    pub(crate) fn counts(&self) -> (u64, u64, u64) {
        (self.served, self.failed, self.timed_out)
    }

    pub(crate) fn latencies(&self) -> u64 {
        self.headline.count()
    }

    pub(crate) fn lag(&self) -> &Distribution {
        &self.lag
    }

    pub(crate) fn headline(&self) -> &Distribution {
        &self.headline
    }

    /// Returns the time from the first send to the last end.
    pub(crate) fn window(&self) -> Window {
        (self.first_sent_ns.min(self.last_end_ns), self.last_end_ns)
    }

    /// Returns the mean number of requests in flight over the window; `None` if the window is empty.
    pub(crate) fn mean_concurrency(&self) -> Option<f64> {
        let (from_ns, to_ns) = self.window();
        (to_ns > from_ns).then(|| self.busy_s / ((to_ns - from_ns) as f64 / 1e9))
    }

    /// Returns the requests per second that were due, and those that were sent, from the time between the first request
    /// and the last one; `None` if that time is 0.
    pub(crate) fn paces(&self) -> (Option<f64>, Option<f64>) {
        let rate = |first: u64, last: u64| {
            let requests = self.requests();
            (requests > 1 && last > first).then(|| (requests - 1) as f64 / ((last - first) as f64 / 1e9))
        };
        (rate(self.first_intended_ns, self.last_intended_ns), rate(self.first_sent_ns, self.last_sent_ns))
    }

    /// Returns all figures over `window`, the domain's primary one first. `judged` is whether requests have an SLO.
    pub(crate) fn metrics(&self, window: Window, scheduled: bool, judged: bool) -> Vec<Metric> {
        let window_s = window.1.saturating_sub(window.0) as f64 / 1e9;
        let per_second = |name: &str, unit: &str, sum: f64, column: usize| {
            (window_s > 0.0).then(|| {
                Metric::new(name, unit, sum / window_s, Better::Higher)
                    .with_interval(self.blocks.interval(column, window))
            })
        };
        let mut metrics = Vec::new();
        for (column, (rate, sum)) in self.domain.rates.iter().zip(&self.rates).enumerate() {
            // If requests were served, a rate that none of them reported (steps of a generator without steps) is
            // absent; if none was served, all rates are 0.
            if let Some(sum) = sum.or_else(|| (self.served == 0).then_some(0.0)) {
                metrics.extend(per_second(rate.name, rate.unit, sum, column + 2));
            }
        }
        for (ratio, (over, under)) in self.domain.ratios.iter().zip(&self.ratios) {
            if *under > 0.0 {
                metrics.push(Metric::new(ratio.name, ratio.unit, over / under, ratio.better));
            }
        }
        for (quantity, distribution) in self.domain.quantities.iter().zip(&self.quantities) {
            metrics.extend(figures(
                quantity.name,
                quantity.unit,
                quantity.better,
                quantity.figures,
                distribution,
            ));
        }
        metrics.extend(per_second("RPS", "req/s", self.served as f64, 0));
        if judged {
            metrics.extend(per_second("goodput", "req/s", self.good as f64, 1));
        }
        if self.requests() > 0 {
            let share = self.served as f64 / self.requests() as f64;
            metrics.push(
                Metric::new("success rate", "ratio", share, Better::Higher)
                    .with_interval(share_interval(self.failed, self.requests())),
            );
        }
        let latency = |name, figures_of: &[Figure], distribution| {
            figures(name, "s", Better::Lower, figures_of, distribution)
        };
        metrics.extend(latency("latency", &LATENCY, &self.headline));
        metrics.extend(latency("service latency", &LATENCY_BESIDE, &self.service));
        if scheduled {
            metrics.extend(latency("scheduled latency", &LATENCY_BESIDE, &self.scheduled));
        }
        // If a server does not report the basis of the primary metric, RPS comes first.
        let place = |name: &str| metrics.iter().position(|metric| metric.name == name);
        if let Some(primary) = place(self.domain.primary).or_else(|| place(RATE)) {
            metrics[..=primary].rotate_right(1);
        }
        metrics
    }
}

/// The name of the rate that every field has.
pub(crate) const RATE: &str = "RPS";

/// The figures of the headline latency.
const LATENCY: [Figure; 6] = [
    Figure::Mean,
    Figure::Percentile(0.5),
    Figure::Percentile(0.9),
    Figure::Percentile(0.95),
    Figure::Percentile(0.99),
    Figure::Percentile(0.999),
];

/// The figures of each latency under its own name.
const LATENCY_BESIDE: [Figure; 3] = [Figure::Mean, Figure::Percentile(0.5), Figure::Percentile(0.99)];

fn figures(
    name: &str,
    unit: &str,
    better: Better,
    figures: &[Figure],
    distribution: &Distribution,
) -> Vec<Metric> {
    let sorted = distribution.sorted();
    figures
        .iter()
        .filter_map(|figure| match figure {
            Figure::Mean => Some(Metric::new(format!("{name} mean"), unit, distribution.mean()?, better)),
            Figure::Share => Some(Metric::new(name, unit, distribution.mean()?, better)),
            Figure::Percentile(p) => {
                let name = format!("{name} {}", percentile_name(*p));
                let metric = Metric::new(name, unit, sorted.percentile(*p)?, better);
                let supported = distribution.count() >= stats::support(*p) as u64;
                Some(metric.with_interval(sorted.interval(*p)).with_support(supported))
            }
        })
        .collect()
}

/// Returns the name of a percentile: `p99.9` for 0.999.
pub(crate) fn percentile_name(p: f64) -> String {
    // Rounded, since a share times 100 may not be exact.
    format!("p{}", (p * 1e6).round() / 1e4)
}

/// Returns the exact 95 % interval of the share of served requests; `None` if so many failed that it would take too
/// long to compute.
fn share_interval(failed: u64, requests: u64) -> Option<stats::Interval> {
    const SHORT: u64 = 1000;
    (failed <= SHORT)
        .then(|| stats::proportion_interval(failed, requests))
        .map(|interval| stats::Interval { low: 1.0 - interval.high, high: 1.0 - interval.low })
}

fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite())
}
