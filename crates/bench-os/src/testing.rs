//! Machines made up for tests.
#![allow(clippy::expect_used)]

use std::fs;

use crate::Machine;

/// A machine made of files in a temporary folder, which is removed with this value.
pub struct MadeUp {
    folder: tempfile::TempDir,
    /// The machine.
    pub machine: Machine,
}

impl MadeUp {
    /// Creates a machine with these files, and with `/proc` and `/sys` mounted.
    pub fn new(files: &[(&str, &str)]) -> Self {
        let made = MadeUp::bare(files);
        for mounted in ["proc/self", "sys/devices"] {
            fs::create_dir_all(made.folder.path().join(mounted)).expect("folder");
        }
        made
    }

    /// Creates a machine with nothing but these files.
    pub fn bare(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let machine = Machine::at(folder.path());
        let made = MadeUp { folder, machine };
        files.iter().for_each(|(path, content)| made.write(path, content));
        made
    }

    /// Adds a file, or replaces it.
    pub fn write(&self, path: &str, content: &str) {
        let file = self.machine.path(path).expect("a machine");
        fs::create_dir_all(file.parent().expect("a folder")).expect("folder");
        fs::write(file, content).expect("file");
    }

    /// Removes a file or folder.
    pub fn remove(&self, path: &str) {
        let found = self.machine.path(path).expect("a machine");
        if found.is_dir() { fs::remove_dir_all(found) } else { fs::remove_file(found) }.expect("removed");
    }
}
