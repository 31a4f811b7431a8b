//! Opens the records of runs that were killed, and combines those of several executables.

use std::path::Path;

use bench_record::{
    CaseRecord, JOURNAL, RUN_FILE, Record, References, Replayed, RunError, RunState, Summary, check,
    followed, read_file, replay, resolve,
};

use bench_syntax::case_id;

use crate::objective::{self, EarlierRecords};
use crate::{Summarize, disturbance, probes};

/// Reads a `run.json`, or a run directory. A directory whose runner was killed is read from its journal.
///
/// # Errors
/// [`RunError::Record`] if it is truncated, not a record, or of a newer version; [`RunError::Io`] if it cannot be read
/// at all.
pub fn open(path: &Path) -> Result<Record, RunError> {
    let path = &followed(path);
    if !path.is_dir() {
        return read_file(path);
    }
    let (file, journal) = (path.join(RUN_FILE), path.join(JOURNAL));
    match (file.exists(), journal.exists()) {
        (true, false) => read_file(&file),
        (false, true) => sound(judged(recovered(replay(&journal)?), path), &journal),
        // The first executable of a `cargo bench` has sealed the record, a later one was killed.
        (true, true) => Ok(judged(merge(read_file(&file)?, recovered(replay(&journal)?)), path)),
        (false, false) => Err(RunError::Record {
            path: path.to_owned(),
            reason: format!(
                "the folder contains neither {RUN_FILE} nor {JOURNAL}: it is not a run directory"
            ),
        }),
    }
}

/// Returns the record, unless its journal has made it contradict itself.
fn sound(record: Record, journal: &Path) -> Result<Record, RunError> {
    match record.check() {
        Ok(()) => Ok(record),
        Err(reason) => Err(RunError::Record { path: journal.to_owned(), reason }),
    }
}

/// Judges the targets of a record whose runner was killed before it could.
fn judged(mut record: Record, folder: &Path) -> Record {
    let results = folder.parent().unwrap_or(Path::new(""));
    let earlier = EarlierRecords::read(&record.cases, results, |name| resolve(results, name));
    objective::settle(&mut record, &earlier);
    record
}

/// Creates the record of a journal: everything that follows from its rounds, except for objectives.
fn recovered(replayed: Replayed) -> Record {
    let Replayed { begin, mut cases, damaged, .. } = replayed;
    cases.iter_mut().for_each(Summarize::update);
    disturbance::mark_disturbed(&mut cases);
    // The time of sealing is that of the beginning: with the time of reading, the record would differ each time, and a
    // store would refuse it the second time.
    let mut record = Record::new(begin.run, begin.timestamp, cases);
    record.state = RunState::Recovered;
    record.environment = begin.environment;
    record.environment.references =
        References::typical(record.cases.iter().flat_map(CaseRecord::surroundings));
    record.environment.probes = probes::states(&record.cases);
    record.seed = begin.seed;
    record.parts = begin.parts;
    record.warnings = damage(&damaged).into_iter().collect();
    record
}

/// Returns a note if lines of a journal cannot be read.
fn damage(lines: &[usize]) -> Option<String> {
    let named: Vec<String> = lines.iter().take(5).map(usize::to_string).collect();
    let more = if lines.len() > named.len() { ", …" } else { "" };
    let (count, named) = (lines.len(), named.join(", "));
    (count > 0).then(|| {
        format!(
            "the journal is damaged: {count} of its lines cannot be read, and are left out ({named}{more})"
        )
    })
}

/// Returns `earlier` with the cases of `later` added.
pub fn merge(mut earlier: Record, later: Record) -> Record {
    let Record { state, sealed, warnings, cases, environment, .. } = later;
    let (build, later_build) = (earlier.environment.build(), environment.build());
    for mut case in cases {
        let own = case.build.take().unwrap_or_else(|| later_build.clone());
        case.build = (own != build).then_some(own);
        match earlier.cases.iter_mut().find(|known| known.id == case.id) {
            Some(known) => *known = case,
            None => earlier.cases.push(case),
        }
    }
    earlier.cases.sort_by(|a, b| case_id::order(&a.id, &b.id));
    // The warnings are made for both together: two lines about one thing would contradict each other.
    let (of_earlier, of_later) = (earlier.environment.machine_warnings(), environment.machine_warnings());
    earlier.warnings.retain(|warning| !of_earlier.contains(warning));
    check::merge(&mut earlier.environment.quietness, environment.quietness);
    let of_both = earlier.environment.machine_warnings();
    for warning in warnings.into_iter().filter(|warning| !of_later.contains(warning)).chain(of_both) {
        if !earlier.warnings.contains(&warning) {
            earlier.warnings.push(warning);
        }
    }
    if state != RunState::Complete {
        earlier.state = state;
    }
    earlier.environment.steal =
        earlier.environment.steal.into_iter().chain(environment.steal).reduce(f64::max);
    earlier.environment.references = earlier.environment.references.or(environment.references);
    earlier.sealed = sealed;
    earlier.summary = Summary::of(&earlier.cases);
    earlier.environment.probes = probes::states(&earlier.cases);
    earlier
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_record::{Check, State};

    #[test]
    fn two_executables_say_of_their_machine_once_what_the_worse_of_them_saw() {
        let seen = |steal: &str, state, own: &str| {
            let mut record = crate::testing::record(vec![]);
            let mut check = Check::new("steal", state, steal);
            check.advice = (state != State::Ok).then(|| "compare live".to_owned());
            record.environment.quietness = vec![check];
            record.warnings = record.environment.machine_warnings();
            record.warnings.push(own.to_owned());
            record
        };
        let quiet = || seen("0 %", State::Ok, "first");
        let noisy = |steal| seen(steal, State::Warn, "second");
        let merged = merge(quiet(), noisy("2 %"));
        assert_eq!(merged.warnings, ["first", "second", "steal: 2 %"]);
        assert_eq!(merged.environment.quietness, noisy("2 %").environment.quietness);
        assert_eq!(merge(noisy("2 %"), noisy("3 %")).warnings, ["second", "steal: 2 %"]);
        assert_eq!(merge(noisy("2 %"), quiet()).warnings, ["second", "first", "steal: 2 %"]);
    }

    /// Tests executables of one `cargo bench` that link different engines.
    #[test]
    fn what_was_built_in_another_way_keeps_its_build() {
        let built = |toolchain: &str, id| {
            let mut record = crate::testing::record(vec![(id, vec![2_000_000; 6])]);
            record.environment.toolchain = toolchain.to_owned();
            record
        };
        let merged = merge(merge(built("one", "unit/a"), built("two", "unit/b")), built("one", "unit/c"));
        let toolchain = |id| {
            let case = merged.case(id).expect("the case");
            (case.build.is_some(), merged.environment_of(case).toolchain.clone())
        };
        assert_eq!(toolchain("unit/a"), (false, "one".to_owned()));
        assert_eq!(toolchain("unit/b"), (true, "two".to_owned()));
        assert_eq!(toolchain("unit/c"), (false, "one".to_owned()));
        // A comparison reports that these were not built alike, whatever the record's own build.
        let mut other = merged.clone();
        other.cases[1].build = None;
        assert_eq!(
            crate::comparison::Comparison::of(&merged, &other, &Default::default(), |_| true)
                .different
                .as_deref(),
            Some("not the same machine and build: different toolchain: two then, one now")
        );
    }

    /// Tests targets over all executables: those of an earlier executable may refer to cases of a later one, and the
    /// other way round.
    #[test]
    fn objectives_are_judged_over_all_executables() {
        use bench_record::{ObjectiveResult, Outcome};
        use bench_syntax::objective::Objective;
        let over = |other: &str| {
            let text = format!("speedup(unit/{other}) >= 1");
            vec![ObjectiveResult::declared(&Objective::parse(&text).expect("an objective"))]
        };
        let mut earlier = crate::testing::record(vec![("unit/slow", vec![2_000_000; 6])]);
        earlier.cases[0].targets = over("fast");
        let mut later = crate::testing::record(vec![("unit/fast", vec![1_000_000; 6])]);
        later.cases[0].targets = over("slow");
        let mut whole = merge(earlier, later);
        objective::settle(&mut whole, &EarlierRecords::default());
        let outcome = |id: &str| whole.case(id).expect(id).targets[0].outcome;
        assert_eq!((outcome("unit/fast"), outcome("unit/slow")), (Outcome::Met, Outcome::Missed));
        assert_eq!(whole.targets.expect("two").total, 2);
    }
}
