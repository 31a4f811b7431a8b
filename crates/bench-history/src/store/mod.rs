//! The store keeps records for years: one [`Database`] trait, SQLite and PostgreSQL behind it, and one [`Store`] on
//! top.
//!
//! A store only grows: a run in it never changes ([`Store::add`]), until [`Store::prune`] removes the old ones. Only a
//! run that several processes measure in parts gets the parts that it still lacks. Whole records are kept in compressed
//! form, with raw samples; next to them are the figures, one row for each run and series, which can be computed again
//! from the records at any time.

mod add;
#[cfg(feature = "postgres")]
mod address;
mod baseline;
mod checked;
mod database;
mod error;
mod location;
mod migration;
mod open;
#[cfg(feature = "postgres")]
mod postgres;
mod read;
mod renaming;
mod series;
mod sqlite;
mod told;
mod upkeep;

pub use add::Added;
pub use baseline::Baseline;
pub use database::{Database, Value};
pub use error::StoreError;
pub use location::Location;
pub use migration::NEWEST;
pub use open::Store;
#[cfg(feature = "postgres")]
pub use postgres::Postgres;
pub use read::{Acceptance, StoredRun};
pub use renaming::{Renaming, current_id};
pub use series::{Known, Point, Series};
pub use sqlite::Sqlite;
pub use told::Told;

#[cfg(test)]
pub(crate) mod tests;
