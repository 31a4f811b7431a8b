//! Whether the changes recorded in a store lean to one side.

use std::collections::BTreeSet;

use bench_stats::symmetry_p_value;
use serde::Serialize;

use crate::across::MachineShift;
use crate::key::SeriesKey;
use crate::trend::{Trend, Turn};

/// The number of changes below which one side prevails too easily for a conclusion.
const FEWEST_CHANGES: usize = 20;

/// The p-value below which the changes lean clearly.
const CLEAR: f64 = 0.01;

/// The numbers of changes for the worse and for the better that were reported, including those that were later
/// withdrawn.
///
/// Changes of one machine and build that begin at the same run and go in the same direction count once: they probably
/// have one cause, and the test assumes independent changes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Balance {
    /// Changes for the worse.
    pub worse: usize,
    /// Changes for the better.
    pub better: usize,
    /// The two-sided p-value of such an uneven split if both were equally likely ([`symmetry_p_value`]).
    pub p_value: f64,
}

impl Balance {
    /// Counts the changes of `trends` and the `shifts` that were taken out of them.
    pub fn of(shifts: &[MachineShift], trends: &[Trend]) -> Self {
        let of_cases = trends.iter().flat_map(|trend| {
            trend.changes.iter().chain(&trend.withdrawn).map(|turn| of_turn(&trend.key, turn))
        });
        let of_machines = shifts.iter().map(|shift| event(&shift.line, &shift.since.run, shift.worse));
        let events: BTreeSet<(SeriesKey, &str, bool)> = of_cases.chain(of_machines).collect();
        let worse = events.iter().filter(|(_, _, worse)| *worse).count();
        let better = events.len() - worse;
        Balance { worse, better, p_value: symmetry_p_value(worse as u64, better as u64) }
    }

    /// Whether there are enough changes, and clearly more of one kind.
    pub fn is_uneven(&self) -> bool {
        self.worse + self.better >= FEWEST_CHANGES && self.p_value < CLEAR
    }
}

fn of_turn<'a>(key: &SeriesKey, turn: &'a Turn) -> (SeriesKey, &'a str, bool) {
    event(key, &turn.since.run, turn.worse)
}

/// Returns what changes with one cause share: the line without its case and figure, the run, and the direction.
fn event<'a>(line: &SeriesKey, run: &'a str, worse: bool) -> (SeriesKey, &'a str, bool) {
    (SeriesKey { case: String::new(), metric: String::new(), ..line.clone() }, run, worse)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::across::machine_shifts;
    use crate::change::Settings;
    use crate::store::Series;
    use crate::trend::tests::line;
    use crate::trend::trends;

    /// Returns a line that becomes slower by a twentieth at each run of `slower`, and faster at each run of `faster`.
    fn steps(case: usize, slower: &[usize], faster: &[usize]) -> Series {
        let passed = |runs: &[usize], number: usize| runs.iter().filter(|run| **run <= number).count() as i32;
        line(&format!("c{case}"), case as u64, 240, |number| {
            1.05f64.powi(passed(slower, number) - passed(faster, number))
        })
    }

    /// Returns a function that moves the runs of a case so far from those of other cases that a change there can only
    /// be its own.
    fn apart(case: usize) -> impl Fn(usize) -> usize {
        move |run| run + 6 * case
    }

    fn balance(series: &[Series]) -> Balance {
        let mut trends = trends(series, &[], Settings::default());
        let shifts = machine_shifts(&mut trends, series);
        Balance::of(&shifts, &trends)
    }

    #[test]
    fn many_changes_for_the_worse_are_uneven() {
        let series: Vec<Series> =
            (0..8).map(|case| steps(case, &[21, 71, 121].map(apart(case)), &[])).collect();
        let found = balance(&series);
        assert!(found.worse >= 20 && found.better <= 2 && found.is_uneven(), "{found:?}");
    }

    #[test]
    fn as_many_for_the_better_are_even() {
        let series: Vec<Series> = (0..8)
            .map(|case| steps(case, &[21, 121].map(apart(case)), &[71, 171].map(apart(case))))
            .collect();
        let found = balance(&series);
        assert!(found.worse.abs_diff(found.better) <= 4 && !found.is_uneven(), "{found:?}");
        assert!(found.worse + found.better >= 20, "{found:?}");
    }

    #[test]
    fn one_cause_counts_once() {
        let metric = |mut series: Series, metric: &str| {
            series.key.metric = metric.to_owned();
            series
        };
        let two = [metric(steps(1, &[50], &[]), "time"), metric(steps(1, &[50], &[]), "time_p99")];
        assert_eq!((balance(&two).worse, balance(&two).better), (1, 0));
        let machine: Vec<Series> = (0..6).map(|case| steps(case, &[50], &[])).collect();
        assert_eq!((balance(&machine).worse, balance(&machine).better), (1, 0));
        assert!(!balance(&machine).is_uneven());
    }
}
