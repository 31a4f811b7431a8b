//! Reads from a store.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bench_protocol::Better;
use bench_record::Record;
use serde::Serialize;

use super::add::unpack;
use super::checked::ACCEPTANCE;
use super::renaming::{current_id, renamed};
use super::{Known, Point, Series, Store, StoreError, Value};
use crate::circumstances::Circumstances;
use crate::key::{MachineClass, SeriesKey};

/// A run in the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoredRun {
    /// Its name.
    pub run: String,
    /// When it began, UTC, RFC 3339.
    pub timestamp: String,
    /// Git commit, if known.
    pub commit: Option<String>,
    /// Its figures.
    pub figures: usize,
}

/// The acceptance of a change: the line of a case starts again with a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Acceptance {
    /// The case.
    pub case: String,
    /// The first run at the accepted level.
    pub run: String,
    /// The time at which it was accepted, UTC, RFC 3339.
    pub at: String,
    /// The author.
    pub author: String,
    /// The reason.
    pub reason: String,
}

impl Store {
    /// Returns all runs, by the time at which they began.
    ///
    /// # Errors
    /// The error of the database.
    pub fn runs(&mut self) -> Result<Vec<StoredRun>, StoreError> {
        let rows = self.database.query(
            "SELECT run.name, run.timestamp, run.revision, COUNT(point.run) FROM run \
             LEFT JOIN point ON point.run = run.name GROUP BY run.name, run.timestamp, run.revision \
             ORDER BY run.timestamp, run.name",
            &[],
        )?;
        let run = |row: Vec<Value>| {
            let mut cells = row.into_iter();
            Some(StoredRun {
                run: cells.next()?.into_text()?,
                timestamp: cells.next()?.into_text()?,
                commit: cells.next()?.into_text(),
                figures: cells.next()?.as_integer()? as usize,
            })
        };
        rows.into_iter().map(|row| run(row).ok_or_else(|| self.strange("run"))).collect()
    }

    /// Returns the numbers of runs, accepted changes and renamings, and the size of all records, since a run may get
    /// further parts. If these numbers have not changed, nothing has.
    ///
    /// # Errors
    /// The error of the database.
    pub fn state(&mut self) -> Result<[i64; 4], StoreError> {
        let rows = self.database.query(
            "SELECT (SELECT COUNT(*) FROM run), (SELECT COUNT(*) FROM acceptance), (SELECT COUNT(*) FROM renaming), \
             (SELECT COALESCE(SUM(LENGTH(record)), 0) FROM run)",
            &[],
        )?;
        let counts =
            rows.into_iter().next().map(|row| row.iter().map_while(Value::as_integer).collect::<Vec<i64>>());
        counts.and_then(|counts| counts.try_into().ok()).ok_or_else(|| self.strange("run"))
    }

    /// Returns the whole record of a run.
    ///
    /// # Errors
    /// [`StoreError::NoSuchRun`]; [`StoreError::Corrupt`] when it can no longer be read.
    pub fn record(&mut self, run: &str) -> Result<Record, StoreError> {
        let rows = self.database.query("SELECT record FROM run WHERE name = $1", &[run.into()])?;
        let bytes = rows.into_iter().flatten().next().ok_or(StoreError::NoSuchRun { run: run.to_owned() })?;
        let bytes = bytes.into_bytes().ok_or_else(|| self.strange("run"))?;
        unpack(&bytes).map_err(|error| StoreError::Corrupt {
            store: self.database.name().to_owned(),
            reason: format!("the record of {run}: {error}"),
        })
    }

    /// Returns every series with its points, by case, metric and machine; those of renamed cases under their new
    /// names.
    ///
    /// # Errors
    /// The error of the database.
    pub fn series(&mut self) -> Result<Vec<Series>, StoreError> {
        let rows = self.database.query(
            "SELECT id, case_id, metric, cpu, cores, gpu, memory, toolchain, build, unit, better FROM series \
             ORDER BY id",
            &[],
        )?;
        let series = |row: Vec<Value>| {
            let id = row.first()?.as_integer()?;
            let mut text = row.into_iter().skip(1).map_while(Value::into_text);
            let (case, metric) = (text.next()?, text.next()?);
            let machine = MachineClass {
                cpu: text.next()?,
                cores: text.next()?,
                gpu: text.next()?,
                memory: text.next()?,
            };
            let key = SeriesKey { case, metric, machine, toolchain: text.next()?, build: text.next()? };
            let (unit, better) = (text.next()?, text.next()?);
            let better = if better == "higher" { Better::Higher } else { Better::Lower };
            Some((id, Series { key, unit, better, points: Vec::new() }))
        };
        let mut all = rows
            .into_iter()
            .map(|row| series(row).ok_or_else(|| self.strange("series")))
            .collect::<Result<Vec<_>, _>>()?;
        let runs = self.times()?;
        let places: HashMap<&str, usize> =
            runs.iter().enumerate().map(|(place, (run, ..))| (run.as_str(), place)).collect();
        let circumstances = self.circumstances()?;
        let unknown = Arc::new(Circumstances::default());
        // Sorted here: a database would sort the texts of all figures.
        let mut figures: Vec<(i64, usize, f64, Known)> = Vec::new();
        for row in self.database.query("SELECT series, run, value, low, high, rounds FROM point", &[])? {
            let figure = (|| {
                let [series, run, value, known @ ..] = row.as_slice() else { return None };
                let Value::Text(run) = run else { return None };
                let place = places.get(run.as_str()).copied();
                Some((series.as_integer()?, place, value.as_real()?, Known::of_row(known)))
            })();
            let (series, place, value, known) = figure.ok_or_else(|| self.strange("point"))?;
            figures.extend(place.map(|place| (series, place, value, known)));
        }
        figures.sort_unstable_by_key(|(series, place, ..)| (*series, *place));
        let mut figures = figures.into_iter().peekable();
        for (id, series) in &mut all {
            // Skips figures of a series that does not exist, which come before.
            while figures.next_if(|(of, ..)| of < id).is_some() {}
            while let Some((_, place, value, known)) = figures.next_if(|(of, ..)| of == id) {
                let (run, timestamp, commit) = runs[place].clone();
                let circumstances = Arc::clone(circumstances.get(&run).unwrap_or(&unknown));
                series.points.push(Point { timestamp, commit, value, known, circumstances, run });
            }
        }
        let all = all.into_iter().map(|(_, series)| series).filter(|series| !series.points.is_empty());
        let mut all = renamed(all.collect(), &self.renamings()?);
        all.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(all)
    }

    /// Returns the name, time and commit of every run, by time.
    fn times(&mut self) -> Result<Vec<(String, String, Option<String>)>, StoreError> {
        let rows =
            self.database.query("SELECT name, timestamp, revision FROM run ORDER BY timestamp, name", &[])?;
        let run = |row: Vec<Value>| {
            let mut cells = row.into_iter();
            Some((cells.next()?.into_text()?, cells.next()?.into_text()?, cells.next()?.into_text()))
        };
        rows.into_iter().map(|row| run(row).ok_or_else(|| self.strange("run"))).collect()
    }

    /// Returns the circumstances of each run, by its name.
    fn circumstances(&mut self) -> Result<BTreeMap<String, Arc<Circumstances>>, StoreError> {
        let rows = self.database.query("SELECT run, what, value FROM circumstance", &[])?;
        let mut runs: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for row in rows {
            let mut text = row.into_iter().map_while(Value::into_text);
            let fact = (|| Some((text.next()?, (text.next()?, text.next()?))))();
            let (run, fact) = fact.ok_or_else(|| self.strange("circumstance"))?;
            runs.entry(run).or_default().push(fact);
        }
        Ok(runs.into_iter().map(|(run, facts)| (run, Arc::new(facts.into_iter().collect()))).collect())
    }

    /// Accepts the level of a case since a run. Accepting it again changes nothing; the first reason is kept.
    ///
    /// # Errors
    /// [`StoreError::NoSuchRun`] if the run does not exist.
    pub fn accept(&mut self, acceptance: &Acceptance) -> Result<(), StoreError> {
        self.transaction(|database| {
            let Acceptance { case, run, at, author, reason } = acceptance;
            if database.query("SELECT name FROM run WHERE name = $1", &[run.as_str().into()])?.is_empty() {
                return Err(StoreError::NoSuchRun { run: run.clone() });
            }
            let values = [case, run, at, author, reason].map(|text| Value::from(text.as_str()));
            ACCEPTANCE.insert(database, &values)
        })
    }

    /// Returns all accepted changes, oldest first; those of renamed cases under their new names.
    ///
    /// # Errors
    /// The error of the database.
    pub fn acceptances(&mut self) -> Result<Vec<Acceptance>, StoreError> {
        let rows = self
            .database
            .query("SELECT case_id, run, at, author, reason FROM acceptance ORDER BY at, case_id", &[])?;
        let renamings = self.renamings()?;
        let acceptance = |row: Vec<Value>| {
            let mut text = row.into_iter().map_while(Value::into_text);
            Some(Acceptance {
                case: current_id(&renamings, &text.next()?),
                run: text.next()?,
                at: text.next()?,
                author: text.next()?,
                reason: text.next()?,
            })
        };
        rows.into_iter().map(|row| acceptance(row).ok_or_else(|| self.strange("acceptance"))).collect()
    }

    /// Returns the error for a row that contains a value of the wrong type.
    pub(super) fn strange(&self, table: &str) -> StoreError {
        StoreError::Corrupt {
            store: self.database.name().to_owned(),
            reason: format!("a row of the table `{table}` contains a value of the wrong type"),
        }
    }
}
