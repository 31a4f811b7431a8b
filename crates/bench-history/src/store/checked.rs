//! Rows that cannot be computed from a record, such as acceptances and notifications: each has a checksum, by which
//! damage is detected.

use flate2::Crc;

use super::{Database, StoreError, Value};

/// A table of such rows.
pub(super) struct Checked {
    name: &'static str,
    /// The columns that the checksum of a row covers, in this order.
    columns: &'static [&'static str],
}

pub(super) const ACCEPTANCE: Checked =
    Checked { name: "acceptance", columns: &["case_id", "run", "at", "author", "reason"] };
pub(super) const BASELINE: Checked =
    Checked { name: "baseline", columns: &["id", "name", "run", "at", "author"] };
pub(super) const RENAMING: Checked =
    Checked { name: "renaming", columns: &["id", "old_id", "new_id", "at", "author"] };
pub(super) const TOLD: Checked =
    Checked { name: "told", columns: &["recipient", "case_id", "metric", "machine", "run", "at"] };

/// All such tables.
pub(super) const ALL: [Checked; 4] = [ACCEPTANCE, BASELINE, RENAMING, TOLD];

impl Checked {
    /// Adds a row, unless one with its key is there.
    pub(super) fn insert(&self, database: &mut dyn Database, values: &[Value]) -> Result<(), StoreError> {
        let places: Vec<String> = (1..=values.len() + 1).map(|number| format!("${number}")).collect();
        let sql = format!(
            "INSERT INTO {} ({}, checksum) VALUES ({}) ON CONFLICT DO NOTHING",
            self.name,
            self.columns.join(", "),
            places.join(", ")
        );
        database.execute(&sql, &[values, &[Value::Integer(checksum(values))]].concat())?;
        Ok(())
    }

    /// Gives each row the checksum of its present content, for rows that are older than checksums.
    pub(super) fn seal(&self, database: &mut dyn Database) -> Result<(), StoreError> {
        for mut row in self.rows(database)? {
            row.pop();
            let same: Vec<String> =
                (2..).zip(self.columns).map(|(number, column)| format!("{column} = ${number}")).collect();
            let sql = format!("UPDATE {} SET checksum = $1 WHERE {}", self.name, same.join(" AND "));
            database.execute(&sql, &[&[Value::Integer(checksum(&row))], &row[..]].concat())?;
        }
        Ok(())
    }

    /// Returns a line for each row that has changed since it was written.
    pub(super) fn verify(&self, database: &mut dyn Database) -> Result<Vec<String>, StoreError> {
        let damaged = |mut row: Vec<Value>| {
            let kept = row.pop();
            (kept != Some(Value::Integer(checksum(&row)))).then(|| {
                let texts: Vec<String> = row.into_iter().filter_map(Value::into_text).collect();
                format!(
                    "a row of the table `{}` has changed since it was written: {}",
                    self.name,
                    texts.join(", ")
                )
            })
        };
        Ok(self.rows(database)?.into_iter().filter_map(damaged).collect())
    }

    fn rows(&self, database: &mut dyn Database) -> Result<Vec<Vec<Value>>, StoreError> {
        database.query(&format!("SELECT {}, checksum FROM {}", self.columns.join(", "), self.name), &[])
    }
}

/// Returns the CRC-32 of the values, each after its length, so that text that has moved to the next column is noticed.
fn checksum(values: &[Value]) -> i64 {
    let mut sum = Crc::new();
    for value in values {
        let text = match value {
            Value::Text(text) => text.clone(),
            other => format!("{other:?}"),
        };
        sum.update(&(text.len() as u64).to_le_bytes());
        sum.update(text.as_bytes());
    }
    i64::from(sum.sum())
}
