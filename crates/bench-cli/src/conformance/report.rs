//! Prints the results of the checks.

use std::fmt::Write;
use std::path::PathBuf;

use bench_protocol::PROTOCOL;
use bench_report::{Style, Table};
use bench_syntax::text::printable;

use super::deviation::Outcome;

/// A check that was made.
#[derive(Clone, Debug)]
pub(crate) struct Checked {
    /// The name of the check.
    pub(crate) name: String,
    /// The result.
    pub(crate) outcome: Outcome,
}

/// All checks of a program.
#[derive(Clone, Debug)]
pub(crate) struct Conformance {
    /// The program's file.
    pub(crate) program: PathBuf,
    /// The checks that were made, in their order.
    pub(crate) checks: Vec<Checked>,
    /// Whether the checks were interrupted.
    pub(crate) interrupted: bool,
}

impl Conformance {
    /// Returns the number of checks that found a deviation.
    pub(crate) fn deviations(&self) -> usize {
        self.checks.iter().filter(|checked| matches!(checked.outcome, Outcome::Deviation(_))).count()
    }
}

/// Renders the checks as a table, then each deviation with what was expected and what was found.
pub(crate) fn render(conformance: &Conformance, style: Style) -> String {
    let mut table = Table::new(&["check", "outcome"]);
    for checked in &conformance.checks {
        let outcome = match &checked.outcome {
            Outcome::Ok => style.good("ok"),
            Outcome::Deviation(_) => style.bad("deviation"),
            Outcome::NotChecked(reason) => format!("not checked: {reason}"),
        };
        table.row(vec![checked.name.clone(), outcome]);
    }
    let mut text = format!(
        "{} and version {PROTOCOL} of the worker protocol\n\n{}",
        conformance.program.display(),
        table.render(|text| style.bold(text))
    );
    for checked in &conformance.checks {
        if let Outcome::Deviation(deviation) = &checked.outcome {
            // Writing to a string cannot fail.
            let _ = write!(
                text,
                "\n{} {}\n  expected: {}\n  found:    {}\n",
                style.bad("deviation:"),
                checked.name,
                printable(&deviation.expected),
                printable(&deviation.found)
            );
        }
    }
    let not_checked =
        conformance.checks.iter().filter(|checked| matches!(checked.outcome, Outcome::NotChecked(_))).count();
    let (checks, deviations) = (conformance.checks.len(), conformance.deviations());
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let _ = writeln!(
        text,
        "\n{} check{}, {deviations} deviation{}, {not_checked} not checked{}",
        checks - not_checked,
        plural(checks - not_checked),
        plural(deviations),
        if conformance.interrupted { "; interrupted" } else { "" }
    );
    text
}
