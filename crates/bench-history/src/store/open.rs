//! Opens a store.

use std::cmp::Ordering;
use std::time::Duration;

use super::migration::{self, NEWEST, migrate};
use super::{Database, Location, Sqlite, StoreError};

/// The time for which a writer waits for other writers: adding a run takes some milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// The time to wait for a server that has gone away: a restart takes some seconds.
#[cfg(feature = "postgres")]
const SERVER_PATIENCE: Duration = Duration::from_secs(20);

/// The number of times that a transaction is started again because its server has gone away during it.
const RETRIES: u32 = 3;

/// A store of records and their figures, in any [`Database`].
pub struct Store {
    pub(super) database: Box<dyn Database>,
}

impl Store {
    /// Opens a store, or creates it; one of an older version is migrated.
    ///
    /// # Errors
    /// [`StoreError`]: it is damaged, locked, of a newer version, or cannot be reached.
    pub fn open(location: &Location) -> Result<Self, StoreError> {
        match location {
            Location::File(path) => Store::of(Sqlite::open(path, PATIENCE)?),
            #[cfg(feature = "postgres")]
            Location::Postgres(url) => Store::of(super::Postgres::connect(url, SERVER_PATIENCE)?),
            #[cfg(not(feature = "postgres"))]
            Location::Postgres(_) => Err(StoreError::WithoutPostgres),
        }
    }

    /// Opens an existing store to read it: nothing in it is created or changed.
    ///
    /// # Errors
    /// Same as [`Store::open`]; [`StoreError::Corrupt`] if there is no store, [`StoreError::Older`] if it is of an
    /// older version.
    pub fn open_to_read(location: &Location) -> Result<Self, StoreError> {
        let database: Box<dyn Database> = match location {
            Location::File(path) => Box::new(Sqlite::open_to_read(path, PATIENCE)?),
            #[cfg(feature = "postgres")]
            Location::Postgres(url) => Box::new(super::Postgres::connect(url, SERVER_PATIENCE)?),
            #[cfg(not(feature = "postgres"))]
            Location::Postgres(_) => return Err(StoreError::WithoutPostgres),
        };
        let mut store = Store { database };
        let found = migration::existing(store.database.as_mut())?;
        let (name, known) = (store.database.name().to_owned(), NEWEST);
        match found.cmp(&NEWEST) {
            Ordering::Less => Err(StoreError::Older { store: name, found, known }),
            Ordering::Equal => Ok(store),
            Ordering::Greater => Err(StoreError::Newer { store: name, found, known }),
        }
    }

    /// Opens an existing store; one of an older version is migrated.
    ///
    /// # Errors
    /// Same as [`Store::open`]; [`StoreError::Corrupt`] if there is no store.
    pub fn open_existing(location: &Location) -> Result<Self, StoreError> {
        match Store::open_to_read(location) {
            Ok(_) | Err(StoreError::Older { .. }) => Store::open(location),
            Err(error) => Err(error),
        }
    }

    /// Creates a store in this database.
    ///
    /// # Errors
    /// Same as [`Store::open`].
    pub fn of(database: impl Database + 'static) -> Result<Self, StoreError> {
        let mut store = Store { database: Box::new(database) };
        store.migrate_to(NEWEST)?;
        Ok(store)
    }

    /// Migrates the tables to another version, up or down; data that the older one cannot represent is lost.
    ///
    /// # Errors
    /// [`StoreError::Newer`] for an unknown version.
    pub fn migrate_to(&mut self, version: i64) -> Result<(), StoreError> {
        self.transaction(|database| migrate(database, version.clamp(0, NEWEST)))
    }

    /// The version of the tables.
    ///
    /// # Errors
    /// The error of the database.
    pub fn version(&mut self) -> Result<i64, StoreError> {
        migration::version(self.database.as_mut())
    }

    /// Does all of `work`, or nothing. If the server goes away, `work` is started again: doing it twice must have the
    /// same result as doing it once, since a commit whose answer was lost may have taken place.
    pub(super) fn transaction<T>(
        &mut self,
        work: impl Fn(&mut dyn Database) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        for _ in 0..RETRIES {
            match self.attempt(&work) {
                Err(StoreError::Away { .. }) => self.database.reconnect()?,
                ended => return ended,
            }
        }
        self.attempt(&work)
    }

    fn attempt<T>(
        &mut self,
        work: impl Fn(&mut dyn Database) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.database.begin()?;
        match work(self.database.as_mut()).and_then(|done| self.database.batch("COMMIT").map(|()| done)) {
            Ok(done) => Ok(done),
            Err(error) => {
                // The first error is reported: if the disk is full, the database has rolled back already.
                let _ = self.database.batch("ROLLBACK");
                Err(error)
            }
        }
    }
}
