//! Follows a run while it goes on: writes the journal, and shows progress.

use bench_record::{CaseRecord, Environment, Folder, Journal, RunError};
use bench_report::tell;

use super::{Options, Plan};
use crate::rounds::{Progress, RunObserver};

/// Keeps the journal and shows progress.
pub(super) struct Observer {
    journal: Option<Journal>,
    /// The first failure to write; measuring continues without a journal.
    trouble: Option<RunError>,
    progress: Progress,
}

impl Observer {
    /// Begins the journal, if the run is written.
    pub(super) fn begin(
        plan: &Plan<'_>,
        options: &Options,
        folder: Option<&Folder>,
        environment: &Environment,
    ) -> Result<Self, RunError> {
        let journal = folder
            .map(|folder| folder.journal(environment, &plan.timestamp, plan.context.seed))
            .transpose()?;
        let records: Vec<&CaseRecord> = plan.cases.iter().map(|case| &case.record).collect();
        let mut observer =
            Observer { journal: None, trouble: None, progress: Progress::new(&records, options.show) };
        if let Some(mut journal) = journal {
            records.iter().try_for_each(|case| journal.case(case))?;
            observer.journal = Some(journal);
        }
        Ok(observer)
    }

    /// Removes the progress bar, and returns the reason why the journal is incomplete; `None` if it is complete.
    pub(super) fn end(self) -> Option<RunError> {
        self.trouble
    }
}

impl Observer {
    /// Writes a line of the journal, if there is one.
    fn note(&mut self, write: impl FnOnce(&mut Journal) -> Result<(), RunError>) {
        if let Some(journal) = &mut self.journal
            && let Err(error) = write(journal)
        {
            tell(&format!("warning: {error}; measuring continues"));
            self.trouble = Some(error);
            self.journal = None;
        }
    }
}

impl RunObserver for Observer {
    fn round_begins(&mut self, case: &CaseRecord) {
        self.progress.round_begins(case);
        self.note(|journal| journal.round_begins(&case.id, case.rounds.len()));
    }

    fn round_ended(&mut self, case: &CaseRecord) {
        self.progress.round_ended(case);
        if let Some(round) = case.rounds.last() {
            self.note(|journal| journal.round(&case.id, round));
        }
    }

    fn case_ended(&mut self, case: &CaseRecord) {
        self.progress.case_ended(case);
        self.note(|journal| journal.case_ended(&case.id));
    }
}
