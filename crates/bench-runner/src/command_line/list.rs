//! `--list` and `--dry-run`.

use std::fmt::Write;
use std::io;
use std::str::FromStr;

use bench_protocol::{Listing, json};
use bench_record::{Measure, RunError};
use bench_report::{Table, print as print_text};
use bench_syntax::UsageError;
use bench_syntax::quantity::Seconds;

use crate::plan::{check, settings};
use crate::program::Opened;
use crate::run::{self, Options, Selected};
use crate::selection::Ignored;

/// How cases are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// A list for people.
    Table,
    /// `id: benchmark`, one line for each case, as nextest reads it.
    Terse,
    /// The list of the worker protocol.
    Json,
}

impl FromStr for Format {
    type Err = UsageError;

    fn from_str(text: &str) -> Result<Self, UsageError> {
        match text {
            "table" | "pretty" => Ok(Format::Table),
            "terse" => Ok(Format::Terse),
            "json" => Ok(Format::Json),
            _ => Err(UsageError::malformed("list format", text, "`table`, `terse` or `json`")),
        }
    }
}

/// Lists the selected cases on stdout; those marked `ignore` too, as libtest does.
pub(super) fn print(programs: &[Opened], options: &Options, format: Format) -> Result<(), RunError> {
    let mut options = options.clone();
    if options.selection.ignored == Ignored::Exclude {
        options.selection.ignored = Ignored::Include;
    }
    let selected = match run::select(programs, &options) {
        // nextest asks every executable for its ignored cases, and most have none.
        Err(RunError::NoMatch(_)) if format == Format::Terse && options.selection.names_nothing() => {
            Vec::new()
        }
        selected => selected?,
    };
    print_text(&match format {
        Format::Terse => terse(&selected),
        Format::Json => listing(&selected)?,
        Format::Table => table(&selected),
    })
}

fn terse(cases: &[Selected<'_>]) -> String {
    let mut out = String::with_capacity(cases.len() * 64);
    for (_, case) in cases {
        out.push_str(&case.id);
        out.push_str(": benchmark\n");
    }
    out
}

fn listing(cases: &[Selected<'_>]) -> Result<String, RunError> {
    let build = cases.first().map(|(program, _)| program.listing.build.clone()).unwrap_or_default();
    let listing = Listing::new(build, cases.iter().map(|(_, case)| (*case).clone()).collect());
    let text = json::pretty(&listing.to_json())
        .map_err(|error| RunError::io("write the list to", "stdout", io::Error::other(error)))?;
    Ok(text + "\n")
}

fn table(cases: &[Selected<'_>]) -> String {
    let mut out = String::new();
    for (_, case) in cases {
        // Writing to a String cannot fail.
        let _ = match &case.ignored {
            Some(reason) => writeln!(out, "{}  (ignored: {reason})", case.id),
            None => writeln!(out, "{}", case.id),
        };
    }
    let _ = writeln!(out, "\n{} cases", cases.len());
    out
}

/// Prints what would be run, how, and how long it would take at most.
pub(super) fn print_plan(programs: &[Opened], options: &Options) -> Result<(), RunError> {
    check(&options.wishes)?;
    let cases = run::select(programs, options)?;
    if options.wishes.measure == Measure::Instructions {
        return print_plan_of_counts(options, &cases);
    }
    let or_default = |value: Option<u64>, default: &str| {
        value.map_or_else(|| default.to_owned(), |value| value.to_string())
    };
    let mut table = Table::new(&["case", "warm-up", "samples", "rounds", "budget", "timeout"]);
    let mut total = 0.0;
    for (_, case) in &cases {
        let settings = settings(case, &options.wishes);
        total += settings.max_time_s;
        table.row(vec![
            case.id.clone(),
            or_default(settings.warmup, "steady"),
            or_default(settings.repeats, "as needed"),
            or_default(settings.rounds.map(u64::from), "as needed"),
            Seconds(settings.max_time_s).to_string(),
            Seconds(settings.timeout_s).to_string(),
        ]);
    }
    print_text(&format!(
        "{}\n{} cases, budgets of {} together\nIf a case says how long its rounds take, such as its load levels, \
         the default timeout is longer by that time\n",
        table.render(str::to_owned),
        cases.len(),
        Seconds(total)
    ))
}

/// Prints the plan of a run that counts instructions, which has no budgets.
fn print_plan_of_counts(options: &Options, cases: &[Selected<'_>]) -> Result<(), RunError> {
    let mut table = Table::new(&["case", "warm-up", "counted", "rounds", "timeout"]);
    for (_, case) in cases {
        let settings = settings(case, &options.wishes);
        table.row(vec![
            case.id.clone(),
            settings.warmup.unwrap_or_default().to_string(),
            "1 iteration".to_owned(),
            settings.rounds.unwrap_or_default().to_string(),
            Seconds(settings.timeout_s).to_string(),
        ]);
    }
    print_text(&format!("{}\n{} cases, under valgrind\n", table.render(str::to_owned), cases.len()))
}
