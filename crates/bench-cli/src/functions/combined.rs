//! Combines several runs into one, so that reports show their figures side by side.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use bench_record::{Record, RunError, now_utc};
use bench_report::{Exporter, Outlet, exporters};
use bench_syntax::{UsageError, case_id};
use serde::Deserialize;

/// Runs whose figures are to be shown side by side.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Combined {
    /// Each benchmark's name, and the folder of its run.
    runs: Vec<(String, PathBuf)>,
    /// The folder for reports.
    folder: PathBuf,
}

/// Writes `comparison.csv`, `levels.csv` and plots of all runs.
pub(crate) fn write(combined: &Combined) -> Result<(), RunError> {
    let folder = &combined.folder;
    let mut names = BTreeMap::new();
    let mut whole: Option<Record> = None;
    for (name, run) in &combined.runs {
        if names.insert(name, run).is_some() {
            return Err(
                UsageError(format!("two benchmarks are called `{name}`: give each its own name")).into()
            );
        }
        let mut record = bench_judge::open(run)?;
        for case in &mut record.cases {
            case.id = case_id::head(case.model.as_deref(), case.category, name);
            case.name.clone_from(name);
        }
        match &mut whole {
            Some(whole) => whole.cases.extend(record.cases),
            None => whole = Some(record),
        }
    }
    let first =
        whole.ok_or_else(|| UsageError("expected at least one run to compare, found none".to_owned()))?;
    let mut record = Record::new(first.run, now_utc(), first.cases);
    record.environment = first.environment;
    fs::create_dir_all(folder).map_err(|source| RunError::Io {
        action: "create the folder",
        path: folder.clone(),
        source,
    })?;
    let outlet = Outlet::into(folder);
    exporters().into_iter().try_for_each(|Exporter { export, .. }| export(&record, &outlet))
}
