//! The table with all figures of all cases (`--verbose`), and that of instructions.

use std::fmt::Write;

use bench_judge::Summarize;
use bench_record::{CaseRecord, Measure, Percentile, Record, Status, Time};
use bench_report::{Style, Table};
use bench_syntax::case_id;
use bench_syntax::quantity::{percent, rate};
use bench_syntax::text::{first_line, printable};

use super::distribution::distribution_from;
use crate::report::{counts, failure};

/// Marks a percentile with too few samples.
const UNSUPPORTED: char = '~';

/// The number of columns of a wide terminal. A wider table leaves the distribution out: a picture that wraps shows
/// nothing, and breaks the lines of all figures.
const WIDEST: usize = 132;

const HEADER: [&str; 10] =
    ["", "median", "", "mean", "p95", "p99", "throughput", "peak mem", "first call", "distribution"];

/// Renders one row for each case, measured or not, with all of its figures.
pub(super) fn render(record: &Record, style: Style) -> String {
    let measure = record.measure();
    let mut table = match measure {
        Measure::Time => Table::new(&HEADER),
        Measure::Instructions => Table::new(&counts::HEADER),
    };
    let mut group = None;
    let mut unsupported = false;
    for case in &record.cases {
        let key = (case.model.as_deref(), case.category);
        if group != Some(key) {
            group = Some(key);
            table.heading(key.0.map_or_else(
                || case.category.to_string(),
                |model| format!("{} · {}", printable(model), case.category),
            ));
        }
        let name = format!("  {}", printable(short_name(case)));
        match (&case.time, &case.counts, case.status) {
            (Some(time), _, Status::Ok) => {
                unsupported |= !(time.p95.supported && time.p99.supported);
                table.row(cells(name, case, time));
                if let Some(bound) = case.invalid() {
                    table.remark("", style.bad(&printable(&bound)));
                }
            }
            (None, Some(counts), Status::Ok) => table.row(counts::cells(name, counts)),
            (.., Status::Failed) => table.remark(name, failure::in_row(case, style)),
            (.., Status::Skipped) => {
                table.remark(
                    name,
                    style.doubtful(&format!(
                        "skipped: {}",
                        first_line(case.skip_reason.as_deref().unwrap_or_default())
                    )),
                );
            }
            _ => table.remark(name, style.doubtful("not run: interrupted")),
        }
    }
    if measure == Measure::Time {
        table.fit(WIDEST, &["distribution"]);
    }
    let mut out = table.render(|text| style.bold(text));
    // Writing to a String cannot fail.
    if unsupported {
        let _ = writeln!(out, "{}", style.faint("~ too few samples for this percentile at 99 % confidence"));
    }
    if measure == Measure::Instructions {
        let _ = writeln!(out, "{}", style.faint(counts::NOTE));
    }
    out
}

fn cells(name: String, case: &CaseRecord, time: &Time) -> Vec<String> {
    let metric = case.metrics.first();
    vec![
        name,
        time.median_s.to_string(),
        time.moderated_precision().map(|precision| format!("±{}", percent(precision))).unwrap_or_default(),
        time.mean_s.to_string(),
        percentile(time.p95),
        percentile(time.p99),
        metric.map(|metric| printable(&rate(metric.value, &metric.unit))).unwrap_or_default(),
        case.peak_memory_bytes.map(|bytes| bytes.to_string()).unwrap_or_default(),
        case.first_call_s.map(|seconds| seconds.to_string()).unwrap_or_default(),
        distribution_from(1, case),
    ]
}

fn percentile(percentile: Percentile) -> String {
    let mark = if percentile.supported { String::new() } else { UNSUPPORTED.to_string() };
    format!("{mark}{}", percentile.value_s)
}

/// Returns the name and arguments: model and category are in the heading.
fn short_name(case: &CaseRecord) -> &str {
    case_id::below(&case.id, case.model.as_deref(), case.category)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_judge::testing::record;

    #[test]
    fn a_row_has_all_of_its_name_that_the_heading_lacks() {
        let shown = |id: &str, model: Option<&str>| {
            let mut case = record(vec![(id, vec![100; 8])]).cases.remove(0);
            case.model = model.map(str::to_owned);
            short_name(&case).to_owned()
        };
        assert_eq!(shown("unit/x[n=1/2]", None), "x[n=1/2]");
        assert_eq!(shown("resnet/unit/forward[batch=8]", Some("resnet")), "forward[batch=8]");
        assert_eq!(shown("unit/sums/of/1000", None), "sums/of/1000");
        assert_eq!(shown("strange", None), "strange");
    }
}
