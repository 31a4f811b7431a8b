//! Identifies a runner by its process id and the time at which the process was started.

use std::io;
use std::path::Path;

/// This process, as the writer of a journal.
#[derive(Debug)]
pub(crate) struct Presence;

impl Presence {
    /// Marks this process as the writer of the journal in a run directory, which needs no file here.
    pub(crate) fn begin(_folder: &Path) -> io::Result<Self> {
        Ok(Presence)
    }

    /// Returns the text by which the journal identifies this process.
    pub(crate) fn writer(&self) -> String {
        bench_os::process_key(std::process::id()).unwrap_or_default()
    }
}

/// Whether the writer of the journal in `folder` is still running.
pub(crate) fn is_present(_folder: &Path, writer: &str) -> bool {
    bench_os::process_runs(writer).unwrap_or(false)
}
