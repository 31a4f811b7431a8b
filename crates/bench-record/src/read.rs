//! Reading records: from a file, a run directory, or by name.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::folder::RUN_FILE;
use crate::{FORMAT, LATEST, Record, RunError, SCHEMA_VERSION, folder, name};
use bench_syntax::nearest;

/// Reads the record of a run that was sealed, from its folder or its `run.json`.
///
/// # Errors
/// [`RunError::Record`] when it is truncated, no record, or of a newer version; [`RunError::Io`] when it cannot be read
/// at all.
pub fn open_sealed(path: &Path) -> Result<Record, RunError> {
    if path.is_dir() { read_file(&path.join(RUN_FILE)) } else { read_file(path) }
}

/// Finds the run that `name` means: [`LATEST`], a name given with `--save-as`, a run directory's name, or a path.
///
/// # Errors
/// [`RunError::Record`] when there is none, with the names that exist.
pub fn resolve(results: &Path, name: &str) -> Result<PathBuf, RunError> {
    if name == LATEST {
        return folder::latest(results).ok_or_else(|| no_earlier_run(results));
    }
    let inside = results.join(name);
    // A name must not lead out of the results folder; a path may lead anywhere.
    let is_name = !name.contains(['/', '\\']) && name != "." && name != "..";
    if is_name && inside.exists() {
        return Ok(name::named(results, name).unwrap_or(inside));
    }
    let path = PathBuf::from(name);
    if path.exists() && name != "." && name != ".." {
        return Ok(path);
    }
    let known = nearest::rank(name, folder::names(results));
    let known = if known.is_empty() {
        "none".to_owned()
    } else {
        known.into_iter().take(10).collect::<Vec<_>>().join(", ")
    };
    Err(RunError::Record {
        path,
        reason: format!("no such file, and no run of that name in {} (there: {known})", results.display()),
    })
}

/// There is nothing that [`LATEST`] could name.
pub fn no_earlier_run(results: &Path) -> RunError {
    RunError::Record {
        path: results.join(LATEST),
        reason: "there is no earlier run yet: `cargo bench` makes one, the first time without `--compare`"
            .to_owned(),
    }
}

/// Reads a `run.json`.
///
/// # Errors
/// As [`open_sealed`].
pub fn read_file(path: &Path) -> Result<Record, RunError> {
    let bytes = std::fs::read(path).map_err(|error| RunError::io("read the record", path, error))?;
    parse(&bytes).map_err(|reason| RunError::Record { path: path.to_owned(), reason })
}

/// What says of which kind and version a file is.
#[derive(Deserialize)]
struct Header {
    #[serde(default)]
    format: Value,
    #[serde(default)]
    schema_version: Value,
}

/// Looks at format and version before anything else, so that a record of another version is told
/// apart from a broken one.
fn parse(bytes: &[u8]) -> Result<Record, String> {
    let header: Header = serde_json::from_slice(bytes).map_err(|error| {
        if error.is_eof() {
            format!("the file is truncated ({error})")
        } else if error.is_data() {
            format!("not a benchmark record ({error})")
        } else {
            format!("the file is not JSON ({error})")
        }
    })?;
    if header.format.as_str() != Some(FORMAT) {
        return Err(format!("not a benchmark record: its `format` is not \"{FORMAT}\""));
    }
    match header.schema_version.as_u64() {
        Some(version) if version > u64::from(SCHEMA_VERSION) => Err(format!(
            "it has schema version {version}, but this program reads versions up to {SCHEMA_VERSION}: update bench-core"
        )),
        Some(0) | None => Err("its `schema_version` is missing or not a version".to_owned()),
        Some(_) => {
            serde_json::from_slice(bytes).map_err(|error| format!("it does not follow its schema: {error}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, State};

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        for (text, reason) in [
            ("", "truncated"),
            ("{\"format\": \"bench-run\", \"schema_ver", "truncated"),
            ("hello", "not JSON"),
            ("{}", "not a benchmark record"),
            ("5", "not a benchmark record"),
            ("{\"format\": \"bench-run\"}", "schema_version"),
            ("{\"format\": \"bench-run\", \"schema_version\": 99}", "version 99"),
            ("{\"format\": \"bench-run\", \"schema_version\": 1}", "does not follow its schema"),
        ] {
            let message = parse(text.as_bytes()).expect_err(text);
            assert!(message.contains(reason), "{text}: {message}");
        }
    }

    #[test]
    fn names_that_do_not_exist_are_answered_with_those_that_do() {
        let folder = tempfile::tempdir().expect("folder");
        std::fs::create_dir(folder.path().join("baseline")).expect("folder");
        std::fs::write(folder.path().join("baseline").join(RUN_FILE), "{}").expect("file");
        let message = resolve(folder.path(), "baselin").expect_err("no such run").to_string();
        assert!(message.contains("baseline"), "{message}");
        assert!(resolve(folder.path(), "latest").expect_err("no run").to_string().contains("no earlier run"));
        assert!(resolve(folder.path(), "baseline").is_ok());
    }
}
