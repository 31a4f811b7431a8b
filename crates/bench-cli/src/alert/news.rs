//! What there is to tell.

use bench_history::across::MachineShift;
use bench_history::change::Settings;
use bench_history::key::SeriesKey;
use bench_history::store::Store;
use bench_history::trend::Turn;
use serde::Serialize;

use crate::failure::Failure;
use crate::trend::{self, line, machine_line};

/// A change that nobody has accepted.
#[derive(Debug, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(super) enum News {
    /// Of one case.
    Case {
        /// In words.
        text: String,
        /// What changed.
        line: SeriesKey,
        unit: String,
        change: Turn,
    },
    /// Of a machine, and so of most of its cases.
    Machine {
        /// In words.
        text: String,
        shift: MachineShift,
    },
}

/// All changes of these figures, the newest first.
pub(super) fn collect(store: &mut Store, metrics: &[String]) -> Result<Vec<News>, Failure> {
    let (shifts, trends) = trend::read(store, metrics, Settings::default())?;
    let of_machines = shifts.into_iter().map(|shift| News::Machine { text: machine_line(&shift), shift });
    let of_cases = trends.into_iter().flat_map(|trend| {
        let (key, unit) = (trend.key, trend.unit);
        trend.changes.into_iter().filter(|turn| turn.accepted.is_none()).map(move |change| News::Case {
            text: format!("{}  {}: {}", key.case, key.metric, line(&change, &unit)),
            line: key.clone(),
            unit: unit.clone(),
            change,
        })
    });
    let mut all: Vec<News> = of_machines.chain(of_cases).collect();
    all.sort_by(|a, b| b.since().cmp(a.since()));
    Ok(all)
}

impl News {
    /// In words, in one line.
    pub(super) fn text(&self) -> &str {
        match self {
            News::Case { text, .. } | News::Machine { text, .. } => text,
        }
    }

    /// The case; empty for a machine.
    pub(super) fn case(&self) -> &str {
        match self {
            News::Case { line, .. } => &line.case,
            News::Machine { .. } => "",
        }
    }

    /// The figure.
    pub(super) fn metric(&self) -> &str {
        &self.line().metric
    }

    /// Whether it is a change for the worse.
    pub(super) fn is_worse(&self) -> bool {
        match self {
            News::Case { change, .. } => change.worse,
            News::Machine { shift, .. } => shift.worse,
        }
    }

    fn line(&self) -> &SeriesKey {
        match self {
            News::Case { line, .. } => line,
            News::Machine { shift, .. } => &shift.line,
        }
    }

    fn since(&self) -> &str {
        match self {
            News::Case { change, .. } => &change.since.timestamp,
            News::Machine { shift, .. } => &shift.since.timestamp,
        }
    }

    /// Case, figure, machine and run: what stays the same from night to night, and so tells whether it was told.
    pub(super) fn identity(&self) -> (String, String, String, String) {
        let key = self.line();
        let machine = format!("{}; {}; {}", key.machine, key.toolchain, key.build);
        let run = match self {
            News::Case { change, .. } => &change.found.run,
            News::Machine { shift, .. } => &shift.found.run,
        };
        (self.case().to_owned(), key.metric.clone(), machine, run.clone())
    }
}
