//! Compares a run with an earlier one.

use std::fmt::Write;

use bench_judge::comparison::{Comparison, visible};
use bench_record::Measure;
use bench_report::{Style, Table, on_console};
use bench_syntax::quantity::Seconds;
use bench_syntax::text::{one_line, printable};

use crate::report::counts;

/// Prints the old time, the new time, the change with its interval, the detectable change, and the verdict of every
/// case; and the advice how to settle what is unsure.
pub fn render_comparison(comparison: &Comparison, advice: Option<String>, style: Style) -> String {
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
    for line in comparison.conclusion().into_iter().chain(advice) {
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
