//! Maintenance of a store.

use std::collections::BTreeSet;

use bench_record::{CaseRecord, Record};

use super::add::{add_circumstances, add_points, circumstances, known_row, series_row};
use super::baseline::CURRENT;
use super::{Store, StoreError, Value, checked};
use crate::figure::{Figure, figures};
use crate::key::SeriesKey;

impl Store {
    /// Removes the runs that began before `timestamp` (UTC, RFC 3339), except baselines; returns their number.
    ///
    /// # Errors
    /// The error of the database.
    pub fn prune(&mut self, timestamp: &str) -> Result<u64, StoreError> {
        self.transaction(|database| {
            let before = [Value::from(timestamp)];
            let kept = format!("SELECT run FROM baseline WHERE {CURRENT}");
            let old = format!("SELECT name FROM run WHERE timestamp < $1 AND name NOT IN ({kept})");
            database.execute(&format!("DELETE FROM point WHERE run IN ({old})"), &before)?;
            database.execute(&format!("DELETE FROM circumstance WHERE run IN ({old})"), &before)?;
            let gone = database.execute(&format!("DELETE FROM run WHERE name IN ({old})"), &before)?;
            database.execute("DELETE FROM series WHERE id NOT IN (SELECT series FROM point)", &[])?;
            Ok(gone)
        })
    }

    /// Checks for damage: of the file, of records, whose packed form contains a checksum, of rows that differ from
    /// their record, and of rows that cannot be computed from a record and have their own checksum. Returns a line for
    /// each fault.
    ///
    /// # Errors
    /// The error of the database, if the store cannot be read at all.
    pub fn verify(&mut self) -> Result<Vec<String>, StoreError> {
        let mut found = self.database.check()?;
        for table in checked::ALL {
            found.extend(table.verify(self.database.as_mut())?);
        }
        for stored in self.runs()? {
            let record = match self.record(&stored.run) {
                Ok(record) => record,
                Err(error) => {
                    found.push(error.to_string());
                    continue;
                }
            };
            let circumstances = self.circumstance_rows(&stored.run)?;
            // Runs that were added before there was a table for them have none.
            let of_record =
                if circumstances.is_empty() { BTreeSet::new() } else { circumstance_rows(&record) };
            let intervals = self.interval_rows(&stored.run)?;
            let intervals_of_record =
                if intervals.is_empty() { BTreeSet::new() } else { interval_rows(&record) };
            for (what, in_store, in_record) in [
                ("row of the run", self.run_row(&stored.run)?, run_row(&record)),
                ("figures", self.figure_rows(&stored.run)?, figure_rows(&record)),
                ("circumstances", circumstances, of_record),
                ("intervals", intervals, intervals_of_record),
            ] {
                let different = in_store.symmetric_difference(&in_record).count();
                if different > 0 {
                    found.push(format!("{}: {different} {what} differ from the record", stored.run));
                }
            }
        }
        Ok(found)
    }

    fn run_row(&mut self, run: &str) -> Result<BTreeSet<String>, StoreError> {
        self.rows("SELECT name, timestamp, revision FROM run WHERE name = $1", run)
    }

    fn figure_rows(&mut self, run: &str) -> Result<BTreeSet<String>, StoreError> {
        let of_run = "SELECT series.case_id, series.metric, series.cpu, series.cores, series.gpu, series.memory, \
                      series.toolchain, series.build, series.unit, series.better, point.value \
                      FROM point JOIN series ON series.id = point.series WHERE point.run = $1";
        self.rows(of_run, run)
    }

    /// Returns the rows of intervals of a run; none for runs that were added before there were columns for
    /// them.
    fn interval_rows(&mut self, run: &str) -> Result<BTreeSet<String>, StoreError> {
        let of_run = "SELECT series.case_id, series.metric, series.unit, point.low, point.high, point.rounds FROM point \
                      JOIN series ON series.id = point.series WHERE point.run = $1 AND point.rounds IS NOT NULL";
        self.rows(of_run, run)
    }

    fn circumstance_rows(&mut self, run: &str) -> Result<BTreeSet<String>, StoreError> {
        self.rows("SELECT run, what, value FROM circumstance WHERE run = $1", run)
    }

    fn rows(&mut self, sql: &str, run: &str) -> Result<BTreeSet<String>, StoreError> {
        Ok(self.database.query(sql, &[run.into()])?.iter().map(|row| shown(row)).collect())
    }

    /// Rebuilds all figures and circumstances from the records. Those of records that cannot be read are left as they
    /// are.
    ///
    /// # Errors
    /// The error of the database. In this case, nothing has changed.
    pub fn refresh(&mut self) -> Result<(), StoreError> {
        let records: Vec<_> = self.runs()?.iter().filter_map(|run| self.record(&run.run).ok()).collect();
        self.transaction(|database| {
            for record in &records {
                let run = [record.run.as_str().into()];
                database.execute("DELETE FROM point WHERE run = $1", &run)?;
                database.execute("DELETE FROM circumstance WHERE run = $1", &run)?;
                add_circumstances(database, record)?;
                add_points(database, record)?;
            }
            database.execute("DELETE FROM series WHERE id NOT IN (SELECT series FROM point)", &[])?;
            Ok(())
        })
    }
}

/// Formats a row as text; numbers that differ in their last bit differ in the text, too.
fn shown(row: &[Value]) -> String {
    format!("{row:?}")
}

fn run_row(record: &Record) -> BTreeSet<String> {
    let commit = record.environment.commit.as_deref().map_or(Value::Null, Value::from);
    BTreeSet::from([shown(&[record.run.as_str().into(), record.timestamp.as_str().into(), commit])])
}

fn figure_rows(record: &Record) -> BTreeSet<String> {
    let of_case = |case: &CaseRecord| {
        let row = |figure: Figure| {
            let [_, key @ ..] = series_row(0, SeriesKey::of_case(record, case, &figure.metric), &figure);
            shown(&[&key[..], &[Value::Real(figure.value)]].concat())
        };
        figures(case).into_iter().map(row).collect::<Vec<_>>()
    };
    record.cases.iter().flat_map(of_case).collect()
}

fn interval_rows(record: &Record) -> BTreeSet<String> {
    let of_case = |case: &CaseRecord| {
        let row = |figure: Figure| {
            let key = [case.id.as_str(), &figure.metric, &figure.unit].map(Value::from);
            shown(&[&key[..], &known_row(&figure)[..]].concat())
        };
        figures(case).into_iter().map(row).collect::<Vec<_>>()
    };
    record.cases.iter().flat_map(of_case).collect()
}

fn circumstance_rows(record: &Record) -> BTreeSet<String> {
    circumstances(record).iter().map(|row| shown(row)).collect()
}
