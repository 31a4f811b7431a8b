//! The table of each load benchmark, below the table of the run.

use std::fmt::Write;

use bench_core::inventory;
use bench_record::{HARNESS_BOUND, Metric, Record};
use bench_report::{Section, Style, Table};
use bench_syntax::quantity::percent;
use bench_syntax::text::{first_line, printable};

use super::best::{best, first_output};
use super::figure::figure;
use super::group::{Group, GroupLevel, groups};

inventory::submit! { Section { name: "load", render } }

/// Marks a percentile with too few requests.
const UNSUPPORTED: char = '~';

fn render(record: &Record, style: Style) -> String {
    groups(record).iter().map(|group| of_group(group, style)).collect::<Vec<_>>().join("\n")
}

fn of_group(group: &Group<'_>, style: Style) -> String {
    let mut out = String::new();
    let title = format!("{} · {} · {}", printable(&group.id()), group.domain, group.latency_name());
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{}", style.bold(&title));
    let first = group.levels.first().and_then(|level| first_output(&level.level.metrics)).map(str::to_owned);
    let columns = columns(group, first.as_deref());
    let titles = columns.iter().map(|(title, _)| title.as_str());
    let header: Vec<&str> =
        ["", "requests"].into_iter().chain(titles).chain(["in flight", "valid"]).collect();
    let mut table = Table::new(&header);
    let mut unsupported = false;
    for level in &group.levels {
        let mut cells = vec![format!("  {}", printable(&level.label)), requests(level, style)];
        for (_, name) in &columns {
            let metric = level.level.metric(name);
            unsupported |= metric.is_some_and(|metric| metric.supported == Some(false));
            cells.push(metric.map(|metric| cell(metric, name == &group.primary)).unwrap_or_default());
        }
        cells.push(level.level.pace.mean_concurrency.map(|mean| format!("{mean:.2}")).unwrap_or_default());
        cells.push(verdict(level, style));
        table.row(cells);
        if let Some(steady) = &level.level.steady
            && steady.metrics.iter().any(|metric| metric.name == group.primary)
        {
            let mut cells = vec![style.faint("    steady part"), steady.requests.to_string()];
            cells.extend(columns.iter().map(|(_, name)| {
                let found = steady.metrics.iter().find(|metric| metric.name == *name);
                found.map(|metric| cell(metric, name == &group.primary)).unwrap_or_default()
            }));
            cells.extend([String::new(), String::new()]);
            table.row(cells);
        }
    }
    out += &table.render(|text| style.bold(text));
    if unsupported {
        let _ = writeln!(out, "{}", style.faint("~ too few requests for this percentile at 99 % confidence"));
    }
    for found in &group.found {
        let _ =
            writeln!(out, "  {}", style.bold(&format!("{}: {}", printable(&found.name), cell(found, true))));
    }
    // Of one level everything is the best.
    if group.levels.len() > 1 {
        let best = best(group);
        let mut told: Vec<&str> = Vec::new();
        for label in best.iter().map(|best| best.level.label.as_str()) {
            if !told.contains(&label) {
                told.push(label);
                let here = best.iter().filter(|best| best.level.label == label);
                let here: Vec<String> =
                    here.map(|best| format!("{} {}", best.metric.name, cell(best.metric, false))).collect();
                let _ = writeln!(out, "  best at {}: {}", printable(label), printable(&here.join(", ")));
            }
        }
    }
    for level in &group.levels {
        remarks(&mut out, level, style);
    }
    out
}

/// Titles of columns and the metrics in them.
fn columns(group: &Group<'_>, first_output: Option<&str>) -> Vec<(String, String)> {
    let mut columns = vec![(group.primary.clone(), group.primary.clone())];
    if group.primary != "RPS" {
        columns.push(("RPS".to_owned(), "RPS".to_owned()));
    }
    for p in ["p50", "p95", "p99"] {
        columns.push((p.to_owned(), format!("latency {p}")));
    }
    if group.is_scheduled() {
        columns.push(("service p99".to_owned(), "service latency p99".to_owned()));
    }
    if let Some(first) = first_output {
        columns.push((format!("{first} p50"), format!("{first} p50")));
        columns.push((format!("{first} p95"), format!("{first} p95")));
    }
    for name in group.plots.iter().filter(|name| group.metric(name).is_some()).take(2) {
        if columns.iter().all(|(_, known)| known != name) {
            columns.push((name.clone(), name.clone()));
        }
    }
    columns
}

fn cell(metric: &Metric, with_interval: bool) -> String {
    let mark = if metric.supported == Some(false) { UNSUPPORTED.to_string() } else { String::new() };
    let interval = metric
        .interval
        .filter(|_| with_interval && metric.value != 0.0)
        .map(|interval| format!(" ±{}", percent(interval.relative_half_width(metric.value))))
        .unwrap_or_default();
    format!("{mark}{}{interval}", figure(metric.value, &metric.unit))
}

fn requests(level: &GroupLevel<'_>, style: Style) -> String {
    match level.level.failed {
        0 => level.level.requests.to_string(),
        failed => style.bad(&format!("{} ({failed} failed)", level.level.requests)),
    }
}

fn verdict(level: &GroupLevel<'_>, style: Style) -> String {
    let validity = &level.level.validity;
    match (validity.valid, validity.harness_bound) {
        (true, _) if is_thin(level) => style.doubtful("VALID, few"),
        (true, _) => style.good("VALID"),
        (false, true) => style.bad(HARNESS_BOUND),
        (false, false) => style.bad("INVALID"),
    }
}

/// Whether a level has served too few requests for any percentile of it.
fn is_thin(level: &GroupLevel<'_>) -> bool {
    let mut marked = level.level.metrics.iter().filter_map(|metric| metric.supported).peekable();
    marked.peek().is_some() && !marked.any(|supported| supported)
}

/// Why a level is not valid, what it said, and what to doubt.
fn remarks(out: &mut String, level: &GroupLevel<'_>, style: Style) {
    let label = printable(&level.label);
    let found = &level.level;
    for reason in &found.validity.reasons {
        let _ = writeln!(out, "{} {label}: {}", style.bad("invalid:"), printable(reason));
    }
    for told in found.errors.iter().take(3) {
        let _ =
            writeln!(out, "{} {label}: {} × {}", style.bad("failed:"), told.count, first_line(&told.message));
    }
    for warning in &found.warnings {
        let _ = writeln!(out, "{} {label}: {}", style.doubtful("warning:"), printable(warning));
    }
}

#[cfg(test)]
mod tests {
    use bench_report::ColorChoice;

    use super::*;
    use crate::report::fixture::{case, closed, record};

    #[test]
    fn levels_stand_in_a_table_with_the_best_below() {
        let mut levels: Vec<_> = [1, 4].into_iter().map(closed).collect();
        levels[1].validity.valid = false;
        levels[1].validity.harness_bound = true;
        levels[1].validity.reasons = vec!["late\u{1b}[31m".to_owned()];
        levels[1].failed = 3;
        let record = record(vec![case("tts/performance/speak", vec![levels])]);
        let text = render(&record, Style::for_stdout(ColorChoice::Never));
        assert!(text.starts_with("tts/performance/speak · speech"), "{text}");
        assert!(text.contains(HARNESS_BOUND) && text.contains("(3 failed)"), "{text}");
        assert!(text.contains("best at concurrency 1: ASPS "), "{text}");
        assert!(text.contains("invalid: concurrency 4: late\u{fffd}[31m"), "{text}");
        assert!(
            render(&super::super::fixture::record(Vec::new()), Style::for_stdout(ColorChoice::Never))
                .is_empty()
        );
    }
}
