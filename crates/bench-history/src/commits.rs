//! The order of commits: a history is sorted by the changes of the code, as far as they are known.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bench_stats as stats;

use crate::store::{Known, Point, Series};

/// The commits of a checkout along first parents, by their place. Empty if none are known; runs then stay in the order
/// of their time.
#[derive(Clone, Debug, Default)]
pub struct Commits(BTreeMap<String, usize>);

impl Commits {
    /// Numbers these commits, which are given oldest first.
    pub fn oldest_first(commits: impl IntoIterator<Item = String>) -> Self {
        Commits(commits.into_iter().enumerate().map(|(place, commit)| (commit, place)).collect())
    }

    /// Returns the series in the order of its commits. A run whose commit is not known here stays after the run
    /// that preceded it. A run of an old commit that was made after a run of a later commit is added to the point
    /// of the old commit, whose figure is the median of its runs, because it is not a new change. If the old commit
    /// has no point yet, the run becomes one.
    pub fn arrange<'a>(&self, series: &'a Series) -> Cow<'a, Series> {
        if self.0.is_empty() {
            return Cow::Borrowed(series);
        }
        let mut placed: Vec<(Option<usize>, Point, Vec<f64>)> = Vec::new();
        let mut newest = None;
        for point in &series.points {
            let known = point.commit.as_ref().and_then(|commit| self.0.get(commit)).copied();
            if known.is_some() && known < newest {
                let same = placed.iter().rposition(|(_, other, _)| other.commit == point.commit);
                if let Some(same) = same {
                    placed[same].2.push(point.value);
                    continue;
                }
            } else {
                newest = known.or(newest);
            }
            placed.push((known.or(newest), point.clone(), vec![point.value]));
        }
        placed.sort_by_key(|(place, ..)| *place);
        let joined = |(_, point, values): (Option<usize>, Point, Vec<f64>)| {
            let value = stats::median(&stats::sorted(&values)).unwrap_or(point.value);
            // The interval and rounds of a single run do not apply to the median of several.
            let known = if values.len() == 1 { point.known } else { Known::default() };
            Point { value, known, ..point }
        };
        let Series { key, unit, better, .. } = series;
        let points = placed.into_iter().map(joined).collect();
        Cow::Owned(Series { key: key.clone(), unit: unit.clone(), better: *better, points })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::record;
    use crate::store::{Location, Store};

    /// Returns a series with one run for each commit and value, in the order of time.
    fn series(runs: &[(&str, f64)]) -> Series {
        let folder = tempfile::tempdir().expect("folder");
        let mut store = Store::open(&Location::File(folder.path().join("h.sqlite"))).expect("a store");
        for (number, (commit, value)) in runs.iter().enumerate() {
            let mut run = record(&format!("run-{number}"), number as u32, &[("unit/a", *value)]);
            run.environment.commit = Some((*commit).to_owned());
            store.add(&run).expect("added");
        }
        let all = store.series().expect("series");
        all.into_iter().find(|series| series.key.metric == "time").expect("a time")
    }

    fn arranged(commits: &[&str], runs: &[(&str, f64)]) -> Vec<(String, f64)> {
        let commits = Commits::oldest_first(commits.iter().map(|commit| (*commit).to_owned()));
        let series = series(runs);
        let points = commits.arrange(&series).points.clone();
        points.into_iter().map(|point| (point.commit.unwrap_or_default(), point.value)).collect()
    }

    #[test]
    fn runs_are_in_the_order_of_their_commits() {
        let of = |expected: &[(&str, f64)]| -> Vec<(String, f64)> {
            expected.iter().map(|(commit, value)| ((*commit).to_owned(), *value)).collect()
        };
        let runs = [("a", 1.0), ("b", 2.0), ("c", 3.0), ("a", 5.0), ("a", 9.0), ("c", 4.0)];
        assert_eq!(arranged(&[], &runs), of(&runs));
        let joined = of(&[("a", 5.0), ("b", 2.0), ("c", 3.0), ("c", 4.0)]);
        assert_eq!(arranged(&["a", "b", "c"], &runs), joined, "three runs of a, in the order of commits");
        let late = [("a", 1.0), ("c", 3.0), ("b", 2.0), ("x", 7.0)];
        let expected = of(&[("a", 1.0), ("b", 2.0), ("c", 3.0), ("x", 7.0)]);
        assert_eq!(arranged(&["a", "b", "c"], &late), expected, "b was measured late, and x is not known");
        let unknown = [("x", 7.0), ("a", 1.0), ("y", 8.0), ("b", 2.0)];
        assert_eq!(arranged(&["a", "b"], &unknown), of(&unknown));
    }
}
