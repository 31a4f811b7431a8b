//! Describes this machine.

use std::path::Path;
use std::process::Command;

use bench_protocol::Build;
use bench_record::Environment;

use crate::{read_line, system};

/// Describes this machine, and the commit of the working directory, for a program built as `build` says. Changes in
/// `results`, the folder of runs, do not make the tree dirty: if runs are committed, every run changes them.
pub fn capture(build: &Build, results: Option<&Path>) -> Environment {
    let mut environment = Environment::default();
    environment.commit = git(&["rev-parse", "HEAD"]).filter(|commit| !commit.is_empty());
    environment.dirty = is_dirty(results);
    environment.cores = std::thread::available_parallelism().ok().map(usize::from);
    environment.governor = read_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
    environment.gpus = nvidia_gpus(Path::new("/proc/driver/nvidia/gpus"));
    environment.gpu_driver = read_line("/proc/driver/nvidia/version").map(|line| driver_version(&line));
    environment.built_as(build);
    system::describe(&mut environment);
    environment
}

/// Whether files that git knows have changed, apart from those below `results`. `None` outside of a repository.
fn is_dirty(results: Option<&Path>) -> Option<bool> {
    let changes = |paths: &[&str]| {
        git(&[&["status", "--porcelain", "--untracked-files=no", "--"], paths].concat())
            .map(|changes| !changes.is_empty())
    };
    let without = results.map(|results| format!(":(exclude){}", results.display()));
    // Git refuses to exclude a folder that lies outside of the repository: nothing of it can have changed there.
    without.and_then(|without| changes(&[":(top)", &without])).or_else(|| changes(&[]))
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Returns `Model:` of every file `<folder>/*/information`.
fn nvidia_gpus(folder: &Path) -> Vec<String> {
    let mut gpus: Vec<(std::path::PathBuf, String)> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let text = std::fs::read_to_string(entry.path().join("information")).ok()?;
            let model = text.lines().find_map(|line| line.strip_prefix("Model:"))?.trim().to_owned();
            Some((entry.path(), model))
        })
        .collect();
    gpus.sort();
    gpus.into_iter().map(|(_, model)| model).collect()
}

/// Returns the version number in `NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue …`.
fn driver_version(line: &str) -> String {
    line.split_whitespace()
        .find(|word| word.contains('.') && word.chars().all(|c| c.is_ascii_digit() || c == '.'))
        .unwrap_or(line)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_driver_is_a_version_number() {
        let line = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024";
        assert_eq!(driver_version(line), "550.54.15");
    }

    #[test]
    fn gpus_are_listed_in_order() {
        let folder = tempfile::tempdir().expect("folder");
        for (bus, model) in [("0000:02:00.0", "NVIDIA H200"), ("0000:01:00.0", "NVIDIA A100")] {
            std::fs::create_dir(folder.path().join(bus)).expect("folder");
            std::fs::write(
                folder.path().join(bus).join("information"),
                format!("Model: \t\t {model}\nIRQ: 1\n"),
            )
            .expect("file");
        }
        assert_eq!(nvidia_gpus(folder.path()), ["NVIDIA A100", "NVIDIA H200"]);
        assert!(nvidia_gpus(&folder.path().join("missing")).is_empty());
    }
}
