//! The earlier runs that targets refer to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bench_record as record;
use bench_record::{CaseRecord, EarlierRun, EarlierRuns, Record, RunError};
use bench_syntax::objective::{Objective, Quantity};

/// The earlier runs that targets refer to, by their names, and the knowledge about how runs differ.
#[derive(Clone, Debug, Default)]
pub struct EarlierRecords {
    records: BTreeMap<String, Result<Record, String>>,
    history: Vec<EarlierRun>,
}

impl EarlierRecords {
    /// Reads the earlier runs that the targets of `cases` name; `resolve` maps a name to a run. One that cannot be
    /// read makes only its own targets unsure.
    pub fn read(
        cases: &[CaseRecord],
        results: &Path,
        resolve: impl Fn(&str) -> Result<PathBuf, RunError>,
    ) -> Self {
        let mut earlier = EarlierRecords::default();
        for result in cases.iter().flat_map(|case| &case.targets) {
            let Ok(Objective { what: Quantity::SpeedupOverRun(name), .. }) = Objective::parse(&result.text)
            else {
                continue;
            };
            earlier.records.entry(name.into_owned()).or_insert_with_key(|name| {
                resolve(name).and_then(|path| record::open_sealed(&path)).map_err(|error| error.to_string())
            });
        }
        if !earlier.records.is_empty() {
            earlier.history = EarlierRuns::read(results, EarlierRuns::MOST).runs;
        }
        earlier
    }

    /// Adds a run under the name by which targets refer to it.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, record: Record) -> Self {
        self.records.insert(name.into(), Ok(record));
        self
    }

    /// Adds the figures of earlier runs, which show how much runs differ without any change.
    #[must_use]
    pub fn with_history(mut self, history: Vec<EarlierRun>) -> Self {
        self.history = history;
        self
    }

    pub(super) fn get(&self, name: &str) -> Result<&Record, String> {
        match self.records.get(name) {
            Some(Ok(record)) => Ok(record),
            Some(Err(reason)) => Err(reason.clone()),
            None => Err(format!("no earlier run `{name}` was given")),
        }
    }

    pub(super) fn history(&self) -> &[EarlierRun] {
        &self.history
    }
}
