//! Files of a run.

use std::path::Path;
use std::sync::Arc;

use bench_record::{Folder, Record, RunError, point, seal};
use bench_report::{Exporter, Outlet, exporters};

use super::Options;

/// Writes the record and the files that are made from it, and names the run.
pub(super) fn write(
    folder: Folder,
    record: &Record,
    baseline: Option<Arc<Record>>,
    options: &Options,
) -> Result<(), RunError> {
    let run = folder.run().to_owned();
    folder.seal(record, |folder| export(folder, record, baseline))?;
    if let (Some(name), Some(results)) = (&options.save_as, &options.results) {
        point(results, name, &run)?;
    }
    Ok(())
}

/// Seals a run whose runner was killed. Returns its name.
pub(super) fn recover(folder: &Path) -> Result<String, RunError> {
    let record = bench_judge::open(folder)?;
    seal(folder, &record, |folder| export(folder, &record, None))?;
    Ok(record.run)
}

fn export(folder: &Path, record: &Record, baseline: Option<Arc<Record>>) -> Result<(), RunError> {
    let outlet = Outlet::into(folder).beside(baseline);
    exporters().into_iter().try_for_each(|Exporter { export, .. }| export(record, &outlet))
}
