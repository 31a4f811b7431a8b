//! Prints the failure of a case.

use std::fmt::Write;

use bench_record::{CaseRecord, Failure};
use bench_report::Style;
use bench_syntax::text::{first_line, printable};

/// The number of last lines of a worker's output that are shown; the record contains more.
const LINES: usize = 20;

/// Returns the first line of the reason why a case has failed, for its row in a table.
pub(super) fn in_row(case: &CaseRecord, style: Style) -> String {
    let cause = case.failure.as_ref().map(|failure| first_line(&failure.to_string()));
    style.bad(&format!("failed: {}", cause.unwrap_or_default()))
}

/// Renders a title, the failure, and the end of the worker's output.
pub fn render(title: &str, failure: &Failure, style: Style) -> String {
    let mut out = format!("\n{}\n", style.bad(title));
    // Writing to a String cannot fail.
    for line in failure.to_string().lines() {
        let _ = writeln!(out, "  {}", printable(line));
    }
    if !failure.output_tail.trim().is_empty() {
        let _ = writeln!(out, "  the end of its output:");
        let lines: Vec<&str> = failure.output_tail.lines().collect();
        for line in &lines[lines.len().saturating_sub(LINES)..] {
            let _ = writeln!(out, "  | {}", printable(line));
        }
    }
    out
}
