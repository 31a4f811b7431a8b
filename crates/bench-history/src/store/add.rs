//! Adds a run to the store.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{Read, Write};

use bench_protocol::{Better, Build};
use bench_record::{CaseRecord, Machine, Record};
use bench_stats::Interval;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::baseline::next_id;
use super::{Database, Store, StoreError, Value};
use crate::circumstances::Circumstances;
use crate::figure::{Figure, figures};
use crate::key::{MachineClass, SeriesKey};

/// The result of adding a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It was added, with this many figures.
    New(usize),
    /// It is a part, and has joined other parts of its run in the store; the run has this many more figures now.
    Joined(usize),
    /// It was already in the store.
    Known,
}

impl Store {
    /// Adds a run. Adding it again changes nothing. A part of a run is stored under the name of the whole run, and
    /// joins the parts that are there.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if there is another record with the same name; [`StoreError::NoPart`] if there is a run
    /// of that name to which the part does not belong; otherwise the error of the database. Nothing is stored then.
    pub fn add(&mut self, record: &Record) -> Result<Added, StoreError> {
        let record = &*named_as_whole(record);
        let store = self.database.name().to_owned();
        let pack = |record: &Record| {
            pack(record).map_err(|error| StoreError::Database {
                store: store.clone(),
                reason: format!("the run {} cannot be packed: {error}", record.run),
            })
        };
        let packed = pack(record)?;
        self.transaction(|database| {
            let name = [Value::from(record.run.as_str())];
            let known = database.query("SELECT record FROM run WHERE name = $1", &name)?;
            let Some(row) = known.into_iter().next() else {
                insert_run(database, record, packed.clone())?;
                return add_points(database, record).map(Added::New);
            };
            let old = row.into_iter().next().and_then(Value::into_bytes).and_then(|old| unpack(&old).ok());
            let Some(old) = old else { return Err(StoreError::Conflict { run: record.run.clone() }) };
            if old.parts.is_none() || record.parts.is_none() {
                let is_same = old == *record;
                return if is_same { Ok(Added::Known) } else { Err(StoreError::Conflict { run: old.run }) };
            }
            let joined = bench_judge::join(&old, record)
                .map_err(|reason| StoreError::NoPart { run: record.run.clone(), reason })?;
            let Some(whole) = joined else { return Ok(Added::Known) };
            let before = remove(database, &name)?;
            insert_run(database, &whole, pack(&whole)?)?;
            Ok(Added::Joined(add_points(database, &whole)?.saturating_sub(before)))
        })
    }
}

/// Returns a part under the name of its whole run, and any other record as it is.
fn named_as_whole(record: &Record) -> Cow<'_, Record> {
    match &record.parts {
        Some(parts) if parts.run != record.run => {
            let mut whole = record.clone();
            whole.run.clone_from(&parts.run);
            Cow::Owned(whole)
        }
        _ => Cow::Borrowed(record),
    }
}

/// Writes the row of a run, and its circumstances.
fn insert_run(database: &mut dyn Database, record: &Record, packed: Vec<u8>) -> Result<(), StoreError> {
    database.execute(
        "INSERT INTO run (name, timestamp, revision, record) VALUES ($1, $2, $3, $4)",
        &[
            Value::from(record.run.as_str()),
            Value::from(record.timestamp.as_str()),
            record.environment.commit.as_deref().map_or(Value::Null, Value::from),
            Value::Bytes(packed),
        ],
    )?;
    add_circumstances(database, record)
}

/// Removes a run, so that it can be written again; returns the number of its figures.
fn remove(database: &mut dyn Database, name: &[Value; 1]) -> Result<usize, StoreError> {
    let figures = database.execute("DELETE FROM point WHERE run = $1", name)?;
    database.execute("DELETE FROM circumstance WHERE run = $1", name)?;
    database.execute("DELETE FROM run WHERE name = $1", name)?;
    Ok(usize::try_from(figures).unwrap_or_default())
}

/// Writes the circumstances of a run.
pub(super) fn add_circumstances(database: &mut dyn Database, record: &Record) -> Result<(), StoreError> {
    insert(database, "circumstance (run, what, value)", circumstances(record))
}

/// Returns the rows for the circumstances of a run.
pub(super) fn circumstances(record: &Record) -> Vec<[Value; 3]> {
    let circumstances = Circumstances::of(&record.environment);
    let row = |(what, value)| [record.run.as_str(), what, value].map(Value::from);
    circumstances.iter().map(row).collect()
}

/// Writes the figures of a run; returns their number.
pub(super) fn add_points(database: &mut dyn Database, record: &Record) -> Result<usize, StoreError> {
    let mut next = next_id(database, "series")?;
    let (mut new, mut points) = (Vec::new(), Vec::new());
    // Cases of one build on one machine share all of their keys but the names, and one query finds their series.
    let mut places: Vec<(Option<&Build>, Option<&Machine>)> = Vec::new();
    for case in &record.cases {
        let place = (case.build.as_ref(), case.machine.as_ref());
        if !places.contains(&place) {
            places.push(place);
        }
    }
    for place in places {
        let is_here = |case: &&CaseRecord| (case.build.as_ref(), case.machine.as_ref()) == place;
        let mut cases = record.cases.iter().filter(is_here).peekable();
        let Some(shared) = cases.peek().map(|first| SeriesKey::of_case(record, first, "")) else { continue };
        let mut known = known_series(database, &shared)?;
        for case in cases {
            for figure in figures(case) {
                let line = (case.id.clone(), figure.metric.clone(), figure.unit.clone());
                let id = *known.entry(line).or_insert_with(|| {
                    let (case, metric) = (case.id.clone(), figure.metric.clone());
                    new.push(series_row(next, SeriesKey { case, metric, ..shared.clone() }, &figure));
                    next += 1;
                    next - 1
                });
                let [low, high, rounds] = known_row(&figure);
                let run = Value::from(record.run.as_str());
                points.push([Value::Integer(id), run, Value::Real(figure.value), low, high, rounds]);
            }
        }
    }
    let count = points.len();
    insert(
        database,
        "series (id, case_id, metric, cpu, cores, gpu, memory, toolchain, build, unit, better)",
        new,
    )?;
    insert(database, "point (series, run, value, low, high, rounds)", points)?;
    Ok(count)
}

/// Returns the ids of all series with the machine and the build of `shared`, by case, metric and unit.
fn known_series(
    database: &mut dyn Database,
    shared: &SeriesKey,
) -> Result<BTreeMap<(String, String, String), i64>, StoreError> {
    let SeriesKey { machine, toolchain, build, .. } = shared.clone();
    let MachineClass { cpu, cores, gpu, memory } = machine;
    let rows = database.query(
        "SELECT case_id, metric, unit, id FROM series WHERE cpu = $1 AND cores = $2 AND gpu = $3 AND memory = $4 \
         AND toolchain = $5 AND build = $6",
        &[cpu, cores, gpu, memory, toolchain, build].map(Value::Text),
    )?;
    let known = rows.into_iter().filter_map(|row| {
        let id = row.get(3)?.as_integer()?;
        let mut text = row.into_iter().map_while(Value::into_text);
        Some(((text.next()?, text.next()?, text.next()?), id))
    });
    Ok(known.collect())
}

/// Returns the row of the series of a figure.
pub(super) fn series_row(id: i64, key: SeriesKey, figure: &Figure) -> [Value; 11] {
    let SeriesKey { case, metric, machine, toolchain, build } = key;
    let MachineClass { cpu, cores, gpu, memory } = machine;
    let [case, metric, cpu, cores, gpu, memory, toolchain, build] =
        [case, metric, cpu, cores, gpu, memory, toolchain, build].map(Value::Text);
    let better = match figure.better {
        Better::Higher => "higher",
        Better::Lower => "lower",
    };
    let (unit, better) = (Value::from(figure.unit.as_str()), Value::from(better));
    [Value::Integer(id), case, metric, cpu, cores, gpu, memory, toolchain, build, unit, better]
}

/// Returns the columns that state how well a figure is known.
pub(super) fn known_row(figure: &Figure) -> [Value; 3] {
    let end = |end: fn(&Interval) -> f64| {
        let end = figure.interval.as_ref().map(end).filter(|end| end.is_finite());
        end.map_or(Value::Null, Value::Real)
    };
    [end(|interval| interval.low), end(|interval| interval.high), Value::Integer(figure.rounds.into())]
}

/// Inserts rows into `table`, which also names the columns. Each statement inserts many rows, which saves round trips
/// to a server.
fn insert<const N: usize>(
    database: &mut dyn Database,
    table: &str,
    rows: Vec<[Value; N]>,
) -> Result<(), StoreError> {
    /// The maximum number of values of a statement. SQLite accepts 32 766, but looks up each of them among those before
    /// it.
    const VALUES: usize = 600;
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let values: Vec<Value> = rows.by_ref().take(VALUES / N).flatten().collect();
        let row = |row: usize| {
            let cells: Vec<String> = (1..=N).map(|cell| format!("${}", row * N + cell)).collect();
            format!("({})", cells.join(", "))
        };
        let all: Vec<String> = (0..values.len() / N).map(row).collect();
        database.execute(&format!("INSERT INTO {table} VALUES {}", all.join(", ")), &values)?;
    }
    Ok(())
}

/// Packs a record as compressed JSON, fast rather than small: a fifth more bytes take a quarter of the time.
fn pack(record: &Record) -> std::io::Result<Vec<u8>> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(&serde_json::to_vec(record)?)?;
    packer.finish()
}

/// Unpacks a record from compressed JSON; gzip's own checksum shows whether it is complete.
pub(super) fn unpack(bytes: &[u8]) -> std::io::Result<Record> {
    let mut json = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut json)?;
    Ok(serde_json::from_slice(&json)?)
}
