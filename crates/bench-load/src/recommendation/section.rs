//! The recommendations below the table of a run.

use bench_record::Record;
use bench_report::{Section, View};
use bench_syntax::text::printable;

use super::{Group, recommendations};

bench_core::inventory::submit! {
    Section { name: "recommendations", render }
}

/// A heading for each group of which there is something to say, and a line for each recommendation.
fn render(record: &Record, view: &View) -> String {
    let mut out = String::new();
    for group in Group::all(record) {
        let found = recommendations(&group);
        if found.is_empty() {
            continue;
        }
        out += &view.style.bold(&format!("recommendations · {}", printable(&group.benchmark)));
        out.push('\n');
        for recommendation in found {
            out += &format!("  {}\n", printable(&recommendation.text));
        }
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
}
