//! `bench export`.

use bench_report::tell;
use std::path::Path;

use bench_formats::{Document, EXPORTS, exporter};
use bench_record::{RunError, exit, write_whole};
use bench_report::text::print;
use bench_syntax::UsageError;
use bench_syntax::text::printable;

use crate::arguments::Export;
use crate::failure::Failure;

/// Writes a run in a format.
pub(crate) fn run(arguments: &Export) -> Result<u8, Failure> {
    let name = &arguments.format;
    let format = exporter(name).ok_or_else(|| {
        let known: Vec<&str> = EXPORTS.iter().map(|export| export.name()).collect();
        UsageError(format!("unknown format `{name}`: expected one of {}", known.join(", ")))
    })?;
    if format.is_folder() && arguments.output.is_none() {
        return Err(UsageError(format!(
            "{name} is written as a folder of files: name the folder with --output"
        ))
        .into());
    }
    let record = arguments.place.run(arguments.run.as_deref())?;
    let exported = format.export(&record)?;
    for document in &exported.documents {
        match &arguments.output {
            Some(folder) if format.is_folder() => write(&folder.join(&document.path), document)?,
            Some(file) => write(file, document)?,
            None => print(&document.content)?,
        }
    }
    for line in &exported.left_out {
        tell(&printable(&format!("left out: {line}")));
    }
    Ok(exit::OK)
}

fn write(path: &Path, document: &Document) -> Result<(), RunError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| write_whole(path, &document.content))
        .map_err(|source| RunError::Io { action: "write to", path: path.to_owned(), source })
}
