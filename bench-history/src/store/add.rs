//! A run comes in.

use std::io::{Read, Write};

use bench_core::Record;
use bench_core::domain::Better;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::baseline::next_id;
use super::{Database, Store, StoreError, Value};
use crate::circumstances::Circumstances;
use crate::figure::{Figure, figures};
use crate::key::{MachineClass, SeriesKey};

/// What became of a run that was to be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is in the store now, with so many figures.
    New(usize),
    /// It has been there already.
    Known,
}

impl Store {
    /// Adds a run. The same run twice is once.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where another record of the same name is there; else what the database says, and
    /// then nothing was stored.
    pub fn add(&mut self, record: &Record) -> Result<Added, StoreError> {
        let packed = pack(record).map_err(|error| StoreError::Database {
            store: self.database.name().to_owned(),
            reason: format!("the run {} cannot be packed: {error}", record.run),
        })?;
        self.transaction(|database| {
            let name = Value::from(record.run.as_str());
            let known =
                database.query("SELECT record FROM run WHERE name = $1", std::slice::from_ref(&name))?;
            if let Some(row) = known.into_iter().next() {
                let same =
                    row.into_iter().next().and_then(Value::into_bytes).and_then(|old| unpack(&old).ok());
                return match same {
                    Some(old) if old == *record => Ok(Added::Known),
                    _ => Err(StoreError::Conflict { run: record.run.clone() }),
                };
            }
            database.execute(
                "INSERT INTO run (name, timestamp, revision, record) VALUES ($1, $2, $3, $4)",
                &[
                    name,
                    Value::from(record.timestamp.as_str()),
                    record.environment.commit.as_deref().map_or(Value::Null, Value::from),
                    Value::Bytes(packed.clone()),
                ],
            )?;
            add_circumstances(database, record)?;
            add_points(database, record).map(Added::New)
        })
    }
}

/// Writes what a run took place in.
pub(super) fn add_circumstances(database: &mut dyn Database, record: &Record) -> Result<(), StoreError> {
    for (what, value) in Circumstances::of(&record.environment).iter() {
        database.execute(
            "INSERT INTO circumstance (run, what, value) VALUES ($1, $2, $3)",
            &[record.run.as_str().into(), what.into(), value.into()],
        )?;
    }
    Ok(())
}

/// Writes the figures of a run; answers with their number.
pub(super) fn add_points(database: &mut dyn Database, record: &Record) -> Result<usize, StoreError> {
    let mut count = 0;
    for case in &record.cases {
        for figure in figures(case) {
            let series = series(database, record, &case.id, &figure)?;
            count += 1;
            database.execute(
                "INSERT INTO point (series, run, value) VALUES ($1, $2, $3)",
                &[Value::Integer(series), Value::from(record.run.as_str()), Value::Real(figure.value)],
            )?;
        }
    }
    Ok(count)
}

/// The number of the series that a figure belongs to; a new one where there is none.
fn series(
    database: &mut dyn Database,
    record: &Record,
    case: &str,
    figure: &Figure,
) -> Result<i64, StoreError> {
    let SeriesKey { case, metric, machine, toolchain, build } =
        SeriesKey::of(&record.environment, case, &figure.metric);
    let MachineClass { cpu, cores, gpu, memory } = machine;
    let key: Vec<Value> = [case, metric, cpu, cores, gpu, memory, toolchain, build].map(Value::Text).into();
    let known = database.query(
        "SELECT id FROM series WHERE case_id = $1 AND metric = $2 AND cpu = $3 AND cores = $4 AND gpu = $5 \
         AND memory = $6 AND toolchain = $7 AND build = $8",
        &key,
    )?;
    if let Some(id) = known.first().and_then(|row| row[0].as_integer()) {
        return Ok(id);
    }
    let id = next_id(database, "series")?;
    let better = match figure.better {
        Better::Higher => "higher",
        Better::Lower => "lower",
    };
    let values: Vec<Value> = [Value::Integer(id)]
        .into_iter()
        .chain(key)
        .chain([Value::from(figure.unit.as_str()), Value::from(better)])
        .collect();
    database.execute(
        "INSERT INTO series (id, case_id, metric, cpu, cores, gpu, memory, toolchain, build, unit, better) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        &values,
    )?;
    Ok(id)
}

/// A record as compressed JSON.
fn pack(record: &Record) -> std::io::Result<Vec<u8>> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(&serde_json::to_vec(record)?)?;
    packer.finish()
}

/// The record in compressed JSON; gzip's own checksum tells whether it is whole.
pub(super) fn unpack(bytes: &[u8]) -> std::io::Result<Record> {
    let mut json = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut json)?;
    Ok(serde_json::from_slice(&json)?)
}
