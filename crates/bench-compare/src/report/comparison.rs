//! Prints a paired comparison on the console.

use std::fmt::Write;

use super::instructions;
use super::share::{change, setting};
use super::unsure::{DESCRIBED, unsure};
use crate::{LayoutSpread, PairedCase, PairedComparison, SideFailure};
use bench_judge::comparison::counted;
use bench_record::{Figure, Notice, RunState, Unit, Verdict};
use bench_report::{CaseColumns, Folded, Style, View, on_console};
use bench_runner::report::failure;
use bench_syntax::quantity::Seconds;
use bench_syntax::text::printable;

/// Renders the table of a paired comparison, and the notes on it.
pub fn render(comparison: &PairedComparison, view: View) -> String {
    let style = view.style;
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
            writeln!(out, "{layouts} layouts of the code of each side, drawn again for every process pair");
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
    out += &table(comparison, &view);
    if comparison.cases.iter().any(differs) {
        let why = "a change is the median over pairs that ran together, so it can differ from candidate/base of the medians";
        let _ = writeln!(out, "{}", style.faint(why));
    }
    out += &instructions::meaning(comparison, style);
    for case in &comparison.cases {
        if let Some(failure) = &case.failure {
            out += &failed(&case.compared.id, failure, style);
        }
    }
    out += &unsure(comparison, view);
    if let Some(hint) = on_one_processor(comparison) {
        let _ = writeln!(out, "{}", view.wrap(&hint, 2));
    }
    out += &instructions::left_out(&comparison.cases);
    out += &layouts(comparison, view);
    let _ = writeln!(out, "\n{}", conclusion(comparison));
    on_console(&out)
}

/// Renders a row for each case, with a column of instructions if any were counted.
fn table(comparison: &PairedComparison, view: &View) -> String {
    let mut header = vec!["", "base", "candidate", "change", "95 % interval", "took", "verdict"];
    let counted = comparison.cases.iter().any(|case| case.instructions.is_some());
    if counted {
        header.insert(COUNTED, "instructions");
    }
    let of_case = |case: &PairedCase| {
        let mut cells = cells(case, view.style);
        if counted {
            let instructions = case.instructions.as_ref().map(instructions::short);
            cells.insert(COUNTED - 1, instructions.unwrap_or_default());
        }
        cells
    };
    let of_other = |verdict: Verdict| {
        let mut cells = vec![String::new(); header.len() - 2];
        cells.push(verdict.to_string());
        cells
    };
    let measured = comparison.cases.iter().map(|case| (case.compared.id.as_str(), of_case(case)));
    let others = comparison.others.iter().map(|case| (case.id.as_str(), of_other(case.verdict)));
    let (ids, cells): (Vec<&str>, Vec<Vec<String>>) = measured.chain(others).unzip();
    let columns = CaseColumns { header: &header, dispensable: &["took", "base", "candidate"] };
    columns.render(&ids, view, |case| cells[case].clone())
}

/// The place of the column of instructions: after the interval of the time.
const COUNTED: usize = 5;

/// Whether the ratio of the printed medians differs visibly from the printed change.
fn differs(case: &PairedCase) -> bool {
    let compared = &case.compared;
    match (compared.old_s, compared.new_s, compared.change) {
        (Some(old), Some(new), Some(change)) => (new / old - 1.0 - change).abs() > SEEN,
        _ => false,
    }
}

/// The difference of two relative changes from which on it is visible.
const SEEN: f64 = 0.005;

/// Returns the cells of a case after its name.
fn cells(case: &PairedCase, style: Style) -> Vec<String> {
    let compared = &case.compared;
    let seconds = |value: Option<f64>| value.map(|value| Seconds(value).to_string()).unwrap_or_default();
    vec![
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

pub(super) fn failed(id: &str, SideFailure { side, failure }: &SideFailure, style: Style) -> String {
    failure::render(&format!("failed in the {side}: {id}"), failure, style)
}

/// The spread between batches, as a log ratio, below which a case is decided soon enough.
const RESTLESS: f64 = 0.03;

/// Returns advice for undecided cases with several threads whose batches differ much; `None` if there are none.
fn on_one_processor(comparison: &PairedComparison) -> Option<String> {
    let waits = |case: &&PairedCase| {
        case.compared.verdict == Verdict::Unsure
            && case.threads.is_some_and(|threads| threads > 1)
            && case.spread_within.is_some_and(|spread| spread > RESTLESS)
    };
    let waiting = comparison.cases.iter().filter(waits).count();
    (waiting > 0 && comparison.rules.processors.is_none()).then(|| {
        let what = if waiting == 1 {
            "1 unsure case has".to_owned()
        } else {
            format!("{waiting} unsure cases have")
        };
        format!(
            "{what} several threads, whose batches differ much, because the slowest thread sets the pace and each processor \
             may be interrupted: `--processors 1` compares only their work, and decides sooner"
        )
    })
}

/// Describes the effect of layouts alone, for every case for which it is known, or for many cases together.
fn layouts(comparison: &PairedComparison, view: View) -> String {
    let spreads = comparison.cases.iter().filter_map(|case| {
        let LayoutSpread { base, candidate } = case.layouts?;
        let [base, candidate] = [base, candidate].map(f64::exp_m1);
        let text = format!(
            "base differs by {:.1} % from one layout to another, candidate by {:.1} %",
            base * 100.0,
            candidate * 100.0
        );
        let notice = Notice::new("layouts", "times differ from one layout to another", text)
            .with(Figure::new(base, Unit::Share, "in the base"))
            .with(Figure::new(candidate, Unit::Share, "in the candidate"));
        Some((case.compared.id.clone(), notice))
    });
    let spreads: Vec<(String, Notice)> = spreads.collect();
    let lines: Vec<String> = if view.is_short() && spreads.len() > DESCRIBED {
        Folded::all(spreads).iter().map(|folded| folded.line("cases")).collect()
    } else {
        spreads.iter().map(|(id, notice)| format!("{}: {}", printable(id), notice.text)).collect()
    };
    let out: String = lines.iter().map(|line| view.wrap(&format!("layouts: {line}"), 2) + "\n").collect();
    if out.is_empty() { out } else { format!("\n{out}") }
}

fn conclusion(comparison: &PairedComparison) -> String {
    let counts = counted(comparison.compared().map(|case| case.verdict));
    let interrupted = if comparison.state == RunState::Interrupted { "interrupted: " } else { "" };
    let counting = comparison
        .counting
        .as_ref()
        .map(|counting| format!(", and {:.1} s to count instructions", counting.seconds))
        .unwrap_or_default();
    let own = match comparison.cases.iter().filter(|case| case.threshold.is_some()).count() {
        0 => String::new(),
        1 => " (1 case has its own)".to_owned(),
        many => format!(" ({many} cases have their own)"),
    };
    format!(
        "{interrupted}{} at a threshold of {}{own} · {:.1} s{counting}",
        counts.as_deref().unwrap_or("nothing was compared"),
        setting(comparison.rules.threshold),
        comparison.seconds
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rules;
    use crate::trial::Trial;
    use crate::trial::tests::around;
    use bench_report::Detail;

    /// Creates an undecided case with this many `threads`, whose batches differ by `spread`.
    fn unsure(threads: usize, spread: f64) -> PairedCase {
        let case = Trial::told(&around(0.02, 0.1, 12), 2.0).into_case(Verdict::Unsure, &Rules::default(), 1);
        PairedCase { threads: Some(threads), spread_within: Some(spread), ..case }
    }

    #[test]
    fn threads_that_wait_for_each_other_point_to_one_processor() {
        let cases = vec![unsure(3, 0.15), unsure(1, 0.15), unsure(3, 0.01), unsure(2, 0.08)];
        let mut comparison = PairedComparison::of_cases(cases);
        let shown = |comparison: &PairedComparison| render(comparison, View::plain(1000, Detail::Short));
        let told = shown(&comparison);
        assert!(
            told.contains("\n2 unsure cases have several threads") && told.contains("`--processors 1`"),
            "{told}"
        );
        comparison.rules.processors = Some(1);
        assert!(!shown(&comparison).contains("--processors"), "that is what was done");
        assert_eq!(on_one_processor(&PairedComparison::of_cases(vec![unsure(1, 0.15)])), None);
    }
}
