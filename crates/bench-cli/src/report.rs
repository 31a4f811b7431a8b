//! Prints and writes reports, according to the flags under "Reports".

use bench_report::tell;
use std::path::Path;

use bench_record::{RunError, write_whole};
use bench_report::text::print;
use serde::Serialize;

use crate::arguments::Report;

/// Writes `document` to the file `json`, if any, and prints the report. If the file is `-`, prints the document in
/// place of the report.
pub(crate) fn print_or_write(
    json: Option<&Path>,
    document: &impl Serialize,
    rendered: impl FnOnce() -> String,
) -> Result<(), RunError> {
    let standard = Path::new("-");
    if let Some(file) = json {
        let io = |source| RunError::Io { action: "write", path: file.to_owned(), source };
        let mut bytes = serde_json::to_vec(document).map_err(|error| io(error.into()))?;
        bytes.push(b'\n');
        if file == standard {
            return print(&bytes);
        }
        write_whole(file, &bytes).map_err(io)?;
    }
    print(&rendered())
}

/// Writes a comment to `file`, if any; returns whether it was printed in place of the report, because the file is `-`.
pub(crate) fn comment(file: Option<&Path>, text: impl FnOnce() -> String) -> Result<bool, RunError> {
    match file {
        None => Ok(false),
        Some(file) if file == Path::new("-") => print(&text()).map(|()| true),
        Some(file) => write_whole(file, text().as_bytes()).map(|()| false).map_err(|source| RunError::Io {
            action: "write",
            path: file.to_owned(),
            source,
        }),
    }
}

impl Report {
    /// Writes `document` and prints the report, as [`print_or_write`] does for the file of `--json`.
    pub(crate) fn print(
        &self,
        document: &impl Serialize,
        rendered: impl FnOnce() -> String,
    ) -> Result<(), RunError> {
        print_or_write(self.json.as_deref(), document, rendered)
    }

    /// Prints the folder of the report to stderr, because stdout may be JSON.
    pub(crate) fn tell_folder(&self, folder: &Path) {
        tell(&format!("report: {}", folder.display()));
    }
}
