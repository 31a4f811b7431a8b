//! The cache of built revisions, and the rules by which they are removed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use bench_stats::seed::hash;
use bench_syntax::quantity::Bytes;

/// The variable for the folder of the cache.
const FOLDER_VARIABLE: &str = "BENCH_CACHE_DIR";

/// The variable for the maximum size of the cache: `20GB`.
const SIZE_VARIABLE: &str = "BENCH_CACHE_SIZE";

/// The maximum size of the cache in bytes, if the variable gives none.
const LARGEST: u64 = 20_000_000_000;

/// The number of revisions that are kept whatever their size: both sides of a comparison.
const KEPT: usize = 2;

/// Returns the folder of a repository's revisions, below the user's cache folder (XDG Base Directory Specification).
pub(super) fn of(top: &Path) -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = set(FOLDER_VARIABLE)
        .or_else(|| Some(set("XDG_CACHE_HOME")?.join("bench")))
        .or_else(|| Some(set("HOME")?.join(".cache").join("bench")))
        .unwrap_or_else(|| std::env::temp_dir().join("bench-cache"));
    let name = top.file_name().unwrap_or_default().to_string_lossy();
    folder.join("revisions").join(format!("{name}-{:016x}", hash(&top.to_string_lossy())))
}

/// Returns the folders of revisions, the most recently used first.
fn by_use(revisions: &Path) -> Vec<PathBuf> {
    let used = |path: &PathBuf| {
        fs::metadata(path).and_then(|found| found.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
    };
    let entries = fs::read_dir(revisions).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort_by_key(|folder| std::cmp::Reverse(used(folder)));
    folders
}

/// Fills a new target folder with the files that another revision has built, so that crates of both are not built
/// twice. Cargo compares file times, which are kept; if copying fails, everything is built.
pub(super) fn seed(home: &Path, target: &Path) {
    let Some(revisions) = home.parent() else { return };
    let built = |other: &PathBuf| other != home && other.join("target").is_dir();
    let Some(other) = by_use(revisions).into_iter().find(built) else { return };
    let copied = Command::new("cp")
        .args(["-a", "--reflink=auto"])
        .arg(other.join("target"))
        .arg(target)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !copied.is_ok_and(|status| status.success()) {
        // An incomplete folder would be taken for a complete one.
        let _ = fs::remove_dir_all(target);
    }
}

/// Removes the least recently used revisions until the rest is small enough; never one that is being measured.
pub(super) fn prune(revisions: &Path, own: &Path) {
    let largest = std::env::var(SIZE_VARIABLE).ok().and_then(|text| text.parse::<Bytes>().ok());
    let largest = largest.map_or(LARGEST, |Bytes(bytes)| bytes);
    let mut total = 0;
    for (place, folder) in by_use(revisions).into_iter().enumerate() {
        total += size(&folder);
        if place >= KEPT && total > largest && folder != own {
            remove(revisions, &folder);
        }
    }
}

fn remove(revisions: &Path, folder: &Path) {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let commit = name.split('-').next().unwrap_or_default();
    let lock = File::options().write(true).open(revisions.join(format!("{commit}.lock")));
    if lock.is_ok_and(|lock| lock.try_lock().is_ok()) {
        // A folder that cannot be removed only costs space.
        let _ = fs::remove_dir_all(folder);
    }
}

/// Returns the bytes of all files below a folder; links do not count.
fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => size(&entry.path()),
            Ok(kind) if kind.is_file() => entry.metadata().map_or(0, |found| found.len()),
            _ => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_revisions_used_last_are_kept() {
        let revisions = tempfile::tempdir().expect("folder");
        let mut folders = Vec::new();
        for age in 0..4u64 {
            let folder = revisions.path().join(format!("{age}-key"));
            fs::create_dir(&folder).expect("folder");
            fs::write(folder.join("file"), vec![0; 10_000_000]).expect("file");
            fs::write(revisions.path().join(format!("{age}.lock")), "").expect("lock");
            let used = SystemTime::now() - Duration::from_secs(60 * age);
            File::open(&folder).and_then(|folder| folder.set_modified(used)).expect("time");
            folders.push(folder);
        }
        let held = File::options().write(true).open(revisions.path().join("3.lock")).expect("lock");
        held.lock_shared().expect("held");
        let total: u64 = folders.iter().map(|folder| size(folder)).sum();
        assert_eq!(total, 40_000_000);
        // As if only 15 MB were allowed.
        let mut seen = 0;
        for (place, folder) in by_use(revisions.path()).into_iter().enumerate() {
            seen += size(&folder);
            if place >= KEPT && seen > 15_000_000 {
                remove(revisions.path(), &folder);
            }
        }
        let left: Vec<bool> = folders.iter().map(|folder| folder.exists()).collect();
        assert_eq!(left, [true, true, false, true], "the last one is being measured");
    }
}
