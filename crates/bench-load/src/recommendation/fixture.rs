//! Groups, levels and records for the tests of rules.

use std::collections::BTreeMap;

use bench_protocol::Better;
use bench_record::{CaseRecord, Level, Metric, Record, RoundRecord, Served, Status};
use bench_stats as stats;
use bench_syntax::Category;
use bench_syntax::quantity::Seconds;

use super::Group;
use super::rules::Rule;

/// Names and values of metrics.
pub(super) type Figures<'a> = &'a [(&'a str, f64)];

/// A metric with the unit that its name has in the field.
fn metric(name: &str, value: f64) -> Metric {
    let (unit, better) = match name {
        "RPS" | "goodput" => ("req/s", Better::Higher),
        "IPS" => ("images/s", Better::Higher),
        "ASPS" => ("audio s/s", Better::Higher),
        "output tokens/s" => ("tokens/s", Better::Higher),
        "continuity" => ("ratio", Better::Higher),
        _ if name.starts_with("RTF") => ("ratio", Better::Lower),
        _ => ("s", Better::Lower),
    };
    Metric::new(name, unit, value, better)
}

/// A valid level of 100 requests, all served, in 10 s.
pub(super) fn level(
    scenario: &str,
    concurrency: Option<u32>,
    rate: Option<f64>,
    figures: Figures<'_>,
) -> Level {
    let name = match (rate, concurrency) {
        (Some(rate), _) => format!("{rate} req/s"),
        (None, Some(concurrency)) => format!("concurrency {concurrency}"),
        (None, None) => scenario.to_owned(),
    };
    let mut level = Level::named(name);
    level.scenario = scenario.to_owned();
    level.concurrency = concurrency;
    level.rate = rate;
    level.requests = 100;
    level.succeeded = 100;
    level.window_s = Seconds(10.0);
    level.metrics = figures.iter().map(|(name, value)| metric(name, *value)).collect();
    level.validity.valid = true;
    level
}

/// A closed loop with these figures at each concurrency.
pub(super) fn closed(primary: &str, levels: &[(u32, Figures<'_>)]) -> Group {
    let levels = levels.iter().map(|(clients, figures)| level("closed_loop", Some(*clients), None, figures));
    Group { primary: primary.to_owned(), levels: levels.collect(), ..Group::default() }
}

/// An open loop with these figures at each rate.
pub(super) fn open(levels: &[(f64, Figures<'_>)]) -> Group {
    let levels = levels.iter().map(|(rate, figures)| level("open_loop", None, Some(*rate), figures));
    Group { primary: "RPS".to_owned(), levels: levels.collect(), ..Group::default() }
}

/// Marks a percentile as one with too few observations.
pub(super) fn unsupported(level: &mut Level, name: &str) {
    let metric = level.metrics.iter_mut().find(|metric| metric.name == name).expect("a metric");
    metric.supported = Some(false);
}

/// Asserts that a rule makes exactly these recommendations.
pub(super) fn assert_says(rule: Rule, group: &Group, expected: &[&str]) {
    let texts: Vec<String> = rule(group).into_iter().map(|found| found.notice.text).collect();
    assert_eq!(texts, expected);
}

/// A case of one round with these levels, which has loaded for 3 s; without levels it serves nothing.
pub(super) fn case(id: &str, levels: Vec<Level>) -> CaseRecord {
    let arguments = id.split_once('[').map_or("", |(_, arguments)| arguments.trim_end_matches(']'));
    let arguments: BTreeMap<String, String> = arguments
        .split(',')
        .filter_map(|argument| argument.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut round = RoundRecord::default();
    if !levels.is_empty() {
        let mut served = Served::at_levels(levels);
        served.domain = "requests".to_owned();
        served.primary = "RPS".to_owned();
        round.served = Some(served);
    }
    let mut case = CaseRecord::blank(id, Category::Performance);
    case.name = "say".to_owned();
    case.arguments = arguments;
    case.status = Status::Ok;
    case.load_s = Some(Seconds(3.0));
    case.rounds = vec![round];
    case
}

/// A record of these cases.
pub(super) fn record(cases: Vec<CaseRecord>) -> Record {
    Record::new("a run", "", cases)
}

/// Returns the interval from `value - half` to `value + half`.
pub(super) fn around(value: f64, half: f64) -> Option<stats::Interval> {
    Some(stats::Interval { low: value - half, high: value + half })
}
