//! Detects rounds that fell into a bad minute of the machine, and leaves them out.

use crate::Summarize;
use bench_record::{CaseRecord, References, RoundRecord};
use bench_stats as stats;

/// The share of processor time given to other machines above which the round itself is assumed to have lacked some.
const STEAL: f64 = 0.05;

/// The additional share of time for which tasks may wait, beyond what is usual for the case. Not in absolute terms: a
/// case with more threads than processors makes tasks wait in every round.
const PRESSURE: f64 = 0.15;

/// The number of robust deviations from the run's median from which on a reference is unusual: with normal readings
/// one in two million, with the tails of real ones about one in a hundred.
const DEVIATIONS: f64 = 5.0;

/// The deviation that is always allowed for a reference, however little the others vary, on the logarithmic scale. Five
/// percent of the clock is a step of its governor; memory latency varies more by itself, with the content of the caches
/// that the last worker left.
const CLOCK_FLOOR: f64 = 0.05;
const WALK_FLOOR: f64 = 0.20;

/// The number of readings below which the usual value is unknown.
const FEWEST_READINGS: usize = 12;

/// Marks every round of a run that fell into a bad minute, judging by its surroundings and those of all other rounds;
/// removes the mark from those that did not. The times themselves are never used: leaving out a round because it was
/// slow would make every interval too narrow, while leaving it out for its surroundings does not.
pub fn mark_disturbed<'a>(cases: impl IntoIterator<Item = &'a mut CaseRecord>) {
    let mut cases: Vec<&mut CaseRecord> = cases.into_iter().collect();
    let clock = Usual::of(&cases, |reading| reading.clock_step_ns, CLOCK_FLOOR);
    let walk = Usual::of(&cases, |reading| reading.walk_step_ns, WALK_FLOOR);
    for case in &mut cases {
        let pressures: Vec<f64> =
            case.rounds.iter().filter_map(|round| round.surroundings?.pressure).collect();
        let pressure = stats::median(&stats::sorted(&pressures));
        let reasons =
            case.rounds.iter().map(|round| reason(round, pressure, clock.as_ref(), walk.as_ref())).collect();
        case.mark(reasons);
    }
}

/// Returns the reason why `round` is assumed to have fallen into a bad minute; `None` if it is not.
fn reason(
    round: &RoundRecord,
    pressure: Option<f64>,
    clock: Option<&Usual>,
    walk: Option<&Usual>,
) -> Option<String> {
    let seen = round.surroundings?;
    if let Some(steal) = seen.steal.filter(|steal| *steal > STEAL) {
        return Some(format!("{:.0} % of processor time was stolen", steal * 100.0));
    }
    if let (Some(now), Some(usual)) = (seen.pressure, pressure)
        && now > usual + PRESSURE
    {
        return Some(format!(
            "tasks waited for a processor {:.0} % of the time, usually {:.0} %",
            now * 100.0,
            usual * 100.0
        ));
    }
    for reading in [seen.before, seen.after] {
        for (what, usual, value) in
            [("clock reference", clock, reading.clock_step_ns), ("memory walk", walk, reading.walk_step_ns)]
        {
            if let Some(off) = usual.and_then(|usual| usual.off(value)) {
                return Some(format!("the {what} was {:+.0} % off the run's median", off * 100.0));
            }
        }
    }
    None
}

/// The usual value of a reference in a run, on the logarithmic scale.
struct Usual {
    centre: f64,
    limit: f64,
}

impl Usual {
    fn of(cases: &[&mut CaseRecord], reading: fn(&References) -> f64, floor: f64) -> Option<Self> {
        let logs: Vec<f64> = cases
            .iter()
            .flat_map(|case| &case.rounds)
            .filter_map(|round| round.surroundings)
            .flat_map(|seen| [reading(&seen.before).ln(), reading(&seen.after).ln()])
            .filter(|log| log.is_finite())
            .collect();
        if logs.len() < FEWEST_READINGS {
            return None;
        }
        Some(Usual {
            centre: stats::median(&stats::sorted(&logs))?,
            limit: floor.max(DEVIATIONS * stats::robust_deviation(&logs)?),
        })
    }

    /// Returns the deviation of `value`, as a share, if it is larger than allowed.
    fn off(&self, value: f64) -> Option<f64> {
        let off = value.ln() - self.centre;
        (off.abs() > self.limit).then(|| off.exp_m1())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_record::Surroundings;
    use bench_syntax::Category;

    const QUIET: References = References::new(0.66, 90.0);

    fn round(ns: u64, after: References, steal: Option<f64>, pressure: Option<f64>) -> RoundRecord {
        let mut seen = Surroundings::new(QUIET, after);
        (seen.steal, seen.pressure) = (steal, pressure);
        let mut round = RoundRecord::sampled(1, vec![ns]);
        round.surroundings = Some(seen);
        round
    }

    fn quiet(ns: u64) -> RoundRecord {
        round(ns, QUIET, Some(0.0), Some(0.1))
    }

    fn marked(rounds: Vec<RoundRecord>) -> CaseRecord {
        let mut case = CaseRecord::blank("unit/x", Category::Unit);
        rounds.into_iter().for_each(|round| case.push(round));
        let mut cases = [case];
        mark_disturbed(&mut cases);
        let [case] = cases;
        case
    }

    #[test]
    fn each_sign_of_a_bad_minute_marks_the_round() {
        let slow_clock = References::new(0.76, QUIET.walk_step_ns);
        let slow_walk = References::new(QUIET.clock_step_ns, 140.0);
        for (bad, reason) in [
            (round(200, QUIET, Some(0.2), None), "20 % of processor time was stolen"),
            (round(200, QUIET, None, Some(0.6)), "60 % of the time, usually 10 %"),
            (round(200, slow_clock, None, None), "clock reference was +15 %"),
            (round(200, slow_walk, None, None), "memory walk was +56 %"),
        ] {
            let mut rounds = vec![quiet(100); 8];
            rounds.insert(3, bad);
            let case = marked(rounds);
            let found = case.rounds[3].disturbed.as_deref().expect(reason);
            assert!(found.contains(reason), "{found}");
            assert_eq!(case.rounds.iter().filter(|round| round.disturbed.is_some()).count(), 1);
            assert_eq!((case.rounds.len(), case.time.as_ref().map(|time| time.rounds)), (9, Some(8)));
            assert_eq!(case.time.expect("figures").max_s.0, 100e-9, "the disturbed round is left out");
            let warning = case.warnings.iter().find(|warning| warning.contains("1 of 9 rounds"));
            assert!(warning.is_some_and(|warning| warning.contains("left out")), "{:?}", case.warnings);
        }
    }

    #[test]
    fn a_slow_round_in_quiet_surroundings_counts() {
        let mut rounds = vec![quiet(100); 8];
        rounds.push(quiet(500));
        let case = marked(rounds);
        assert!(case.rounds.iter().all(|round| round.disturbed.is_none()));
        assert_eq!(case.time.expect("figures").max_s.0, 500e-9);
    }

    #[test]
    fn disturbed_rounds_count_where_too_few_others_are_left() {
        let stolen = round(200, QUIET, Some(0.2), None);
        let few = marked([vec![quiet(100); 5], vec![stolen.clone()]].concat());
        assert_eq!(few.time.as_ref().map(|time| time.rounds), Some(6));
        assert!(few.warnings.iter().any(|warning| warning.contains("so they count")), "{:?}", few.warnings);
        let minority = marked([vec![quiet(100); 6], vec![stolen; 7]].concat());
        assert_eq!(minority.time.map(|time| time.rounds), Some(13));
    }

    #[test]
    fn what_a_case_does_to_itself_is_no_bad_minute() {
        let crowded = marked(vec![round(100, QUIET, Some(0.0), Some(0.9)); 8]);
        assert!(crowded.rounds.iter().all(|round| round.disturbed.is_none()));
        let few_readings =
            marked(vec![quiet(100), round(100, References::new(2.0, QUIET.walk_step_ns), None, None)]);
        assert!(few_readings.rounds.iter().all(|round| round.disturbed.is_none()));
    }

    #[test]
    fn a_mark_is_taken_back_when_the_run_knows_better() {
        let mut round = quiet(100);
        round.disturbed = Some("thought so".to_owned());
        assert_eq!(marked(vec![round]).rounds[0].disturbed, None);
    }
}
