//! Names a run with a small file.

use std::io;
use std::path::Path;

use super::MARK;

pub(super) fn write(path: &Path, run: &str) -> io::Result<()> {
    std::fs::write(path, format!("{MARK}{run}\n"))
}
