//! Combines the parts of a run, measured by several processes, in one record.

use bench_record::{CaseRecord, Environment, Record};
use bench_syntax::objective::{Objective, Quantity};

use crate::objective::{self, EarlierRecords};
use crate::opened::merge;

/// Returns `whole` with the cases of `part` added; `None` if it contains all of them already.
///
/// Facts about the machine that differ between the parts are absent, except for those that figures of a case depend on:
/// each case keeps the machine that measured it.
///
/// # Errors
/// The reason why they are not parts of one run, in words.
pub fn join(whole: &Record, part: &Record) -> Result<Option<Record>, String> {
    let (Some(known), Some(new)) = (&whole.parts, &part.parts) else {
        return Err("only parts of a run can be joined".to_owned());
    };
    if known.of != new.of {
        return Err(format!("it is one of {} parts, and the run has {}", new.of, known.of));
    }
    let commits = whole.environment.commit.as_ref().zip(part.environment.commit.as_ref());
    if let Some((there, here)) = commits.filter(|(there, here)| there != here) {
        return Err(format!("it measured the commit {here}, and the other parts {there}"));
    }
    if whole.measure() != part.measure() && !(whole.cases.is_empty() || part.cases.is_empty()) {
        return Err("it measured another quantity than the other parts".to_owned());
    }
    let mut fresh = Vec::new();
    for case in &part.cases {
        match whole.case(&case.id) {
            Some(there) if is_same((whole, there), (part, case)) => {}
            Some(_) => return Err(format!("the run contains `{}` with other contents", case.id)),
            None => fresh.push(case.clone()),
        }
    }
    let is_new = new.numbers.iter().any(|number| !known.numbers.contains(number));
    if !is_new {
        return if fresh.is_empty() {
            Ok(None)
        } else {
            Err(format!("the run contains this part without `{}`", fresh[0].id))
        };
    }
    Ok(Some(joined(whole, part, fresh)))
}

/// Whether two records of a case are the same, apart from targets, which may have been judged again when other parts
/// were added.
fn is_same((one_run, one): (&Record, &CaseRecord), (other_run, other): (&Record, &CaseRecord)) -> bool {
    let alone = |case: &CaseRecord| {
        let mut case = case.clone();
        (case.build, case.machine) = (None, None);
        case.targets.clear();
        case
    };
    let [one_at, other_at] = [one_run.environment_of(one), other_run.environment_of(other)];
    alone(one) == alone(other) && one_at.machine() == other_at.machine() && one_at.build() == other_at.build()
}

fn joined(whole: &Record, part: &Record, mut fresh: Vec<CaseRecord>) -> Record {
    let (machine, other) = (whole.environment.machine(), part.environment.machine());
    for case in &mut fresh {
        let own = case.machine.take().unwrap_or_else(|| other.clone());
        case.machine = (own != machine).then_some(own);
    }
    let mut later = part.clone();
    later.cases = fresh;
    let mut joined = merge(whole.clone(), later);
    if let (Some(parts), Some(new)) = (&mut joined.parts, &part.parts) {
        parts.add(new);
        joined.run.clone_from(&parts.run);
    }
    // The texts of times sort in the order of the times.
    joined.timestamp = whole.timestamp.clone().min(part.timestamp.clone());
    joined.sealed = whole.sealed.clone().max(part.sealed.clone());
    agree(&mut joined.environment, &part.environment);
    if machine != other {
        joined.environment.references = None;
    }
    judge_between_cases(&mut joined);
    joined
}

/// Keeps only the facts about the machine and the checkout in which both agree.
fn agree(environment: &mut Environment, other: &Environment) {
    let Environment { os, governor, gpu_driver, commit, dirty, .. } = environment;
    for (own, other) in [(os, &other.os), (governor, &other.governor), (gpu_driver, &other.gpu_driver)] {
        *own = own.take().filter(|own| Some(own) == other.as_ref());
    }
    *commit = commit.take().or_else(|| other.commit.clone());
    *dirty = match (*dirty, other.dirty) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (own, other) => own.filter(|_| own == other),
    };
}

/// Judges the targets that compare two cases again: the other case may be in another part.
fn judge_between_cases(record: &mut Record) {
    let mut results = Vec::new();
    for (number, case) in record.cases.iter().enumerate() {
        for (place, declared) in case.targets.iter().enumerate() {
            let target = Objective::parse(&declared.text);
            if let Some(target) = target.ok().filter(|one| matches!(one.what, Quantity::SpeedupOverCase(_))) {
                let judged = objective::judge(record, case, &target, &EarlierRecords::default());
                results.push((number, place, judged));
            }
        }
    }
    for (number, place, judged) in results {
        record.cases[number].targets[place] = judged;
    }
    record.targets = objective::summary(&record.cases);
}

#[cfg(test)]
mod tests {
    use bench_record::{ObjectiveResult, Outcome, Parts};
    use bench_syntax::Share;

    use super::*;

    fn part(rank: u32, cpu: &str, cases: Vec<(&str, Vec<u64>)>) -> Record {
        let mut record = crate::testing::record(cases);
        record.run = format!("local-{rank}");
        record.timestamp = format!("2026-11-30T10:00:0{}Z", 9 - rank);
        record.environment.cpu = Some(cpu.to_owned());
        record.environment.os = Some("Linux".to_owned());
        record.environment.commit = Some("abc".to_owned());
        let share = Share::of_rank(rank, 3).expect("a part");
        record.parts = Some(Parts::one("nightly", share));
        record
    }

    fn times(nanoseconds: u64) -> Vec<u64> {
        vec![nanoseconds; 6]
    }

    fn grown(whole: &Record, part: &Record) -> Record {
        join(whole, part).expect("parts of one run").expect("a new part")
    }

    #[test]
    fn parts_in_any_order_make_one_run_in_which_each_case_keeps_its_machine() {
        let parts = [
            part(0, "EPYC", vec![("unit/a", times(1_000_000))]),
            part(1, "Xeon", vec![("unit/c", times(3_000_000))]),
            part(2, "EPYC", vec![("unit/b", times(2_000_000))]),
        ];
        for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
            let whole = grown(&grown(&parts[order[0]], &parts[order[1]]), &parts[order[2]]);
            whole.check().expect("a sound record");
            assert_eq!((whole.run.as_str(), whole.timestamp.as_str()), ("nightly", "2026-11-30T10:00:07Z"));
            let own = whole.parts.as_ref().expect("parts");
            assert_eq!((&own.numbers[..], own.missing()), (&[1, 2, 3][..], vec![]));
            assert_eq!(whole.summary.successful_runs, 3);
            for (id, cpu) in [("unit/a", "EPYC"), ("unit/b", "EPYC"), ("unit/c", "Xeon")] {
                let case = whole.case(id).expect("a case");
                assert_eq!(whole.environment_of(case).cpu.as_deref(), Some(cpu), "{order:?}");
            }
            for part in &parts {
                assert_eq!(join(&whole, part), Ok(None), "{order:?}");
            }
        }
    }

    #[test]
    fn a_whole_run_joins_another_one() {
        let [a, b, c] = [("unit/a", 0), ("unit/b", 1), ("unit/c", 2)]
            .map(|(id, rank)| part(rank, "EPYC", vec![(id, times(1_000_000))]));
        let whole = grown(&grown(&a, &b), &c);
        assert_eq!(grown(&grown(&a, &c), &whole).cases, whole.cases);
        assert_eq!(join(&whole, &grown(&b, &c)), Ok(None));
    }

    #[test]
    fn what_is_not_a_part_of_the_run_is_refused() {
        let whole = part(0, "EPYC", vec![("unit/a", times(1_000_000))]);
        let refused = |change: fn(&mut Record), reason: &str| {
            let mut other = part(1, "EPYC", vec![("unit/b", times(2_000_000))]);
            change(&mut other);
            let error = join(&whole, &other).expect_err(reason);
            assert!(error.contains(reason), "{error}");
        };
        refused(|record| record.parts = None, "only parts");
        refused(|record| record.environment.commit = Some("def".to_owned()), "the commit def");
        refused(|record| record.cases[0].id = "unit/a".to_owned(), "`unit/a` with other contents");
        let of_four = |record: &mut Record| {
            record.parts = Some(Parts::one("nightly", Share::of_rank(1, 4).expect("a part")));
        };
        refused(of_four, "one of 4 parts, and the run has 3");
        let again = |record: &mut Record| {
            record.parts = Some(Parts::one("nightly", Share::of_rank(0, 3).expect("a part")));
        };
        refused(again, "this part without `unit/b`");
    }

    #[test]
    fn what_differs_between_machines_is_not_said_of_the_run() {
        let one = part(0, "EPYC", vec![("unit/a", times(1_000_000))]);
        let mut other = part(1, "EPYC", vec![("unit/b", times(1_000_000))]);
        assert_eq!(grown(&one, &other).environment.os.as_deref(), Some("Linux"));
        other.environment.os = Some("Linux 7".to_owned());
        other.environment.dirty = Some(true);
        let environment = grown(&one, &other).environment;
        assert_eq!((environment.os, environment.dirty), (None, Some(true)));
    }

    #[test]
    fn targets_between_cases_of_two_parts_are_judged() {
        let mut slow = part(0, "EPYC", vec![("unit/slow", times(2_000_000))]);
        let fast = part(1, "EPYC", vec![("unit/fast", times(1_000_000))]);
        let text = "speedup(unit/fast) >= 0.1";
        slow.cases[0].targets =
            vec![ObjectiveResult::declared(&Objective::parse(text).expect("an objective"))];
        let before = slow.cases[0].targets[0].outcome;
        let whole = grown(&slow, &fast);
        let target = &whole.case("unit/slow").expect("a case").targets[0];
        assert_eq!((before, target.outcome), (Outcome::Unsure, Outcome::Met), "{target:?}");
        assert_eq!(join(&whole, &slow), Ok(None), "a target that was judged again is no other content");
    }
}
