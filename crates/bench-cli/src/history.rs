//! The store that a command works on, and the runs that may go into it.

use std::path::{Path, PathBuf};

use bench_compare::Checkout;
use bench_history::commits::Commits;
use bench_history::store::{Location, Series, Store, StoreError};
use bench_record as record;
use bench_record::{Record, RunError};
use bench_syntax::{UsageError, nearest};

use crate::arguments::Where;
use crate::failure::Failure;

/// The name of the store in the folder of all runs.
const FILE: &str = "history.sqlite";

impl Where {
    /// Returns the location of the store.
    pub(crate) fn location(&self) -> Result<Location, StoreError> {
        match &self.store {
            Some(store) => store.parse(),
            None => Ok(Location::File(self.output_dir.join(FILE))),
        }
    }

    /// Opens the store; creates it if there is none.
    pub(crate) fn open(&self) -> Result<Store, Failure> {
        Ok(Store::open(&self.location()?)?)
    }

    /// Opens a store that exists: a name without a store is reported as a mistake.
    pub(crate) fn open_existing(&self) -> Result<Store, Failure> {
        Ok(Store::open_existing(&self.existing()?)?)
    }

    /// Same as [`Where::open_existing`], but only to read it: nothing in it is created or changed.
    pub(crate) fn open_to_read(&self) -> Result<Store, Failure> {
        Ok(Store::open_to_read(&self.existing()?)?)
    }

    /// Returns the location of a store that must exist.
    fn existing(&self) -> Result<Location, Failure> {
        let location = self.location()?;
        if let Some(path) = missing(&location) {
            let near = beside(path).map(|near| format!(" (did you mean {near}?)")).unwrap_or_default();
            let message = format!("there is no store {}{near}: `bench store add` creates it", path.display());
            return Err(UsageError(message).into());
        }
        Ok(location)
    }

    /// Opens the store with the history of a run; `None` if the default store does not exist yet. A store that the user
    /// has named must exist: with an empty one, because of a typing error, every run would pass.
    pub(crate) fn open_meant(&self) -> Result<Option<Store>, Failure> {
        let is_there = missing(&self.location()?).is_none();
        (is_there || self.store.is_some()).then(|| self.open_existing()).transpose()
    }

    /// Opens the store to read it; `None` if there is none.
    pub(crate) fn read_if_there(&self) -> Result<Option<Store>, StoreError> {
        let location = self.location()?;
        missing(&location).is_none().then(|| Store::open_to_read(&location)).transpose()
    }

    /// Returns the directories of all sealed runs, oldest first; names that only point to a run are skipped.
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

    /// Finds the named run. Without a name, it is the newest of the folder of all runs, or of the store if that folder
    /// has none; a name that is not in the folder may be one of the store.
    pub(crate) fn run(&self, name: Option<&str>) -> Result<Record, Failure> {
        let error = match self.record(name.unwrap_or(record::LATEST)) {
            Ok(record) => return Ok(record),
            Err(error) => error,
        };
        let Ok(mut store) = self.open_to_read() else { return Err(error.into()) };
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

    /// Returns the record of the run with this path or name.
    pub(crate) fn record(&self, name: &str) -> Result<Record, RunError> {
        let path = Path::new(name);
        if path.exists() {
            bench_judge::open(path)
        } else {
            bench_judge::open(&record::resolve(&self.output_dir, name)?)
        }
    }
}

/// Returns the order of the commits in the repository of the working directory.
pub(crate) fn commits() -> Commits {
    Commits::oldest_first(Checkout::new(".", &[]).first_parents())
}

/// Returns every series of a store, arranged by the order of [`commits`].
pub(crate) fn series(store: &mut Store) -> Result<Vec<Series>, StoreError> {
    let commits = commits();
    Ok(store.series()?.iter().map(|series| commits.arrange(series).into_owned()).collect())
}

/// Returns the name of the file in the same folder that is most similar to that of `path`.
fn beside(path: &Path) -> Option<String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let files = std::fs::read_dir(folder).ok()?.flatten().filter(|entry| entry.path().is_file());
    let names: Vec<String> = files.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    nearest::nearest(path.file_name()?.to_str()?, names.iter().map(String::as_str)).map(str::to_owned)
}

/// Returns the path of a store whose file does not exist; `None` if it exists or the store is on a server.
fn missing(location: &Location) -> Option<&Path> {
    match location {
        Location::File(path) if !path.exists() => Some(path),
        _ => None,
    }
}
