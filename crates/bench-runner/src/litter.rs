//! Removes files and processes that were left behind by runs that were killed.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bench_os::{IS_PORTABLE, end_strays, process_key};
use bench_record::{JOURNAL, RUN_FILE};
use bench_report::tell;

/// The age below which a folder may belong to another run, which is about to write into it.
const AGE: Duration = Duration::from_secs(60);

/// The prefix of a folder for callgrind's files, before the process id of its runner and a number.
pub(crate) const CALLGRIND: &str = "bench-instructions-";

/// The prefix of a temporary folder of a worker, before the process id of its runner and a number (the caches of
/// compilers and the sockets of `python/bench_models/scratch.py`). A worker that is killed cannot remove it.
const WORKER: &str = "bench-worker-";

/// Removes files that killed runs have left in a results folder and in the system's temporary folder, ends the
/// processes of their workers, and reports both.
pub(crate) fn sweep(results: &Path) {
    let left = end_strays(is_gone);
    report_strays(&left, "a run that was killed");
    let mut gone = 0;
    for path in entries(results).into_iter().chain(entries(&std::env::temp_dir())) {
        gone += usize::from(is_litter(&path) && is_old(&path) && remove(&path));
        if path.parent() == Some(results) && path.is_dir() && !path.is_symlink() {
            let inner = entries(&path).into_iter().filter(|file| is_temporary(file) && is_old(file));
            gone += inner.filter(|file| remove(file)).count();
        }
    }
    if gone > 0 {
        let files = if gone == 1 { "file or folder" } else { "files and folders" };
        tell(&format!("removed {gone} {files} that runs had left when they were killed"));
    }
}

/// Ends processes that workers of this runner have started and not ended, and prints their names; removes the temporary
/// folders of workers that were killed.
pub fn end_own_strays() {
    let own = std::process::id();
    let left = end_strays(|runner| runner == own);
    report_strays(&left, "benchmarks");
    remove_folders_of(own);
}

/// Removes the temporary folders of the workers of a runner.
fn remove_folders_of(runner: u32) {
    for path in entries(&std::env::temp_dir()) {
        if runner_in(&path, WORKER) == Some(runner) {
            remove(&path);
        }
    }
}

fn report_strays(strays: &[bench_os::Stray], of: &str) {
    if !strays.is_empty() {
        let named: Vec<String> =
            strays.iter().map(|stray| format!("{} ({})", stray.name, stray.id)).collect();
        tell(&format!("ended processes that {of} had left running: {}", named.join(", ")));
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

/// Whether a path was left by a run that cannot need it any more: a run directory without any round, a file that was
/// not yet renamed, a temporary folder.
fn is_litter(path: &Path) -> bool {
    is_temporary(path) || is_of_gone_runner(path) || is_empty_run(path)
}

/// Whether a path is an incomplete file of a process that has ended: `NAME.PID.tmp`, as `bench_record::write_whole`
/// names it.
fn is_temporary(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let writer = name.strip_suffix(".tmp").and_then(|rest| rest.rsplit_once('.')?.1.parse().ok());
    path.is_file() && writer.is_some_and(is_gone)
}

fn is_of_gone_runner(path: &Path) -> bool {
    [CALLGRIND, WORKER].iter().any(|prefix| runner_in(path, prefix).is_some_and(is_gone))
}

/// Returns the process id in the name of a temporary folder, after its prefix.
fn runner_in(path: &Path, prefix: &str) -> Option<u32> {
    path.file_name()?.to_str()?.strip_prefix(prefix)?.split_once('-')?.0.parse().ok()
}

fn is_gone(process: u32) -> bool {
    !IS_PORTABLE && process_key(process).is_none()
}

/// Whether a path is named like a run directory, and its runner was killed before the journal had a complete line.
fn is_empty_run(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let shape: String = name.chars().map(|c| if c.is_ascii_hexdigit() { '0' } else { c }).collect();
    if shape != "0000-00-00T00-00-00Z-0000" || path.join(RUN_FILE).exists() {
        return false;
    }
    let inner = entries(path);
    let has_line = fs::read(path.join(JOURNAL)).is_ok_and(|journal| journal.contains(&b'\n'));
    !has_line
        && inner.iter().all(|entry| entry.ends_with(JOURNAL) || entry.is_dir() && entries(entry).is_empty())
}

fn is_old(path: &Path) -> bool {
    let changed = fs::symlink_metadata(path).and_then(|known| known.modified());
    changed.is_ok_and(|changed| changed.elapsed().is_ok_and(|age| age > AGE))
}

fn remove(path: &Path) -> bool {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.is_ok()
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    /// An id that no process has (proc(5), pid_max).
    const GONE: u32 = 4_000_000_001;

    fn age(path: &Path) {
        let long_ago = SystemTime::now() - 2 * AGE;
        fs::File::open(path).and_then(|file| file.set_modified(long_ago)).expect("older");
    }

    #[test]
    fn what_killed_runs_have_left_is_removed_and_nothing_else() {
        let results = tempfile::tempdir().expect("folder");
        let run = |name: &str, files: &[(&str, &str)]| {
            let folder = results.path().join(name);
            fs::create_dir(&folder).expect("folder");
            for (file, text) in files {
                fs::write(folder.join(file), text).expect("written");
                age(&folder.join(file));
            }
            folder
        };
        let (gone, own) = (format!("run.json.{GONE}.tmp"), format!("run.json.{}.tmp", std::process::id()));
        let empty = run("2026-11-28T21-01-05Z-0001", &[]);
        let torn = run("2026-11-28T21-01-05Z-0002", &[(JOURNAL, "{\"type\": \"beg")]);
        let begun = run("2026-11-28T21-01-05Z-0003", &[(JOURNAL, "{}\n")]);
        let sealed =
            run("2026-11-28T21-01-05Z-0004", &[(RUN_FILE, "{}"), (&gone, ""), (&own, ""), ("a.tmp", "")]);
        let notes = run("notes", &[]);
        let young = run("2026-11-28T21-01-05Z-0005", &[]);
        for folder in [&empty, &torn, &begun, &sealed, &notes] {
            age(folder);
        }
        sweep(results.path());
        let left = |folder: &Path| folder.exists();
        assert_eq!([&empty, &torn].map(|folder| left(folder)), [false; 2]);
        assert_eq!([&begun, &sealed, &notes, &young].map(|folder| left(folder)), [true; 4]);
        assert_eq!(
            [&gone, &own, "a.tmp", RUN_FILE].map(|file| sealed.join(file).exists()),
            // If the processes of the system are not known, any may still write.
            [IS_PORTABLE, true, true, true]
        );
    }

    #[test]
    fn temporary_folders_are_known_by_their_runner() {
        for prefix in [CALLGRIND, WORKER] {
            let path = |runner: u32| PathBuf::from(format!("/tmp/{prefix}{runner:010}-00000000000000ff"));
            assert_eq!(is_of_gone_runner(&path(GONE)), !IS_PORTABLE);
            assert!(!is_of_gone_runner(&path(std::process::id())));
            assert!(!is_of_gone_runner(Path::new(&format!("/tmp/{prefix}00000000000000ff"))));
        }
    }

    #[test]
    fn a_run_removes_the_folders_of_its_own_workers_at_its_end() {
        let folder =
            |runner: u32| std::env::temp_dir().join(format!("{WORKER}{runner:010}-{:016x}", line!()));
        let (own, other) = (folder(std::process::id()), folder(1));
        for path in [&own, &other] {
            fs::create_dir_all(path.join("torch")).expect("folder");
        }
        remove_folders_of(std::process::id());
        assert_eq!([own.exists(), other.exists()], [false, true]);
        fs::remove_dir_all(other).expect("removed");
    }
}
