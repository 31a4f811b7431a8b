//! The store that a command works on, and the runs that may go into it.

use std::path::{Path, PathBuf};

use bench_history::store::{Location, Store, StoreError};
use bench_record as record;
use bench_record::{Record, RunError};
use bench_syntax::UsageError;

use crate::arguments::Where;
use crate::failure::Failure;

/// Name of the store in the folder of all runs.
const FILE: &str = "history.sqlite";

impl Where {
    /// Where the store is.
    pub(crate) fn location(&self) -> Result<Location, StoreError> {
        match &self.store {
            Some(store) => store.parse(),
            None => Ok(Location::File(self.output_dir.join(FILE))),
        }
    }

    /// Opens the store; makes it where there is none.
    pub(crate) fn open(&self) -> Result<Store, Failure> {
        Ok(Store::open(&self.location()?)?)
    }

    /// Opens the store to read it: one that is not there was not meant.
    pub(crate) fn open_existing(&self) -> Result<Store, Failure> {
        let location = self.location()?;
        if let Some(path) = missing(&location) {
            let message = format!("there is no store {}: `bench store add` makes it", path.display());
            return Err(UsageError(message).into());
        }
        Ok(Store::open(&location)?)
    }

    /// Opens the store, if there is one.
    pub(crate) fn open_if_there(&self) -> Result<Option<Store>, StoreError> {
        let location = self.location()?;
        missing(&location).is_none().then(|| Store::open(&location)).transpose()
    }

    /// The directories of all sealed runs, oldest first; names that only point to a run are passed over.
    pub(crate) fn run_directories(&self) -> Result<Vec<PathBuf>, RunError> {
        let io = |source| RunError::Io {
            action: "list the folder of all runs",
            path: self.output_dir.clone(),
            source,
        };
        let mut runs = Vec::new();
        for entry in std::fs::read_dir(&self.output_dir).map_err(io)? {
            let entry = entry.map_err(io)?;
            if entry.file_type().map_err(io)?.is_dir() && entry.path().join("run.json").exists() {
                runs.push(entry.path());
            }
        }
        runs.sort_unstable();
        Ok(runs)
    }

    /// The run that is meant: the newest of the folder of all runs where nothing is said, or of the store where that
    /// folder has none; a name that the folder does not know may be one of the store.
    pub(crate) fn run(&self, name: Option<&str>) -> Result<Record, Failure> {
        let error = match self.record(name.unwrap_or(record::LATEST)) {
            Ok(record) => return Ok(record),
            Err(error) => error,
        };
        let Ok(mut store) = self.open_existing() else { return Err(error.into()) };
        let run = match name {
            Some(name) => Some(name.to_owned()),
            None => store.runs()?.pop().map(|newest| newest.run),
        };
        match run.map(|run| store.record(&run)) {
            Some(Ok(record)) => Ok(record),
            Some(Err(StoreError::NoSuchRun { .. })) | None => Err(error.into()),
            Some(Err(other)) => Err(other.into()),
        }
    }

    /// The record that a name means.
    pub(crate) fn record(&self, name: &str) -> Result<Record, RunError> {
        let path = Path::new(name);
        if path.exists() {
            bench_judge::open(path)
        } else {
            bench_judge::open(&record::resolve(&self.output_dir, name)?)
        }
    }
}

/// The file of a store that is not there.
fn missing(location: &Location) -> Option<&Path> {
    match location {
        Location::File(path) if !path.exists() => Some(path),
        _ => None,
    }
}
