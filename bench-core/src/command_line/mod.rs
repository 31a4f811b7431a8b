//! The command line of a bench target: what cargo, nextest and people pass.

mod against;
mod flags;
mod list;
mod test_report;
mod which;

use std::path::PathBuf;

use clap::error::ErrorKind;

use crate::comparison::Comparison;
use crate::error::{RunError, UsageError};
use crate::exit;
use crate::record::{CaseRecord, Record, RunState};
use crate::report::{Style, console, print, printable, tell};
use crate::runner::Show;
use crate::suite::{Finished, Suite};
use crate::target::Outcome;

use flags::Flags;
pub use which::Which;

/// Where reports go when nothing is said.
const RESULTS: &str = "benchmark_results";

/// Reads the command line and does what it says. Returns the exit code.
pub(crate) fn run(crates: &[&'static str]) -> Result<u8, RunError> {
    flags::forget_empty_variables();
    let flags = match Flags::from_command_line() {
        Ok(flags) => flags,
        Err(error) => {
            // Help goes to stdout, what is wrong to stderr; nobody is left to tell if that fails.
            let _ = error.print();
            let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            return Ok(if asked { exit::OK } else { exit::USAGE });
        }
    };
    let style = Style::for_stdout(flags.color);
    let suite = suite(&flags, crates)?;
    if flags.list {
        return list::print(&suite, flags.format).map(|()| exit::OK);
    }
    if flags.dry_run {
        return list::print_plan(&suite).map(|()| exit::OK);
    }
    if !flags.bench {
        return test(&suite, style);
    }
    flags.check_measure()?;
    if let Some(seconds) = flags.profile_time {
        return profile(suite, seconds, style);
    }
    if let Some(revision) = &flags.against {
        return against::run(&flags, &suite, revision, style);
    }
    if flags.fail_on_regression.is_some() && flags.compare.is_none() {
        return Err(UsageError(
            "--fail-on-regression needs something to compare with: add --compare RUN or --against REV"
                .to_owned(),
        )
        .into());
    }
    let finished = suite.execute()?;
    report(&flags, finished, style)
}

/// What the flags ask for.
fn suite(flags: &Flags, crates: &[&'static str]) -> Result<Suite, RunError> {
    let root = workspace_root();
    let mut suite = Suite::new().crates(crates).select(flags.selection()?).wishes(flags.wishes());
    suite.results = Some(root.join(flags.output_dir.clone().unwrap_or_else(|| PathBuf::from(RESULTS))));
    suite.save_as = flags.save_as.clone();
    // A path, unlike a name, is relative to the workspace.
    suite.compare = flags.compare.as_ref().map(|run| {
        if run.contains('/') { root.join(run).to_string_lossy().into_owned() } else { run.clone() }
    });
    suite.threshold = flags.threshold;
    suite.seed = flags.seed;
    suite.probes = flags.probes();
    suite.max_memory = flags.max_memory;
    suite.load = flags.load();
    suite.save_artifacts = flags.save_artifacts;
    suite.devices = flags.devices();
    suite.in_process = flags.in_process;
    suite.once = !flags.bench;
    suite.echo = flags.verbose || flags.nocapture;
    suite.show = if flags.quiet || flags.no_progress { Show::Nothing } else { Show::Progress };
    Ok(suite)
}

/// `cargo test --benches`: every case once, reported the way libtest does.
fn test(suite: &Suite, style: Style) -> Result<u8, RunError> {
    let mut suite = suite.clone();
    suite.results = None;
    suite.compare = None;
    if suite.show == Show::Progress {
        suite.show = Show::Tests;
    }
    test_report::run(&suite, style)
}

/// Runs every case for `seconds` so that a profiler has something to look at; nothing is reported.
fn profile(mut suite: Suite, seconds: std::time::Duration, style: Style) -> Result<u8, RunError> {
    suite.results = None;
    suite.compare = None;
    suite.wishes.overrides.rounds = Some(1);
    suite.wishes.overrides.repeats = None;
    suite.wishes.overrides.max_time = Some(seconds);
    suite.wishes.overrides.timeout.get_or_insert(seconds * 10 + std::time::Duration::from_secs(300));
    let finished = suite.execute()?;
    let failed = finished.record.summary.failed_runs;
    if failed > 0 {
        print(&console::render(&finished.record, style))?;
    }
    Ok(if failed > 0 { exit::FAILED } else { exit::OK })
}

/// Prints the report, and decides the exit code when all of it has been said.
fn report(flags: &Flags, finished: Finished, style: Style) -> Result<u8, RunError> {
    let Finished { record, folder, comparison, trouble } = finished;
    if flags.quiet {
        print(&console::render_failures(&record, style))?;
    } else {
        print(&format!("\n{}", console::render(&record, style)))?;
    }
    if let Some(comparison) = &comparison {
        print(&format!("\n{}", console::render_comparison(comparison, style)))?;
    }
    if let Some(trouble) = trouble {
        return Err(trouble);
    }
    if let (Some(folder), false) = (folder, flags.quiet) {
        print(&format!("report: {}\n", folder.display()))?;
    }
    if record.state == RunState::Interrupted {
        tell("interrupted: the report holds what was measured until then");
        return Ok(exit::INTERRUPTED);
    }
    if record.summary.failed_runs > 0 {
        return Ok(exit::FAILED);
    }
    let of_comparison = comparison.map_or(exit::OK, |comparison| judge_comparison(flags, &comparison));
    let of_targets = if flags.fail_on_targets { judge_targets(flags, &record) } else { exit::OK };
    let of_validity = if flags.strict { judge_validity(&record) } else { exit::OK };
    // What cannot be judged at all first, then what is wrong for sure, then doubt.
    let codes = [exit::USAGE, exit::SLOWER, exit::UNSURE];
    Ok(codes
        .into_iter()
        .find(|code| [of_comparison, of_targets, of_validity].contains(code))
        .unwrap_or(exit::OK))
}

/// With `--strict`: whether a case served requests of which its figures do not tell.
fn judge_validity(record: &Record) -> u8 {
    let invalid: Vec<String> =
        record.cases.iter().filter_map(|case| Some(format!("{}: {}", case.id, case.invalid()?))).collect();
    if invalid.is_empty() {
        return exit::OK;
    }
    tell(&format!(
        "figures that are not valid, and `--strict` was given: {}",
        printable(&invalid.join("; "))
    ));
    exit::UNSURE
}

fn judge_comparison(flags: &Flags, comparison: &Comparison) -> u8 {
    if flags.strict
        && let Some(different) = &comparison.different
    {
        tell(&format!("no verdict with `--strict`: {}", printable(different)));
        return exit::USAGE;
    }
    if let Some(allowed) = flags.fail_on_regression {
        let slower: Vec<&str> = comparison.slower_than(allowed).map(|case| case.id.as_str()).collect();
        if !slower.is_empty() {
            tell(&format!("slower by more than {} %: {}", allowed * 100.0, slower.join(", ")));
            return exit::SLOWER;
        }
    }
    if flags.strict && comparison.is_unsure() {
        tell("unsure, and `--strict` was given");
        return exit::UNSURE;
    }
    exit::OK
}

fn judge_targets(flags: &Flags, record: &Record) -> u8 {
    let with = |outcome: Outcome| {
        let of_case = |case: &CaseRecord| {
            let results = case.targets.iter().filter(move |result| result.outcome == outcome);
            results.map(|result| format!("{}: {}", case.id, result.text)).collect::<Vec<_>>()
        };
        record.cases.iter().flat_map(of_case).collect::<Vec<_>>()
    };
    let missed = with(Outcome::Missed);
    if !missed.is_empty() {
        tell(&format!("missed targets: {}", printable(&missed.join("; "))));
        return exit::SLOWER;
    }
    let unsure = with(Outcome::Unsure);
    if flags.strict && !unsure.is_empty() {
        tell(&format!("unsure targets, and `--strict` was given: {}", printable(&unsure.join("; "))));
        return exit::UNSURE;
    }
    exit::OK
}

/// The folder of the nearest `Cargo.lock` upwards: cargo runs a bench target in its package's folder,
/// but results belong to the workspace. Relative paths in flags are relative to it.
fn workspace_root() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    here.ancestors().find(|folder| folder.join("Cargo.lock").exists()).unwrap_or(&here).to_path_buf()
}

/// Reads a share in percent: `5`, `2.5%`.
///
/// # Errors
/// What is no positive number.
pub fn percent(text: &str) -> Result<f64, UsageError> {
    text.trim_end_matches('%')
        .trim()
        .parse::<f64>()
        .ok()
        .filter(|percent| percent.is_finite() && *percent > 0.0)
        .map(|percent| percent / 100.0)
        .ok_or_else(|| UsageError::malformed("percentage", text, "a positive number, such as `1%` or `0.5`"))
}
