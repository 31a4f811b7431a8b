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
    /// Creates a stage with this fixture.
    pub fn new(bench: Bench) -> Self {
        let folder = tempfile::tempdir_in(scratch()).expect("folder");
        // Marks the root of a workspace.
        fs::write(folder.path().join("Cargo.lock"), "").expect("file");
        // The separate path distinguishes this test's processes from those of others.
        let own = folder.path().join(bench.target());
        fs::hard_link(executable(bench), &own).expect("link");
        let executable = fs::canonicalize(own).expect("path");
        Stage { folder, executable }
    }

    /// Returns the folder of the stage.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the command that starts the fixture.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.executable);
        scrub(&mut command);
        // Stages lie in the target folder of the checkout, but must not be taken for a part of its repository.
        command.env("GIT_CEILING_DIRECTORIES", scratch());
        command.current_dir(self.path()).args(arguments);
        command
    }

    /// Runs the fixture with exactly these arguments.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        self.end(&mut self.command(arguments))
    }

    /// Measures as quickly as possible.
    pub fn bench(&self, arguments: &[&str]) -> Ended {
        // Cargo passes `--bench` last.
        self.run(&[&QUICK[..], arguments, &["--bench"]].concat())
    }

    /// Runs a command to its end.
    pub fn end(&self, command: &mut Command) -> Ended {
        run_to_end(command, self.path())
    }

    /// Returns the default folder of all runs.
    pub fn results(&self) -> PathBuf {
        self.path().join("benchmark_results")
    }

    /// Returns the run directories.
    pub fn runs(&self) -> Vec<PathBuf> {
        runs_in(&self.results())
    }

    /// Returns the directory of the run that `latest` names.
    pub fn latest(&self) -> PathBuf {
        bench_record::named(&self.results(), "latest").expect("a run")
    }

    /// Returns the record of the only run.
    #[track_caller]
    pub fn record(&self) -> Record {
        let runs = self.runs();
        assert_eq!(runs.len(), 1, "{runs:?}");
        bench_judge::open(&runs[0]).expect("record")
    }

    /// Returns the ids and names of the processes of this stage that are still running.
    pub fn processes(&self) -> Vec<(u32, String)> {
        executables_running(&self.executable)
    }
}

/// Returns the run directories below `results`.
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
            // Errors are ignored: the process may just have ended.
            let _ = Command::new("kill").args(["-s", "KILL", &process.to_string()]).status();
        }
    }
}
