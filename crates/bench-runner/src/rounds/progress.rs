//! How far the run is: a bar on a terminal, plain lines elsewhere.

use bench_judge::Summarize;
use std::io::{IsTerminal, Write};

use crate::rounds::RunObserver;
use bench_record::{CaseRecord, Status};
use bench_report::tell;
use bench_syntax::quantity::grouped;
use bench_syntax::text::first_line;

/// What is shown while a run goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    Nothing,
    /// A bar or lines on stderr, so that stdout holds the report alone.
    Progress,
    /// A line a case on stdout, in the words of libtest.
    Tests,
}

/// Shows how far a run is.
pub struct Progress {
    shown: Shown,
    cases: usize,
    ended: usize,
}

enum Shown {
    Nothing,
    Lines,
    Tests,
    #[cfg(feature = "progress")]
    Bar(bar::Bar),
}

impl Progress {
    /// Progress over these cases.
    pub fn new(records: &[&CaseRecord], show: Show) -> Self {
        let shown = match show {
            Show::Nothing => Shown::Nothing,
            Show::Tests => Shown::Tests,
            Show::Progress if std::io::stderr().is_terminal() => on_terminal(records),
            Show::Progress => Shown::Lines,
        };
        Progress { shown, cases: records.len(), ended: 0 }
    }
}

#[cfg(feature = "progress")]
fn on_terminal(records: &[&CaseRecord]) -> Shown {
    Shown::Bar(bar::Bar::new(records))
}

#[cfg(not(feature = "progress"))]
fn on_terminal(_records: &[&CaseRecord]) -> Shown {
    Shown::Lines
}

impl RunObserver for Progress {
    fn round_begins(&mut self, case: &CaseRecord) {
        match &mut self.shown {
            // A log wants to know what is running when it stops.
            Shown::Lines if case.rounds.is_empty() => tell(&format!("{}: first round", case.id)),
            Shown::Nothing | Shown::Lines | Shown::Tests => {}
            #[cfg(feature = "progress")]
            Shown::Bar(bar) => bar.round_begins(case, self.ended, self.cases),
        }
    }

    #[cfg_attr(not(feature = "progress"), expect(unused_variables))]
    fn round_ended(&mut self, case: &CaseRecord) {
        match &mut self.shown {
            Shown::Nothing | Shown::Lines | Shown::Tests => {}
            #[cfg(feature = "progress")]
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
                // A reader that has gone must not end the run.
                let _ = writeln!(std::io::stdout(), "test {} ... {outcome}", case.id);
            }
            Shown::Lines => tell(&format!("[{}/{}] {}: {}", self.ended, self.cases, case.id, in_short(case))),
            #[cfg(feature = "progress")]
            Shown::Bar(bar) => bar.case_ended(case, &in_short(case)),
        }
    }
}

fn in_short(case: &CaseRecord) -> String {
    match (case.status, &case.time) {
        (Status::Ok, Some(time)) => {
            let precision =
                time.precision().map(|precision| format!(" ±{:.1} %", precision * 100.0)).unwrap_or_default();
            let rounds = if time.rounds == 1 { "round" } else { "rounds" };
            let bound = case.invalid().map(|bound| format!(", {bound}")).unwrap_or_default();
            format!("{}{precision} in {} {rounds}{bound}", time.median_s, time.rounds)
        }
        (Status::Ok, None) if let Some(counts) = &case.counts => {
            format!("{} instructions", grouped(counts.iteration.instructions))
        }
        (Status::Skipped, _) => {
            format!("skipped: {}", first_line(case.skip_reason.as_deref().unwrap_or_default()))
        }
        _ => case
            .failure
            .as_ref()
            .map_or_else(String::new, |failure| format!("failed: {}", first_line(&failure.to_string()))),
    }
}

#[cfg(feature = "progress")]
mod bar {
    use std::collections::HashMap;

    use indicatif::{ProgressBar, ProgressStyle};

    use bench_record::{CaseRecord, Status};

    /// Milliseconds of budget: how many rounds there will be is not known before they are needed.
    pub(super) struct Bar {
        bar: ProgressBar,
        spent: HashMap<String, u64>,
    }

    fn budget_ms(case: &CaseRecord) -> u64 {
        (case.settings.max_time_s * 1e3) as u64
    }

    impl Bar {
        pub(super) fn new(records: &[&CaseRecord]) -> Self {
            let bar = ProgressBar::new(records.iter().copied().map(budget_ms).sum::<u64>().max(1));
            let template = "{bar:30} {percent:>3} %  {elapsed} gone, at most {eta} to go  {msg}";
            // The template is a constant; the default style is as good if it should ever be wrong.
            bar.set_style(
                ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
            );
            Bar { bar, spent: HashMap::new() }
        }

        pub(super) fn round_begins(&mut self, case: &CaseRecord, ended: usize, cases: usize) {
            self.bar.set_message(format!(
                "{ended}/{cases} done · {} round {}",
                case.id,
                case.rounds.len() + 1
            ));
        }

        pub(super) fn round_ended(&mut self, case: &CaseRecord) {
            let spent: f64 = case.rounds.iter().map(|round| round.wall_s).sum();
            self.reach(case, ((spent * 1e3) as u64).min(budget_ms(case)));
        }

        pub(super) fn case_ended(&mut self, case: &CaseRecord, in_short: &str) {
            self.reach(case, budget_ms(case));
            if case.status != Status::Ok {
                self.bar.println(format!("{}: {in_short}", case.id));
            }
        }

        fn reach(&mut self, case: &CaseRecord, milliseconds: u64) {
            let known = self.spent.entry(case.id.clone()).or_default();
            self.bar.inc(milliseconds.saturating_sub(*known));
            *known = milliseconds.max(*known);
        }
    }

    impl Drop for Bar {
        fn drop(&mut self) {
            self.bar.finish_and_clear();
        }
    }
}
