//! Measures process pairs of all cases, interleaved, until each case is decided or its time is over.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::document::{PairedComparison, SideRecord};
use super::pair::Kept;
use super::trial::{Trial, are_adapted};
use super::turn_table::TurnTable;
use super::{Follow, Rules, Side, builds, one_layout};
use crate::side::common_layouts;
use bench_judge::comparison::Compared;
use bench_machine::CpuTicks;
use bench_machine::checks::Examination;
use bench_record as record;
use bench_record::{RunError, RunState, Verdict};
use bench_runner::program::Opened;
use bench_runner::rounds as runner;
use bench_runner::rounds::Interrupt;
use bench_runner::selection::Selection;
use bench_stats as stats;
use bench_stats::seed;

/// A case is not continued if its forecast exceeds the time that is left by more than this factor.
const HOPE: u32 = 2;

/// Compares the chosen cases that both sides have.
///
/// # Errors
/// If the sides have no chosen case in common, or not the same number of layouts, or signals cannot be handled.
/// Failures of a case are in the result.
pub fn compare(
    base: &Side,
    candidate: &Side,
    selection: &Selection,
    rules: &Rules,
    follow: &mut dyn Follow,
) -> Result<PairedComparison, RunError> {
    runner::refuse_inside_worker()?;
    let (old, new) = (base.chosen(selection), candidate.chosen(selection));
    let both: Vec<(&str, &Opened, &Opened)> =
        old.iter().filter_map(|(id, program)| Some((*id, *program, *new.get(id)?))).collect();
    let layouts = common_layouts(both.iter().map(|(_, base, candidate)| (*base, *candidate)))?;
    let mut built: Vec<_> =
        both.iter().map(|(_, base, candidate)| (&base.listing.build, &candidate.listing.build)).collect();
    // Cases of the same two programs have the same builds.
    built.dedup();
    let are_some_adapted = both.iter().any(|(_, base, candidate)| are_adapted(base, candidate));
    let table = are_some_adapted.then(TurnTable::set);
    let turns = table.as_ref().and_then(|table| table.as_ref().ok()).map(TurnTable::turns);
    let trials: Vec<Trial> = both
        .iter()
        .enumerate()
        .map(|(number, (id, base, candidate))| Trial::new(id, number as u64, base, candidate, turns, rules))
        .collect();
    if trials.is_empty() {
        return Err(RunError::NoMatch(nothing_in_common(base, candidate)));
    }
    let interrupt = Interrupt::listen().map_err(|error| RunError::io("listen for signals", "", error))?;
    let (timestamp, began, ticks) = (record::now_utc(), Instant::now(), CpuTicks::now());
    let mut environment = bench_machine::capture(&candidate.build().cloned().unwrap_or_default(), None);
    let examination = Examination::begin();
    let mut suite = Suite { trials, rules };
    let interrupted = !suite.run(&interrupt, follow);
    bench_runner::end_own_strays();
    environment.quietness = examination.end();
    environment.steal = ticks.and_then(|before| CpuTicks::now()?.steal_since(before));
    // The build of this program does not matter, only those of the programs that are compared.
    let mut notes = builds::notes(&built);
    notes.extend(rules.processors.and_then(on_processors));
    notes.extend(table.and_then(Result::err));
    notes.extend(environment.machine_warnings());
    let mut cases = suite.into_cases();
    let skipped: BTreeSet<String> = cases
        .iter()
        .filter_map(|case| Some(format!("{}: {}", case.compared.id, case.skipped.as_ref()?)))
        .collect();
    notes.extend(
        skipped.into_iter().map(|skipped| format!("cannot run here, and was not compared: {skipped}")),
    );
    cases.retain(|case| case.skipped.is_none());
    if layouts.is_none() {
        notes.extend(one_layout::note(&cases, base, candidate));
    }
    let only =
        |ids: Vec<&str>, verdict| ids.into_iter().map(|id| Compared::blank(id, verdict)).collect::<Vec<_>>();
    let everywhere = |ids: Vec<&str>| ids.into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
    let (in_base, in_candidate) = (everywhere(base.ids()), everywhere(candidate.ids()));
    let mut others =
        only(old.keys().copied().filter(|id| !in_candidate.contains(*id)).collect(), Verdict::Removed);
    others.extend(only(new.keys().copied().filter(|id| !in_base.contains(*id)).collect(), Verdict::Added));
    Ok(PairedComparison {
        format: super::document::FORMAT.to_owned(),
        schema_version: super::document::SCHEMA_VERSION,
        timestamp,
        state: if interrupted { RunState::Interrupted } else { RunState::Complete },
        base: SideRecord::of(base),
        candidate: SideRecord::of(candidate),
        rules: rules.clone(),
        layouts,
        seconds: began.elapsed().as_secs_f64(),
        environment,
        notes,
        cases,
        others,
        counting: None,
    })
}

/// All cases that are compared.
struct Suite<'a> {
    trials: Vec<Trial>,
    rules: &'a Rules,
}

impl Suite<'_> {
    /// Makes passes over the open cases, each in a different order, so that a bad minute does not affect a single case.
    /// Returns `false` if interrupted.
    fn run(&mut self, interrupt: &Interrupt, follow: &mut dyn Follow) -> bool {
        let mut told = vec![false; self.trials.len()];
        for pass in 0.. {
            let verdicts = self.verdicts();
            let mut open = self.open(&verdicts);
            for (number, told) in told.iter_mut().enumerate() {
                if !open.contains(&number) && !*told {
                    *told = true;
                    follow.ended(&self.trials[number].id, verdicts[number]);
                }
            }
            if open.is_empty() {
                return true;
            }
            seed::shuffle(&mut open, seed::mix(self.rules.seed.wrapping_add(pass)));
            runner::bring_together(&mut open, |number| self.trials[number].shared_with());
            let mut kept = Kept::default();
            for (place, &number) in open.iter().enumerate() {
                follow.goes_on(&self.trials[number].id, self.spent(), self.budget());
                let key = self.trials[number].shared_with();
                let next = open.get(place + 1).and_then(|next| self.trials[*next].shared_with());
                kept.is_followed = key.is_some() && key == next;
                if !self.trials[number].pair_up(self.rules, &mut kept, interrupt) {
                    return false;
                }
            }
        }
        true
    }

    fn verdicts(&self) -> Vec<Verdict> {
        let evidence: Vec<f64> = self.trials.iter().map(|trial| trial.log_e_value()).collect();
        // Valid whenever the comparison stops, and however the cases depend on each other (Wang and Ramdas 2022).
        let found = stats::e_benjamini_hochberg(&evidence, self.rules.fdr);
        self.trials.iter().zip(found).map(|(trial, found)| trial.verdict(found)).collect()
    }

    fn spent(&self) -> Duration {
        self.trials.iter().map(|trial| trial.spent).sum()
    }

    fn budget(&self) -> Duration {
        self.rules.max_time.saturating_mul(u32::try_from(self.trials.len()).unwrap_or(u32::MAX))
    }

    /// Returns the cases to measure with another process pair: the undecided ones within their own time, and beyond it
    /// those for which the time that other cases have left over may be enough.
    fn open(&self, verdicts: &[Verdict]) -> Vec<usize> {
        let cases = self.trials.len();
        let undecided = |number: &usize| verdicts[*number] == Verdict::Unsure;
        let promised: Duration = (0..cases)
            .filter(undecided)
            .map(|number| self.rules.max_time.saturating_sub(self.trials[number].spent))
            .sum();
        let left = self.budget().saturating_sub(self.spent() + promised);
        (0..cases)
            .filter(undecided)
            .filter(|number| {
                let trial = &self.trials[*number];
                trial.spent < self.rules.max_time
                    || trial.needs(self.rules, cases).is_some_and(|needs| needs <= left * HOPE)
                        && !left.is_zero()
            })
            .collect()
    }

    fn into_cases(self) -> Vec<super::PairedCase> {
        let (verdicts, cases) = (self.verdicts(), self.trials.len());
        let rules = self.rules;
        self.trials
            .into_iter()
            .zip(verdicts)
            .map(|(trial, verdict)| trial.into_case(verdict, rules, cases))
            .collect()
    }
}

/// Returns a note for a comparison whose sides were restricted to a number of processors; `None` if those are all.
fn on_processors(wanted: u32) -> Option<String> {
    let Some(all) = bench_os::processors().map(|all| all.numbers().len()) else {
        return Some("processors cannot be chosen on this system: `--processors` had no effect".to_owned());
    };
    let limited = usize::try_from(wanted).is_ok_and(|wanted| wanted < all);
    limited.then(|| {
        format!(
            "each side worked on {wanted} of {all} processors: this compares the work of the threads, but not \
             how well they run in parallel"
        )
    })
}

fn nothing_in_common(base: &Side, candidate: &Side) -> String {
    /// The largest number of cases in the message: more would push it off the screen.
    const SHOWN: usize = 10;
    let list = |side: &Side| {
        let ids = side.ids();
        let mut lines: Vec<String> = ids.iter().take(SHOWN).map(|id| format!("  {id}")).collect();
        match ids.len() {
            0 => lines.push("  (none)".to_owned()),
            many if many > SHOWN => lines.push(format!("  and {} more", many - SHOWN)),
            _ => {}
        }
        format!("{} holds\n{}", side.label(), lines.join("\n"))
    };
    format!("no chosen case is in both sides\n{}\n{}", list(base), list(candidate))
}

#[cfg(test)]
mod tests {
    use super::super::trial::tests::around;
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn rules() -> Rules {
        Rules { max_time: 3 * SECOND, ..Rules::default() }
    }

    fn open(trials: Vec<Trial>, rules: &Rules) -> Vec<usize> {
        let suite = Suite { trials, rules };
        suite.open(&suite.verdicts())
    }

    fn same(spent: f64) -> Trial {
        Trial::told(&around(0.0, 0.004, 40), spent)
    }

    /// Returns an undecided case that a little more time would decide.
    fn nearly(spent: f64) -> Trial {
        Trial::told(&around(0.0, 0.03, 16), spent)
    }

    /// Returns an undecided case that no amount of time would decide.
    fn hopeless(spent: f64) -> Trial {
        Trial::told(&around(0.01, 0.5, 24), spent)
    }

    #[test]
    fn the_fakes_are_what_they_are_called() {
        let rules = rules();
        let verdicts =
            Suite { trials: vec![same(1.0), nearly(1.0), hopeless(1.0)], rules: &rules }.verdicts();
        assert_eq!(verdicts, [Verdict::Same, Verdict::Unsure, Verdict::Unsure]);
        let needs = |trial: Trial| trial.needs(&rules, 2);
        assert!(needs(nearly(3.0)).is_some_and(|more| more < 5 * SECOND), "{:?}", needs(nearly(3.0)));
        assert!(needs(hopeless(3.0)).is_none_or(|more| more > 60 * SECOND), "{:?}", needs(hopeless(3.0)));
    }

    #[test]
    fn every_undecided_case_has_its_own_time() {
        let rules = rules();
        let begun = || Trial::told(&[], 0.0);
        assert_eq!(open(vec![begun(), same(0.5), nearly(1.0), hopeless(2.9)], &rules), [0, 2, 3]);
        assert_eq!(open(vec![same(0.1), same(2.0)], &rules), [0usize; 0]);
    }

    #[test]
    fn what_decided_cases_leave_goes_to_those_that_can_be_decided() {
        let rules = rules();
        assert_eq!(open(vec![same(0.1), nearly(3.1)], &rules), [1]);
        assert_eq!(open(vec![same(0.1), hopeless(3.1)], &rules), [0usize; 0], "hope is lost");
        assert_eq!(open(vec![same(3.0), nearly(3.1)], &rules), [0usize; 0], "nothing is left");
        // The time of a case that has not used it up is not given away.
        assert_eq!(open(vec![hopeless(0.1), nearly(3.1)], &rules), [0]);
    }

    #[test]
    fn a_limit_of_processors_is_told_where_it_is_one() {
        let all = bench_os::processors().map(|all| all.numbers().len());
        let told = on_processors(u32::MAX);
        assert_eq!(told.is_none(), all.is_some(), "{told:?}");
        if let Some(all) = all.filter(|all| *all > 1) {
            let told = on_processors(1).expect("a limit");
            assert!(told.starts_with(&format!("each side worked on 1 of {all} processors")), "{told}");
        }
    }

    #[test]
    fn a_failed_case_takes_no_more_time() {
        assert_eq!(open(vec![nearly(0.1).broken(), nearly(0.1)], &rules()), [1]);
    }

    /// One finding among many cases needs more evidence than one alone (e-BH).
    #[test]
    fn findings_are_those_of_the_whole_suite() {
        let rules = rules();
        let slower = || Trial::told(&around(0.05, 0.004, 9), 1.0);
        let alone = Suite { trials: vec![slower()], rules: &rules }.verdicts();
        assert_eq!(alone, [Verdict::Slower]);
        let mut trials: Vec<Trial> = (0..200).map(|_| hopeless(1.0)).collect();
        trials.push(slower());
        assert_eq!(Suite { trials, rules: &rules }.verdicts()[200], Verdict::Unsure);
    }
}
