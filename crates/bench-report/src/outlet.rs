//! The destination of exporters.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bench_record::{Record, RunError, stream_whole, write_whole};

/// The run directory, for exporters. Files are replaced atomically: at any moment, a file has either its complete
/// old contents or its complete new contents.
#[derive(Debug)]
pub struct Outlet {
    folder: PathBuf,
    baseline: Option<Arc<Record>>,
}

impl Outlet {
    /// Creates an outlet into `folder`, which must exist.
    pub fn into(folder: &Path) -> Self {
        Outlet { folder: folder.to_owned(), baseline: None }
    }

    /// Sets the run with which this run is compared.
    #[must_use]
    pub fn beside(self, baseline: Option<Arc<Record>>) -> Self {
        Outlet { baseline, ..self }
    }

    /// Returns the earlier run with which this one is compared (`--compare`); `None` if there is none.
    pub fn baseline(&self) -> Option<&Record> {
        self.baseline.as_deref()
    }

    /// Returns the run directory, which also contains files that workers have written.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes the file with this name, and creates the folders in the name.
    ///
    /// # Errors
    /// The error of `content`, or that the file cannot be written.
    pub fn write(
        &self,
        name: &str,
        content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), RunError> {
        let path = self.folder.join(name);
        let mut bytes = Vec::new();
        content(&mut bytes)
            .and_then(|()| path.parent().map_or(Ok(()), fs::create_dir_all))
            .and_then(|()| write_whole(&path, &bytes))
            .map_err(|error| RunError::io("write the report", path, error))
    }

    /// Same as [`write`](Self::write), without keeping the file in memory: for files that can have millions of rows.
    /// `content` can read the old file of this name while it writes the new one.
    ///
    /// # Errors
    /// The error of `content`, or that the file cannot be written.
    pub fn stream(
        &self,
        name: &str,
        content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), RunError> {
        let path = self.folder.join(name);
        path.parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| {
                stream_whole(&path, |file| {
                    let mut out = BufWriter::with_capacity(1 << 16, file);
                    content(&mut out)?;
                    out.flush()
                })
            })
            .map_err(|error| RunError::io("write the report", path, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_fails_leaves_the_old_file() {
        let folder = tempfile::tempdir().expect("folder");
        let outlet = Outlet::into(folder.path());
        let read = || fs::read_to_string(folder.path().join("a/rows")).expect("rows");
        outlet.stream("a/rows", |out| out.write_all(b"one")).expect("written");
        let failed = outlet.stream("a/rows", |out| {
            out.write_all(b"tw")?;
            Err(io::Error::other("full"))
        });
        assert!(failed.is_err());
        assert_eq!(read(), "one");
        outlet.stream("a/rows", |out| write!(out, "{} and two", read())).expect("written");
        assert_eq!(read(), "one and two");
        assert_eq!(fs::read_dir(folder.path().join("a")).expect("folder").count(), 1);
    }
}
