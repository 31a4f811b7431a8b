//! SQLite: one file next to the results.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql, params_from_iter};

use super::{Database, StoreError, Value};

/// The first pause between two attempts to switch to write-ahead logging; it doubles each time.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
/// The longest pause between two attempts: a switch takes some milliseconds.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// The size of the smallest page, in bytes (sqlite.org/fileformat.html): SQLite treats a shorter file as an empty one.
const SMALLEST: u64 = 512;

/// A store in one file.
#[derive(Debug)]
pub struct Sqlite {
    name: String,
    connection: Connection,
}

impl Sqlite {
    /// Opens the file, or creates it. Waits up to `patience` for other writers.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a file that is not a database; [`StoreError::Locked`], [`StoreError::Full`].
    pub fn open(path: &Path, patience: Duration) -> Result<Self, StoreError> {
        let name = path.display().to_string();
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|source| StoreError::Io {
                action: "create the folder of the store",
                path: folder.to_owned(),
                source,
            })?;
        }
        let size = std::fs::metadata(path).map_or(0, |file| file.len());
        if (1..SMALLEST).contains(&size) {
            return Err(StoreError::Corrupt { store: name, reason: format!("it has {size} bytes") });
        }
        let connection = Connection::open(path).map_err(|error| told(&name, &error))?;
        let mut store = Sqlite { name, connection };
        store.connection.busy_timeout(patience).map_err(|error| told(&store.name, &error))?;
        store.write_ahead(patience)?;
        Ok(store)
    }

    /// Opens the file to read it: it is neither created nor changed.
    ///
    /// # Errors
    /// Same as [`Sqlite::open`].
    pub fn open_to_read(path: &Path, patience: Duration) -> Result<Self, StoreError> {
        let name = path.display().to_string();
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(|error| told(&name, &error))?;
        connection.busy_timeout(patience).map_err(|error| told(&name, &error))?;
        Ok(Sqlite { name, connection })
    }

    /// Switches to write-ahead logging, in which readers continue while one process writes
    /// (sqlite.org/wal.html). The mode stays with the file.
    ///
    /// A process that switches has read the file and then wants to write it. While another process is writing, SQLite
    /// lets that fail at once, whatever the busy timeout: two processes that wait for each other to stop reading would
    /// wait forever. The switch is therefore tried again from the start.
    fn write_ahead(&mut self, patience: Duration) -> Result<(), StoreError> {
        let began = Instant::now();
        let mut pause = SHORTEST_PAUSE;
        loop {
            let switched = self.query("PRAGMA journal_mode", &[]).and_then(|mode| {
                let is_on = mode == [[Value::from("wal")]];
                if is_on { Ok(mode) } else { self.query("PRAGMA journal_mode = WAL", &[]) }
            });
            let left = patience.saturating_sub(began.elapsed());
            match switched {
                Err(StoreError::Locked { .. }) if !left.is_zero() => {
                    std::thread::sleep(pause.min(left));
                    pause = (2 * pause).min(LONGEST_PAUSE);
                }
                ended => return ended.map(|_| ()),
            }
        }
    }
}

/// Converts an error of SQLite to a [`StoreError`].
fn told(name: &str, error: &rusqlite::Error) -> StoreError {
    let (store, reason) = (name.to_owned(), error.to_string());
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Locked { store },
        Some(ErrorCode::DiskFull) => StoreError::Full { store },
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Corrupt { store, reason },
        _ => StoreError::Database { store, reason },
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Integer(number) => ValueRef::Integer(*number),
            Value::Real(number) => ValueRef::Real(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl Database for Sqlite {
    fn name(&self) -> &str {
        &self.name
    }

    fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        self.connection.execute_batch(sql).map_err(|error| told(&self.name, &error))
    }

    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        let run = || self.connection.prepare_cached(sql)?.execute(params_from_iter(values));
        run().map(|rows| rows as u64).map_err(|error| told(&self.name, &error))
    }

    fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Vec<Value>>, StoreError> {
        let run = || {
            let mut statement = self.connection.prepare_cached(sql)?;
            let columns = statement.column_count();
            let mut rows = statement.query(params_from_iter(values))?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                let cells = (0..columns).map(|column| {
                    Ok(match row.get_ref(column)? {
                        ValueRef::Null => Value::Null,
                        ValueRef::Integer(number) => Value::Integer(number),
                        ValueRef::Real(number) => Value::Real(number),
                        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
                        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
                    })
                });
                all.push(cells.collect::<rusqlite::Result<Vec<Value>>>()?);
            }
            Ok(all)
        };
        run().map_err(|error| told(&self.name, &error))
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        // A transaction that begins by reading cannot wait once it wants to write.
        self.batch("BEGIN IMMEDIATE")
    }

    fn check(&mut self) -> Result<Vec<String>, StoreError> {
        let rows = self.query("PRAGMA integrity_check", &[])?;
        let found = rows.into_iter().flatten().filter_map(Value::into_text);
        Ok(found.filter(|line| line != "ok").collect())
    }
}
