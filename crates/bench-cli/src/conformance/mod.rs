//! Drives a program through the worker protocol, and reports where it deviates from `docs/book/src/protocol.md`.

mod check;
mod command;
mod conversation;
mod deviation;
mod endings;
mod list;
mod misuse;
mod modes;
mod report;
mod shared;

use std::time::Duration;

use bench_record::RunError;
use bench_runner::program::{ListLimits, Program};
use bench_runner::rounds::{Interrupt, refuse_inside_worker};

use check::{Check, Subject};
pub(crate) use command::run;
pub(crate) use deviation::{Deviation, Outcome};
pub(crate) use report::{Checked, Conformance, render};

/// The settings of the checks.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// How long the program may take for each answer.
    pub(crate) patience: Duration,
    /// The case that is measured; if `None`, the first listed case that is not ignored.
    pub(crate) case: Option<String>,
    /// Only checks whose name contains one of these texts are made; if empty, all of them.
    pub(crate) only: Vec<String>,
}

/// All checks, in the order in which they are made.
fn checks() -> impl Iterator<Item = &'static Check> {
    [list::CHECKS, modes::CHECKS, misuse::CHECKS, endings::CHECKS, shared::CHECKS].into_iter().flatten()
}

/// Makes all checks, and hands each to `follow` when it has ended.
///
/// # Errors
/// When signals cannot be listened for, or this process is itself a worker. Deviations of the program are in the
/// result.
pub(crate) fn check(
    program: &Program,
    options: &Options,
    follow: &mut dyn FnMut(&Checked),
) -> Result<Conformance, RunError> {
    refuse_inside_worker()?;
    let interrupt = Interrupt::listen().map_err(|error| RunError::io("listen for signals", "", error))?;
    let mut done = Conformance { program: program.path().to_owned(), checks: Vec::new(), interrupted: false };
    let mut add = |done: &mut Conformance, name: &str, outcome: Outcome| {
        let checked = Checked { name: name.to_owned(), outcome };
        follow(&checked);
        done.checks.push(checked);
    };
    let limits = ListLimits { time: options.patience, ..ListLimits::default() };
    let opened = match program.clone().open(&limits) {
        Ok(opened) => {
            add(&mut done, list::FOLLOWS_THE_SCHEMA, Outcome::Ok);
            opened
        }
        Err(error) => {
            let deviation = Deviation::new(list::WANTED, error.problem);
            add(&mut done, list::FOLLOWS_THE_SCHEMA, Outcome::Deviation(deviation));
            return Ok(done);
        }
    };
    let subject = match Subject::new(&opened, options, interrupt.clone()) {
        Ok(subject) => subject,
        Err(problem) => return Err(bench_syntax::UsageError(problem).into()),
    };
    for check in checks() {
        let is_wanted = options.only.is_empty() || options.only.iter().any(|text| check.name.contains(text));
        if !is_wanted {
            continue;
        }
        if interrupt.is_raised() {
            done.interrupted = true;
            break;
        }
        let outcome = (check.make)(&subject);
        // A check that was interrupted proves nothing about the program.
        if interrupt.is_raised() {
            done.interrupted = true;
            break;
        }
        add(&mut done, check.name, outcome);
    }
    Ok(done)
}
