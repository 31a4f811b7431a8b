//! A separate folder for a test, in which `bench` runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use bench_testing::{Bench, Ended, executable, executables_running, run_to_end, runs_in, scrub, wait_until};

/// A folder with copies of fixture executables; nothing of it is left afterwards.
pub(crate) struct Stage {
    folder: TempDir,
    sides: Vec<PathBuf>,
}

impl Stage {
    /// With a copy of [`Bench::Sides`] under each of these names, which say what the copies do.
    pub(crate) fn new(sides: &[&str]) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("folder");
        // What marks the root of a workspace.
        fs::write(folder.path().join("Cargo.lock"), "").expect("file");
        let mut stage = Stage { folder, sides: Vec::new() };
        for side in sides {
            stage.add(Bench::Sides, side);
        }
        stage
    }

    /// A copy of a fixture, under its own name, by which its processes are known from those of others.
    pub(crate) fn add(&mut self, bench: Bench, name: &str) {
        let own = self.path().join(name);
        fs::hard_link(executable(bench), &own).expect("link");
        self.sides.push(fs::canonicalize(own).expect("path"));
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A program in this folder, not yet started.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        scrub(&mut command);
        // Most tests are of something else, and counting takes seconds.
        command.env("BENCH_INSTRUCTIONS", "never");
        // Stages lie in the target folder, and that in the checkout: the stage is no part of it.
        command.env("GIT_CEILING_DIRECTORIES", env!("CARGO_TARGET_TMPDIR"));
        command.current_dir(self.path()).args(arguments);
        command
    }

    /// `bench`, not yet started.
    pub(crate) fn bench_command(&self, arguments: &[&str]) -> Command {
        self.command(env!("CARGO_BIN_EXE_bench"), arguments)
    }

    /// A copy of a fixture, not yet started: as cargo starts it, with the `bench` command at hand.
    pub(crate) fn target_command(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = self.command(self.path().join(name), arguments);
        command.env("BENCH_RUNNER", env!("CARGO_BIN_EXE_bench"));
        command
    }

    /// Runs `bench` with exactly these arguments. However it ends, it leaves no process and does not panic.
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

    /// The usual folder of all runs.
    pub(crate) fn results(&self) -> PathBuf {
        self.path().join("benchmark_results")
    }

    /// The folder of the only comparison or calibration.
    #[track_caller]
    pub(crate) fn report(&self) -> PathBuf {
        let runs = runs_in(&self.results());
        assert_eq!(runs.len(), 1, "{runs:?}");
        runs[0].clone()
    }

    /// The only comparison, as it was written.
    #[track_caller]
    pub(crate) fn comparison(&self) -> Value {
        read_json(&self.report().join("comparison.json"))
    }

    /// Processes of the sides that are still there.
    pub(crate) fn processes(&self) -> Vec<u32> {
        self.sides.iter().flat_map(|side| executables_running(side)).map(|(process, _)| process).collect()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for process in self.processes() {
            // It may just have gone.
            let _ = Command::new("kill").args(["-s", "KILL", &process.to_string()]).status();
        }
    }
}

#[track_caller]
pub(crate) fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("a file")).expect("JSON")
}

/// The messages of the failed rounds of a case.
pub(crate) fn failure(case: &Value) -> String {
    let rounds = case["rounds"].as_array().expect("rounds");
    let messages = rounds.iter().filter_map(|round| round["failure"]["message"].as_str());
    messages.collect::<Vec<_>>().join("; ")
}

/// The entry of a written comparison for a case.
#[track_caller]
pub(crate) fn case<'a>(comparison: &'a Value, id: &str) -> &'a Value {
    let cases = ["cases", "others"].into_iter().flat_map(|list| comparison[list].as_array()).flatten();
    cases.into_iter().find(|case| case["id"] == id).unwrap_or_else(|| panic!("no `{id}` in {comparison}"))
}

/// The ids of a written comparison, with their verdicts.
pub(crate) fn verdicts(comparison: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    ["cases", "others"]
        .into_iter()
        .flat_map(|list| comparison[list].as_array())
        .flatten()
        .map(|case| (text(&case["id"]), text(&case["verdict"])))
        .collect()
}
