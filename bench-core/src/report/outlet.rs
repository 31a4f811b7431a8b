//! Where exporters write.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::RunError;
use crate::record::write_whole;

/// The run directory, for exporters. Each file is either the old one or the new one, whole, at every moment.
#[derive(Debug)]
pub struct Outlet {
    folder: PathBuf,
}

impl Outlet {
    /// Into `folder`, which exists.
    pub fn into(folder: &Path) -> Self {
        Outlet { folder: folder.to_owned() }
    }

    /// The run directory, with what workers have left there.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes the file of this name; folders in it are made.
    ///
    /// # Errors
    /// What `content` fails with, or that the file cannot be written.
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
}
