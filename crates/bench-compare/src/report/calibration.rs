//! A calibration on the console.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::report::comparison as paired;
use crate::report::comparison::setting;
use crate::{Calibration, Tally};
use bench_report::{Style, Table};
use bench_stats::Interval;

/// The table of a calibration, and what it comes to.
pub fn render(calibration: &Calibration, style: Style) -> String {
    let Some(first) = calibration.comparisons.first() else { return String::new() };
    let rules = &first.rules;
    let injected = rules.inject > 0.0;
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{}", style.bold(&format!("{} against itself", first.base.label)));
    if !first.base.layouts.is_empty() {
        let each = first.base.layouts.len() / first.base.executables.len().max(1);
        let _ = writeln!(
            out,
            "in other layouts of its code, {each} on each side, drawn anew for each comparison"
        );
    }
    for note in &first.notes {
        let _ = writeln!(out, "{} {note}", style.doubtful("note:"));
    }
    let judged = if injected { "slower where visible" } else { "false alarms" };
    let mut table = Table::new(&[
        "", "same", "unsure", judged, "covered", "between", "within", "took", "in 1 s", "in 5 s", "in 30 s",
    ]);
    for case in &calibration.cases {
        let tally = &case.tally;
        let mut cells = vec![case.id.clone(), tally.same.to_string(), tally.unsure.to_string()];
        cells.push(if injected {
            counted(tally.able_slower, tally.able, tally.power().1)
        } else {
            counted(tally.slower + tally.faster, tally.comparisons, tally.false_alarms().1)
        });
        cells.push(format!("{} of {}", tally.covering, tally.intervals));
        cells.extend([case.spread_between, case.spread_within].map(percent));
        cells.push(format!("{:.1} s", case.seconds));
        cells.extend(case.smallest_effects.map(percent));
        table.row(cells);
    }
    out += &table.render(|text| style.bold(text));
    let _ = writeln!(
        out,
        "{}",
        style.faint(
            "between, within: spread of log ratios from process pair to process pair, and from batch to batch; \
             in 1 s: the smallest change of time that can be seen in that time"
        )
    );
    // The first failure of a case tells: the others are likely to be the same.
    let mut failures = BTreeMap::new();
    for case in calibration.comparisons.iter().flat_map(|comparison| &comparison.cases) {
        if let Some(failure) = &case.failure {
            failures.entry(case.compared.id.as_str()).or_insert(failure);
        }
    }
    for (id, failure) in failures {
        out += &paired::failed(id, failure, style);
    }
    if calibration.is_interrupted() {
        let _ = writeln!(out, "\n{} only whole comparisons are counted", style.doubtful("interrupted:"));
    }
    let _ = writeln!(out, "\n{}", conclusion(&calibration.suite, rules.threshold, rules.inject));
    out
}

fn conclusion(suite: &Tally, threshold: f64, inject: f64) -> String {
    let threshold = setting(threshold);
    let coverage = shown(suite.coverage());
    if inject > 0.0 {
        format!(
            "{} more work, threshold {threshold}: slower in {} of {} comparisons that say they can see it, \
             {}; wrong sign {} of {}; intervals that hold the truth: {coverage}",
            setting(inject),
            suite.able_slower,
            suite.able,
            shown(suite.power()),
            suite.faster,
            suite.comparisons,
        )
    } else {
        format!(
            "same against same, threshold {threshold}: {} of {} comparisons called a change, {}; intervals that \
             hold a ratio of 1: {coverage}",
            suite.slower + suite.faster,
            suite.comparisons,
            shown(suite.false_alarms()),
        )
    }
}

/// `0 of 46 (0 to 8 %)`: with the 95 % interval of the share, where there is one.
fn counted(hits: u64, of: u64, interval: Interval) -> String {
    if of == 0 {
        return "0 of 0".to_owned();
    }
    format!("{hits} of {of} ({:.0} to {:.0} %)", interval.low * 100.0, interval.high * 100.0)
}

fn shown((share, interval): (f64, Interval)) -> String {
    if share.is_nan() {
        return "none measured".to_owned();
    }
    format!(
        "{:.1} % (95 % interval {:.1} to {:.1} %)",
        share * 100.0,
        interval.low * 100.0,
        interval.high * 100.0
    )
}

fn percent(share: Option<f64>) -> String {
    share.map(|share| format!("{:.1} %", share * 100.0)).unwrap_or_else(|| "–".to_owned())
}
