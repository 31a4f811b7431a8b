//! `--against REV`: handed to `bench compare`, which builds the revision and lets both programs work in turns.

use std::process::Command;

use bench_protocol::{INSTALL, RUNNER_VARIABLE, bench_command};
use bench_record::{RunError, exit};
use bench_syntax::UsageError;

use super::flags::Flags;
use super::{Host, workspace_root};
use crate::program::own_target;
use crate::run::{self, Options};

/// Runs `bench compare REV .` over the selected cases. Returns its exit code.
pub(super) fn run(host: &Host<'_>, flags: &Flags, options: &Options, revision: &str) -> Result<u8, RunError> {
    // A filter that matches nothing should not cost a build.
    run::select(&(host.open)()?.opened, options)?;
    let Some(bench) = bench_command() else {
        return Err(UsageError(format!(
            "--against is done by the `bench` command, which is neither in PATH nor named by {RUNNER_VARIABLE}: {INSTALL}"
        ))
        .into());
    };
    let mut command = Command::new(&bench);
    command.arg("compare").arg(revision).arg(".").args(flags.compared_with());
    if let Some(results) = &options.results {
        command.arg("--output-dir").arg(results);
    }
    command.arg("--").args(cargo_arguments(flags)).current_dir(workspace_root());
    // What was read from the environment stands on that command line, or means something else there.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("BENCH_") && text != RUNNER_VARIABLE {
            command.env_remove(&name);
        }
    }
    let status = command.status().map_err(|error| RunError::io("run the `bench` command", &bench, error))?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(exit::FAILED))
}

/// What was asked for, else the package and bench target of this program, as far as cargo has told it.
fn cargo_arguments(flags: &Flags) -> Vec<String> {
    if let Some(arguments) = &flags.cargo_args {
        return arguments.split_whitespace().map(str::to_owned).collect();
    }
    let mut arguments = Vec::new();
    if let Ok(package) = std::env::var("CARGO_PKG_NAME") {
        arguments.extend(["-p".to_owned(), package]);
    }
    arguments.extend(["--bench".to_owned(), own_target()]);
    arguments
}
