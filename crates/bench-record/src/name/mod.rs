//! Names of runs in a results folder: on Linux, a symbolic link to the run directory; on other systems, a small file
//! with its name.

#[cfg(all(target_os = "linux", not(bench_portable)))]
mod linux;
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
mod portable;

#[cfg(all(target_os = "linux", not(bench_portable)))]
use linux as system;
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
use portable as system;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

/// The beginning of a file that names a run.
const MARK: &str = "bench-run: ";

/// The maximum number of bytes that are read from a file that names a run: names of files have at most 255 bytes.
const LONGEST: u64 = 512;

/// Finds the run directory that `name` refers to in a results folder, whichever system has written the name: a run
/// directory, a link to one, or a file that names one. `None` if there is nothing with that name.
pub fn named(results: &Path, name: &str) -> Option<PathBuf> {
    fs::canonicalize(followed(&results.join(name))).ok()
}

/// Returns the path of the run directory if `path` is a file that names one, and otherwise `path`: the system itself
/// follows links.
pub fn followed(path: &Path) -> PathBuf {
    match (run_in(path), path.parent()) {
        (Some(run), Some(results)) => results.join(run),
        _ => path.to_owned(),
    }
}

/// Whether a path is a name that was given to a run, and not a run directory or another file.
pub(crate) fn is_name(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_symlink()) || run_in(path).is_some()
}

/// Makes `name` refer to the run directory `run`, and replaces an earlier name atomically.
pub(crate) fn write(results: &Path, name: &str, run: &str) -> io::Result<()> {
    let fresh = results.join(format!(".{name}.{}", std::process::id()));
    system::write(&fresh, run)?;
    fs::rename(&fresh, results.join(name))
}

/// Returns the name of the run directory that a file contains; `None` if it contains none.
fn run_in(path: &Path) -> Option<String> {
    // A folder, or a link to one, is not such a file, and a pipe would never end.
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut text = String::new();
    File::open(path).ok()?.take(LONGEST).read_to_string(&mut text).ok()?;
    let run = text.strip_prefix(MARK)?.trim_end();
    // A name must not lead out of the results folder.
    let mut parts = Path::new(run).components();
    matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None)).then(|| run.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_however_it_was_written() {
        let folder = tempfile::tempdir().expect("folder");
        let results = fs::canonicalize(folder.path()).expect("path");
        fs::create_dir(results.join("one")).expect("folder");
        fs::create_dir(results.join("two")).expect("folder");
        write(&results, "link", "one").expect("written");
        write(&results, "link", "two").expect("written again");
        fs::write(results.join("file"), format!("{MARK}two\n")).expect("file");
        for name in ["link", "file", "two"] {
            assert_eq!(named(&results, name), Some(results.join("two")), "{name}");
            assert_eq!(is_name(&results.join(name)), name != "two", "{name}");
        }
        assert_eq!(named(&results, "three"), None);
        assert_eq!(followed(&results.join("file")), results.join("two"));
        assert_eq!(followed(&results.join("three")), results.join("three"));
        let left = fs::read_dir(&results).expect("read").count();
        assert_eq!(left, 4, "nothing else is left");
    }

    #[test]
    fn a_file_that_names_no_run_is_not_a_name() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("notes");
        for text in
            ["", "bench-run", "bench-run: ", "bench-run: ../x", "bench-run: /", "bench-run: a/b", "one\n"]
        {
            fs::write(&path, text).expect("file");
            assert!(!is_name(&path), "{text:?}");
        }
    }
}
