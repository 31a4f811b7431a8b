//! Prints the figures of a run that belong to no level: the server's own metrics, the requested and the received
//! tokens, and the bounds of a search.

use std::fs;
use std::path::Path;

use bench_endpoint::server::{Series, agreement, warnings};
use bench_endpoint::{Counted, Endpoint};
use bench_load::Bracket;
use bench_load::report::plot;
use bench_record::{Level, Record, RunError};
use bench_report::{Outlet, print, tell};
use bench_runner::run::Finished;
use bench_syntax::quantity::significant;

use super::over_time;

/// If answers have less than this share of the requested tokens, the user is notified.
const SHORT: f64 = 0.95;

/// Prints a table of the server's metrics next to the client's, and returns warnings if they disagree.
///
/// # Errors
/// When the terminal or the folder cannot be written to.
pub(super) fn server(
    series: &Series,
    counted: &Counted,
    is_salted: bool,
    finished: &Finished,
) -> Result<Vec<String>, RunError> {
    let name = series.name();
    let rows = agreement(series, counted);
    let width = |of: fn(&bench_endpoint::server::Row) -> &str| {
        rows.iter().map(|row| of(row).chars().count()).max().unwrap_or_default()
    };
    let (names, values) = (width(|row| row.name), width(|row| &row.server).max(6));
    let mut text = format!("\nmetrics of {name}, over the whole run, warm-up included:\n");
    text.push_str(&format!("  {:names$}  {:>values$}  here\n", "", "server"));
    for row in &rows {
        let line = format!("  {:names$}  {:>values$}  {}", row.name, row.server, row.client);
        text.push_str(line.trim_end());
        text.push('\n');
    }
    print(&text)?;
    if let Some(folder) = &finished.folder {
        let file = folder.join("server.csv");
        if let Err(error) = fs::write(&file, series.csv()) {
            tell(&format!("warning: {} cannot be written: {error}", file.display()));
        }
        if let Some(chart) = over_time::chart(series) {
            plot::write(&Outlet::into(folder), "server", &chart.svg())?;
        }
    }
    Ok(warnings(series, counted, is_salted))
}

/// Compares the requested tokens with the received ones; returns notes for the user.
pub(super) fn obtained(counted: &Counted, endpoint: &Endpoint, tokenizer: Option<&Path>) -> Vec<String> {
    let mut said = Vec::new();
    if counted.wanted_tokens > 0 {
        let share = counted.obtained_tokens as f64 / counted.wanted_tokens as f64;
        if share < SHORT {
            said.push(format!(
                "answers have {:.0}% of the requested tokens: the server ends them early. It may not \
                 support `ignore_eos` and `min_tokens`, or may have reached its longest context",
                share * 100.0
            ));
        }
    }
    if let Some(file) = tokenizer.filter(|_| counted.uncounted > 0) {
        said.push(format!(
            "the tokens of {} answers were counted from their texts with {}: the server does not report them",
            counted.uncounted,
            file.display()
        ));
    }
    if let Some(cached) = counted.cached_tokens.filter(|_| counted.input_tokens > 0) {
        let share = cached as f64 / counted.input_tokens as f64;
        let salted = if endpoint.is_salted() { "prompts were salted" } else { "prompts were not salted" };
        said.push(format!(
            "prefix cache: {:.1}% of the prompts' tokens, according to the answers; {salted}",
            share * 100.0
        ));
    }
    said
}

/// Returns the levels of all rounds.
fn levels(record: &Record) -> Vec<Level> {
    let rounds = record.cases.iter().flat_map(|case| &case.rounds);
    rounds.filter_map(|round| round.served.as_ref()).flat_map(|served| served.levels.clone()).collect()
}

/// Returns the highest rate that met the objective; `None` if no rate did.
pub(super) fn found(record: &Record) -> Option<f64> {
    Bracket::of(&levels(record)).met
}

/// Describes the bounds between which the highest rate that meets the objective lies.
pub(super) fn bracket(record: &Record, objective: &str) -> String {
    let Bracket { met, missed, reasons } = Bracket::of(&levels(record));
    let why = reasons.first().map_or(String::new(), |reason| format!(": {reason}"));
    let rate = |rate: f64| format!("{} req/s", significant(rate));
    match (met, missed) {
        (Some(met), Some(missed)) => {
            format!("{objective}: met at {}, not at {}{why}", rate(met), rate(missed))
        }
        (Some(met), None) => format!(
            "{objective}: met at {}, and missed at no rate that was tried, so the highest is not known; begin \
             higher, with --find-rate={}",
            rate(met),
            significant(met * 2.0)
        ),
        (None, Some(missed)) => format!(
            "{objective}: not met at {}, the lowest rate that was tried{why}; begin lower, with --find-rate={}",
            rate(missed),
            significant(missed / 16.0)
        ),
        (None, None) => format!("{objective}: no rate was tried"),
    }
}
