//! A check, and the program that is checked.

use std::process::Command;

use bench_protocol::{Assignment, Case, Mode};
use bench_runner::program::{Opened, Program};
use bench_runner::rounds::Interrupt;

use super::Options;
use super::conversation::Conversation;
use super::deviation::{Deviation, Outcome};

/// One check.
pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) make: fn(&Subject<'_>) -> Outcome,
}

/// The program that is checked.
pub(super) struct Subject<'a> {
    pub(super) opened: &'a Opened,
    /// The case that is measured.
    pub(super) case: &'a Case,
    pub(super) options: &'a Options,
    pub(super) interrupt: Interrupt,
}

impl<'a> Subject<'a> {
    /// Chooses the case.
    ///
    /// # Errors
    /// When the program contains no case that was requested.
    pub(super) fn new(
        opened: &'a Opened,
        options: &'a Options,
        interrupt: Interrupt,
    ) -> Result<Self, String> {
        let cases = opened.cases();
        let chosen = match &options.case {
            Some(id) => cases.iter().find(|case| case.id == *id),
            None => cases.iter().find(|case| case.ignored.is_none()).or(cases.first()),
        };
        match chosen {
            Some(case) => Ok(Subject { opened, case, options, interrupt }),
            None => Err(format!(
                "{} lists no case `{}`",
                opened.program.path().display(),
                options.case.as_deref().unwrap_or_default()
            )),
        }
    }

    pub(super) fn program(&self) -> &'a Program {
        &self.opened.program
    }

    /// Starts a worker.
    pub(super) fn start(&self) -> Result<Conversation<'_>, Deviation> {
        self.start_as(self.program().command())
    }

    /// Starts a worker by a command.
    pub(super) fn start_as(&self, command: Command) -> Result<Conversation<'_>, Deviation> {
        Conversation::start(command, self.options.patience, &self.interrupt)
    }

    /// Starts a worker and has it measure the chosen case.
    pub(super) fn begin(&self, mode: Mode) -> Result<Conversation<'_>, Deviation> {
        let mut worker = self.start()?;
        worker.tell(&measure(self.assignment(mode)))?;
        Ok(worker)
    }

    /// Returns an assignment that a worker fulfills quickly.
    pub(super) fn assignment(&self, mode: Mode) -> Assignment {
        Assignment {
            warmup: Some(2),
            samples: Some(3),
            slice_ns: 20_000_000,
            probes: Some(Vec::new()),
            locator: self.case.locator.clone(),
            ..Assignment::new(&self.case.id, mode)
        }
    }
}

/// Returns the command `measure` for an assignment.
pub(super) fn measure(assignment: Assignment) -> bench_protocol::Command {
    bench_protocol::Command::Measure(Box::new(assignment))
}
