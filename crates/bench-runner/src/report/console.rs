//! The console: a table of the run, its targets, what was failed or skipped, and what to doubt.

use bench_judge::Summarize;
use std::fmt::Write;

use crate::report::{counts, failure, targets};
use bench_judge::comparison::{Comparison, visible};
use bench_record::{CaseRecord, Measure, Percentile, Record, RoundRecord, Status, Time};
use bench_report::{Style, Table, on_console, sections, sparkline};
use bench_syntax::quantity::{Seconds, percent, rate};
use bench_syntax::text::one_line;
use bench_syntax::text::{first_line, printable};

/// Marks a percentile with too few samples.
const UNSUPPORTED: char = '~';

/// Cells of a distribution: as many as its header has letters.
const SPARKLINE: usize = 12;

/// Columns of a wide terminal. In a wider table the distribution is left out: a picture that wraps shows
/// nothing, and breaks the lines of all the figures.
const WIDEST: usize = 132;

const HEADER: [&str; 10] =
    ["", "median", "", "mean", "p95", "p99", "throughput", "peak mem", "first call", "distribution"];

/// The table of a run, and everything that should be said below it.
pub fn render(record: &Record, style: Style) -> String {
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
            (.., Status::Failed) => {
                table.remark(
                    name,
                    style.bad(&format!(
                        "failed: {}",
                        case.failure
                            .as_ref()
                            .map(|failure| first_line(&failure.to_string()))
                            .unwrap_or_default()
                    )),
                );
            }
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
        table.fit_without_last(WIDEST);
    }
    let mut out = table.render(|text| style.bold(text));
    // Writing to a String cannot fail.
    if unsupported {
        let _ = writeln!(out, "{}", style.faint("~ too few samples for this percentile at 99 % confidence"));
    }
    for state in &record.environment.probes {
        if let Some(reason) = &state.unavailable {
            let _ =
                writeln!(out, "{}", style.faint(&format!("no `{}`: {}", state.probe, first_line(reason))));
        }
    }
    if measure == Measure::Instructions {
        let _ = writeln!(out, "{}", style.faint(counts::NOTE));
    }
    out += &targets::render(record, style);
    for section in sections() {
        let text = (section.render)(record, style);
        if !text.is_empty() {
            let _ = write!(out, "\n{text}");
        }
    }
    out += &render_failures(record, style);
    warnings(&mut out, record, style);
    let summary = record.summary;
    let mut line = format!("{} of {} benchmarks measured", summary.successful_runs, summary.total_benchmarks);
    for (count, what) in [(summary.failed_runs, "failed"), (summary.skipped_runs, "skipped")] {
        if count > 0 {
            let _ = write!(line, ", {count} {what}");
        }
    }
    let _ = writeln!(out, "\n{}", if summary.failed_runs > 0 { style.bad(&line) } else { line });
    on_console(&out)
}

fn cells(name: String, case: &CaseRecord, time: &Time) -> Vec<String> {
    let metric = case.metrics.first();
    vec![
        name,
        time.median_s.to_string(),
        time.precision().map(|precision| format!("±{}", percent(precision))).unwrap_or_default(),
        time.mean_s.to_string(),
        percentile(time.p95),
        percentile(time.p99),
        metric.map(|metric| printable(&rate(metric.value, &metric.unit))).unwrap_or_default(),
        case.peak_memory_bytes.map(|bytes| bytes.to_string()).unwrap_or_default(),
        case.first_call_s.map(|seconds| seconds.to_string()).unwrap_or_default(),
        distribution(case),
    ]
}

/// All samples, as a histogram.
fn distribution(case: &CaseRecord) -> String {
    let samples: Vec<f64> =
        case.rounds.iter().filter(|round| round.is_ok()).flat_map(RoundRecord::per_iteration).collect();
    sparkline(&samples, SPARKLINE)
}

fn percentile(percentile: Percentile) -> String {
    let mark = if percentile.supported { String::new() } else { UNSUPPORTED.to_string() };
    format!("{mark}{}", percentile.value_s)
}

/// The name and arguments: model and category stand in the heading.
fn short_name(case: &CaseRecord) -> &str {
    let model = case.model.as_ref().map(|model| format!("{model}/")).unwrap_or_default();
    // A name may hold slashes, as those of other harnesses do.
    case.id.strip_prefix(&format!("{model}{}/", case.category)).unwrap_or(&case.id)
}

/// The failures alone.
pub fn render_failures(record: &Record, style: Style) -> String {
    let failed = |case: &CaseRecord| {
        Some(failure::render(&format!("failed: {}", one_line(&case.id)), case.failure.as_ref()?, style))
    };
    on_console(&record.cases.iter().filter_map(failed).collect::<String>())
}

fn warnings(out: &mut String, record: &Record, style: Style) {
    // That the harness was the bottleneck stands beside the figures themselves.
    let told = |case: &CaseRecord, warning: &str| case.invalid().as_deref() == Some(warning);
    let of_cases = record.cases.iter().flat_map(|case| {
        let warnings = case.warnings.iter().filter(move |warning| !told(case, warning));
        warnings.map(move |warning| (case.id.clone(), warning.as_str()))
    });
    // Cases that share a warning share a line.
    let mut grouped: Vec<(&str, Vec<String>)> = Vec::new();
    for (case, warning) in of_cases {
        match grouped.iter_mut().find(|(known, _)| *known == warning) {
            Some((_, cases)) => cases.push(case),
            None => grouped.push((warning, vec![case])),
        }
    }
    if record.warnings.is_empty() && grouped.is_empty() {
        return;
    }
    let _ = writeln!(out);
    for warning in &record.warnings {
        let _ = writeln!(out, "{} {}", style.doubtful("warning:"), one_line(warning));
    }
    if record.environment.quietness.iter().any(|check| check.advice.is_some()) {
        let _ = writeln!(out, "{}", style.faint("`bench doctor` says what to do about the machine"));
    }
    for (warning, cases) in grouped {
        // Which they are stands in the record; a list of dozens would hide what is said of them.
        let who = if cases.len() > 3 { format!("{} cases", cases.len()) } else { cases.join(", ") };
        let line = one_line(&format!("{who}: {warning}"));
        let _ = writeln!(out, "{} {line}", style.doubtful("warning:"));
    }
}

/// Old, new, change with interval, what could have been seen, and verdict of every case.
pub fn render_comparison(comparison: &Comparison, style: Style) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}", style.bold(&format!("compared with {}", one_line(&comparison.baseline))));
    // First of all: whoever overlooks this blames the code for the machine.
    if let Some(different) = &comparison.different {
        let _ = writeln!(out, "{}", style.bad(&printable(different)));
    }
    for note in &comparison.notes {
        let _ = writeln!(out, "{} {}", style.doubtful("note:"), one_line(note));
    }
    out += &match comparison.measure {
        Measure::Time => comparison_of_times(comparison, style),
        Measure::Instructions => counts::comparison(comparison, style),
    };
    for line in comparison.conclusion() {
        let _ = writeln!(out, "{}", one_line(&line));
    }
    on_console(&out)
}

fn comparison_of_times(comparison: &Comparison, style: Style) -> String {
    let mut table = Table::new(&["", "old", "new", "change", "95 % interval", "can be seen", "verdict"]);
    for case in &comparison.cases {
        let seconds = |value: Option<f64>| value.map(|value| Seconds(value).to_string()).unwrap_or_default();
        let change = |value: f64| format!("{:+.1} %", value * 100.0);
        table.row(vec![
            one_line(&case.id),
            seconds(case.old_s),
            seconds(case.new_s),
            case.change.map(change).unwrap_or_default(),
            case.interval
                .map(|found| format!("{} to {}", change(found.low), change(found.high)))
                .unwrap_or_default(),
            case.smallest_effect.map(visible).unwrap_or_default(),
            style.verdict(case.verdict),
        ]);
    }
    table.render(|text| style.bold(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_judge::testing::record;
    use bench_protocol::Better;
    use bench_record::{Cause, Failure, Level, Metric, Served};
    use bench_report::ColorChoice;

    #[test]
    fn a_harness_that_was_too_slow_is_told_once() {
        let quick = record(vec![("unit/x", vec![100; 8])]);
        let mut slow = quick.clone();
        for round in &mut slow.cases[0].rounds {
            let mut level = Level::named("90 req/s");
            level.validity.harness_bound = true;
            round.served = Some(Served::at_levels(vec![level]));
        }
        slow.cases[0].update();
        let told = "invalid: the harness was the bottleneck at 90 req/s";
        let shown = |record| render(record, Style::for_stdout(ColorChoice::Never));
        assert_eq!((shown(&slow).matches(told).count(), shown(&quick).matches(told).count()), (1, 0));
    }

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

    #[test]
    fn no_string_of_a_record_steers_the_console() {
        const HOSTILE: &str = "x\u{1b}[31m\u{1b}]0;t\u{7}\n::error::y\0\u{202e}";
        let mut record = record(vec![("unit/x", vec![100; 8]), ("unit/y", vec![100; 8])]);
        for case in &mut record.cases {
            case.model = Some(HOSTILE.to_owned());
            case.metrics.push(Metric::new(HOSTILE, HOSTILE, 1.0, Better::Higher));
            case.warnings.push(HOSTILE.to_owned());
        }
        record.cases[1].id = format!("unit/{HOSTILE}");
        record.cases[1].status = Status::Failed;
        let mut failure = Failure::new(Cause::Error, HOSTILE);
        failure.output_tail = HOSTILE.to_owned();
        record.cases[1].failure = Some(failure);
        record.warnings.push(HOSTILE.to_owned());
        let style = Style::for_stdout(ColorChoice::Never);
        for text in [render(&record, style), render_failures(&record, style)] {
            assert!(!text.chars().any(|c| c != '\n' && bench_syntax::text::steers(c)), "{text:?}");
            assert!(!text.lines().any(|line| line.trim_start().starts_with("::")), "{text}");
        }
    }
}
