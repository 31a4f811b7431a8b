//! The interface of a database.

use super::StoreError;

/// A value in a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Absent.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number.
    Real(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl Value {
    pub(super) fn into_text(self) -> Option<String> {
        if let Value::Text(text) = self { Some(text) } else { None }
    }

    pub(super) fn into_bytes(self) -> Option<Vec<u8>> {
        if let Value::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    pub(super) fn as_integer(&self) -> Option<i64> {
        if let Value::Integer(number) = self { Some(*number) } else { None }
    }

    pub(super) fn as_real(&self) -> Option<f64> {
        match self {
            Value::Real(number) => Some(*number),
            // A column without a type of its own returns a whole number as an integer.
            Value::Integer(number) => Some(*number as f64),
            _ => None,
        }
    }
}

/// A database that speaks SQL. Statements use only what SQLite and PostgreSQL share; values are passed as `$1`, `$2`,
/// …, in the order in which they first appear, and never put into the text.
pub trait Database {
    /// Returns the name for reports and errors, without any password.
    fn name(&self) -> &str;

    /// Runs statements without values.
    ///
    /// # Errors
    /// The database's error.
    fn batch(&mut self, sql: &str) -> Result<(), StoreError>;

    /// Runs a statement; returns the number of rows it changed.
    ///
    /// # Errors
    /// The database's error.
    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, StoreError>;

    /// Runs a query; returns its rows.
    ///
    /// # Errors
    /// The database's error.
    fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Vec<Value>>, StoreError>;

    /// Begins a transaction, and waits until no other writer is in one.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when that takes too long.
    fn begin(&mut self) -> Result<(), StoreError>;

    /// Connects again after [`StoreError::Away`]; if there is no connection to lose, nothing happens.
    ///
    /// # Errors
    /// [`StoreError::Away`] when that takes too long.
    fn reconnect(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Lets the database check for damage, and returns its findings.
    ///
    /// # Errors
    /// The database's error.
    fn check(&mut self) -> Result<Vec<String>, StoreError>;
}
