//! Reads `/proc`.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

/// Returns the identity of the `cargo` that started this process; `None` if none did.
pub fn parent_cargo() -> Option<String> {
    let parent = std::os::unix::process::parent_id();
    let name = fs::read_to_string(format!("/proc/{parent}/comm")).ok()?;
    (name.trim() == "cargo").then(|| process_key(parent))?
}

/// Returns a key of a process: its id, the time at which it started, and the boot of the machine. No other process ever
/// gets the same key. `None` if there is no such process.
pub fn process_key(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Field 22 (starttime); the second field may hold spaces, so count from the last parenthesis.
    let started = stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.to_owned();
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(format!("{pid}-{started}-{}", boot.trim()))
}

/// Whether the process of this key runs; `None` if that is not known.
pub fn process_runs(key: &str) -> Option<bool> {
    let pid = key.split('-').next().and_then(|pid| pid.parse().ok());
    Some(pid.and_then(process_key).is_some_and(|now| now == key))
}

/// Returns a path of this process's program that stays the same when a new build replaces the file; `None` if there is
/// none. It contains the process id, because under valgrind `self` is another program.
pub fn lasting_executable() -> Option<PathBuf> {
    Some(PathBuf::from(format!("/proc/{}/exe", std::process::id()))).filter(|link| link.exists())
}

/// Makes a list of processes show `name` for the program that `command` starts.
pub fn show_as(command: &mut Command, name: &OsStr) {
    command.arg0(name);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_its_start() {
        let own = process_key(std::process::id()).expect("/proc");
        assert_eq!(process_runs(&own), Some(true));
        assert_eq!(process_runs(&own.replacen('-', "-9", 1)), Some(false));
        assert_eq!(process_runs(""), Some(false));
    }
}
