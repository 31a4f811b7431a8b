//! The progress of a run.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;

use crate::presence::is_present;
use crate::{CaseRecord, JOURNAL, Replayed, RoundRecord, RunError, replay};

/// The progress of a run that has not ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct InProgress {
    /// The number of cases of the run.
    pub cases: usize,
    /// The number of cases that have ended: no more rounds of them follow.
    pub ended: usize,
    /// The current round; `None` between two rounds.
    pub running: Option<Running>,
    /// The time that rounds have taken, in seconds.
    pub spent_s: f64,
    /// The rest of the budgets of the cases that have not ended, in seconds. The run takes no longer than that unless
    /// rounds overrun.
    pub left_s: f64,
}

/// The current round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Running {
    /// Its case.
    pub case: String,
    /// Its number, from 1.
    pub round: usize,
    /// The number of rounds of the case; `None` if it is not known before the first round has ended.
    pub of: Option<usize>,
    /// Whether `of` is an estimate from the budget of the case and the time of its rounds.
    pub is_estimate: bool,
}

impl InProgress {
    /// Reads the progress of the run in a run directory; `None` if the run has ended, or its runner no longer exists.
    ///
    /// # Errors
    /// When its journal cannot be read.
    pub fn of(folder: &Path) -> Result<Option<Self>, RunError> {
        let journal = folder.join(JOURNAL);
        if !journal.exists() {
            return Ok(None);
        }
        let replayed = match replay(&journal) {
            // It was sealed in between.
            Err(_) if !journal.exists() => return Ok(None),
            replayed => replayed?,
        };
        Ok(is_present(folder, &replayed.begin.writer).then(|| InProgress::at(&replayed)))
    }

    fn at(replayed: &Replayed) -> Self {
        let left = |case: &CaseRecord| (case.settings.max_time_s - spent_s(case)).max(0.0);
        let ended: BTreeSet<&str> = replayed.ended.iter().map(String::as_str).collect();
        let going_on = replayed.cases.iter().filter(|case| !ended.contains(case.id.as_str()));
        InProgress {
            cases: replayed.cases.len(),
            ended: ended.len(),
            running: replayed.running.as_ref().and_then(|(id, round)| {
                let case = replayed.cases.iter().find(|case| case.id == *id)?;
                Some(Running::of(case, *round))
            }),
            spent_s: replayed.cases.iter().flat_map(|case| &case.rounds).map(|round| round.wall_s).sum(),
            left_s: going_on.map(left).sum(),
        }
    }
}

impl Running {
    /// Describes round number `round`, from 0, of a case that contains the rounds before it.
    fn of(case: &CaseRecord, round: usize) -> Self {
        let asked = case.settings.rounds.map(|rounds| rounds as usize);
        let spent_s = spent_s(case);
        let by_budget = (spent_s > 0.0).then(|| {
            let rounds = case.rounds.len() as f64 * case.settings.max_time_s / spent_s;
            (rounds.round() as usize).max(round + 1)
        });
        Running {
            case: case.id.clone(),
            round: round + 1,
            of: asked.or(by_budget),
            is_estimate: asked.is_none() && by_budget.is_some(),
        }
    }
}

fn spent_s(case: &CaseRecord) -> f64 {
    case.rounds.iter().map(RoundRecord::spent_s).sum()
}

#[cfg(test)]
mod tests {
    use bench_syntax::Category;

    use super::*;
    use crate::{Begin, Environment, Journal};

    #[test]
    fn a_run_says_how_far_it_is_until_its_runner_has_gone() {
        let folder = tempfile::tempdir().expect("folder");
        assert_eq!(InProgress::of(folder.path()).expect("nothing"), None);
        let begin = Begin {
            schema_version: 1,
            run: "run".to_owned(),
            timestamp: "2026-01-01T00:00:00Z".to_owned(),
            environment: Environment::default(),
            seed: 1,
            parts: None,
            writer: String::new(),
        };
        let mut journal = Journal::begin(folder.path(), begin).expect("begun");
        for id in ["unit/a", "unit/b"] {
            let mut case = CaseRecord::blank(id, Category::Unit);
            case.settings.max_time_s = 3.0;
            case.settings.rounds = (id == "unit/b").then_some(7);
            journal.case(&case).expect("written");
        }
        let round = RoundRecord { wall_s: 0.6, ..RoundRecord::default() };
        let now = || InProgress::of(folder.path()).expect("readable").expect("in progress");
        journal.round_begins("unit/a", 0).expect("written");
        let running = now().running.expect("a round");
        assert_eq!((running.case.as_str(), running.round, running.of), ("unit/a", 1, None));
        journal.round("unit/a", &round).expect("written");
        assert_eq!(now().running, None);
        journal.round_begins("unit/a", 1).expect("written");
        let running = now().running.expect("a round");
        assert_eq!((running.round, running.of, running.is_estimate), (2, Some(5), true), "3 s of 0.6 s each");
        journal.round("unit/a", &round).expect("written");
        journal.case_ended("unit/a").expect("written");
        journal.round_begins("unit/b", 0).expect("written");
        let progress = now();
        let running = progress.running.expect("a round");
        assert_eq!((running.round, running.of, running.is_estimate), (1, Some(7), false));
        assert_eq!((progress.cases, progress.ended, progress.left_s), (2, 1, 3.0));
        assert!((progress.spent_s - 1.2).abs() < 1e-9, "{}", progress.spent_s);
        let replayed = replay(&folder.path().join(JOURNAL)).expect("a journal");
        assert_eq!((replayed.damaged, replayed.cases[0].rounds.len()), (Vec::new(), 2));
        drop(journal);
        let text = std::fs::read_to_string(folder.path().join(JOURNAL)).expect("a journal");
        let gone = text.replace(&format!("\"writer\":\"{}\"", replayed.begin.writer), "\"writer\":\"\"");
        std::fs::write(folder.path().join(JOURNAL), gone).expect("written");
        assert_eq!(InProgress::of(folder.path()).expect("readable"), None, "its runner has gone");
    }
}
