//! Many cases at once: not the code of any of them, but the machine.

use std::collections::{BTreeMap, BTreeSet};

use bench_core::stats;
use serde::Serialize;

use crate::key::SeriesKey;
use crate::trend::{Place, Trend, Turn};

/// With fewer cases, most of them is not many.
const FEWEST_CASES: usize = 5;

/// Changes at most so many runs apart are of one night: where the noise is large, a change is placed a little off.
const NEAR: usize = 2;

/// A change that hit most cases of one machine on one night.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MachineShift {
    /// The line of one of its cases: machine, toolchain, build and metric are those of all of them.
    pub line: SeriesKey,
    /// The first run at the new level, where most cases place it.
    pub since: Place,
    /// The last run at the old level.
    pub last_before: Place,
    /// The run at which the first of its cases was found. It stays the same while the other two may move, and so names
    /// the change.
    pub found: Place,
    /// Median of the cases' shifts: 0.03 is three per cent more.
    pub shift: f64,
    /// What else changed around it, as one of its cases tells it.
    pub also: Vec<String>,
    /// Whether most of them got worse.
    pub worse: bool,
    /// The cases that it hit.
    pub cases: Vec<String>,
    /// How many cases there are on this machine.
    pub of: usize,
}

/// Tells the machine's shifts from those of cases: takes the former out of `trends`, so that each is told once.
///
/// A night is the machine's where more than half of the cases that have a history there, and at least five, changed
/// in the same direction.
pub fn machine_shifts(trends: &mut [Trend]) -> Vec<MachineShift> {
    let mut machines: BTreeMap<SeriesKey, Vec<usize>> = BTreeMap::new();
    for (number, trend) in trends.iter().enumerate().filter(|(_, trend)| !trend.too_little_history) {
        let machine = SeriesKey { case: String::new(), ..trend.key.clone() };
        machines.entry(machine).or_default().push(number);
    }
    let mut shifts = Vec::new();
    for members in machines.values() {
        while let Some(shift) = strongest(trends, members) {
            for number in members {
                let trend = &mut trends[*number];
                if shift.cases.contains(&trend.key.case) {
                    let gone = |turn: &Turn| hit(turn, &shift.since, shift.shift > 0.0);
                    if let Some(place) = trend.changes.iter().position(gone) {
                        trend.changes.remove(place);
                    }
                }
            }
            shifts.push(shift);
        }
    }
    shifts.sort_by(|a, b| a.since.timestamp.cmp(&b.since.timestamp));
    shifts
}

/// The night on which most cases changed, if those are enough.
fn strongest(trends: &[Trend], members: &[usize]) -> Option<MachineShift> {
    let turns = || {
        members.iter().flat_map(|number| {
            let trend = &trends[*number];
            trend.changes.iter().map(move |turn| (trend, turn))
        })
    };
    let nights: BTreeSet<(&Place, bool)> =
        turns().filter_map(|(_, turn)| Some((&turn.since, turn.shift? > 0.0))).collect();
    let on = |since: &Place, up: bool| {
        let mut cases = BTreeMap::new();
        for (trend, turn) in turns().filter(|(_, turn)| hit(turn, since, up)) {
            cases.entry(trend.key.case.clone()).or_insert((trend, turn));
        }
        cases
    };
    let exactly = |since: &Place| turns().filter(|(_, turn)| turn.since == *since).count();
    let (since, up) = nights.into_iter().max_by_key(|(since, up)| (on(since, *up).len(), exactly(since)))?;
    let cases = on(since, up);
    if cases.len() < FEWEST_CASES || 2 * cases.len() <= members.len() {
        return None;
    }
    let by: Vec<f64> = cases.values().filter_map(|(_, turn)| turn.shift).collect();
    let worse = cases.values().filter(|(_, turn)| turn.worse).count();
    let (trend, turn) = cases.values().find(|(_, turn)| turn.since == *since)?;
    let found = cases.values().map(|(_, turn)| &turn.found).min_by_key(|found| &found.timestamp)?;
    Some(MachineShift {
        line: trend.key.clone(),
        since: since.clone(),
        last_before: turn.last_before.clone(),
        also: turn.also.clone(),
        found: found.clone(),
        shift: stats::median(&stats::sorted(&by))?,
        worse: 2 * worse > cases.len(),
        cases: cases.keys().cloned().collect(),
        of: members.len(),
    })
}

/// Whether a change is one of that night in that direction. Lines that began on different nights number their runs
/// differently: of them, only the very same run counts.
fn hit(turn: &Turn, since: &Place, up: bool) -> bool {
    let overlap = turn.found.timestamp > since.timestamp && turn.last_before.timestamp < since.timestamp;
    let near = turn.since.run == since.run || turn.since.number.abs_diff(since.number) <= NEAR && overlap;
    near && turn.shift.is_some_and(|shift| (shift > 0.0) == up)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::Settings;
    use crate::trend::tests::line;
    use crate::trend::trend;

    /// Lines of eight cases; those below `hit` get 10 % slower on night 30, and case 7 faster on night 40.
    fn trends(hit: usize) -> Vec<Trend> {
        (0..8)
            .map(|case| {
                let factor = move |night: usize| {
                    let machine = if case < hit && night >= 30 { 1.1 } else { 1.0 };
                    machine * if case == 7 && night >= 50 { 0.8 } else { 1.0 }
                };
                trend(&line(&format!("case{case}"), case as u64, 80, factor), &[], Settings::default())
            })
            .collect()
    }

    #[test]
    fn most_cases_on_one_night_are_the_machine_and_one_line() {
        let mut all = trends(8);
        let shifts = machine_shifts(&mut all);
        assert_eq!(shifts.len(), 1, "{shifts:?}");
        assert_eq!((shifts[0].cases.len(), shifts[0].of, shifts[0].since.number), (8, 8, 30));
        assert!(shifts[0].worse && (shifts[0].shift - 0.1).abs() < 0.01);
        let left: Vec<&str> = all
            .iter()
            .filter(|trend| !trend.changes.is_empty())
            .map(|trend| trend.key.case.as_str())
            .collect();
        assert_eq!(left, ["case7"], "its own change stays its own");
    }

    #[test]
    fn a_few_cases_are_themselves() {
        for hit in [1, 4] {
            let mut all = trends(hit);
            assert_eq!(machine_shifts(&mut all), []);
            assert_eq!(all.iter().map(|trend| trend.changes.len()).sum::<usize>(), hit + 1);
        }
        let mut four: Vec<Trend> = trends(8).into_iter().take(4).collect();
        assert_eq!(machine_shifts(&mut four), [], "four cases are too few to tell");
    }

    #[test]
    fn other_directions_and_other_machines_are_apart() {
        let mut all = trends(8);
        for (number, trend) in all.iter_mut().enumerate() {
            if number % 2 == 0 {
                trend.key.machine.cpu = "other".to_owned();
            }
        }
        assert_eq!(machine_shifts(&mut all), []);
        let mut all = trends(8);
        for trend in all.iter_mut().take(4) {
            trend.changes[0].shift = trend.changes[0].shift.map(|shift| -shift);
        }
        assert_eq!(machine_shifts(&mut all), []);
    }
}
