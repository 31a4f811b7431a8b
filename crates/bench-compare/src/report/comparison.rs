//! A paired comparison on the console.

use std::fmt::Write;

use crate::{LayoutSpread, PairedCase, PairedComparison, SideFailure};
use bench_judge::comparison::counted;
use bench_record::{RunState, Verdict};
use bench_report::{Style, Table, on_console};
use bench_runner::report::failure;
use bench_syntax::quantity::Seconds;
use bench_syntax::text::printable;

/// The table of a paired comparison, and everything that should be said around it.
pub fn render(comparison: &PairedComparison, style: Style) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "{}",
        style.bold(&format!(
            "{} against {}, paired",
            printable(&comparison.candidate.label),
            printable(&comparison.base.label)
        ))
    );
    if let Some(layouts) = comparison.layouts {
        let _ =
            writeln!(out, "{layouts} layouts of the code of each side, drawn anew for every process pair");
    }
    if comparison.rules.inject > 0.0 {
        let _ = writeln!(
            out,
            "{} the candidate does {} more work than it reports",
            style.doubtful("injected:"),
            setting(comparison.rules.inject)
        );
    }
    for note in &comparison.notes {
        let _ = writeln!(out, "{} {}", style.doubtful("note:"), printable(note));
    }
    let mut table = Table::new(&["", "base", "candidate", "change", "95 % interval", "took", "verdict"]);
    for case in &comparison.cases {
        table.row(cells(case, style));
    }
    for case in &comparison.others {
        let mut cells = vec![printable(&case.id)];
        cells.extend(std::iter::repeat_n(String::new(), 5));
        cells.push(case.verdict.to_string());
        table.row(cells);
    }
    out += &table.render(|text| style.bold(text));
    if comparison.cases.iter().any(differs) {
        let why =
            "a change is the median over pairs that ran together, and so not candidate/base of the medians";
        let _ = writeln!(out, "{}", style.faint(why));
    }
    for case in &comparison.cases {
        if let Some(failure) = &case.failure {
            out += &failed(&case.compared.id, failure, style);
        }
    }
    out += &unsure(comparison);
    out += &layouts(comparison);
    let _ = writeln!(out, "\n{}", conclusion(comparison));
    on_console(&out)
}

/// Whether a reader who divides one median by the other finds another change than the one that is printed.
fn differs(case: &PairedCase) -> bool {
    let compared = &case.compared;
    match (compared.old_s, compared.new_s, compared.change) {
        (Some(old), Some(new), Some(change)) => (new / old - 1.0 - change).abs() > SEEN,
        _ => false,
    }
}

/// A difference that a reader sees.
const SEEN: f64 = 0.005;

fn cells(case: &PairedCase, style: Style) -> Vec<String> {
    let compared = &case.compared;
    let seconds = |value: Option<f64>| value.map(|value| Seconds(value).to_string()).unwrap_or_default();
    vec![
        printable(&compared.id),
        seconds(compared.old_s),
        seconds(compared.new_s),
        compared.change.map(change).unwrap_or_default(),
        compared
            .interval
            .map(|interval| format!("{} to {}", change(interval.low), change(interval.high)))
            .unwrap_or_default(),
        format!("{:.1} s", case.seconds),
        style.verdict(compared.verdict),
    ]
}

/// A relative change: two decimals where it is small enough to need them.
fn change(share: f64) -> String {
    let percent = share * 100.0;
    if percent.abs() < 9.995 { format!("{percent:+.2} %") } else { format!("{percent:+.0} %") }
}

/// A share that a person has given, in percent: as they wrote it, without the dust of binary fractions.
pub(super) fn setting(share: f64) -> String {
    let percent = share * 100.0;
    format!("{} %", format!("{percent:.9}").trim_end_matches('0').trim_end_matches('.'))
}

pub(super) fn failed(id: &str, SideFailure { side, failure }: &SideFailure, style: Style) -> String {
    failure::render(&format!("failed in the {side}: {id}"), failure, style)
}

/// For every undecided case: what could have been seen, why no more, and what would settle it.
fn unsure(comparison: &PairedComparison) -> String {
    let mut out = String::new();
    for case in comparison.cases.iter().filter(|case| case.compared.verdict == Verdict::Unsure) {
        let seen = match case.compared.smallest_effect {
            Some(effect) => format!("the smallest change that could have been seen is {}", change(effect)),
            None if comparison.layouts.is_some() => "too few layouts to see anything".to_owned(),
            None => "too few process pairs to see anything".to_owned(),
        };
        let why = case.compared.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        let settle = match case.settle_s {
            Some(seconds) if case.compared.smallest_effect.is_none() => {
                format!("at least {} more are needed", duration(seconds))
            }
            Some(seconds) => format!("about {} more would settle it", duration(seconds)),
            None if comparison.layouts.is_some() => {
                "more layouts may settle it (`--layouts`), or more time (`--max-time`)".to_owned()
            }
            None if case.pairs.is_empty() => {
                "what would settle it cannot be told so early: measure for longer (`--max-time`)".to_owned()
            }
            None => "so near to the threshold that no patience would settle it".to_owned(),
        };
        let _ = writeln!(out, "unsure: {}: {seen}{why}; {settle}", case.compared.id);
    }
    if out.is_empty() { out } else { format!("\n{out}") }
}

/// For every case of which it is known: what layouts of its code alone do.
fn layouts(comparison: &PairedComparison) -> String {
    let mut out = String::new();
    for case in &comparison.cases {
        let Some(LayoutSpread { base, candidate }) = case.layouts else { continue };
        let [base, candidate] = [base, candidate].map(|log| format!("{:.1} %", log.exp_m1() * 100.0));
        let _ = writeln!(
            out,
            "layouts: {}: base differs by {base} from one layout to another, candidate by {candidate}",
            printable(&case.compared.id)
        );
    }
    if out.is_empty() { out } else { format!("\n{out}") }
}

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 5400.0 => format!("{:.0} minutes", s / 60.0),
        s if s < 129_600.0 => format!("{:.0} hours", s / 3600.0),
        s => format!("{:.0} days", s / 86_400.0),
    }
}

fn conclusion(comparison: &PairedComparison) -> String {
    let counts = counted(comparison.compared().map(|case| case.verdict));
    let interrupted = if comparison.state == RunState::Interrupted { "interrupted: " } else { "" };
    format!(
        "{interrupted}{} at a threshold of {} · {:.1} s",
        counts.as_deref().unwrap_or("nothing was compared"),
        setting(comparison.rules.threshold),
        comparison.seconds
    )
}
