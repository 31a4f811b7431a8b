//! Reading records: from a file or a run directory.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::{FORMAT, Record, RunError, SCHEMA_VERSION, followed};

/// Name of the record in a run directory.
pub const RUN_FILE: &str = "run.json";

/// Reads the record of a run that was sealed, from its folder or its `run.json`.
///
/// # Errors
/// [`RunError::Record`] if it is truncated, not a record, of a newer version, or contradicts itself; [`RunError::Io`]
/// if it cannot be read at all.
pub fn open_sealed(path: &Path) -> Result<Record, RunError> {
    let path = followed(path);
    if path.is_dir() { read_file(&path.join(RUN_FILE)) } else { read_file(&path) }
}

/// Reads a `run.json`.
///
/// # Errors
/// Same as [`open_sealed`].
pub fn read_file(path: &Path) -> Result<Record, RunError> {
    let bytes = std::fs::read(path).map_err(|error| RunError::io("read the record", path, error))?;
    parse(&bytes).map_err(|reason| RunError::Record { path: path.to_owned(), reason })
}

/// The fields that state the kind and version of a file.
#[derive(Deserialize)]
struct Header {
    #[serde(default)]
    format: Value,
    #[serde(default)]
    schema_version: Value,
}

/// Reads format and version before anything else, so that a record of another version is distinguished from a broken
/// one.
fn parse(bytes: &[u8]) -> Result<Record, String> {
    let header: Header = serde_json::from_slice(bytes).map_err(|error| {
        if error.is_eof() || ends_within_a_number(bytes, &error) {
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
            let record: Record = serde_json::from_slice(bytes)
                .map_err(|error| format!("it does not follow its schema: {error}"))?;
            record.check().map_err(|reason| format!("it contradicts itself: {reason}"))?;
            Ok(record)
        }
    }
}

/// Whether a file was cut off within a number, which the parser reports as a syntax error: `-`, `1.`, `1e+`.
fn ends_within_a_number(bytes: &[u8], error: &serde_json::Error) -> bool {
    let last_line = bytes.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let is_at_end =
        error.line() == bytes.split(|byte| *byte == b'\n').count() && error.column() >= last_line.len();
    error.is_syntax() && is_at_end && matches!(last_line.last(), Some(b'-' | b'+' | b'.' | b'e' | b'E'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        for (text, reason) in [
            ("", "truncated"),
            ("{\"format\": \"bench-run\", \"schema_ver", "truncated"),
            ("{\"seconds\": -", "truncated"),
            ("{\"seconds\":\n 1.", "truncated"),
            ("{\"seconds\": 1.5e", "truncated"),
            ("{\"seconds\": 1.5E-", "truncated"),
            ("{\"seconds\": 1.5e+", "truncated"),
            ("{\"seconds\": -}", "not JSON"),
            ("{\"seconds\": x, \"e\": 1.", "not JSON"),
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
}
