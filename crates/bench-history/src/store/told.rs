//! The record of sent notifications and their recipients.

use serde::Serialize;

use super::checked::TOLD;
use super::{Store, StoreError, Value};

/// A notification that was sent about a change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Told {
    /// The recipient.
    pub recipient: String,
    /// The case that changed, under the name that it had then; empty if it was the machine.
    pub case: String,
    /// The figure that changed.
    pub metric: String,
    /// Machine, toolchain and build of the line.
    pub machine: String,
    /// The run that identifies the change.
    pub run: String,
    /// The time of the notification, UTC, RFC 3339.
    pub at: String,
}

impl Store {
    /// Records a notification. Recording it again changes nothing.
    ///
    /// # Errors
    /// The error of the database.
    pub fn keep_told(&mut self, told: &Told) -> Result<(), StoreError> {
        self.transaction(|database| {
            let Told { recipient, case, metric, machine, run, at } = told;
            let values = [recipient, case, metric, machine, run, at].map(|text| Value::from(text.as_str()));
            TOLD.insert(database, &values)
        })
    }

    /// Returns all notifications, oldest first.
    ///
    /// # Errors
    /// The error of the database.
    pub fn all_told(&mut self) -> Result<Vec<Told>, StoreError> {
        let rows = self.database.query(
            "SELECT recipient, case_id, metric, machine, run, at FROM told ORDER BY at, recipient, case_id, metric",
            &[],
        )?;
        let told = |row: Vec<Value>| {
            let mut text = row.into_iter().map_while(Value::into_text);
            Some(Told {
                recipient: text.next()?,
                case: text.next()?,
                metric: text.next()?,
                machine: text.next()?,
                run: text.next()?,
                at: text.next()?,
            })
        };
        rows.into_iter().map(|row| told(row).ok_or_else(|| self.strange("told"))).collect()
    }
}
