//! PostgreSQL: one store for many machines.

use std::time::{Duration, Instant};

use postgres::Client;
use postgres::error::SqlState;
use postgres::types::{ToSql, Type};

use super::address::{Address, not_trusted, with_cause};
use super::{Database, StoreError, Value};

/// The key of the lock that each writer holds until the end of its transaction ("bench" in ASCII).
const WRITERS: i64 = 0x62_65_6e_63_68;

/// The first pause between two attempts to reach a server; it doubles each time.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause between two attempts to reach a server.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A store on a PostgreSQL server.
pub struct Postgres {
    address: Address,
    patience: Duration,
    client: Client,
}

impl Postgres {
    /// Connects to `postgres://USER[:PASSWORD]@HOST[:PORT]/DATABASE`. The connection is encrypted if the server
    /// supports it, unless the server is on this machine; the parameters `sslmode` and `sslrootcert` override that.
    /// Waits up to `patience` for a server that is starting, and for one that goes away later.
    ///
    /// # Errors
    /// [`StoreError::Away`] if the server cannot be reached; [`StoreError::Database`] if it refuses, or cannot be
    /// trusted.
    pub fn connect(url: &str, patience: Duration) -> Result<Self, StoreError> {
        let address = Address::parse(url)?;
        // An address without a server is more often mistyped than that of a server about to start.
        let client = connect(&address, patience, is_busy_elsewhere)?;
        Ok(Postgres { address, patience, client })
    }
}

/// Tries to connect, repeatedly while `worth_waiting`, for at most `patience`.
fn connect(
    address: &Address,
    patience: Duration,
    worth_waiting: impl Fn(&postgres::Error) -> bool,
) -> Result<Client, StoreError> {
    let began = Instant::now();
    let mut pause = SHORTEST_PAUSE;
    loop {
        let left = patience.saturating_sub(began.elapsed());
        match address.connect() {
            Err(error) if worth_waiting(&error) && !left.is_zero() => {
                std::thread::sleep(pause.min(left));
                pause = (2 * pause).min(LONGEST_PAUSE);
            }
            ended => return ended.map_err(|error| told(address.name(), &error)),
        }
    }
}

/// Whether a server is there, and is starting, stopping or recovering.
fn is_busy_elsewhere(error: &postgres::Error) -> bool {
    let states = [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::CANNOT_CONNECT_NOW];
    error.code().is_some_and(|state| states.contains(state))
}

/// Whether an error means that there is no connection, or no longer one.
fn is_away(error: &postgres::Error) -> bool {
    use std::error::Error;
    let of_transport =
        || not_trusted(error).is_none() && error.source().is_some_and(|cause| cause.is::<std::io::Error>());
    error.is_closed() || is_busy_elsewhere(error) || of_transport()
}

fn told(name: &str, error: &postgres::Error) -> StoreError {
    let store = name.to_owned();
    match error.code() {
        Some(&SqlState::DISK_FULL) => StoreError::Full { store },
        Some(&SqlState::LOCK_NOT_AVAILABLE) => StoreError::Locked { store },
        _ if is_away(error) => StoreError::Away { store, reason: with_cause(error) },
        _ => StoreError::Database { store, reason: not_trusted(error).unwrap_or_else(|| with_cause(error)) },
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut bytes::BytesMut,
    ) -> Result<postgres::types::IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Value::Null => Ok(postgres::types::IsNull::Yes),
            Value::Integer(number) => number.to_sql(ty, out),
            Value::Real(number) => number.to_sql(ty, out),
            Value::Text(text) => text.to_sql(ty, out),
            Value::Bytes(bytes) => bytes.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    postgres::types::to_sql_checked!();
}

impl Database for Postgres {
    fn name(&self) -> &str {
        self.address.name()
    }

    fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        self.client.batch_execute(sql).map_err(|error| told(self.address.name(), &error))
    }

    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
        self.client.execute(sql, &values).map_err(|error| told(self.address.name(), &error))
    }

    fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Vec<Value>>, StoreError> {
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
        let rows = self.client.query(sql, &values).map_err(|error| told(self.address.name(), &error))?;
        let cell = |row: &postgres::Row, column: usize| -> Result<Value, postgres::Error> {
            Ok(match *row.columns()[column].type_() {
                Type::INT8 => row.try_get::<_, Option<i64>>(column)?.map(Value::Integer),
                Type::FLOAT8 => row.try_get::<_, Option<f64>>(column)?.map(Value::Real),
                Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(column)?.map(Value::Bytes),
                _ => row.try_get::<_, Option<String>>(column)?.map(Value::Text),
            }
            .unwrap_or(Value::Null))
        };
        rows.iter()
            .map(|row| (0..row.len()).map(|column| cell(row, column)).collect())
            .collect::<Result<_, _>>()
            .map_err(|error| told(self.address.name(), &error))
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        self.batch(&format!("BEGIN; SET LOCAL lock_timeout = '60s'; SELECT pg_advisory_xact_lock({WRITERS})"))
    }

    fn reconnect(&mut self) -> Result<(), StoreError> {
        self.client = connect(&self.address, self.patience, is_away)?;
        Ok(())
    }

    fn check(&mut self) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }
}
