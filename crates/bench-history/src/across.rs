//! Many cases at once: not the code of any of them, but the machine.

use std::collections::BTreeMap;

use bench_stats as stats;
use serde::Serialize;

use crate::key::SeriesKey;
use crate::trend::{NEAR, Place, Trend, Turn};

/// With fewer cases, most of them is not many.
const FEWEST_CASES: usize = 5;

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
    /// The cases that it hit, in the order of their ids.
    pub cases: Vec<ShiftedCase>,
    /// How many cases there are on this machine.
    pub of: usize,
}

/// A case that a machine's shift hit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShiftedCase {
    /// Its id.
    pub case: String,
    /// Its own change, which noise may have placed a run or two off the machine's.
    #[serde(flatten)]
    pub turn: Turn,
}

impl MachineShift {
    /// The change of one line that is part of this, if it is a line that was hit.
    pub fn turn_of(&self, line: &SeriesKey) -> Option<&Turn> {
        let number = self.cases.binary_search_by(|hit| hit.case.as_str().cmp(&line.case)).ok()?;
        (machine_of(&self.line) == machine_of(line)).then(|| &self.cases[number].turn)
    }
}

/// Tells the machine's shifts from those of cases: moves the former out of `trends`, so that each is told once.
///
/// A night is the machine's where more than half of the cases that have a history there, and at least five, changed
/// in the same direction.
pub fn machine_shifts(trends: &mut [Trend]) -> Vec<MachineShift> {
    let mut machines: BTreeMap<SeriesKey, Vec<usize>> = BTreeMap::new();
    for (number, trend) in trends.iter().enumerate().filter(|(_, trend)| !trend.too_little_history) {
        machines.entry(machine_of(&trend.key)).or_default().push(number);
    }
    let mut shifts = Vec::new();
    for members in machines.values() {
        while let Some(night) = busiest(trends, members) {
            let Some(shift) = MachineShift::take(trends, members, &night) else { break };
            shifts.push(shift);
        }
    }
    shifts.sort_by(|a, b| a.since.timestamp.cmp(&b.since.timestamp));
    shifts
}

/// What the lines of one machine, toolchain, build and metric have in common.
fn machine_of(line: &SeriesKey) -> SeriesKey {
    SeriesKey { case: String::new(), ..line.clone() }
}

/// A run from which on figures are higher, or lower.
struct Night {
    since: Place,
    up: bool,
    /// When the last of the changes that are placed on it was found.
    found: String,
}

/// The night on which most cases changed, if those are enough.
fn busiest(trends: &[Trend], members: &[usize]) -> Option<Night> {
    let lines = || members.iter().map(|number| &trends[*number].changes);
    let mut nights: BTreeMap<(&Place, bool), &str> = BTreeMap::new();
    for turn in lines().flatten() {
        let Some(shift) = turn.shift else { continue };
        let found = nights.entry((&turn.since, shift > 0.0)).or_default();
        *found = (*found).max(&turn.found.timestamp);
    }
    let nights = nights.into_iter().map(|((since, up), found)| Night {
        since: since.clone(),
        up,
        found: found.to_owned(),
    });
    let hit = |night: &Night| lines().filter(|changes| changes.iter().any(|turn| night.is_of(turn))).count();
    let exactly = |night: &Night| lines().flatten().filter(|turn| turn.since.run == night.since.run).count();
    let night = nights.max_by_key(|night| (hit(night), exactly(night)))?;
    let cases = hit(&night);
    (cases >= FEWEST_CASES && 2 * cases > members.len()).then_some(night)
}

impl MachineShift {
    /// Moves the changes of a night out of the lines; `None` where none of them is placed on it.
    fn take(trends: &mut [Trend], members: &[usize], night: &Night) -> Option<Self> {
        let mut line = None;
        let mut cases = Vec::new();
        for number in members {
            let trend = &mut trends[*number];
            let Some(place) = night.nearest(&trend.changes) else { continue };
            let turn = trend.changes.remove(place);
            if line.is_none() && turn.since == night.since {
                line = Some((trend.key.clone(), turn.last_before.clone(), turn.also.clone()));
            }
            cases.push(ShiftedCase { case: trend.key.case.clone(), turn });
        }
        cases.sort_by(|a, b| a.case.cmp(&b.case));
        let (line, last_before, also) = line?;
        let by: Vec<f64> = cases.iter().filter_map(|hit| hit.turn.shift).collect();
        let worse = cases.iter().filter(|hit| hit.turn.worse).count();
        let found = cases.iter().map(|hit| &hit.turn.found).min_by_key(|found| &found.timestamp)?;
        Some(MachineShift {
            line,
            since: night.since.clone(),
            last_before,
            found: found.clone(),
            shift: stats::median(&stats::sorted(&by))?,
            also,
            worse: 2 * worse > cases.len(),
            cases,
            of: members.len(),
        })
    }
}

impl Night {
    /// The number of that change of a line which is of this night. Of several it is the nearest, so that whichever is
    /// placed on it is never passed over.
    fn nearest(&self, changes: &[Turn]) -> Option<usize> {
        let of_night = changes.iter().enumerate().filter(|(_, turn)| self.is_of(turn));
        let off = |turn: &Turn| (turn.since != self.since, turn.since.number.abs_diff(self.since.number));
        of_night.min_by_key(|(_, turn)| off(turn)).map(|(number, _)| number)
    }

    /// Whether a change is one of that night in that direction. Lines that began on different nights number their runs
    /// differently: of them, only what was not yet found when the other had happened can be the same.
    fn is_of(&self, turn: &Turn) -> bool {
        let near = turn.since.run == self.since.run
            || turn.since.number.abs_diff(self.since.number) <= NEAR
                && turn.found.timestamp > self.since.timestamp
                && self.found > turn.since.timestamp;
        near && turn.shift.is_some_and(|shift| (shift > 0.0) == self.up)
    }
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
        assert!(shifts[0].cases.is_sorted_by_key(|hit| &hit.case), "{shifts:?}");
        assert!(shifts[0].worse && (shifts[0].shift - 0.1).abs() < 0.01);
        let left: Vec<&str> = all
            .iter()
            .filter(|trend| !trend.changes.is_empty())
            .map(|trend| trend.key.case.as_str())
            .collect();
        assert_eq!(left, ["case7"], "its own change stays its own");
    }

    /// Places a change so many runs later, or earlier.
    fn moved(turn: &Turn, by: isize) -> Turn {
        let place = |place: &Place| {
            let number = place.number.checked_add_signed(by).expect("a run");
            let timestamp = format!("2026-01-01T{:02}:{:02}:00Z", number / 60, number % 60);
            Place { number, timestamp, run: format!("r{number:03}"), commit: Some(format!("c{number}")) }
        };
        Turn { since: place(&turn.since), last_before: place(&turn.last_before), ..turn.clone() }
    }

    #[test]
    fn each_case_keeps_the_place_of_its_own_change() {
        for places in [[30, 29, 31, 30, 30, 30, 30, 30], [30, 30, 32, 30, 30, 28, 31, 30]] {
            let mut all = trends(8);
            for (trend, place) in all.iter_mut().zip(places) {
                trend.changes[0] = moved(&trend.changes[0], place - 30);
            }
            let before: Vec<Turn> = all.iter().map(|trend| trend.changes[0].clone()).collect();
            let shifts = machine_shifts(&mut all);
            assert_eq!((shifts.len(), shifts[0].since.number), (1, 30), "where most place it: {shifts:?}");
            let kept: Vec<isize> = shifts[0].cases.iter().map(|hit| hit.turn.since.number as isize).collect();
            assert_eq!(kept, places);
            for (trend, turn) in all.iter().zip(&before) {
                assert_eq!(shifts[0].turn_of(&trend.key), Some(turn), "the whole change is kept");
            }
            let elsewhere = SeriesKey { build: "debug".to_owned(), ..all[0].key.clone() };
            assert_eq!(shifts[0].turn_of(&elsewhere), None, "the same case in another build");
        }
    }

    #[test]
    fn of_two_changes_near_a_night_the_one_on_it_is_the_machine() {
        let mut all = trends(8);
        for trend in &mut all {
            let early = moved(&trend.changes[0], -2);
            trend.changes.insert(0, early);
        }
        let shifts = machine_shifts(&mut all);
        let nights: Vec<usize> = shifts.iter().map(|shift| shift.since.number).collect();
        assert_eq!(nights, [28, 30]);
        for shift in &shifts {
            assert!(shift.cases.iter().all(|hit| hit.turn.since == shift.since), "{shift:?}");
        }
    }

    #[test]
    fn runs_of_one_number_are_not_of_one_night_where_one_had_been_found_before_the_other_happened() {
        let mut all = trends(8);
        for trend in all.iter_mut().take(4) {
            let turn = &mut trend.changes[0];
            for place in [&mut turn.since, &mut turn.last_before, &mut turn.found] {
                place.timestamp = place.timestamp.replace("2026-01-01", "2026-02-01");
                place.run = format!("february {}", place.run);
            }
        }
        assert_eq!(machine_shifts(&mut all), []);
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
