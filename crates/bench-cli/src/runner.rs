//! `bench runner`: runs the executables that cargo builds, on cargo's behalf.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitStatus};

use bench_record::{RunError, exit};
use bench_report::tell;
use bench_runner::command_line::{self, Host};
use bench_runner::program::{ListLimits, Program, Programs};
use bench_syntax::UsageError;

/// The flag that cargo passes to an executable that is to be measured.
const BENCH: &str = "--bench";

/// Measures the executable if cargo requests that and its harness is known; otherwise runs it as usual.
pub(crate) fn run(typed: &[OsString]) -> Result<u8, RunError> {
    let [executable, arguments @ ..] = typed else {
        return Err(UsageError(
            "expected the path of an executable, as cargo passes it to a runner".to_owned(),
        )
        .into());
    };
    let path = Path::new(executable);
    if !arguments.iter().any(|argument| argument == BENCH) {
        return as_it_is(path, arguments);
    }
    let opened = match bench_adapters::open(Program::executable(path)?, &ListLimits::default()) {
        Ok(opened) => opened,
        Err(error) => {
            tell(&format!("note: not measured, but run as usual: {error}"));
            return as_it_is(path, arguments);
        }
    };
    let open = || Ok(Programs::from(opened.clone()));
    let host = Host {
        name: "cargo bench --",
        about: "Benchmarks of any harness, measured by `bench runner`.",
        open: &open,
        in_process: None,
        probes: None,
        is_bench_target: true,
        working_tree: None,
    };
    command_line::run(&host, arguments.iter().cloned())
}

/// Runs an executable with its arguments; returns its exit code.
fn as_it_is(executable: &Path, arguments: &[OsString]) -> Result<u8, RunError> {
    let status = Command::new(executable)
        .args(arguments)
        .status()
        .map_err(|error| RunError::io("run", executable, error))?;
    Ok(code(status))
}

/// Returns the exit code as a shell does: 128 plus the number of the signal if a signal has ended the process.
fn code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return u8::try_from(128 + signal).unwrap_or(exit::FAILED);
    }
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(exit::FAILED)
}
