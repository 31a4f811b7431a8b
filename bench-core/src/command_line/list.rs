//! `--list` and `--dry-run`.

use std::fmt::Write;

use serde_json::json;

use crate::case::Case;
use crate::error::RunError;
use crate::quantity::Seconds;
use crate::record::Measure;
use crate::report::{Table, print as print_text};
use crate::selection::Ignored;
use crate::suite::Suite;

/// How cases are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// For people.
    #[default]
    #[value(alias = "pretty")]
    Table,
    /// `id: benchmark`, a line a case: what nextest reads.
    Terse,
    /// An array of objects.
    Json,
}

/// Lists the selected cases on stdout; those marked `ignore` too, as libtest does.
pub(super) fn print(suite: &Suite, format: Format) -> Result<(), RunError> {
    let mut suite = suite.clone();
    if suite.selection.ignored == Ignored::Exclude {
        suite.selection.ignored = Ignored::Include;
    }
    let cases = match suite.cases() {
        // nextest asks for the ignored ones of every executable, and most have none.
        Err(RunError::NoMatch(_)) if format == Format::Terse && suite.selection.names_nothing() => Vec::new(),
        cases => cases?,
    };
    print_text(&match format {
        Format::Terse => terse(&cases),
        Format::Json => json(&cases),
        Format::Table => table(&cases),
    })
}

fn terse(cases: &[Case]) -> String {
    let mut out = String::with_capacity(cases.len() * 64);
    for case in cases {
        out.push_str(case.id());
        out.push_str(": benchmark\n");
    }
    out
}

fn json(cases: &[Case]) -> String {
    let cases: Vec<_> = cases
        .iter()
        .map(|case| {
            let benchmark = case.benchmark();
            let arguments: serde_json::Map<_, _> =
                case.arguments().iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
            json!({
                "id": case.id(),
                "model": benchmark.model,
                "category": benchmark.category,
                "name": benchmark.name,
                "arguments": arguments,
                "tags": benchmark.tags,
                "ignored": case.ignored(),
                "source": benchmark.source.to_string(),
            })
        })
        .collect();
    format!("{:#}\n", json!(cases))
}

fn table(cases: &[Case]) -> String {
    let mut out = String::new();
    for case in cases {
        // Writing to a String cannot fail.
        let _ = match case.ignored() {
            Some(reason) => writeln!(out, "{}  (ignored: {reason})", case.id()),
            None => writeln!(out, "{}", case.id()),
        };
    }
    let _ = writeln!(out, "\n{} cases", cases.len());
    out
}

/// What would be run, how, and how long that takes at the most.
pub(super) fn print_plan(suite: &Suite) -> Result<(), RunError> {
    let cases = suite.cases()?;
    if suite.wishes.measure == Measure::Instructions {
        return print_plan_of_counts(suite, &cases);
    }
    let or_default = |value: Option<u64>, default: &str| {
        value.map_or_else(|| default.to_owned(), |value| value.to_string())
    };
    let mut table = Table::new(&["case", "warm-up", "samples", "rounds", "budget", "timeout"]);
    let mut total = 0.0;
    for case in &cases {
        let settings = suite.settings(case);
        total += settings.max_time_s;
        table.row(vec![
            case.id().to_owned(),
            or_default(settings.warmup, "steady"),
            or_default(settings.repeats, "as needed"),
            or_default(settings.rounds.map(u64::from), "as needed"),
            Seconds(settings.max_time_s).to_string(),
            Seconds(settings.timeout_s).to_string(),
        ]);
    }
    print_text(&format!(
        "{}\n{} cases, budgets of {} together\n",
        table.render(str::to_owned),
        cases.len(),
        Seconds(total)
    ))
}

/// The same where instructions are counted: that takes as long as it takes.
fn print_plan_of_counts(suite: &Suite, cases: &[Case]) -> Result<(), RunError> {
    let mut table = Table::new(&["case", "warm-up", "counted", "rounds", "timeout"]);
    for case in cases {
        let settings = suite.settings(case);
        table.row(vec![
            case.id().to_owned(),
            settings.warmup.unwrap_or_default().to_string(),
            "1 iteration".to_owned(),
            settings.rounds.unwrap_or_default().to_string(),
            Seconds(settings.timeout_s).to_string(),
        ]);
    }
    print_text(&format!("{}\n{} cases, under valgrind\n", table.render(str::to_owned), cases.len()))
}
