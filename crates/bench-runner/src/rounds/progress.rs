//! Shows the progress of a run: a bar on a terminal, plain lines elsewhere.

use std::io::{IsTerminal, Stderr, Write};

use super::bar::Bar;
use crate::rounds::RunObserver;
use bench_judge::Summarize;
use bench_record::{CaseRecord, Status};
use bench_report::tell;
use bench_syntax::quantity::grouped;
use bench_syntax::text::first_line;

/// The form in which progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// Nothing is shown.
    Nothing,
    /// A bar or lines on stderr, so that stdout contains only the report.
    Progress,
    /// One line for each case on stdout, in the words of libtest.
    Tests,
}

/// Shows the progress of a run.
pub struct Progress {
    shown: Shown,
    cases: usize,
    ended: usize,
}

enum Shown {
    Nothing,
    Lines,
    Tests,
    Bar(Bar<Stderr>),
}

impl Progress {
    /// Creates the progress of these cases.
    pub fn new(records: &[&CaseRecord], show: Show) -> Self {
        let shown = match show {
            Show::Nothing => Shown::Nothing,
            Show::Tests => Shown::Tests,
            Show::Progress if std::io::stderr().is_terminal() => {
                Shown::Bar(Bar::new(records, std::io::stderr()))
            }
            Show::Progress => Shown::Lines,
        };
        Progress { shown, cases: records.len(), ended: 0 }
    }
}

impl RunObserver for Progress {
    fn round_begins(&mut self, case: &CaseRecord) {
        match &mut self.shown {
            // A log should name the case that was running when it ends.
            Shown::Lines if case.rounds.is_empty() => tell(&format!("{}: first round", case.id)),
            Shown::Nothing | Shown::Lines | Shown::Tests => {}
            Shown::Bar(bar) => bar.round_begins(case, self.ended, self.cases),
        }
    }

    fn round_ended(&mut self, case: &CaseRecord) {
        match &mut self.shown {
            Shown::Nothing | Shown::Lines | Shown::Tests => {}
            Shown::Bar(bar) => bar.round_ended(case),
        }
    }

    fn case_ended(&mut self, case: &CaseRecord) {
        self.ended += 1;
        match &mut self.shown {
            Shown::Nothing => {}
            Shown::Tests => {
                let outcome = match case.status {
                    Status::Ok => "ok".to_owned(),
                    Status::Skipped => {
                        format!("ignored, {}", first_line(case.skip_reason.as_deref().unwrap_or_default()))
                    }
                    Status::Failed | Status::NotRun => "FAILED".to_owned(),
                };
                // A closed stdout must not end the run.
                let _ = writeln!(std::io::stdout(), "test {} ... {outcome}", case.id);
            }
            Shown::Lines => tell(&format!("[{}/{}] {}: {}", self.ended, self.cases, case.id, in_short(case))),
            Shown::Bar(bar) => bar.case_ended(case, &in_short(case)),
        }
    }
}

fn in_short(case: &CaseRecord) -> String {
    match (case.status, &case.time, &case.counts) {
        (Status::Ok, Some(time), _) => {
            let precision =
                time.precision().map(|precision| format!(" ±{:.1} %", precision * 100.0)).unwrap_or_default();
            let rounds = if time.rounds == 1 { "round" } else { "rounds" };
            let bound = case.invalid().map(|bound| format!(", {bound}")).unwrap_or_default();
            format!("{}{precision} in {} {rounds}{bound}", time.median_s, time.rounds)
        }
        (Status::Ok, None, Some(counts)) => {
            format!("{} instructions", grouped(counts.iteration.instructions))
        }
        (Status::Skipped, ..) => {
            format!("skipped: {}", first_line(case.skip_reason.as_deref().unwrap_or_default()))
        }
        _ => case
            .failure
            .as_ref()
            .map_or_else(String::new, |failure| format!("failed: {}", first_line(&failure.to_string()))),
    }
}
