//! Detects changes of many cases at once, which come from the machine and not from the code of any of them.

mod lean;
mod share;

use std::borrow::Borrow;
use std::collections::BTreeMap;

use bench_stats as stats;
use serde::Serialize;

use self::lean::{Lean, is_there};
use self::share::Share;
use crate::key::SeriesKey;
use crate::store::Series;
use crate::trend::{NEAR, Place, Trend, Turn};

/// The smallest number of cases for which a majority means anything.
const FEWEST_CASES: usize = 5;

/// A change that hit most cases of one machine on one night.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MachineShift {
    /// The line of one of its cases. Its machine, toolchain, build and metric are the same for all of these cases.
    pub line: SeriesKey,
    /// The first run at the new level, according to most cases.
    pub since: Place,
    /// The last run at the old level.
    pub last_before: Place,
    /// The run at which the change was first found in one of its cases. It stays the same while `since` and
    /// `last_before` may move, and so identifies the change.
    pub found: Place,
    /// Median of the cases' shifts: 0.03 is three per cent more. It is the machine's share in the change of each case.
    pub shift: f64,
    /// Other circumstances that changed around it, as recorded for one of its cases.
    pub also: Vec<String>,
    /// Whether most of its cases became worse.
    pub worse: bool,
    /// The cases in which it was found, in the order of their ids.
    pub cases: Vec<ShiftedCase>,
    /// The number of cases of this machine with runs before and after the change.
    pub of: usize,
}

/// A case that was affected by a machine's shift.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShiftedCase {
    /// Its id.
    pub case: String,
    /// The part of its change that the machine has added; noise may have placed it a run or two off. A case that
    /// clearly changed by more or less than the machine keeps the rest as its own change, with [`Turn::of_machine`].
    #[serde(flatten)]
    pub turn: Turn,
}

impl MachineShift {
    /// Returns the change of one line that is part of this shift, if the line is affected.
    pub fn turn_of(&self, line: &SeriesKey) -> Option<&Turn> {
        let number = self.cases.binary_search_by(|hit| hit.case.as_str().cmp(&line.case)).ok()?;
        (machine_of(&self.line) == machine_of(line)).then(|| &self.cases[number].turn)
    }
}

/// Separates the machine's shifts from those of cases: moves the former out of `trends`, so that each is reported
/// once. The part of a case's change that goes beyond the machine's share stays with the case. `series` are the lines
/// of `trends`, in their order.
///
/// A shift is the machine's if at least five cases were found to change in the same direction, and these are more than
/// half of the cases that have runs before and after it. In a large suite, many cases are too noisy for a change to be
/// found: they count as well if they clearly lean in that direction, less those that lean in the other.
pub fn machine_shifts<S: Borrow<Series>>(trends: &mut [Trend], series: &[S]) -> Vec<MachineShift> {
    let mut machines: BTreeMap<SeriesKey, Vec<usize>> = BTreeMap::new();
    for (number, trend) in trends.iter().enumerate().filter(|(_, trend)| !trend.too_little_history) {
        machines.entry(machine_of(&trend.key)).or_default().push(number);
    }
    let mut shifts = Vec::new();
    for members in machines.values() {
        let lines: Vec<&Series> =
            members.iter().filter_map(|number| series.get(*number)).map(Borrow::borrow).collect();
        let mut leans = BTreeMap::new();
        while let Some((night, of)) = busiest(trends, members, &lines, &mut leans) {
            let Some(shift) = MachineShift::take(trends, members, &night, of) else { break };
            shifts.push(shift);
        }
    }
    shifts.sort_by(|a, b| a.since.timestamp.cmp(&b.since.timestamp));
    shifts
}

/// Returns the common part of the lines of one machine, toolchain, build and metric.
fn machine_of(line: &SeriesKey) -> SeriesKey {
    SeriesKey { case: String::new(), ..line.clone() }
}

/// A run from which on the figures of several cases are higher, or lower.
struct Night {
    since: Place,
    up: bool,
    /// The time at which the last of the changes placed on this run was found.
    found: String,
}

/// Returns the night on which most cases changed, and the number of cases with runs before and after it; `None` if too
/// few changed. `leans` caches whether the other cases lean along with a night: the lines do not change.
fn busiest(
    trends: &[Trend],
    members: &[usize],
    lines: &[&Series],
    leans: &mut BTreeMap<(Place, bool), bool>,
) -> Option<(Night, usize)> {
    let changes = || members.iter().map(|number| &trends[*number].changes);
    let mut nights: BTreeMap<(&Place, bool), &str> = BTreeMap::new();
    for turn in changes().flatten().filter(|turn| turn.of_machine.is_none()) {
        let Some(shift) = turn.shift else { continue };
        let found = nights.entry((&turn.since, shift > 0.0)).or_default();
        *found = (*found).max(&turn.found.timestamp);
    }
    let nights = nights.into_iter().map(|((since, up), found)| Night {
        since: since.clone(),
        up,
        found: found.to_owned(),
    });
    let exactly =
        |night: &Night| changes().flatten().filter(|turn| turn.since.run == night.since.run).count();
    let mut hits: Vec<(usize, usize, Night)> = nights
        .filter_map(|night| {
            let hit = changes().filter(|changes| changes.iter().any(|turn| night.is_of(turn))).count();
            (hit >= FEWEST_CASES).then(|| (hit, exactly(&night), night))
        })
        .collect();
    hits.sort_by_key(|(hit, exactly, _)| std::cmp::Reverse((*hit, *exactly)));
    hits.into_iter().find_map(|(hit, _, night)| {
        let there = lines.iter().filter(|line| is_there(line, &night.since)).count();
        let mut most_lean = || {
            let known = leans.entry((night.since.clone(), night.up));
            *known.or_insert_with(|| {
                let is_found = |changes: &Vec<Turn>| changes.iter().any(|turn| night.is_of(turn));
                let others = changes().zip(lines).filter(|(changes, _)| !is_found(changes));
                let lean = Lean::of(others.map(|(_, line)| *line), &night.since, night.typical(changes()));
                lean.is_clear() && 2 * (hit as isize + lean.net()) > there as isize
            })
        };
        (2 * hit > there || most_lean()).then_some((night, there))
    })
}

impl MachineShift {
    /// Moves the changes that the machine has added on a night out of `trends`; `None` if no change is placed on that
    /// night.
    fn take(trends: &mut [Trend], members: &[usize], night: &Night, of: usize) -> Option<Self> {
        let mut line = None;
        let mut hit = Vec::new();
        for number in members {
            let trend = &mut trends[*number];
            let Some(place) = night.nearest(&trend.changes) else { continue };
            let turn = trend.changes.remove(place);
            if line.is_none() && turn.since == night.since {
                line = Some((trend.key.clone(), turn.last_before.clone(), turn.also.clone()));
            }
            hit.push((*number, place, turn));
        }
        let (line, last_before, also) = line?;
        let share = Share::of(hit.iter().map(|(.., turn)| turn))?;
        let worse = hit.iter().filter(|(.., turn)| turn.worse).count();
        let found = hit.iter().map(|(.., turn)| &turn.found).min_by_key(|found| &found.timestamp)?.clone();
        let worse = 2 * worse > hit.len();
        let mut cases: Vec<ShiftedCase> = hit
            .into_iter()
            .map(|(number, place, turn)| {
                let case = trends[number].key.case.clone();
                let (turn, own) = share.taken_out_of(turn);
                // The rest keeps the place of the whole change.
                if let Some(own) = own {
                    trends[number].changes.insert(place, own);
                }
                ShiftedCase { case, turn }
            })
            .collect();
        cases.sort_by(|a, b| a.case.cmp(&b.case));
        Some(MachineShift {
            line,
            since: night.since.clone(),
            last_before,
            found,
            shift: share.shift(),
            also,
            worse,
            cases,
            of,
        })
    }
}

impl Night {
    /// Returns the median shift of the changes that belong to this night, as a logarithm; infinite if there are none.
    fn typical<'a>(&self, changes: impl Iterator<Item = &'a Vec<Turn>>) -> f64 {
        let of_night = changes.flatten().filter(|turn| self.is_of(turn));
        let by: Vec<f64> = of_night.filter_map(|turn| turn.shift).map(f64::ln_1p).collect();
        stats::median(&stats::sorted(&by)).unwrap_or(f64::INFINITY)
    }

    /// Returns the index of the change of a line that belongs to this night. Of several, it is the nearest, so that a
    /// change placed on the night itself is never skipped.
    fn nearest(&self, changes: &[Turn]) -> Option<usize> {
        let of_night = changes.iter().enumerate().filter(|(_, turn)| self.is_of(turn));
        let off = |turn: &Turn| (turn.since != self.since, turn.since.number.abs_diff(self.since.number));
        of_night.min_by_key(|(_, turn)| off(turn)).map(|(number, _)| number)
    }

    /// Whether a change belongs to this night, has its direction, and has not been split yet. Series that began on
    /// different nights number their runs differently, so a nearby number is not enough: each change must also have
    /// been found after the other one happened.
    fn is_of(&self, turn: &Turn) -> bool {
        let near = turn.since.run == self.since.run
            || turn.since.number.abs_diff(self.since.number) <= NEAR
                && turn.found.timestamp > self.since.timestamp
                && self.found > turn.since.timestamp
            || self.is_within(turn);
        near && turn.of_machine.is_none() && turn.shift.is_some_and(|shift| (shift > 0.0) == self.up)
    }

    /// Whether this night lies in the range of runs in which a change may have come.
    fn is_within(&self, turn: &Turn) -> bool {
        let (last_good, first_bad) = (&turn.culprit.last_good.timestamp, &turn.culprit.first_bad.timestamp);
        *last_good < self.since.timestamp && self.since.timestamp <= *first_bad
    }
}

#[cfg(test)]
mod tests;
