//! The figures of a case that a target can be compared with, found by their names.

use crate::Summarize;
use crate::counted_rounds::counted;
use bench_protocol::OverRounds;
use bench_record::{CaseRecord, HARNESS_BOUND, InvalidCause, Measure, Metric, Percentile, RoundRecord, Time};
use bench_stats as stats;
use bench_stats::Interval;
use bench_syntax::nearest;
use bench_syntax::objective::Setting;

/// The names that are valid for every case; not all have a figure in every case.
const BUILT_IN: [&str; 11] = [
    "median",
    "mean",
    "min",
    "max",
    "p95",
    "p99",
    "first_call",
    "load",
    "cpu_time",
    "peak_memory",
    "throughput",
];

/// The figures that do not suffer if the harness is too slow for its load.
const BEFORE_LOAD: [&str; 3] = ["first_call", "load", "peak_memory"];

const ONE_ROUND: &str = "one round only: how much processes differ is unknown";
const TOO_FEW: &str = "too few observations for this percentile";

/// A figure and its uncertainty.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Figure {
    pub(super) value: f64,
    pub(super) unit: String,
    pub(super) interval: Option<Interval>,
    /// The reason why there is no interval.
    pub(super) doubt: Option<String>,
    /// The level that it belongs to, if there are several.
    pub(super) level: Option<String>,
    /// The reason why it can miss a limit but cannot meet it; `None` if it can.
    pub(super) invalid: Option<String>,
}

impl Figure {
    fn new(value: f64, unit: &str, interval: Option<Interval>, doubt: &str) -> Self {
        // An end that is not finite, as of a rate whose time may be zero, cannot be relied on.
        let interval = interval.filter(|found| found.low.is_finite() && found.high.is_finite());
        let doubt = interval.is_none().then(|| doubt.to_owned());
        Figure { value, unit: unit.to_owned(), interval, doubt, level: None, invalid: None }
    }

    /// Returns the figure, marked as one of a level or case that is not valid, if `invalid` has a reason. It cannot
    /// meet a limit; if the harness was slower than what it measured, it cannot miss one either.
    fn of(self, invalid: Option<&str>) -> Self {
        match invalid {
            None => self,
            Some(told) if told.starts_with(HARNESS_BOUND) => {
                Figure { interval: None, doubt: Some(HARNESS_BOUND.to_owned()), ..self }
            }
            Some(told) => Figure { invalid: Some(told.to_owned()), ..self },
        }
    }

    /// Creates the figure of a time per iteration or process; `rounds` is the number of rounds that measured
    /// it.
    fn time(value: f64, interval: Option<Interval>, rounds: usize) -> Self {
        let doubt = if rounds == 1 { ONE_ROUND } else { "its interval is unknown" };
        Figure::new(value, "s", interval, doubt)
    }

    fn percentile(percentile: Percentile, p: f64, case: &CaseRecord) -> Self {
        let rounds: Vec<Vec<f64>> =
            counted(&case.rounds).map(|round| round.per_iteration().collect()).collect();
        let (interval, doubt) = match (percentile.supported, rounds.len()) {
            (false, _) => (None, TOO_FEW),
            (true, 1) => (None, ONE_ROUND),
            (true, _) => (stats::quantile_interval(&rounds, p), "too few rounds or samples for its interval"),
        };
        Figure::new(percentile.value_s.0, "s", interval, doubt)
    }

    /// Creates the figure of the smallest or the largest observed value. A single process shows nothing about others.
    fn extreme(value: f64, unit: &str, rounds: usize) -> Self {
        Figure::new(value, unit, (rounds > 1).then_some(Interval { low: value, high: value }), ONE_ROUND)
    }

    fn metric(metric: &Metric, rounds: usize) -> Self {
        let doubt = match (metric.supported, rounds) {
            (Some(false), _) => TOO_FEW,
            (_, 1) => ONE_ROUND,
            _ => "its interval is unknown",
        };
        let interval = metric.interval.filter(|_| metric.supported != Some(false));
        Figure::new(metric.value, &metric.unit, interval, doubt)
    }
}

/// Metrics, and the settings under which they were measured: metrics of a case as a whole have none.
pub(super) struct Place {
    pub(super) settings: Vec<(&'static str, String)>,
    pub(super) metrics: Vec<Metric>,
    /// The reason why its figures cannot be relied on; `None` if they can.
    pub(super) invalid: Option<String>,
}

/// Returns the places at which a case has metrics. A load case adds a place for each of its levels.
fn places(case: &CaseRecord) -> Vec<Place> {
    let whole = Place { settings: Vec::new(), metrics: case.metrics.clone(), invalid: case.invalid() };
    let levels = case.served().into_iter().flat_map(|served| served.levels);
    std::iter::once(whole)
        .chain(levels.map(|level| {
            let concurrency = level.concurrency.map(|count| ("concurrency", count.to_string()));
            let rate = level.rate.map(|rate| ("rate", rate.to_string()));
            Place {
                settings: concurrency.into_iter().chain(rate).collect(),
                invalid: level.doubt(),
                metrics: level.metrics,
            }
        }))
        .collect()
}

/// Returns the figures called `name` in `case`, at the levels that `at` describes: several if several levels have one.
///
/// # Errors
/// The reason why there is none, with the nearest names.
pub(super) fn figures(case: &CaseRecord, name: &str, at: &[&Setting]) -> Result<Vec<Figure>, String> {
    let (places, rounds) = (places(case), counted(&case.rounds).count());
    let of_levels = at_levels(&places, name, at, rounds);
    if !of_levels.is_empty() {
        return Ok(of_levels);
    }
    let of_case = || {
        let of_load = built_in(case, name).or_else(|| metric(&case.metrics, name, rounds));
        let invalid = case.invalid().filter(|_| !BEFORE_LOAD.contains(&name));
        let of_load = of_load.map(|figure| figure.of(invalid.as_deref().filter(|told| concerns(told, name))));
        of_load.or_else(|| observed(case, name, rounds))
    };
    match at.is_empty().then(of_case).flatten() {
        Some(figure) => Ok(vec![figure]),
        None if case.settings.measure == Measure::Instructions => {
            Err(format!("there is no `{name}` where instructions are counted"))
        }
        None => Err(absent(&places, &case.observed, name, at)),
    }
}

/// Returns the metric `name` of each level that has all the settings of `at`.
pub(super) fn at_levels(places: &[Place], name: &str, at: &[&Setting], rounds: usize) -> Vec<Figure> {
    let has = |place: &&Place, wanted: &Setting| {
        place.settings.iter().any(|(name, value)| *name == wanted.name && *value == wanted.value)
    };
    places
        .iter()
        .filter(|place| !place.settings.is_empty() && at.iter().all(|wanted| has(place, wanted)))
        .filter_map(|place| {
            let figure = Figure { level: Some(told(place)), ..metric(&place.metrics, name, rounds)? };
            Some(figure.of(place.invalid.as_deref().filter(|told| concerns(told, name))))
        })
        .collect()
}

/// Whether the reason why a level is invalid makes this figure doubtful: the share of requests that succeeded is right
/// even if requests failed.
fn concerns(invalid: &str, name: &str) -> bool {
    let only_failures = format!("invalid: {} at ", InvalidCause::Failures.text());
    name != "success_rate" || !invalid.starts_with(&only_failures)
}

fn told(place: &Place) -> String {
    place.settings.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(",")
}

fn metric(metrics: &[Metric], name: &str, rounds: usize) -> Option<Figure> {
    metrics.iter().find(|metric| metric.key() == name).map(|metric| Figure::metric(metric, rounds))
}

/// Returns the reading of a probe.
fn observed(case: &CaseRecord, name: &str, rounds: usize) -> Option<Figure> {
    let metric = case.observed.iter().find(|metric| metric.key() == name)?;
    let mut readings = case.rounds.iter().flat_map(|round| &round.probes).flat_map(|report| &report.readings);
    match readings.find(|reading| reading.metric == metric.name)?.over_rounds {
        OverRounds::Max => Some(Figure::extreme(metric.value, &metric.unit, rounds)),
        OverRounds::Median => Some(Figure::metric(metric, rounds)),
    }
}

fn built_in(case: &CaseRecord, name: &str) -> Option<Figure> {
    let of_time =
        |figure: fn(&Time, &CaseRecord) -> Figure| case.time.as_ref().map(|time| figure(time, case));
    let over_rounds = |value: Option<f64>, of: &dyn Fn(&RoundRecord) -> Option<f64>| {
        let values: Vec<f64> = case.rounds.iter().filter_map(of).collect();
        Some(Figure::time(value?, stats::median_interval(&values), values.len()))
    };
    match name {
        "median" => of_time(|time, _| Figure::time(time.median_s.0, time.interval_s, time.rounds)),
        "mean" => of_time(|time, case| {
            let of_round = |round: &RoundRecord| stats::mean(&round.per_iteration().collect::<Vec<_>>());
            let means: Vec<f64> = counted(&case.rounds).filter_map(of_round).collect();
            // Computed from the means of rounds; if rounds differ in length, the mean of all samples differs.
            let interval = stats::mean_interval(&means).map(|found| found.with(time.mean_s.0));
            Figure::time(time.mean_s.0, interval, time.rounds)
        }),
        "min" => of_time(|time, _| Figure::extreme(time.min_s.0, "s", time.rounds)),
        "max" => of_time(|time, _| Figure::extreme(time.max_s.0, "s", time.rounds)),
        "p95" => of_time(|time, case| Figure::percentile(time.p95, 0.95, case)),
        "p99" => of_time(|time, case| Figure::percentile(time.p99, 0.99, case)),
        "first_call" => over_rounds(case.first_call_s.map(|seconds| seconds.0), &|round| {
            round.first_call_ns.map(|ns| ns as f64 / 1e9)
        }),
        "load" => over_rounds(case.load_s.map(|seconds| seconds.0), &|round| {
            round.load_ns.map(|ns| ns as f64 / 1e9)
        }),
        "cpu_time" => {
            over_rounds(case.cpu_time_s.map(|seconds| seconds.0), &|round| round.reading("cpu_time"))
        }
        "peak_memory" => {
            let seen = case.rounds.iter().filter(|round| round.reading("peak_memory").is_some()).count();
            case.peak_memory_bytes.map(|bytes| Figure::extreme(bytes.0 as f64, "bytes", seen))
        }
        "throughput" => {
            // The figure that tables call throughput: the plain one, or the first rate of a domain.
            let plain = case.metrics.iter().find(|metric| metric.key() == "throughput");
            let rate = plain.or_else(|| case.metrics.iter().find(|metric| metric.unit.ends_with("/s")));
            rate.map(|metric| Figure::metric(metric, counted(&case.rounds).count()))
        }
        _ => None,
    }
}

fn absent(places: &[Place], observed: &[Metric], name: &str, at: &[&Setting]) -> String {
    let place = if at.is_empty() {
        String::new()
    } else {
        format!(" at {}", at.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
    };
    let levels: Vec<String> = places.iter().filter(|place| !place.settings.is_empty()).map(told).collect();
    if !at.is_empty() && levels.is_empty() {
        return format!("no `{name}`{place}: the case has no such argument, and no levels");
    }
    let keys = places.iter().flat_map(|place| &place.metrics).chain(observed).map(Metric::key);
    if BUILT_IN.contains(&name) {
        return format!("this case has no `{name}`{place}");
    }
    let ranked = nearest::rank(name, keys.chain(BUILT_IN.map(str::to_owned)));
    let near = ranked.iter().take(5).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let there = if at.is_empty() { String::new() } else { format!(" (levels: {})", levels.join("; ")) };
    format!("no `{name}`{place}{there}; nearest: {near}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::record;
    use bench_protocol::Better;

    fn value(case: &CaseRecord, name: &str) -> f64 {
        let figures = figures(case, name, &[]).expect(name);
        assert_eq!(figures.len(), 1);
        figures[0].value
    }

    #[test]
    fn every_built_in_name_has_a_figure() {
        let mut record = record(vec![("unit/x", vec![100; 8])]);
        let case = &mut record.cases[0];
        case.first_call_s = Some(bench_syntax::quantity::Seconds(1.0));
        case.load_s = Some(bench_syntax::quantity::Seconds(2.0));
        case.cpu_time_s = Some(bench_syntax::quantity::Seconds(3.0));
        case.peak_memory_bytes = Some(bench_syntax::quantity::Bytes(4));
        case.metrics.push(Metric::new("IPS", "images/s", 5.0, Better::Higher));
        for name in BUILT_IN {
            assert!(value(case, name) > 0.0, "{name}");
        }
        assert_eq!((value(case, "load"), value(case, "throughput"), value(case, "ips")), (2.0, 5.0, 5.0));
        case.metrics.push(Metric::new("throughput", "bytes/s", 6.0, Better::Higher));
        assert_eq!(value(case, "throughput"), 6.0);
    }

    #[test]
    fn a_name_that_means_nothing_is_answered_with_the_nearest() {
        let mut record = record(vec![("unit/x", vec![100; 8])]);
        record.cases[0].metrics.push(Metric::new("TTFA p95", "s", 0.1, Better::Lower));
        let reason = figures(&record.cases[0], "ttfa_p59", &[]).expect_err("no such name");
        assert!(reason.starts_with("no `ttfa_p59`; nearest: `ttfa_p95`, "), "{reason}");
        assert_eq!(figures(&record.cases[0], "load", &[]), Err("this case has no `load`".to_owned()));
    }

    #[test]
    fn levels_are_chosen_by_their_settings() {
        let metrics = |value| [Metric::new("TTFA p95", "s", value, Better::Lower)];
        let (whole, one, eight) = (metrics(0.1), metrics(0.2), metrics(0.3));
        let places = [
            Place { settings: vec![], metrics: whole.to_vec(), invalid: None },
            Place { settings: vec![("concurrency", "1".to_owned())], metrics: one.to_vec(), invalid: None },
            Place {
                settings: vec![("concurrency", "8".to_owned())],
                metrics: eight.to_vec(),
                invalid: Some(format!("{HARNESS_BOUND} at concurrency 8")),
            },
        ];
        let found = |at: &[&Setting]| -> Vec<f64> {
            at_levels(&places, "ttfa_p95", at, 2).iter().map(|figure| figure.value).collect()
        };
        let at = |value: &'static str| Setting { name: "concurrency".into(), value: value.into() };
        assert_eq!(found(&[]), [0.2, 0.3], "the case as a whole is no level");
        assert_eq!(found(&[&at("8")]), [0.3]);
        let doubts: Vec<Option<String>> =
            at_levels(&places, "ttfa_p95", &[], 2).into_iter().map(|figure| figure.doubt).collect();
        assert_eq!(doubts[1].as_deref(), Some(HARNESS_BOUND));
        assert_ne!(doubts[0].as_deref(), Some(HARNESS_BOUND));
        assert!(found(&[&at("2")]).is_empty());
        let reason = absent(&places, &[], "ttfa_p95", &[&at("2")]);
        assert!(reason.contains("at concurrency=2 (levels: concurrency=1; concurrency=8)"), "{reason}");
    }

    #[test]
    fn an_unsupported_percentile_has_no_interval() {
        let bounds = Some(Interval { low: 1.0, high: 2.0 });
        let metric = Metric::new("p99", "s", 1.5, Better::Lower).with_interval(bounds);
        assert_eq!(Figure::metric(&metric.clone().with_support(true), 6).interval, bounds);
        let figure = Figure::metric(&metric.with_support(false), 6);
        assert_eq!((figure.interval, figure.doubt.as_deref()), (None, Some(TOO_FEW)));
    }
}
