//! The versions of the tables, and the migrations between them.

use super::{Database, StoreError, Value, checked};

/// The statements that lead to a version, and back.
struct Migration {
    up: &'static str,
    down: &'static str,
}

/// The migrations from each version to the next; the first begins with an empty database. Published ones are never
/// changed.
///
/// The types are those of PostgreSQL: SQLite accepts any type name, and keeps numbers and bytes as they are.
const MIGRATIONS: [Migration; 10] = [
    Migration {
        up: "CREATE TABLE run (
                 name TEXT PRIMARY KEY, timestamp TEXT NOT NULL, revision TEXT, record BYTEA NOT NULL);
             CREATE TABLE series (
                 id BIGINT PRIMARY KEY, case_id TEXT NOT NULL, metric TEXT NOT NULL, unit TEXT NOT NULL,
                 better TEXT NOT NULL, cpu TEXT NOT NULL, cores TEXT NOT NULL, gpu TEXT NOT NULL,
                 memory TEXT NOT NULL, toolchain TEXT NOT NULL, build TEXT NOT NULL,
                 UNIQUE (case_id, metric, cpu, cores, gpu, memory, toolchain, build));
             CREATE TABLE point (
                 series BIGINT NOT NULL REFERENCES series (id), run TEXT NOT NULL REFERENCES run (name),
                 value DOUBLE PRECISION NOT NULL, PRIMARY KEY (series, run));
             CREATE INDEX point_by_run ON point (run);",
        down: "DROP TABLE point; DROP TABLE series; DROP TABLE run;",
    },
    // Accepted changes: each begins a new segment.
    Migration {
        up: "CREATE TABLE acceptance (
                 case_id TEXT NOT NULL, run TEXT NOT NULL, at TEXT NOT NULL, author TEXT NOT NULL,
                 reason TEXT NOT NULL, PRIMARY KEY (case_id, run));",
        down: "DROP TABLE acceptance;",
    },
    // Runs that later ones are compared with; the newest row of a name holds its current run.
    Migration {
        up: "CREATE TABLE baseline (
                 id BIGINT PRIMARY KEY, name TEXT NOT NULL, run TEXT NOT NULL, at TEXT NOT NULL,
                 author TEXT NOT NULL);",
        down: "DROP TABLE baseline;",
    },
    // New names of cases; stored rows keep the old names, and are read under the new ones.
    Migration {
        up: "CREATE TABLE renaming (
                 id BIGINT PRIMARY KEY, old_id TEXT NOT NULL, new_id TEXT NOT NULL, at TEXT NOT NULL,
                 author TEXT NOT NULL);",
        down: "DROP TABLE renaming;",
    },
    // Sent notifications, so that each is sent once.
    Migration {
        up: "CREATE TABLE told (
                 recipient TEXT NOT NULL, case_id TEXT NOT NULL, metric TEXT NOT NULL, machine TEXT NOT NULL,
                 run TEXT NOT NULL, at TEXT NOT NULL,
                 PRIMARY KEY (recipient, case_id, metric, machine, run));",
        down: "DROP TABLE told;",
    },
    // Circumstances, which are named if a line changes with them; runs that were added before have none.
    Migration {
        up: "CREATE TABLE circumstance (
                 run TEXT NOT NULL REFERENCES run (name), what TEXT NOT NULL, value TEXT NOT NULL,
                 PRIMARY KEY (run, what));",
        down: "DROP TABLE circumstance;",
    },
    // A line is a case, a metric and a unit. On the way back, of two lines that differ in their unit alone the older
    // one stays.
    Migration {
        up: "CREATE TABLE other_series (
                 id BIGINT PRIMARY KEY, case_id TEXT NOT NULL, metric TEXT NOT NULL, unit TEXT NOT NULL,
                 better TEXT NOT NULL, cpu TEXT NOT NULL, cores TEXT NOT NULL, gpu TEXT NOT NULL,
                 memory TEXT NOT NULL, toolchain TEXT NOT NULL, build TEXT NOT NULL,
                 UNIQUE (case_id, metric, unit, cpu, cores, gpu, memory, toolchain, build));
             INSERT INTO other_series (
                 id, case_id, metric, unit, better, cpu, cores, gpu, memory, toolchain, build)
                 SELECT id, case_id, metric, unit, better, cpu, cores, gpu, memory, toolchain, build
                 FROM series;
             CREATE TABLE other_point (
                 series BIGINT NOT NULL REFERENCES other_series (id),
                 run TEXT NOT NULL REFERENCES run (name),
                 value DOUBLE PRECISION NOT NULL, PRIMARY KEY (series, run));
             INSERT INTO other_point (series, run, value) SELECT series, run, value FROM point;
             DROP TABLE point; DROP TABLE series;
             ALTER TABLE other_series RENAME TO series; ALTER TABLE other_point RENAME TO point;
             CREATE INDEX point_by_run ON point (run);",
        down: "CREATE TABLE other_series (
                 id BIGINT PRIMARY KEY, case_id TEXT NOT NULL, metric TEXT NOT NULL, unit TEXT NOT NULL,
                 better TEXT NOT NULL, cpu TEXT NOT NULL, cores TEXT NOT NULL, gpu TEXT NOT NULL,
                 memory TEXT NOT NULL, toolchain TEXT NOT NULL, build TEXT NOT NULL,
                 UNIQUE (case_id, metric, cpu, cores, gpu, memory, toolchain, build));
             INSERT INTO other_series (
                 id, case_id, metric, unit, better, cpu, cores, gpu, memory, toolchain, build)
                 SELECT id, case_id, metric, unit, better, cpu, cores, gpu, memory, toolchain, build
                 FROM series
                 WHERE id IN (SELECT MIN(id) FROM series GROUP BY case_id, metric, cpu, cores, gpu, memory, toolchain, build);
             CREATE TABLE other_point (
                 series BIGINT NOT NULL REFERENCES other_series (id),
                 run TEXT NOT NULL REFERENCES run (name),
                 value DOUBLE PRECISION NOT NULL, PRIMARY KEY (series, run));
             INSERT INTO other_point (series, run, value) SELECT series, run, value FROM point
                 WHERE series IN (SELECT id FROM other_series);
             DROP TABLE point; DROP TABLE series;
             ALTER TABLE other_series RENAME TO series; ALTER TABLE other_point RENAME TO point;
             CREATE INDEX point_by_run ON point (run);",
    },
    // Checksums detect damage of rows that cannot be computed from a record; `migrate` gives existing rows theirs.
    Migration {
        up: "ALTER TABLE acceptance ADD COLUMN checksum BIGINT NOT NULL DEFAULT 0;
             ALTER TABLE baseline ADD COLUMN checksum BIGINT NOT NULL DEFAULT 0;
             ALTER TABLE renaming ADD COLUMN checksum BIGINT NOT NULL DEFAULT 0;
             ALTER TABLE told ADD COLUMN checksum BIGINT NOT NULL DEFAULT 0;",
        down: "ALTER TABLE acceptance DROP COLUMN checksum; ALTER TABLE baseline DROP COLUMN checksum;
               ALTER TABLE renaming DROP COLUMN checksum; ALTER TABLE told DROP COLUMN checksum;",
    },
    // Figures are stored by their run, in the order in which they arrive: stored by their series, each run touched as
    // many places as it has figures.
    Migration {
        up: "CREATE TABLE other_point (
                 series BIGINT NOT NULL REFERENCES series (id), run TEXT NOT NULL REFERENCES run (name),
                 value DOUBLE PRECISION NOT NULL, PRIMARY KEY (run, series));
             INSERT INTO other_point (series, run, value) SELECT series, run, value FROM point ORDER BY run, series;
             DROP TABLE point; ALTER TABLE other_point RENAME TO point;",
        down: "CREATE TABLE other_point (
                 series BIGINT NOT NULL REFERENCES series (id), run TEXT NOT NULL REFERENCES run (name),
                 value DOUBLE PRECISION NOT NULL, PRIMARY KEY (series, run));
             INSERT INTO other_point (series, run, value) SELECT series, run, value FROM point;
             DROP TABLE point; ALTER TABLE other_point RENAME TO point;
             CREATE INDEX point_by_run ON point (run);",
    },
    // How well figures are known; runs that were added before have no such values until they are rebuilt.
    Migration {
        up: "ALTER TABLE point ADD COLUMN low DOUBLE PRECISION; ALTER TABLE point ADD COLUMN high DOUBLE PRECISION;
             ALTER TABLE point ADD COLUMN rounds BIGINT;",
        down: "ALTER TABLE point DROP COLUMN low; ALTER TABLE point DROP COLUMN high;
               ALTER TABLE point DROP COLUMN rounds;",
    },
];

/// The first version in which rows carry checksums.
const CHECKSUMS: i64 = 8;

/// The newest version that this program knows.
pub const NEWEST: i64 = MIGRATIONS.len() as i64;

/// Returns the version of a store; 0 for an empty database.
pub(super) fn version(database: &mut dyn Database) -> Result<i64, StoreError> {
    database.batch("CREATE TABLE IF NOT EXISTS bench_store (version BIGINT NOT NULL)")?;
    let rows = database.query("SELECT version FROM bench_store", &[])?;
    match rows.as_slice() {
        [] => Ok(0),
        [row] if row[0].as_integer().is_some_and(|version| version >= 0) => {
            Ok(row[0].as_integer().unwrap_or_default())
        }
        _ => Err(StoreError::Corrupt {
            store: database.name().to_owned(),
            reason: "its version is not one number".to_owned(),
        }),
    }
}

/// Returns the version of an existing store, without creating or changing anything.
pub(super) fn existing(database: &mut dyn Database) -> Result<i64, StoreError> {
    let corrupt = |database: &dyn Database, reason: &str| StoreError::Corrupt {
        store: database.name().to_owned(),
        reason: reason.to_owned(),
    };
    match database.query("SELECT version FROM bench_store", &[]) {
        Ok(rows) => {
            let version = rows.first().and_then(|row| row.first()?.as_integer());
            version.ok_or_else(|| corrupt(database, "it contains no version"))
        }
        Err(StoreError::Database { .. }) => Err(corrupt(database, "it contains no tables of a store")),
        Err(other) => Err(other),
    }
}

/// Brings a store to a version, up or down, in the transaction that is open. A newer one is left alone.
pub(super) fn migrate(database: &mut dyn Database, target: i64) -> Result<(), StoreError> {
    let found = version(database)?;
    if found > NEWEST {
        return Err(StoreError::Newer { store: database.name().to_owned(), found, known: NEWEST });
    }
    for step in found..target {
        database.batch(MIGRATIONS[step as usize].up)?;
        if step + 1 == CHECKSUMS {
            for table in checked::ALL {
                table.seal(database)?;
            }
        }
    }
    for step in (target..found).rev() {
        database.batch(MIGRATIONS[step as usize].down)?;
    }
    if found != target {
        database.execute("DELETE FROM bench_store", &[])?;
        database.execute("INSERT INTO bench_store (version) VALUES ($1)", &[Value::Integer(target)])?;
    }
    Ok(())
}
