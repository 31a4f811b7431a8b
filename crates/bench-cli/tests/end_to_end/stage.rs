//! A separate folder for a test, in which `bench` runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use bench_testing::{Bench, Ended, executable, executables_running, run_to_end, runs_in, scrub, wait_until};

/// A temporary folder with copies of fixture executables. It is removed afterwards.
pub(crate) struct Stage {
    folder: TempDir,
    sides: Vec<PathBuf>,
}

impl Stage {
    /// Creates a stage with a copy of [`Bench::Sides`] under each of these names, which determine what the copies do.
    pub(crate) fn new(sides: &[&str]) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("folder");
        // Marks the root of a workspace.
        fs::write(folder.path().join("Cargo.lock"), "").expect("file");
        let mut stage = Stage { folder, sides: Vec::new() };
        for side in sides {
            stage.add(Bench::Sides, side);
        }
        stage
    }

    /// Adds a copy of a fixture under a separate name, which distinguishes its processes from those of other tests.
    pub(crate) fn add(&mut self, bench: Bench, name: &str) {
        let own = self.path().join(name);
        fs::hard_link(executable(bench), &own).expect("link");
        self.sides.push(fs::canonicalize(own).expect("path"));
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the command for a program in this folder.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        scrub(&mut command);
        // Counting takes seconds, and most tests do not need it.
        command.env("BENCH_INSTRUCTIONS", "never");
        // Stages lie in the target folder of the checkout, but must not be taken for a part of its repository.
        command.env("GIT_CEILING_DIRECTORIES", env!("CARGO_TARGET_TMPDIR"));
        command.current_dir(self.path()).args(arguments);
        command
    }

    /// Returns the command `bench`.
    pub(crate) fn bench_command(&self, arguments: &[&str]) -> Command {
        self.command(env!("CARGO_BIN_EXE_bench"), arguments)
    }

    /// Returns the command that starts a copy of a fixture as cargo does, with the `bench` command available.
    pub(crate) fn target_command(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = self.command(self.path().join(name), arguments);
        command.env("BENCH_RUNNER", env!("CARGO_BIN_EXE_bench"));
        command
    }

    /// Runs `bench` with exactly these arguments, and asserts that it leaves no process and does not panic.
    #[track_caller]
    pub(crate) fn bench(&self, arguments: &[&str]) -> Ended {
        let ended = self.end(&mut self.bench_command(arguments));
        assert!(!ended.stderr.contains("panicked at bench-"), "{}", ended.said());
        wait_until("the workers end", || self.processes().is_empty());
        ended
    }

    pub(crate) fn end(&self, command: &mut Command) -> Ended {
        run_to_end(command, self.path())
    }

    /// Returns the default folder of all runs.
    pub(crate) fn results(&self) -> PathBuf {
        self.path().join("benchmark_results")
    }

    /// Returns the folder of the only run, comparison or calibration.
    #[track_caller]
    pub(crate) fn report(&self) -> PathBuf {
        let runs = runs_in(&self.results());
        assert_eq!(runs.len(), 1, "{runs:?}");
        runs[0].clone()
    }

    /// Returns the only comparison, as it was written.
    #[track_caller]
    pub(crate) fn comparison(&self) -> Value {
        read_json(&self.report().join("comparison.json"))
    }

    /// Returns the processes of the sides that are still running.
    pub(crate) fn processes(&self) -> Vec<u32> {
        self.sides.iter().flat_map(|side| executables_running(side)).map(|(process, _)| process).collect()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for process in self.processes() {
            // Errors are ignored: the process may just have ended.
            let _ = Command::new("kill").args(["-s", "KILL", &process.to_string()]).status();
        }
    }
}

#[track_caller]
pub(crate) fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("a file")).expect("JSON")
}

/// Returns the messages of the failed rounds of a case.
pub(crate) fn failure(case: &Value) -> String {
    let rounds = case["rounds"].as_array().expect("rounds");
    let messages = rounds.iter().filter_map(|round| round["failure"]["message"].as_str());
    messages.collect::<Vec<_>>().join("; ")
}

/// Returns the entry of a written comparison for a case.
#[track_caller]
pub(crate) fn case<'a>(comparison: &'a Value, id: &str) -> &'a Value {
    let cases = ["cases", "others"].into_iter().flat_map(|list| comparison[list].as_array()).flatten();
    cases.into_iter().find(|case| case["id"] == id).unwrap_or_else(|| panic!("no `{id}` in {comparison}"))
}

/// Returns the ids of a written comparison, with their verdicts.
pub(crate) fn verdicts(comparison: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    ["cases", "others"]
        .into_iter()
        .flat_map(|list| comparison[list].as_array())
        .flatten()
        .map(|case| (text(&case["id"]), text(&case["verdict"])))
        .collect()
}
