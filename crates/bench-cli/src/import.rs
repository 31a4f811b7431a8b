//! `bench import`.

use bench_report::tell;
use std::path::Path;
use std::time::SystemTime;

use bench_formats::{Origin, importer, recognize, rfc3339};
use bench_history::key::MachineClass;
use bench_history::store::Added;
use bench_record::{Environment, RunError, exit};
use bench_report::text::print;
use bench_syntax::UsageError;
use bench_syntax::text::printable;

use crate::arguments::{Import, Machine};
use crate::failure::Failure;

/// Adds runs that another tool has measured to the store, one for each file.
pub(crate) fn run(arguments: &Import) -> Result<u8, Failure> {
    if let [path] = &arguments.paths[..] {
        return Ok(if add(arguments, path)? { exit::OK } else { exit::FAILED });
    }
    if arguments.run.is_some() {
        return Err(UsageError(
            "`--run` names a single run, but each file becomes a separate run".to_owned(),
        )
        .into());
    }
    let mut is_all = true;
    for path in &arguments.paths {
        // A file that cannot be read does not stop the import of the others.
        is_all &= add(arguments, path).unwrap_or_else(|failure| {
            tell(&format!("left out: {}", printable(&failure.to_string())));
            false
        });
    }
    Ok(if is_all { exit::OK } else { exit::FAILED })
}

/// Adds the run of a file or folder; returns whether all of its content was imported.
fn add(arguments: &Import, path: &Path) -> Result<bool, Failure> {
    let format = match importer(&arguments.format) {
        Some(format) => format,
        None => {
            let format = recognize(path)?;
            tell(&format!("note: {} is read as {}", path.display(), format.name()));
            format
        }
    };
    let mut imported = format.import(path)?;
    imported.leave_out_unsound(arguments.category);
    let left_out = imported.left_out.clone();
    let unknown = imported.cases.iter().map(|case| case.unknown.len()).sum::<usize>();
    let timestamp = match arguments.time.clone().or_else(|| imported.timestamp.clone()) {
        Some(time) => time,
        None => {
            let written = last_written(path).map_err(|source| RunError::Io {
                action: "look at",
                path: path.to_owned(),
                source,
            })?;
            let time = rfc3339(written);
            tell(&format!(
                "note: the time of the run is taken to be {time}, when the file was last written: use --time if \
                 that is wrong"
            ));
            time
        }
    };
    let origin = Origin {
        run: arguments.run.clone(),
        timestamp,
        category: arguments.category,
        environment: environment(&arguments.machine),
    };
    let record = imported.into_record(format.name(), path, &origin)?;
    // The same check as when a record is read.
    record.check().map_err(|reason| UsageError(format!("the run cannot be kept: {reason}")))?;
    let added = arguments.place.open()?.add(&record)?;
    let machine = MachineClass::of(&record.environment);
    let told = match added {
        Added::New(figures) | Added::Joined(figures) => format!(
            "added run {} with {figures} figures of {} benchmarks on {machine}",
            record.run,
            record.cases.len()
        ),
        Added::Known => format!("run {} was already in the store", record.run),
    };
    print(&(printable(&told) + "\n"))?;
    if unknown > 0 {
        tell(&format!(
            "note: {unknown} figures in units that are not known are kept, but have no history and are not judged"
        ));
    }
    for what in &left_out {
        tell(&format!("left out: {}", printable(what)));
    }
    Ok(left_out.is_empty())
}

fn environment(machine: &Machine) -> Environment {
    let mut environment = Environment::default();
    environment.commit = machine.commit.clone();
    environment.cpu = machine.cpu.clone();
    environment.cores = machine.cores;
    environment.memory_bytes = machine.memory;
    environment.gpus = machine.gpu.clone();
    environment.toolchain = machine.toolchain.clone().unwrap_or_default();
    environment
}

/// Returns the time at which a file, or the newest file in a folder, was last written.
fn last_written(path: &Path) -> std::io::Result<SystemTime> {
    let metadata = std::fs::symlink_metadata(path)?;
    if !metadata.is_dir() {
        return metadata.modified();
    }
    let mut newest = SystemTime::UNIX_EPOCH;
    for entry in std::fs::read_dir(path)? {
        newest = newest.max(last_written(&entry?.path())?);
    }
    Ok(newest)
}
