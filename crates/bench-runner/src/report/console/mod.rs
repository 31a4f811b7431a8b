//! The console: the result of a run, the table of its cases, its targets, its failed and skipped cases, and its
//! warnings.

mod comparison;
mod distribution;
mod folded;
mod full;
mod headline;
mod times;

use std::fmt::Write;

use bench_judge::Summarize;
use bench_record::{CaseRecord, Measure, Record};
use bench_report::{Style, View, on_console, sections};
use bench_syntax::text::{first_line, one_line};

use crate::report::{failure, targets};

pub use comparison::render_comparison;

/// Renders a run as text: only the figures that a decision needs, or all of them, depending on the view.
pub fn render(record: &Record, view: &View) -> String {
    let style = view.style;
    let is_short = view.is_short();
    let mut out = String::new();
    if is_short {
        out += &headline::render(record, view);
    }
    out += &match record.measure() {
        Measure::Time if is_short => times::render(record, view),
        _ => full::render(record, style),
    };
    if is_short {
        out += &folded::unavailable(record, view);
    } else {
        for state in &record.environment.probes {
            if let Some(reason) = &state.unavailable {
                let line = format!("no `{}`: {}", state.probe, first_line(reason));
                // Writing to a String cannot fail.
                let _ = writeln!(out, "{}", style.faint(&line));
            }
        }
    }
    out += &targets::render(record, style);
    for section in sections() {
        let text = (section.render)(record, view);
        // A single line needs no empty line before it.
        let gap = if is_short && text.lines().count() == 1 { "" } else { "\n" };
        if !text.is_empty() {
            let _ = write!(out, "{gap}{text}");
        }
    }
    out += &render_failures(record, style);
    if is_short {
        // The table of instructions contains the reason why a case was skipped.
        if record.measure() == Measure::Time {
            out += &folded::skipped(record, view);
        }
        out += &folded::warnings(record, view);
    } else {
        warnings(&mut out, record, style);
        let counts = headline::counts(record);
        let counts = if record.summary.failed_runs > 0 { style.bad(&counts) } else { counts };
        let _ = writeln!(out, "\n{counts}");
    }
    on_console(&out)
}

/// Renders only the failures.
pub fn render_failures(record: &Record, style: Style) -> String {
    let failed = |case: &CaseRecord| {
        Some(failure::render(&format!("failed: {}", one_line(&case.id)), case.failure.as_ref()?, style))
    };
    on_console(&record.cases.iter().filter_map(failed).collect::<String>())
}

/// Writes every warning, with one line for each warning that several cases share.
fn warnings(out: &mut String, record: &Record, style: Style) {
    // The note that the harness was the bottleneck is part of the table of figures.
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
        let _ = writeln!(out, "{}", style.faint("`bench doctor` prints what to do about the machine"));
    }
    for (warning, cases) in grouped {
        // The record names them; a list of dozens would hide the warning itself.
        let who = if cases.len() > 3 { format!("{} cases", cases.len()) } else { cases.join(", ") };
        let line = one_line(&format!("{who}: {warning}"));
        let _ = writeln!(out, "{} {line}", style.doubtful("warning:"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_judge::testing::record;
    use bench_protocol::Better;
    use bench_record::{Cause, Failure, Level, Metric, Served, Status};
    use bench_report::Detail;

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
        for detail in [Detail::Short, Detail::Full] {
            let shown = |record| render(record, &View::plain(100, detail));
            assert_eq!((shown(&slow).matches(told).count(), shown(&quick).matches(told).count()), (1, 0));
        }
    }

    #[test]
    fn few_rounds_are_known_as_well_as_the_other_cases_let_them_be() {
        let mut two = record(vec![("unit/x", vec![100, 130])]);
        let shown = |record: &Record| render(record, &View::plain(100, Detail::Short));
        assert!(shown(&two).contains("2 rounds ×1.30"), "{}", shown(&two));
        let time = two.cases[0].time.as_mut().expect("a time");
        let median = time.median_s.0;
        time.moderated_s = Some(bench_stats::Interval { low: 0.9 * median, high: 1.1 * median });
        let told = shown(&two);
        assert!(told.contains("~±10 %") && told.contains("estimated from all cases"), "{told}");
        assert!(!told.contains("2 rounds"), "{told}");
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
        let (short, full) = (View::plain(100, Detail::Short), View::plain(100, Detail::Full));
        for text in [render(&record, &short), render(&record, &full), render_failures(&record, short.style)] {
            assert!(!text.chars().any(|c| c != '\n' && bench_syntax::text::steers(c)), "{text:?}");
            assert!(!text.lines().any(|line| line.trim_start().starts_with("::")), "{text}");
        }
    }
}
