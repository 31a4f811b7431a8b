//! Prints a calibration on the console.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::report::comparison as paired;
use crate::report::share::setting;
use crate::{Calibration, Symmetry, Tally};
use bench_report::{Style, Table};
use bench_stats::Interval;
use bench_syntax::quantity;

/// Renders the table of a calibration, and its summary.
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
            "in other layouts of its code, {each} on each side, drawn again for each comparison"
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
    // Only the first failure of a case is printed: the others are likely to be the same.
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
    if let Some(symmetry) = calibration.symmetry.filter(|symmetry| symmetry.slower + symmetry.faster > 0) {
        out += &sides(symmetry, calibration, style);
    }
    out
}

/// Describes the side to which the estimates leaned, with a warning if that is not due to chance.
fn sides(symmetry: Symmetry, calibration: &Calibration, style: Style) -> String {
    let Symmetry { slower, faster, p_value } = symmetry;
    let counts = format!("{slower} leaned to slower, {faster} to faster ({})", quantity::p_value(p_value));
    if !symmetry.can_be_broken() {
        return format!("too few comparisons for an imbalance to show: {counts}\n");
    }
    if !symmetry.is_broken() {
        return format!("symmetric: {counts}\n");
    }
    let side = if slower > faster { "slower" } else { "faster" };
    let broken = calibration.cases.iter().filter(|case| case.symmetry.is_some_and(|own| own.is_broken()));
    let cases: Vec<&str> = broken.map(|case| case.id.as_str()).collect();
    let cases = match cases.as_slice() {
        [] => "in no single case clearly".to_owned(),
        cases => format!("clearly in {}", cases.join(", ")),
    };
    format!(
        "{} not symmetric: {counts}; {cases}. The candidate is the same program and yet reads {side}: something favours \
         one side, such as the order of the two processes, their layout in memory, or what one leaves in a cache for the \
         other. Calibrate again with another --seed: if it stays, distrust changes to {side} that are no larger than the \
         changes in this table's comparisons, and report it with calibration.json\n",
        style.doubtful("warning:")
    )
}

fn conclusion(suite: &Tally, threshold: f64, inject: f64) -> String {
    let threshold = setting(threshold);
    let coverage = shown(suite.coverage());
    if inject > 0.0 {
        format!(
            "{} more work, threshold {threshold}: slower in {} of the {} comparisons that can detect it by their \
             own figures, {}; wrong sign {} of {}; intervals that contain the truth: {coverage}",
            setting(inject),
            suite.able_slower,
            suite.able,
            shown(suite.power()),
            suite.faster,
            suite.comparisons,
        )
    } else {
        format!(
            "same against same, threshold {threshold}: {} of {} comparisons reported a change, {}; intervals that \
             contain a ratio of 1: {coverage}",
            suite.slower + suite.faster,
            suite.comparisons,
            shown(suite.false_alarms()),
        )
    }
}

/// Formats a share as `0 of 46 (0 to 8 %)`, with its 95 % interval.
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

#[cfg(test)]
mod tests {
    use super::*;
    use bench_report::ColorChoice;

    fn sides_of(slower: u64, faster: u64) -> String {
        let changes = (0..slower).map(|_| 0.01).chain((0..faster).map(|_| -0.01));
        sides(Symmetry::of(changes), &Calibration::of(Vec::new()), Style::for_stdout(ColorChoice::Never))
    }

    #[test]
    fn both_sides_are_counted_and_a_lean_is_a_warning() {
        assert_eq!(sides_of(203, 211), "symmetric: 203 leaned to slower, 211 to faster (p = 0.73)\n");
        let few =
            "too few comparisons for an imbalance to show: 1 leaned to slower, 0 to faster (p = 1.00)\n";
        assert_eq!(sides_of(1, 0), few);
        let text = sides_of(2, 20);
        assert!(
            text.starts_with(
                "warning: not symmetric: 2 leaned to slower, 20 to faster (p < 0.001); in no single case"
            ),
            "{text}"
        );
        assert!(
            text.contains("reads faster: something favours one side") && text.contains("--seed"),
            "{text}"
        );
    }
}
