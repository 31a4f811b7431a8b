//! `bench conformance`.

use bench_adapters::Python;

use super::{Checked, Options, Outcome, check, render};
use bench_record::{RunError, exit};
use bench_report::{Style, print, tell};
use bench_runner::program::Program;
use bench_syntax::UsageError;

use crate::arguments::Conformance;

/// Drives the program through the protocol; returns an exit code that shows whether the program deviates from it.
pub(crate) fn run(arguments: &Conformance) -> Result<u8, RunError> {
    if !arguments.program.exists() {
        let message =
            format!("`{}` does not exist: expected a benchmark program", arguments.program.display());
        return Err(UsageError(message).into());
    }
    let path = &arguments.program;
    let python = Python { interpreter: arguments.interpreter.clone(), ..Python::default() };
    let program = if python.runs(path) { python.program(path, path)? } else { Program::executable(path)? };
    let program = program.with_arguments(arguments.arguments.iter().cloned());
    let options =
        Options { patience: arguments.timeout, case: arguments.case.clone(), only: arguments.only.clone() };
    let quiet = arguments.quiet;
    let conformance = check(&program, &options, &mut |checked: &Checked| {
        if !quiet {
            tell(&format!("{}: {}", checked.name, word(&checked.outcome)));
        }
    })?;
    if conformance.checks.len() < 2 && !arguments.only.is_empty() && conformance.deviations() == 0 {
        let message = format!("no check is called {}", arguments.only.join(" or "));
        return Err(UsageError(message).into());
    }
    print(&render(&conformance, Style::for_stdout(arguments.color)))?;
    Ok(match (conformance.interrupted, conformance.deviations()) {
        (true, _) => exit::INTERRUPTED,
        (false, 0) => exit::OK,
        (false, _) => exit::FAILED,
    })
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "ok",
        Outcome::Deviation(_) => "deviation",
        Outcome::NotChecked(_) => "not checked",
    }
}
