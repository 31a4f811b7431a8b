//! Runs processes with a time limit, finds them, and sends them signals.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The time limit for a command. It is meant for commands that hang: others may build a project on a busy machine.
const LIMIT: Duration = Duration::from_secs(600);

/// A process that has ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code, or 128 plus the number of the signal.
    pub code: i32,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Ended {
    /// Returns both streams, for text that may be in either.
    pub fn said(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }

    /// Asserts the exit code.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.said());
        self
    }

    /// Asserts that all of these texts were written, to either stream.
    #[track_caller]
    pub fn expect_said(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.said().contains(text), "`{text}` is missing in:\n{}", self.said());
        }
        self
    }
}

/// Runs a command to its end. Its output goes to files in `folder`: a pipe would stay open as long as a left-over
/// grandchild holds it.
pub fn run_to_end(command: &mut Command, folder: &Path) -> Ended {
    let streams = tempfile::tempdir_in(folder).expect("folder");
    let path = |name: &str| streams.path().join(name);
    command.stdin(Stdio::null());
    command.stdout(File::create(path("stdout")).expect("file"));
    command.stderr(File::create(path("stderr")).expect("file"));
    let code = wait(command.spawn().expect("started"), || format!("{command:?}"));
    let text = |name| String::from_utf8_lossy(&fs::read(path(name)).expect("read")).into_owned();
    Ended { code, stdout: text("stdout"), stderr: text("stderr") }
}

/// Waits for a child; returns the exit code, or 128 plus the number of the signal.
pub fn wait(mut child: Child, what: impl Fn() -> String) -> i32 {
    let deadline = Instant::now() + LIMIT;
    loop {
        if let Some(status) = child.try_wait().expect("waited") {
            return status.code().unwrap_or_else(|| 128 + signal_of(status));
        }
        if Instant::now() > deadline {
            child.kill().expect("killed");
            child.wait().expect("reaped");
            panic!("still running after {LIMIT:?}: {}", what());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(unix)]
fn signal_of(status: std::process::ExitStatus) -> i32 {
    std::os::unix::process::ExitStatusExt::signal(&status).unwrap_or_default()
}

#[cfg(not(unix))]
fn signal_of(_status: std::process::ExitStatus) -> i32 {
    0
}

/// Waits until `happened` returns true; panics after a time limit.
#[track_caller]
pub fn wait_until(what: &str, mut happened: impl FnMut() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !happened() {
        assert!(Instant::now() < deadline, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Sends a signal, given by name.
pub fn signal(name: &str, process: u32) {
    assert!(try_signal(name, process), "no process {process}");
}

/// Sends a signal, given by name; returns whether the process existed.
pub fn try_signal(name: &str, process: u32) -> bool {
    Command::new("kill").args(["-s", name, &process.to_string()]).status().expect("kill").success()
}

/// Returns the ids and names of the processes that run this executable; empty if there is no `/proc`.
pub fn executables_running(executable: &Path) -> Vec<(u32, String)> {
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let process = entry.file_name().to_str()?.parse().ok()?;
            let name = fs::read_to_string(entry.path().join("comm")).ok()?;
            (fs::read_link(entry.path().join("exe")).ok()? == executable)
                .then(|| (process, name.trim().to_owned()))
        })
        .collect()
}
