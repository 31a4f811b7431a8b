//! The standard library knows no processes except the children of this one.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

/// Returns `None`: the standard library does not report which process has started this one.
pub fn parent_cargo() -> Option<String> {
    None
}

/// Returns `None`: the standard library does not report when a process was started.
pub fn process_key(_pid: u32) -> Option<String> {
    None
}

/// Returns `None`: whether another process runs is not known.
pub fn process_runs(_key: &str) -> Option<bool> {
    None
}

/// Returns `None`: a program has no path except that of its file.
pub fn lasting_executable() -> Option<PathBuf> {
    None
}

/// Does nothing: a program is shown by its file.
pub fn show_as(_command: &mut Command, _name: &OsStr) {}
