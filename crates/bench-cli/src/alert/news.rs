//! Changes that are news for a recipient.

use bench_history::across::MachineShift;
use bench_history::change::Settings;
use bench_history::key::SeriesKey;
use bench_history::store::Store;
use bench_history::trend::Turn;
use serde::Serialize;

use crate::failure::Failure;
use crate::trend::{self, line, machine_line, withdrawn_line};

/// A change that has not been accepted.
#[derive(Debug, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(super) enum News {
    /// A change of one case.
    Case {
        /// The text for people.
        text: String,
        /// The line that changed.
        line: SeriesKey,
        unit: String,
        change: Turn,
    },
    /// A change of one case that was reported, and then withdrawn.
    Withdrawn {
        /// The text for people.
        text: String,
        /// The line that had changed.
        line: SeriesKey,
        unit: String,
        change: Turn,
    },
    /// A change of a machine, and so of most of its cases.
    Machine {
        /// The text for people.
        text: String,
        shift: MachineShift,
    },
}

/// The case, figure, machine and run of a change.
pub(super) type Identity = (String, String, String, String);

/// Returns all changes of these figures, the newest first.
pub(super) fn collect(store: &mut Store, metrics: &[String]) -> Result<Vec<News>, Failure> {
    let (shifts, trends) = trend::read(store, metrics, Settings::default())?;
    let of_machines = shifts.into_iter().map(|shift| News::Machine { text: machine_line(&shift), shift });
    let of_cases = trends.into_iter().flat_map(|trend| {
        let (key, unit) = (trend.key, trend.unit);
        let text = |words: String| format!("{}  {}: {words}", key.case, key.metric);
        let standing = trend.changes.into_iter().filter(|turn| turn.accepted.is_none()).map(|change| {
            News::Case { text: text(line(&change, &unit)), line: key.clone(), unit: unit.clone(), change }
        });
        let withdrawn = trend.withdrawn.into_iter().map(|change| News::Withdrawn {
            text: text(withdrawn_line(&change)),
            line: key.clone(),
            unit: unit.clone(),
            change,
        });
        standing.chain(withdrawn).collect::<Vec<News>>()
    });
    let mut all: Vec<News> = of_machines.chain(of_cases).collect();
    all.sort_by(|a, b| b.since().cmp(a.since()));
    Ok(all)
}

impl News {
    /// Returns the text for people, in one line.
    pub(super) fn text(&self) -> &str {
        match self {
            News::Case { text, .. } | News::Withdrawn { text, .. } | News::Machine { text, .. } => text,
        }
    }

    /// Returns the id of the case; empty for a change of a machine.
    pub(super) fn case(&self) -> &str {
        match self {
            News::Case { line, .. } | News::Withdrawn { line, .. } => &line.case,
            News::Machine { .. } => "",
        }
    }

    /// Returns the name of the figure.
    pub(super) fn metric(&self) -> &str {
        &self.line().metric
    }

    /// Whether it is a change for the worse.
    pub(super) fn is_worse(&self) -> bool {
        match self {
            News::Case { change, .. } => change.worse,
            News::Withdrawn { .. } => false,
            News::Machine { shift, .. } => shift.worse,
        }
    }

    fn line(&self) -> &SeriesKey {
        match self {
            News::Case { line, .. } | News::Withdrawn { line, .. } => line,
            News::Machine { shift, .. } => &shift.line,
        }
    }

    fn since(&self) -> &str {
        match self {
            News::Case { change, .. } | News::Withdrawn { change, .. } => &change.since.timestamp,
            News::Machine { shift, .. } => &shift.since.timestamp,
        }
    }

    /// Returns case, figure, machine and run: they stay the same from night to night, and so identify sent news.
    pub(super) fn identity(&self) -> Identity {
        match self {
            News::Case { change, .. } => self.named(change.found.run.clone()),
            News::Withdrawn { change, .. } => self.named(format!("{} withdrawn", change.found.run)),
            News::Machine { shift, .. } => self.named(shift.found.run.clone()),
        }
    }

    /// Returns the identity of the message that must have been sent before this one; `None` if it follows no other.
    pub(super) fn follows(&self) -> Option<Identity> {
        match self {
            News::Withdrawn { change, .. } => Some(self.named(change.found.run.clone())),
            News::Case { .. } | News::Machine { .. } => None,
        }
    }

    fn named(&self, run: String) -> Identity {
        let key = self.line();
        let machine = format!("{}; {}; {}", key.machine, key.toolchain, key.build);
        (self.case().to_owned(), key.metric.clone(), machine, run)
    }
}
