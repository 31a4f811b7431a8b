//! The earlier runs of a results folder, with the parts that a comparison needs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::read::RUN_FILE;
use crate::validity::check_run;
use crate::{CaseRecord, Environment, FORMAT, Record, SCHEMA_VERSION, Status};
use bench_stats::Interval;

/// The maximum number of bytes that are read from all earlier runs together, which takes about half a second.
const MOST_BYTES: u64 = 128 << 20;

/// The summary of an earlier run without its rounds.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EarlierRun {
    /// The run directory's name.
    pub run: String,
    /// When the run began, UTC, RFC 3339.
    pub timestamp: String,
    /// The machine and the build.
    pub environment: Environment,
    /// The median of each case that also has an interval, in seconds by id: the precision of a single round is not
    /// known, so it is not compared with others.
    pub medians_s: BTreeMap<String, f64>,
}

impl From<&Record> for EarlierRun {
    fn from(record: &Record) -> Self {
        let median = |case: &CaseRecord| {
            let time = case.time.as_ref().filter(|time| time.interval_s.is_some())?;
            (case.status == Status::Ok).then(|| (case.id.clone(), time.median_s.0))
        };
        EarlierRun {
            run: record.run.clone(),
            timestamp: record.timestamp.clone(),
            environment: record.environment.clone(),
            medians_s: record.cases.iter().filter_map(median).collect(),
        }
    }
}

/// The earlier runs of a results folder.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct EarlierRuns {
    /// The newest runs that could be read, oldest first.
    pub runs: Vec<EarlierRun>,
    /// The runs that could not be read, each with the reason.
    pub unreadable: Vec<String>,
}

impl EarlierRuns {
    /// The number of earlier runs that a comparison reads: some of them may come from another machine or build.
    pub const MOST: usize = 60;

    /// Reads the newest `most` sealed runs of a results folder; names that only point to a run are skipped. A folder
    /// that cannot be listed counts as empty.
    pub fn read(results: &Path, most: usize) -> Self {
        let mut folders: Vec<PathBuf> = fs::read_dir(results)
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
            .map(|entry| entry.path().join(RUN_FILE))
            .filter(|file| file.exists())
            .collect();
        // Run directories are named by their time.
        folders.sort_unstable();
        let mut earlier = EarlierRuns::default();
        let mut bytes_left = MOST_BYTES;
        for file in folders.iter().rev().take(most) {
            let size = fs::metadata(file).map_or(0, |found| found.len());
            let Some(left) = bytes_left.checked_sub(size) else {
                earlier.unreadable.push(format!("those before {} are too large together", name_of(file)));
                break;
            };
            bytes_left = left;
            match read(file) {
                Ok(run) => earlier.runs.push(run),
                Err(reason) => earlier.unreadable.push(format!("{}: {reason}", name_of(file))),
            }
        }
        earlier.runs.reverse();
        earlier
    }
}

fn name_of(file: &Path) -> String {
    file.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned()
}

/// A record without its rounds: skipping samples is several times as fast as keeping them.
#[derive(Deserialize)]
struct Outline {
    format: String,
    schema_version: u32,
    run: String,
    timestamp: String,
    environment: Environment,
    cases: Vec<CaseOutline>,
}

#[derive(Deserialize)]
struct CaseOutline {
    id: String,
    status: Status,
    time: Option<TimeOutline>,
}

#[derive(Deserialize)]
struct TimeOutline {
    median_s: f64,
    interval_s: Option<Interval>,
}

fn read(file: &Path) -> Result<EarlierRun, String> {
    let bytes = fs::read(file).map_err(|error| error.to_string())?;
    let outline: Outline = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
    if outline.format != FORMAT || !(1..=SCHEMA_VERSION).contains(&outline.schema_version) {
        return Err(format!("it is a {} of version {}", outline.format, outline.schema_version));
    }
    check_run(&outline.run)?;
    let median = |case: CaseOutline| {
        let time = case.time.filter(|time| time.interval_s.is_some() && case.status == Status::Ok)?;
        Some((case.id, time.median_s))
    };
    Ok(EarlierRun {
        run: outline.run,
        timestamp: outline.timestamp,
        environment: outline.environment,
        medians_s: outline.cases.into_iter().filter_map(median).collect(),
    })
}
