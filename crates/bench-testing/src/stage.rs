//! A separate folder for a test, in which a fixture runs as in the root of a workspace.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use bench_record::Record;
use tempfile::TempDir;

use crate::process::{Ended, executables_running, run_to_end};
use crate::{Bench, executable, scratch, scrub};

/// Arguments for the quickest possible run.
pub const QUICK: [&str; 3] = ["--rounds=1", "--warmup=1", "--repeats=5"];

/// A temporary folder with a copy of a fixture executable. It is removed afterwards.
pub struct Stage {
    folder: TempDir,
    executable: PathBuf,
}

impl Stage {
    /// A stage with this fixture.
    pub fn new(bench: Bench) -> Self {
        let folder = tempfile::tempdir_in(scratch()).expect("folder");
        // What marks the root of a workspace.
        fs::write(folder.path().join("Cargo.lock"), "").expect("file");
        // A name of its own, by which this test's processes are known from those of others.
        let own = folder.path().join(bench.target());
        fs::hard_link(executable(bench), &own).expect("link");
        let executable = fs::canonicalize(own).expect("path");
        Stage { folder, executable }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The fixture, not yet started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.executable);
        scrub(&mut command);
        // Stages lie in the target folder, and that in the checkout: the stage is no part of it.
        command.env("GIT_CEILING_DIRECTORIES", scratch());
        command.current_dir(self.path()).args(arguments);
        command
    }

    /// Runs the fixture with exactly these arguments.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        self.end(&mut self.command(arguments))
    }

    /// Measures, as quickly as can be.
    pub fn bench(&self, arguments: &[&str]) -> Ended {
        // Cargo passes `--bench` last.
        self.run(&[&QUICK[..], arguments, &["--bench"]].concat())
    }

    /// Runs a command to its end.
    pub fn end(&self, command: &mut Command) -> Ended {
        run_to_end(command, self.path())
    }

    /// The usual folder of all runs.
    pub fn results(&self) -> PathBuf {
        self.path().join("benchmark_results")
    }

    /// The run directories.
    pub fn runs(&self) -> Vec<PathBuf> {
        runs_in(&self.results())
    }

    /// The run that `latest` names.
    pub fn latest(&self) -> PathBuf {
        bench_record::named(&self.results(), "latest").expect("a run")
    }

    /// The record of the only run.
    #[track_caller]
    pub fn record(&self) -> Record {
        let runs = self.runs();
        assert_eq!(runs.len(), 1, "{runs:?}");
        bench_judge::open(&runs[0]).expect("record")
    }

    /// Processes of this stage that are still there, and the names they go by.
    pub fn processes(&self) -> Vec<(u32, String)> {
        executables_running(&self.executable)
    }
}

/// The run directories below `results`.
pub fn runs_in(results: &Path) -> Vec<PathBuf> {
    let mut runs: Vec<PathBuf> = fs::read_dir(results)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect();
    runs.sort();
    runs
}

impl Drop for Stage {
    fn drop(&mut self) {
        for (process, _) in self.processes() {
            // It may just have gone.
            let _ = Command::new("kill").args(["-s", "KILL", &process.to_string()]).status();
        }
    }
}
