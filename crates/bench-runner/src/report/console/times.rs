//! The table of times: a row for each case that was measured, fitted to the terminal.

use std::fmt::Write;

use bench_judge::Summarize;
use bench_record::{CaseRecord, Record, RoundRecord, Status, Time};
use bench_report::{CaseRows, Table, View, sections};
use bench_syntax::quantity::{Seconds, digits, percent, rate_to};
use bench_syntax::text::printable;

use super::distribution::distribution_from;
use crate::report::failure;

/// The name of the section with a row for each case that serves requests.
const OF_REQUESTS: &str = "load";

/// Marks times without a useful interval, and percentiles with too few samples.
const ESTIMATE: char = '~';

/// The half-width of its interval, as a share, above which a figure is an estimate.
const ESTIMATE_FROM: f64 = 0.5;

/// The minimum number of samples from which a distribution is drawn.
const DISTRIBUTION_FROM: usize = 20;

/// A column of figures: its title, a cell for each case, and the rank that decides when it is left out.
struct Column {
    title: &'static str,
    cells: Vec<String>,
    /// The column with the lowest rank is left out first; one with `ALWAYS` never is.
    rank: u8,
}

const ALWAYS: u8 = u8::MAX;

/// Renders the table, including failures; empty if no case was measured or has failed.
pub(super) fn render(record: &Record, view: &View) -> String {
    let shown: Vec<&CaseRecord> = record
        .cases
        .iter()
        .filter(|case| case.status == Status::Failed || (case.status == Status::Ok && case.time.is_some()))
        .filter(|case| case.status == Status::Failed || !is_in_a_section(case))
        .collect();
    if shown.is_empty() {
        return String::new();
    }
    let rows =
        CaseRows::of(shown.iter().map(|case| (case.id.as_str(), case.model.as_deref(), case.category)));
    let mut out = rows.above(view);
    let columns = fitting(columns(&shown, &rows), &rows, view);
    let header: Vec<&str> = std::iter::once("").chain(columns.iter().map(|column| column.title)).collect();
    let mut table = Table::new(&header);
    for block in &rows.blocks {
        table.block(block, view.style);
        for row in &block.rows {
            let case = shown[row.case];
            if case.status == Status::Failed {
                table.remark(row.label.clone(), failure::in_row(case, view.style));
                continue;
            }
            let cells = columns.iter().map(|column| column.cells[row.case].clone());
            table.row(std::iter::once(row.label.clone()).chain(cells).collect());
            if let Some(bound) = case.invalid() {
                table.remark("", view.style.bad(&printable(&bound)));
            }
        }
    }
    out += &table.render(|text| view.style.bold(text));
    let is_marked = columns.iter().any(|column| column.cells.iter().any(|cell| cell.starts_with(ESTIMATE)));
    let is_moderated =
        shown.iter().any(|case| case.time.as_ref().is_some_and(|time| time.moderated_s.is_some()));
    let meant = [
        is_marked.then_some("~ an estimate, because there are too few rounds or samples"),
        is_moderated.then_some("~± the spread between rounds is estimated from all cases"),
    ];
    let meant: Vec<&str> = meant.into_iter().flatten().collect();
    if !meant.is_empty() {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}", view.style.faint(&view.wrap(&meant.join(" · "), 2)));
    }
    out
}

/// Whether a case has a row in the table of requests, with the same times.
fn is_in_a_section(case: &CaseRecord) -> bool {
    let serves = case.rounds.iter().any(|round| round.served.is_some());
    serves && sections().iter().any(|section| section.name == OF_REQUESTS)
}

/// Leaves out columns that are empty in every row, and those for which the terminal has no room.
fn fitting(mut columns: Vec<Column>, rows: &CaseRows, view: &View) -> Vec<Column> {
    columns.retain(|column| column.rank == ALWAYS || column.cells.iter().any(|cell| !cell.is_empty()));
    let labels = rows.blocks.iter().flat_map(|block| &block.rows).map(|row| row.label.chars().count());
    let labels = labels.max().unwrap_or_default();
    let width = |column: &Column| {
        let cells = column.cells.iter().map(|cell| cell.chars().count());
        2 + cells.max().unwrap_or_default().max(column.title.chars().count())
    };
    while labels + columns.iter().map(width).sum::<usize>() > view.columns {
        let least = columns.iter().enumerate().filter(|(_, column)| column.rank != ALWAYS);
        let Some((position, _)) = least.min_by_key(|(_, column)| column.rank) else { break };
        columns.remove(position);
    }
    columns
}

fn columns(shown: &[&CaseRecord], rows: &CaseRows) -> Vec<Column> {
    let times = || shown.iter().map(|case| case.time.as_ref().filter(|_| case.status == Status::Ok));
    let of_time = |show: &dyn Fn(&Time) -> String| -> Vec<String> {
        times().map(|time| time.map(show).unwrap_or_default()).collect()
    };
    let of_case = |show: &dyn Fn(&CaseRecord) -> Option<String>| -> Vec<String> {
        shown
            .iter()
            .map(|case| show(case).filter(|_| case.status == Status::Ok).unwrap_or_default())
            .collect()
    };
    let known = of_case(&|case| case.time.as_ref().map(|time| known_to(case, time)));
    // The table aligns figures on the right; the texts of this column are padded to align on the left.
    let widest = known.iter().map(|cell| cell.chars().count()).max().unwrap_or_default();
    let known = known.into_iter().map(|cell| format!("{cell:widest$}")).collect();
    let percentile = |title, rank, of: fn(&Time) -> bench_record::Percentile| {
        let supported = times().flatten().filter(|time| of(time).supported).count();
        // If hardly any is supported, the column would consist of estimates.
        let useful = supported * 3 >= times().flatten().count();
        let cells = if useful {
            of_time(&|time| marked(of(time).value_s, of(time).supported, 3))
        } else {
            Vec::new()
        };
        useful.then_some(Column { title, cells, rank })
    };
    let mut columns = vec![
        Column {
            title: "time",
            cells: of_time(&|time| marked(time.median_s, is_known(time), shown_digits(time))),
            rank: ALWAYS,
        },
        Column { title: "known to", cells: known, rank: ALWAYS },
        Column { title: "×", cells: ratios(shown, rows), rank: 6 },
    ];
    columns.extend(percentile("p95", 3, |time| time.p95));
    columns.extend(percentile("p99", 2, |time| time.p99));
    columns.extend([
        Column {
            title: "throughput",
            cells: of_case(&|case| {
                case.metrics.first().map(|metric| printable(&rate_to(metric.value, &metric.unit, 3)))
            }),
            rank: 7,
        },
        Column {
            title: "peak mem",
            cells: of_case(&|case| case.peak_memory_bytes.map(|bytes| bytes.to_string())),
            rank: 5,
        },
        Column {
            title: "first call",
            cells: of_case(&|case| case.first_call_s.map(|seconds| seconds_to(seconds, 3))),
            rank: 4,
        },
        Column {
            title: "fast → slow",
            cells: of_case(&|case| Some(distribution_from(DISTRIBUTION_FROM, case))),
            rank: 1,
        },
    ]);
    columns
}

/// Whether the interval of a time is narrow enough to be useful.
fn is_known(time: &Time) -> bool {
    time.moderated_precision().is_some_and(|precision| precision <= ESTIMATE_FROM)
}

/// Returns the number of digits that the interval supports.
fn shown_digits(time: &Time) -> usize {
    match time.moderated_precision() {
        Some(precision) if precision < 0.01 => 4,
        Some(precision) if precision < 0.1 => 3,
        Some(precision) if precision <= ESTIMATE_FROM => 2,
        _ => 3,
    }
}

fn marked(seconds: Seconds, is_known: bool, count: usize) -> String {
    let text = seconds_to(seconds, count);
    if is_known { text } else { format!("{ESTIMATE}{text}") }
}

fn seconds_to(seconds: Seconds, count: usize) -> String {
    let (scale, unit) = seconds.unit();
    format!("{} {unit}", digits(seconds.0 * scale, count))
}

/// Returns half the width of the 95 % interval; for one or two rounds without a useful interval, the number of rounds
/// and the ratio of their medians.
fn known_to(case: &CaseRecord, time: &Time) -> String {
    let medians = || case.rounds.iter().filter(|round| round.is_ok()).filter_map(RoundRecord::median_s);
    let (low, high) = (medians().fold(f64::INFINITY, f64::min), medians().fold(0.0, f64::max));
    let width = |precision: f64| {
        if precision <= 1.0 { format!("±{}", percent(precision)) } else { ">±100 %".to_owned() }
    };
    if let Some(interval) = time.moderated_s {
        return format!("{ESTIMATE}{}", width(interval.relative_half_width(time.median_s.0)));
    }
    match (time.precision(), time.rounds) {
        (Some(precision), _) if precision <= ESTIMATE_FROM => width(precision),
        (_, 1) => "1 round".to_owned(),
        (_, 2) if low > 0.0 => format!("2 rounds ×{:.2}", high / low),
        (Some(precision), _) => width(precision),
        (None, rounds) => format!("{rounds} rounds"),
    }
}

/// Returns the time of each case as a multiple of the time of the first case that differs only in the last argument.
fn ratios(shown: &[&CaseRecord], rows: &CaseRows) -> Vec<String> {
    let median =
        |case: usize| shown[case].time.as_ref().map(|time| time.median_s.0).filter(|median| *median > 0.0);
    let mut ratios = vec![String::new(); shown.len()];
    for block in &rows.blocks {
        let mut first = None;
        for row in &block.rows {
            if row.begins {
                first = Some(row.case);
            }
            let Some(base) = first.filter(|first| *first != row.case) else { continue };
            if let (Some(base_s), Some(time_s)) = (median(base), median(row.case)) {
                ratios[base] = "1.00".to_owned();
                ratios[row.case] = ratio(time_s / base_s);
            }
        }
    }
    ratios
}

/// Formats a ratio with two decimals below ten, and with three digits from there on.
fn ratio(value: f64) -> String {
    if value < 9.995 { format!("{value:.2}") } else { digits(value, 3) }
}
