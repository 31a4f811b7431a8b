//! Writes a run in Go's benchmark format.

use bench_judge::Summarize;
use std::collections::BTreeMap;
use std::fmt::Write;

use bench_history::figure::figures;
use bench_protocol::Better;
use bench_record::{CaseRecord, Record, Status};
use bench_stats as stats;

use super::Benchfmt;
use super::name::quote;
use super::unit::{NS_PER_OP, unit_of};
use crate::export::without_figures;
use crate::{Export, Exported, InterchangeError};

impl Export for Benchfmt {
    fn name(&self) -> &'static str {
        "benchfmt"
    }

    fn export(&self, record: &Record) -> Result<Exported, InterchangeError> {
        let left_out = without_figures(record)?;
        let mut text = head(record);
        let mut lines = String::new();
        let mut units = BTreeMap::new();
        let cases = || record.cases.iter().filter(|case| case.status == Status::Ok);
        let processors = processors(cases().map(|case| case.id.as_str()), record.environment.cores);
        for case in cases() {
            lines += &results(case, &processors, &mut units);
        }
        for (unit, better) in units {
            let better = if better == Better::Higher { "higher" } else { "lower" };
            text += &format!("Unit {unit} better={better}\n");
        }
        Ok(Exported::file("benchfmt.txt", text + "\n" + &lines, left_out))
    }
}

/// Returns the lines of configuration: only values that comparable runs have in common, because benchstat separates
/// runs by them.
fn head(record: &Record) -> String {
    let environment = &record.environment;
    let mut head = String::new();
    let mut parts = environment.target.split('-');
    for (key, value) in [
        ("goarch", parts.next().map(str::to_owned)),
        ("goos", parts.nth(1).map(str::to_owned)),
        ("cpu", environment.cpu.clone()),
    ] {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            head += &format!("{key}: {}\n", value.replace(char::is_control, " "));
        }
    }
    head
}

/// Returns the lines of a case, and adds the units that they use to `units`.
fn results(case: &CaseRecord, processors: &str, units: &mut BTreeMap<String, Better>) -> String {
    let name = format!("Benchmark{}{processors}", quote_id(&case.id));
    let mut lines = String::new();
    let (time, others): (Vec<_>, Vec<_>) =
        figures(case).into_iter().partition(|figure| figure.metric == "time");
    let rounds: Vec<_> = case
        .counted_rounds()
        .filter_map(|round| {
            let iterations = round.iterations_per_sample * round.sample_ns.len() as u64;
            let ns: Vec<f64> = round.sample_ns.iter().map(|ns| *ns as f64).collect();
            let median = stats::median(&stats::sorted(&ns))?;
            Some((iterations, median / round.iterations_per_sample.max(1) as f64))
        })
        .collect();
    let whole = || {
        let iterations = case.time.as_ref().map_or(1, |time| time.iterations.max(1));
        time.iter().map(move |time| (iterations, time.value * 1e9))
    };
    let times = if rounds.is_empty() { whole().collect() } else { rounds };
    for (iterations, ns) in times {
        // Writing to a text cannot fail.
        let _ = writeln!(lines, "{name} {iterations} {ns} {NS_PER_OP}");
    }
    if !others.is_empty() {
        let _ = write!(lines, "{name} {}", case.time.as_ref().map_or(1, |time| time.iterations.max(1)));
        for figure in others {
            let unit = unit_of(&figure.metric, &figure.unit);
            let _ = write!(lines, " {} {unit}", figure.value);
            units.insert(unit, figure.better);
        }
        lines.push('\n');
    }
    lines
}

/// Returns the suffix of all names in a file: Go appends the number of processors, if there are several. If a name
/// already ends with a dash and a number, all names get the suffix, so that this number is not taken for that of the
/// processors.
fn processors<'a>(ids: impl IntoIterator<Item = &'a str>, cores: Option<usize>) -> String {
    let looks_numbered = |id: &str| {
        id.rsplit_once('-')
            .is_some_and(|(_, end)| !end.is_empty() && end.bytes().all(|byte| byte.is_ascii_digit()))
    };
    match cores {
        Some(cores) if cores > 1 => format!("-{cores}"),
        _ if ids.into_iter().any(looks_numbered) => "-1".to_owned(),
        _ => String::new(),
    }
}

/// Quotes an id for use after `Benchmark`, where a small letter must not follow: the id begins after a slash.
fn quote_id(id: &str) -> String {
    format!("/{}", quote(id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn text() -> String {
        let exported = Benchfmt.export(&fixture::record()).expect("written");
        String::from_utf8(exported.documents[0].content.clone()).expect("text")
    }

    #[test]
    fn a_run_is_written_with_a_line_a_round() {
        let text = text();
        let wanted = "goarch: x86_64
goos: linux
cpu: AMD \"EPYC\" 7763
Unit load-sec better=lower
Unit peak_memory-bytes better=lower
Unit throughput-images/s better=higher
Unit ttfa_p95-sec better=lower

Benchmark/resnet/performance/forward[batch=8]-4 40 2000000 ns/op
Benchmark/resnet/performance/forward[batch=8]-4 40 2040000 ns/op
Benchmark/resnet/performance/forward[batch=8]-4 40 1960000 ns/op
Benchmark/resnet/performance/forward[batch=8]-4 3 1.25 load-sec 1048576 peak_memory-bytes 4000 throughput-images/s \
                      0.125 ttfa_p95-sec
";
        assert!(text.starts_with(wanted), "{text}");
        assert!(!text.contains("broken") && !text.contains("late"), "{text}");
    }

    #[test]
    fn no_name_ends_its_line() {
        let text = text();
        let results: Vec<&str> = text.lines().filter(|line| line.starts_with("Benchmark")).collect();
        assert_eq!(results.len(), 3 + 1 + 3);
        for line in results {
            let fields: Vec<&str> = line.split_whitespace().collect();
            assert!(fields.len() >= 4 && fields.len().is_multiple_of(2), "{line}");
            assert!(fields[1].parse::<u64>().is_ok() && fields[2].parse::<f64>().is_ok(), "{line}");
        }
    }

    #[test]
    fn processors_stand_where_a_number_would_be_taken_for_them() {
        for (ids, cores, end) in [
            (["unit/a", "unit/b"], Some(4), "-4"),
            (["unit/a", "unit/b"], Some(1), ""),
            (["unit/a", "unit/b"], None, ""),
            (["unit/a-8", "unit/b"], None, "-1"),
            (["unit/a", "unit/b-8"], Some(1), "-1"),
        ] {
            assert_eq!(processors(ids, cores), end);
        }
    }
}
