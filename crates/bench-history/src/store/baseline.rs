//! Runs with a name, for comparison with later ones.

use serde::Serialize;

use super::checked::BASELINE;
use super::{Database, Store, StoreError, Value};

/// A name that was given to a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Baseline {
    /// The name.
    pub name: String,
    /// The run.
    pub run: String,
    /// The time at which the name was given, UTC, RFC 3339.
    pub at: String,
    /// The author.
    pub author: String,
}

/// The condition for the rows of `baseline` that hold the current run of each name.
pub(super) const CURRENT: &str = "id IN (SELECT MAX(id) FROM baseline GROUP BY name)";

impl Store {
    /// Gives a run a name; if the name exists, it means this run from now on.
    ///
    /// # Errors
    /// [`StoreError::NoSuchRun`] if the run does not exist.
    pub fn set_baseline(&mut self, baseline: &Baseline) -> Result<(), StoreError> {
        self.transaction(|database| {
            let Baseline { name, run, at, author } = baseline;
            if database.query("SELECT name FROM run WHERE name = $1", &[run.as_str().into()])?.is_empty() {
                return Err(StoreError::NoSuchRun { run: run.clone() });
            }
            let id = next_id(database, "baseline")?;
            let texts = [name, run, at, author].map(|text| Value::from(text.as_str()));
            let values: Vec<Value> = std::iter::once(Value::Integer(id)).chain(texts).collect();
            BASELINE.insert(database, &values)
        })
    }

    /// Returns all baselines, by name, each with its current run.
    ///
    /// # Errors
    /// The error of the database.
    pub fn baselines(&mut self) -> Result<Vec<Baseline>, StoreError> {
        let rows = self.database.query(
            &format!("SELECT name, run, at, author FROM baseline WHERE {CURRENT} ORDER BY name"),
            &[],
        )?;
        let baseline = |row: Vec<Value>| {
            let mut text = row.into_iter().map_while(Value::into_text);
            Some(Baseline { name: text.next()?, run: text.next()?, at: text.next()?, author: text.next()? })
        };
        rows.into_iter().map(|row| baseline(row).ok_or_else(|| self.strange("baseline"))).collect()
    }
}

/// Returns the id of the next row of a table whose rows are ordered by id. There is no other writer: see
/// [`Database::begin`].
pub(super) fn next_id(database: &mut dyn Database, table: &str) -> Result<i64, StoreError> {
    let last = database.query(&format!("SELECT COALESCE(MAX(id), 0) FROM {table}"), &[])?;
    Ok(last.first().and_then(|row| row[0].as_integer()).unwrap_or_default() + 1)
}
