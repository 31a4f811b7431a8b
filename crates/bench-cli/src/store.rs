//! `bench store`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bench_history::store::{Added, Location, Series, Store, StoreError};
use bench_record::{LATEST, Record, RunError, exit};
use bench_report::{CsvTable, print, tell};
use bench_syntax::UsageError;
use bench_syntax::text::{on_console, printable};

use crate::arguments::{self, ExportFormat, StoreAction, Where};
use crate::failure::Failure;
use crate::parts;

/// Carries out an action on the store.
pub(crate) fn run(arguments: &arguments::Store) -> Result<u8, Failure> {
    let place = &arguments.place;
    match &arguments.action {
        StoreAction::Add { runs } => add(place, runs),
        StoreAction::List => list(&mut place.open_to_read()?),
        StoreAction::Show { run } => show(&mut place.open_to_read()?, run),
        StoreAction::Prune { before } => prune(&mut place.open_existing()?, before),
        StoreAction::Export { format, output } => {
            export(&mut place.open_to_read()?, *format, output.as_deref())
        }
        StoreAction::Verify => verify(&mut place.open_to_read()?),
        StoreAction::Rebuild => rebuild(place),
    }
}

fn say(text: &str) -> Result<u8, Failure> {
    print(&on_console(text))?;
    Ok(exit::OK)
}

/// Prints JSON for another program. It needs no protection of the terminal, because JSON escapes control characters.
fn machine_readable(text: &str) -> Result<u8, Failure> {
    print(text)?;
    Ok(exit::OK)
}

fn add(place: &Where, names: &[String]) -> Result<u8, Failure> {
    // Names are resolved before the store is created: a wrong name should leave nothing behind.
    let named: Vec<Record> = names.iter().map(|name| place.record(name)).collect::<Result<_, _>>()?;
    let directories = if names.is_empty() { place.run_directories()? } else { Vec::new() };
    let mut store = place.open()?;
    let (mut runs, mut figures, mut known, mut unreadable, mut different) = (0, 0, 0, 0, 0);
    let mut whole_runs = BTreeSet::new();
    // One bad run must not keep the others out.
    let mut take = |record: &Record| -> Result<(), StoreError> {
        whole_runs.extend(record.parts.as_ref().map(|parts| parts.run.clone()));
        match store.add(record) {
            Ok(Added::New(count) | Added::Joined(count)) => (runs, figures) = (runs + 1, figures + count),
            Ok(Added::Known) => known += 1,
            Err(error @ (StoreError::Conflict { .. } | StoreError::NoPart { .. })) => {
                tell(&format!("warning: {error}"));
                different += 1;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    };
    named.iter().try_for_each(&mut take)?;
    for directory in directories {
        match bench_judge::open(&directory) {
            Ok(record) => take(&record)?,
            Err(error) => {
                tell(&format!("warning: {error}"));
                unreadable += 1;
            }
        }
    }
    for run in whole_runs {
        if let Some(parts) = store.record(&run)?.parts {
            tell(&parts::told(&parts));
        }
    }
    let not_read = if unreadable > 0 { format!("; not readable: {unreadable}") } else { String::new() };
    let not_the_same =
        if different > 0 { format!("; with other contents: {different}") } else { String::new() };
    say(&format!(
        "runs added: {runs} ({figures} figures); already there: {known}{not_the_same}{not_read}\n"
    ))?;
    Ok(if different > 0 { exit::FAILED } else { exit::OK })
}

fn list(store: &mut Store) -> Result<u8, Failure> {
    let mut text = String::new();
    for run in store.runs()? {
        let commit: String = run.commit.as_deref().unwrap_or("-").chars().take(12).collect();
        let line = format!("{}  {}  {commit:12}  {} figures", run.timestamp, run.run, run.figures);
        text += &(printable(&line) + "\n");
    }
    say(&text)
}

fn show(store: &mut Store, run: &str) -> Result<u8, Failure> {
    // A run that is itself named `latest` takes precedence.
    let named = match store.record(run) {
        Err(StoreError::NoSuchRun { .. }) if run == LATEST => store.runs()?.pop().map(|newest| newest.run),
        named => return machine_readable(&(json(&named?)? + "\n")),
    };
    let record = store.record(named.as_deref().unwrap_or(run))?;
    machine_readable(&(json(&record)? + "\n"))
}

/// Serializes a document from the store.
fn json(document: &impl serde::Serialize) -> Result<String, RunError> {
    serde_json::to_string(document).map_err(|error| RunError::Io {
        action: "write JSON to",
        path: PathBuf::from("stdout"),
        source: error.into(),
    })
}

fn prune(store: &mut Store, before: &str) -> Result<u8, Failure> {
    let gone = store.prune(before)?;
    say(&format!("removed {gone} runs from before {before}\n"))
}

fn export(store: &mut Store, format: ExportFormat, output: Option<&Path>) -> Result<u8, Failure> {
    match (format, output) {
        (ExportFormat::Parquet, Some(folder)) => parquet(store, folder),
        (ExportFormat::Parquet, None) => {
            Err(UsageError("Parquet is written as two files: name their folder with --output".to_owned())
                .into())
        }
        (_, Some(_)) => Err(UsageError("--output needs --format parquet".to_owned()).into()),
        (ExportFormat::Json, None) => machine_readable(&(json(&store.series()?)? + "\n")),
        (ExportFormat::Csv, None) => csv(&store.series()?),
    }
}

#[cfg(feature = "parquet")]
fn parquet(store: &mut Store, folder: &Path) -> Result<u8, Failure> {
    use bench_formats::parquet::{Samples, write_figures};
    let failed = |error: &dyn std::fmt::Display| RunError::Io {
        action: "write Parquet to",
        path: folder.to_owned(),
        source: std::io::Error::other(error.to_string()),
    };
    let create = |name: &str| {
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::File::create(folder.join(name)))
            .map_err(|error| failed(&error))
    };
    let figures =
        write_figures(&store.series()?, create("figures.parquet")?).map_err(|error| failed(&error))?;
    let mut samples = Samples::begin(create("samples.parquet")?).map_err(|error| failed(&error))?;
    let runs = store.runs()?;
    for run in &runs {
        samples.add(&store.record(&run.run)?).map_err(|error| failed(&error))?;
    }
    let samples = samples.finish().map_err(|error| failed(&error))?;
    let runs = runs.len();
    say(&format!("{}: {figures} figures and {samples} samples of {runs} runs\n", folder.display()))
}

#[cfg(not(feature = "parquet"))]
fn parquet(_: &mut Store, _: &Path) -> Result<u8, Failure> {
    let message = "this build of `bench` cannot write Parquet: build it with `--features parquet`";
    Err(UsageError(message.to_owned()).into())
}

fn csv(series: &[Series]) -> Result<u8, Failure> {
    let io = |source: std::io::Error| RunError::Io {
        action: "write CSV to",
        path: PathBuf::from("stdout"),
        source,
    };
    let mut writer = CsvTable::new(Vec::new());
    let head = [
        "case",
        "metric",
        "unit",
        "cpu",
        "cores",
        "gpu",
        "memory",
        "toolchain",
        "build",
        "run",
        "timestamp",
        "commit",
        "value",
    ];
    writer.row(head).map_err(io)?;
    for one in series {
        let (key, machine) = (&one.key, &one.key.machine);
        for point in &one.points {
            let (value, none) = (point.value.to_string(), String::new());
            let commit = point.commit.as_ref().unwrap_or(&none);
            let row = [
                &key.case,
                &key.metric,
                &one.unit,
                &machine.cpu,
                &machine.cores,
                &machine.gpu,
                &machine.memory,
                &key.toolchain,
                &key.build,
                &point.run,
                &point.timestamp,
                commit,
                &value,
            ];
            writer.row(row).map_err(io)?;
        }
    }
    let bytes = writer.into_inner().map_err(io)?;
    print(&bytes)?;
    Ok(exit::OK)
}

fn verify(store: &mut Store) -> Result<u8, Failure> {
    let found = store.verify()?;
    let runs = store.runs()?.len();
    if found.is_empty() {
        return say(&format!("{runs} runs, no damage\n"));
    }
    say(&found.iter().map(|line| format!("{line}\n")).collect::<String>())?;
    Ok(exit::FAILED)
}

fn rebuild(place: &Where) -> Result<u8, Failure> {
    let Location::File(path) = place.location()? else {
        // On a server there is no file to set aside: the figures are computed again from the records.
        let mut store = place.open()?;
        store.refresh()?;
        return say(&format!("{} runs\n", store.runs()?.len()));
    };
    let fresh = sibling(&path, ".new");
    remove(&fresh)?;
    let mut store = Store::open(&Location::File(fresh.clone()))?;
    let mut from_directories = 0;
    for directory in place.run_directories()? {
        match bench_judge::open(&directory) {
            Ok(record) => match store.add(&record) {
                Ok(_) => from_directories += 1,
                Err(error @ (StoreError::Conflict { .. } | StoreError::NoPart { .. })) => {
                    tell(&format!("warning: {error}"));
                }
                Err(error) => return Err(error.into()),
            },
            Err(error) => tell(&format!("warning: {error}")),
        }
    }
    let from_old = if path.exists() { salvage(&path, &mut store)? } else { 0 };
    drop(store);
    // The old store is kept until the new one is complete.
    let old = sibling(&path, ".old");
    remove(&old)?;
    if path.exists() {
        rename(&path, &old)?;
        for suffix in SIDE_FILES {
            remove(&sibling(&path, suffix))?;
        }
    }
    rename(&fresh, &path)?;
    say(&format!(
        "{} built again: {from_directories} runs from their directories, {from_old} more from the old store, \
         which is now {}\n",
        path.display(),
        old.display()
    ))
}

/// Copies everything that only the old store contains: runs whose directories no longer exist, accepted changes,
/// baselines, renamings.
fn salvage(path: &Path, store: &mut Store) -> Result<usize, Failure> {
    let mut old = match Store::open_existing(&Location::File(path.to_owned())) {
        Ok(old) => old,
        // A newer or locked store is not damaged, so it must not be replaced.
        Err(error @ (StoreError::Newer { .. } | StoreError::Locked { .. })) => return Err(error.into()),
        Err(error) => {
            tell(&format!("warning: {error}"));
            return Ok(0);
        }
    };
    let runs = match old.runs() {
        Ok(runs) => runs,
        Err(error) => {
            tell(&format!("warning: {error}"));
            return Ok(0);
        }
    };
    let mut taken = 0;
    for run in runs {
        // If both have the run, the record in its directory is kept.
        match old.record(&run.run).and_then(|record| store.add(&record)) {
            Ok(Added::New(_) | Added::Joined(_)) => taken += 1,
            Ok(Added::Known) | Err(StoreError::Conflict { .. }) => {}
            Err(error @ StoreError::Full { .. }) => return Err(error.into()),
            Err(error) => tell(&format!("warning: {error}")),
        }
    }
    let said = [
        all(old.acceptances(), |acceptance| store.accept(&acceptance)),
        all(old.baselines(), |baseline| store.set_baseline(&baseline)),
        all(old.renamings(), |renaming| store.keep_renaming(&renaming)),
        all(old.all_told(), |told| store.keep_told(&told)),
    ];
    said.into_iter().flatten().for_each(|error| tell(&format!("warning: {error}")));
    Ok(taken)
}

/// Stores each item that was read; returns the errors for items that cannot be read or stored.
fn all<T>(
    read: Result<Vec<T>, StoreError>,
    keep: impl FnMut(T) -> Result<(), StoreError>,
) -> Vec<StoreError> {
    match read {
        Ok(read) => read.into_iter().map(keep).filter_map(Result::err).collect(),
        Err(error) => vec![error],
    }
}

/// The files that SQLite keeps next to the database.
const SIDE_FILES: [&str; 2] = ["-wal", "-shm"];

fn sibling(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn remove(path: &Path) -> Result<(), RunError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(RunError::Io { action: "remove", path: path.to_owned(), source: error })
        }
        _ => Ok(()),
    }
}

fn rename(from: &Path, to: &Path) -> Result<(), RunError> {
    std::fs::rename(from, to).map_err(|source| RunError::Io {
        action: "rename",
        path: from.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn side_files_lie_beside_the_store() {
        assert_eq!(sibling(Path::new("a/h.sqlite"), "-wal"), Path::new("a/h.sqlite-wal"));
    }
}
