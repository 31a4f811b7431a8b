//! The files in which a machine describes itself.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::Unknown;

/// The number of bytes that are read of a file. `/proc/cpuinfo` has a kilobyte and more for each processor, and the
/// kernel may ask each of them for its frequency; the first processors are enough.
const LONGEST: u64 = 64 << 10;

/// The machine of this process, or a folder with the same files.
#[derive(Clone, Debug)]
pub struct Machine {
    /// `None` if the system does not describe itself in files, and in the portable variant.
    root: Option<PathBuf>,
}

impl Machine {
    /// Returns the machine that this process runs on.
    pub fn this() -> Self {
        Machine { root: (!crate::IS_PORTABLE).then(|| PathBuf::from("/")) }
    }

    /// Returns a machine whose files are in the folder `root`.
    #[cfg(any(test, feature = "testing"))]
    pub fn at(root: &Path) -> Self {
        Machine { root: Some(root.to_owned()) }
    }

    pub(crate) fn path(&self, path: &str) -> io::Result<PathBuf> {
        let root = self.root.as_ref().ok_or(ErrorKind::Unsupported)?;
        Ok(root.join(path.trim_start_matches('/')))
    }

    /// Whether there is such a file or folder.
    pub fn has(&self, path: &str) -> bool {
        self.path(path).is_ok_and(|path| path.exists())
    }

    /// Returns the content of a file, without white space at its ends.
    pub fn text(&self, path: &str) -> Result<String, Unknown> {
        let mut bytes = Vec::new();
        self.path(path)
            .and_then(File::open)
            .and_then(|file| file.take(LONGEST).read_to_end(&mut bytes))
            .map_err(|error| self.unreadable(path, &error))?;
        Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
    }

    /// Reads the number in a file that contains only one.
    pub fn number<T: FromStr>(&self, path: &str) -> Result<T, Unknown> {
        let text = self.text(path)?;
        text.parse().map_err(|_| Unknown::strange(path, &text))
    }

    /// Returns the names in a folder, in order.
    pub fn names(&self, folder: &str) -> Result<Vec<String>, Unknown> {
        let entries =
            self.path(folder).and_then(fs::read_dir).map_err(|error| self.unreadable(folder, &error))?;
        let mut names: Vec<String> =
            entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// Returns the text that a symbolic link contains; `None` if it cannot be read.
    pub(crate) fn link(&self, path: &str) -> Option<String> {
        let to = self.path(path).and_then(fs::read_link).ok()?;
        Some(to.to_string_lossy().into_owned())
    }

    fn unreadable(&self, path: &str, error: &io::Error) -> Unknown {
        if self.root.is_none() {
            return Unknown::new("looked up on Linux only", "measure on Linux where figures must be trusted");
        }
        let (mount, kind, always) = if path.starts_with("/sys") {
            ("/sys", "sysfs", "/sys/devices")
        } else {
            ("/proc", "proc", "/proc/self")
        };
        if Path::new(path).starts_with(mount) && !self.has(always) {
            return Unknown::new(
                format!("{mount} is not mounted"),
                format!("sudo mount -t {kind} {kind} {mount}"),
            );
        }
        match error.kind() {
            ErrorKind::NotFound => Unknown::new(
                format!("there is no {path}"),
                "this kernel does not keep it, or this container hides it: look on the host",
            ),
            ErrorKind::PermissionDenied => {
                Unknown::new(format!("{path} may not be read"), format!("sudo cat {path}"))
            }
            _ => Unknown::new(format!("{path} cannot be read: {error}"), format!("cat {path}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::MadeUp;

    #[test]
    fn what_cannot_be_read_is_unknown_with_its_reason() {
        let made = MadeUp::new(&[("/proc/loadavg", "high\n")]);
        let number = made.machine.number::<f64>("/proc/loadavg").expect_err("no number");
        assert_eq!(number.reason, "/proc/loadavg holds `high`");
        let missing = made.machine.text("/proc/stat").expect_err("missing");
        assert_eq!(missing.reason, "there is no /proc/stat");
        made.write("/proc/folder/file", "");
        let folder = made.machine.text("/proc/folder").expect_err("a folder");
        assert!(folder.reason.starts_with("/proc/folder cannot be read: "), "{folder:?}");
    }

    #[test]
    fn a_file_system_that_is_not_mounted_is_named_with_the_command_that_mounts_it() {
        let made = MadeUp::bare(&[("/proc/version", "")]);
        for (path, mount) in [("/proc/loadavg", "proc proc /proc"), ("/sys/devices/x", "sysfs sysfs /sys")] {
            let unknown = made.machine.text(path).expect_err("not mounted");
            assert!(unknown.reason.ends_with(" is not mounted"), "{unknown:?}");
            assert_eq!(unknown.advice, format!("sudo mount -t {mount}"));
            assert_eq!(made.machine.names(path).expect_err("not mounted"), unknown);
        }
        let other = made.machine.text("/.dockerenv").expect_err("missing");
        assert_eq!(other.reason, "there is no /.dockerenv");
    }

    #[test]
    fn a_machine_that_does_not_tell_of_itself_is_unknown() {
        let silent = Machine { root: None };
        assert!(!silent.has("/proc/self"));
        for unknown in [silent.text("/proc/stat").map(drop), silent.names("/proc").map(drop)] {
            assert_eq!(unknown.expect_err("no files").reason, "looked up on Linux only");
        }
    }

    #[test]
    fn a_file_that_may_not_be_read_says_so() {
        let made = MadeUp::new(&[]);
        let denied = made.machine.unreadable("/proc/stat", &ErrorKind::PermissionDenied.into());
        assert_eq!(
            (denied.reason.as_str(), denied.advice.as_str()),
            ("/proc/stat may not be read", "sudo cat /proc/stat")
        );
    }

    #[test]
    fn long_files_are_read_in_part() {
        let made = MadeUp::new(&[("/proc/cpuinfo", &"x".repeat(LONGEST as usize + 1))]);
        assert_eq!(made.machine.text("/proc/cpuinfo").map(|text| text.len() as u64), Ok(LONGEST));
    }
}
