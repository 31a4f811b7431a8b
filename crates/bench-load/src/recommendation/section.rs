//! The recommendations below the table of a run.

use std::collections::BTreeMap;

use bench_record::Record;
use bench_report::{CaseRows, Folded, Section, View};
use bench_syntax::Category;
use bench_syntax::text::printable;

use super::{Group, Recommendation, recommendations};

bench_core::inventory::submit! {
    Section { name: "recommendations", render }
}

/// Renders a heading for each group with recommendations, and a line for each recommendation; in the short form of
/// several groups, a line for each rule instead.
fn render(record: &Record, view: &View) -> String {
    let groups = Group::all(record);
    let found: Vec<(&Group, Vec<Recommendation>)> = groups
        .iter()
        .map(|group| (group, recommendations(group)))
        .filter(|(_, found)| !found.is_empty())
        .collect();
    if view.is_short() && found.len() > 1 { by_rule(found, view) } else { by_group(&found, view) }
}

fn by_group(found: &[(&Group, Vec<Recommendation>)], view: &View) -> String {
    let mut out = String::new();
    for (group, found) in found {
        out += &view.style.bold(&format!("recommendations · {}", printable(&group.benchmark)));
        out.push('\n');
        for recommendation in found {
            out += &format!("  {}\n", printable(recommendation.text()));
        }
    }
    out
}

fn by_rule(found: Vec<(&Group, Vec<Recommendation>)>, view: &View) -> String {
    let ids = || {
        found.iter().filter_map(|(group, _)| {
            let (model, category) = Category::of_id(&group.benchmark)?;
            Some((group.benchmark.as_str(), model, category))
        })
    };
    let rows = CaseRows::of(ids());
    let short: BTreeMap<&str, String> =
        ids().map(|(id, model, category)| (id, rows.short_id(id, model, category))).collect();
    let notices = found.iter().flat_map(|(group, found)| {
        let id = group.benchmark.as_str();
        let name = short.get(id).map_or(id, String::as_str);
        found.iter().map(move |recommendation| (name, recommendation.notice.clone()))
    });
    let all = "each with its figures: --verbose, or recommendations.csv";
    let mut out = view.heading("recommendations", all);
    for folded in Folded::all(notices) {
        out += &view.wrap(&format!("  {}", folded.line("benchmarks")), 4);
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use bench_report::Detail;

    use super::super::fixture::{case, level, record};
    use super::*;

    #[test]
    fn recommendations_are_listed_by_benchmark() {
        let plain = &View::plain(100, Detail::Short);
        let rising = |rps| level("closed_loop", Some(if rps > 1.5 { 2 } else { 1 }), None, &[("RPS", rps)]);
        let record = record(vec![
            case("m/performance/say[concurrency=1]", vec![rising(1.0)]),
            case("m/performance/say[concurrency=2]", vec![rising(2.0)]),
            case("m/performance/sing", vec![level("offline", None, None, &[])]),
            case("m/unit/matmul", vec![]),
        ]);
        assert_eq!(
            render(&record, plain),
            "recommendations · m/performance/say\n  \
             throughput still rises at concurrency 2, the highest tried: 100 % more req/s than at 1: try 4\n"
        );
        let quiet = super::super::fixture::record(vec![case("m/unit/matmul", vec![])]);
        assert_eq!(render(&quiet, plain), "");
    }
    #[test]
    fn what_is_said_of_several_benchmarks_is_said_once() {
        let few = |id: &str, served: u64| {
            let mut level = level("closed_loop", Some(1), None, &[("latency p99", 0.5)]);
            super::super::fixture::unsupported(&mut level, "latency p99");
            level.succeeded = served;
            case(id, vec![level])
        };
        let mut failing = few("n/performance/say", 100);
        failing.rounds[0].served.as_mut().expect("served").levels[0].failed = 2;
        let record = record(vec![few("m/performance/say", 8), failing]);
        assert_eq!(
            render(&record, &View::plain(100, Detail::Short)),
            "recommendations  each with its figures: --verbose, or recommendations.csv\n  \
             2 benchmarks, such as n/say: too few requests for percentiles of latency (8 to 100 served, 459\n    \
             needed)\n  \
             n/say: requests fail from the lowest level on, concurrency 1: 2 of 100 requests\n"
        );
        let full = render(&record, &View::plain(100, Detail::Full));
        assert_eq!((full.lines().count(), full.matches("recommendations · ").count()), (5, 2), "{full}");
    }
}
