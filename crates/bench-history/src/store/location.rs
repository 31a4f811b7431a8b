//! The location of a store.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::StoreError;

/// The location of a store: a file, or a PostgreSQL server.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// An SQLite file.
    File(PathBuf),
    /// A PostgreSQL server: `postgres://USER[:PASSWORD]@HOST[:PORT]/DATABASE`.
    Postgres(String),
}

impl FromStr for Location {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        match text.split_once("://") {
            Some(("postgres" | "postgresql", _)) => Ok(Location::Postgres(text.to_owned())),
            // What follows may hold a password.
            Some((scheme, _)) => Err(StoreError::Location(format!("{scheme}://…"))),
            None if text.is_empty() => Err(StoreError::Location(String::new())),
            None => Ok(Location::File(PathBuf::from(text))),
        }
    }
}

/// Shows the location without the password.
impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Location::File(path) => write!(f, "File({})", path.display()),
            Location::Postgres(_) => f.write_str("Postgres(…)"),
        }
    }
}
