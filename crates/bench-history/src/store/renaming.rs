//! New names of cases. Runs keep the names under which they were measured, and are read under the new ones.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::baseline::next_id;
use super::checked::RENAMING;
use super::{Series, Store, StoreError, Value};
use crate::key::SeriesKey;

/// The renaming of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Renaming {
    /// The old id: that of a case, or of a benchmark, for all of its cases.
    pub old: String,
    /// The new id.
    pub new: String,
    /// The time of the renaming, UTC, RFC 3339.
    pub at: String,
    /// The author.
    pub author: String,
}

impl Renaming {
    /// Returns the new id; `None` if the renaming does not apply to this one.
    fn apply(&self, id: &str) -> Option<String> {
        let rest = id.strip_prefix(self.old.as_str())?;
        // `model/unit/forward` is the benchmark of `model/unit/forward[batch=8]`, and not of `model/unit/forward_all`.
        (rest.is_empty() || rest.starts_with('[')).then(|| format!("{}{rest}", self.new))
    }
}

/// Returns the current id of a case. Renamings are followed one after another, so that a name may be given back.
pub fn current_id(renamings: &[Renaming], id: &str) -> String {
    let renamed = |id: String, renaming: &Renaming| renaming.apply(&id).unwrap_or(id);
    renamings.iter().fold(id.to_owned(), renamed)
}

/// Returns the series under the current names of their cases. If a run contains the new name as well, its figure under
/// the old name belongs to another case, and stays separate.
pub(super) fn renamed(all: Vec<Series>, renamings: &[Renaming]) -> Vec<Series> {
    if renamings.is_empty() {
        return all;
    }
    let mut named: BTreeMap<SeriesKey, Series> = BTreeMap::new();
    let mut moved = Vec::new();
    for series in all {
        let case = current_id(renamings, &series.key.case);
        if case == series.key.case {
            named.insert(series.key.clone(), series);
        } else {
            moved.push((SeriesKey { case, ..series.key.clone() }, series));
        }
    }
    let mut apart = Vec::new();
    for (key, mut series) in moved {
        let Some(known) = named.get_mut(&key) else {
            series.key = key.clone();
            named.insert(key, series);
            continue;
        };
        if (&known.unit, known.better) != (&series.unit, series.better) {
            apart.push(series);
            continue;
        }
        let runs: BTreeSet<String> = known.points.iter().map(|point| point.run.clone()).collect();
        let (others, points): (Vec<_>, Vec<_>) =
            series.points.into_iter().partition(|point| runs.contains(&point.run));
        known.points.extend(points);
        known.points.sort_by(|a, b| (&a.timestamp, &a.run).cmp(&(&b.timestamp, &b.run)));
        if !others.is_empty() {
            apart.push(Series { points: others, ..series });
        }
    }
    named.into_values().chain(apart).collect()
}

impl Store {
    /// Lets a case keep its history under a new name. The id of a benchmark stands for all of its cases.
    ///
    /// # Errors
    /// [`StoreError::NoSuchCase`] if no run has the old name; [`StoreError::TwoCases`] if one has both.
    pub fn rename(&mut self, renaming: &Renaming) -> Result<(), StoreError> {
        let series = self.series()?;
        let mut found = false;
        for old in &series {
            let Some(case) = renaming.apply(&old.key.case) else { continue };
            found = true;
            let key = SeriesKey { case, ..old.key.clone() };
            let new = series.iter().find(|other| other.key == key);
            let both = old
                .points
                .iter()
                .find(|point| new.is_some_and(|new| new.points.iter().any(|other| other.run == point.run)));
            if let Some(point) = both {
                return Err(StoreError::TwoCases {
                    old: old.key.case.clone(),
                    new: key.case,
                    run: point.run.clone(),
                });
            }
        }
        if !found {
            return Err(StoreError::NoSuchCase { case: renaming.old.clone() });
        }
        self.keep_renaming(renaming)
    }

    /// Adds a renaming unchanged, as when a store is rebuilt from an older one.
    ///
    /// # Errors
    /// The error of the database.
    pub fn keep_renaming(&mut self, renaming: &Renaming) -> Result<(), StoreError> {
        self.transaction(|database| {
            let Renaming { old, new, at, author } = renaming;
            let id = next_id(database, "renaming")?;
            let texts = [old, new, at, author].map(|text| Value::from(text.as_str()));
            let values: Vec<Value> = std::iter::once(Value::Integer(id)).chain(texts).collect();
            RENAMING.insert(database, &values)
        })
    }

    /// Returns all renamings, in the order in which they were made.
    ///
    /// # Errors
    /// The error of the database.
    pub fn renamings(&mut self) -> Result<Vec<Renaming>, StoreError> {
        let rows = self.database.query("SELECT old_id, new_id, at, author FROM renaming ORDER BY id", &[])?;
        let renaming = |row: Vec<Value>| {
            let mut text = row.into_iter().map_while(Value::into_text);
            Some(Renaming { old: text.next()?, new: text.next()?, at: text.next()?, author: text.next()? })
        };
        rows.into_iter().map(|row| renaming(row).ok_or_else(|| self.strange("renaming"))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renaming(old: &str, new: &str) -> Renaming {
        let text = str::to_owned;
        Renaming { old: text(old), new: text(new), at: String::new(), author: String::new() }
    }

    #[test]
    fn a_benchmark_brings_its_cases_and_no_others() {
        let all = [renaming("m/unit/forward", "m/unit/infer")];
        assert_eq!(current_id(&all, "m/unit/forward"), "m/unit/infer");
        assert_eq!(current_id(&all, "m/unit/forward[batch=8]"), "m/unit/infer[batch=8]");
        assert_eq!(current_id(&all, "m/unit/forward_all"), "m/unit/forward_all");
        assert_eq!(current_id(&all, "x/m/unit/forward"), "x/m/unit/forward");
    }

    #[test]
    fn a_name_can_be_given_on_and_back() {
        let on = [renaming("a", "b"), renaming("b", "c")];
        assert_eq!(["a", "b", "c"].map(|id| current_id(&on, id)), ["c", "c", "c"]);
        let back = [renaming("a", "b"), renaming("b", "a")];
        assert_eq!(["a", "b"].map(|id| current_id(&back, id)), ["a", "a"]);
    }
}
