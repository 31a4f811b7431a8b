//! What keeps a store sound.

use std::collections::BTreeSet;

use super::add::{add_circumstances, add_points};
use super::baseline::CURRENT;
use super::{Store, StoreError, Value};
use crate::figure::figures;

impl Store {
    /// Removes the runs that began before `timestamp` (UTC, RFC 3339), except baselines; answers with their number.
    ///
    /// # Errors
    /// What the database says.
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

    /// Looks for damage: of the file, of records, and of figures that differ from their record. Answers with a
    /// line for each that was found.
    ///
    /// # Errors
    /// When the store cannot be read at all.
    pub fn verify(&mut self) -> Result<Vec<String>, StoreError> {
        let mut found = self.database.check()?;
        for stored in self.runs()? {
            let record = match self.record(&stored.run) {
                Ok(record) => record,
                Err(error) => {
                    found.push(error.to_string());
                    continue;
                }
            };
            let rows = self.database.query(
                "SELECT series.case_id, series.metric, point.value FROM point \
                 JOIN series ON series.id = point.series WHERE point.run = $1",
                &[stored.run.as_str().into()],
            )?;
            let in_store: BTreeSet<(String, String, u64)> = rows
                .into_iter()
                .filter_map(|row| {
                    let value = row.get(2)?.as_real()?;
                    let mut text = row.into_iter().map_while(Value::into_text);
                    Some((text.next()?, text.next()?, value.to_bits()))
                })
                .collect();
            let in_record: BTreeSet<(String, String, u64)> = record
                .cases
                .iter()
                .flat_map(|case| figures(case).into_iter().map(|figure| (case.id.clone(), figure)))
                .map(|(case, figure)| (case, figure.metric, figure.value.to_bits()))
                .collect();
            let different = in_store.symmetric_difference(&in_record).count();
            if different > 0 {
                found.push(format!("{}: {different} figures differ from the record", stored.run));
            }
        }
        Ok(found)
    }

    /// Makes all figures and circumstances anew from the records. Records that cannot be read are left as they are.
    ///
    /// # Errors
    /// What the database says; then nothing has changed.
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
