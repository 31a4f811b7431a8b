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

/// How a program is driven.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// How long the program may take to answer, each time that it is asked.
    pub(crate) patience: Duration,
    /// The case that is measured; the first that is listed and not ignored if `None`.
    pub(crate) case: Option<String>,
    /// The name of a check must contain one of these texts. If there are none, all checks are made.
    pub(crate) only: Vec<String>,
}

/// All checks, in the order in which they are made.
fn checks() -> impl Iterator<Item = &'static Check> {
    [list::CHECKS, modes::CHECKS, misuse::CHECKS, endings::CHECKS, shared::CHECKS].into_iter().flatten()
}

/// Makes all checks, and hands each to `follow` when it has ended.
///
/// # Errors
/// When signals cannot be listened for, or this process is itself a worker. What the program does wrong is in the
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
        // What was cut short says nothing of the program.
        if interrupt.is_raised() {
            done.interrupted = true;
            break;
        }
        add(&mut done, check.name, outcome);
    }
    Ok(done)
}
