//! `--against REV`: calls `bench compare`, which builds the revision and lets both programs take turns.

use std::ffi::OsStr;
use std::process::Command;

use bench_protocol::{INSTALL, RUNNER_VARIABLE, bench_command};
use bench_record::{RunError, exit};
use bench_syntax::UsageError;

use super::flags::Flags;
use super::{Host, workspace_root};
use crate::program::{Kind, Opened};
use crate::run::{self, Options, Selected};

/// Variables with the same meaning for `bench compare` that are not on its command line.
const PASSED_ON: [&str; 2] = [RUNNER_VARIABLE, "BENCH_INSTRUCTIONS"];

/// Runs `bench compare REV .`, or with another side in place of `.`, over the selected cases. Returns its exit code.
pub(super) fn run(host: &Host<'_>, flags: &Flags, options: &Options, revision: &str) -> Result<u8, RunError> {
    // A filter that matches nothing should not cost a build.
    let programs = (host.open)()?;
    let selected = run::select(&programs.opened, options)?;
    let here = OsStr::new(".");
    let side = host.working_tree.as_ref().map_or(here, |tree| &tree.side);
    let sides = [OsStr::new(revision), side];
    let mut command = compare("--against", host, flags, options, &ids(&selected), sides)?;
    if let Some(layouts) = flags.layouts {
        command.args(["--layouts", &layouts.to_string()]);
    }
    match &host.working_tree {
        Some(tree) => command.args(&tree.flags),
        None => {
            command.arg("--").args(cargo_arguments(flags, &programs.opened)).current_dir(workspace_root())
        }
    };
    exit_code(&mut command)
}

/// The ids of these cases.
pub(super) fn ids<'a>(selected: &[Selected<'a>]) -> Vec<&'a str> {
    selected.iter().map(|(_, case)| case.id.as_str()).collect()
}

/// Returns the command `bench compare` for two `sides`, with the options that the other flags require. Errors name
/// `flag`.
///
/// # Errors
/// When there is no `bench` command.
pub(super) fn compare<S: AsRef<OsStr>>(
    flag: &str,
    host: &Host<'_>,
    flags: &Flags,
    options: &Options,
    ids: &[&str],
    sides: [S; 2],
) -> Result<Command, RunError> {
    // The `bench` command itself knows where it is.
    let own = if host.is_bench_target { None } else { std::env::current_exe().ok() };
    let Some(bench) = own.or_else(bench_command) else {
        return Err(UsageError(format!(
            "{flag} needs the `bench` command, which is neither in PATH nor named by {RUNNER_VARIABLE}: {INSTALL}"
        ))
        .into());
    };
    let mut command = Command::new(&bench);
    command.arg("compare").args(sides).args(flags.compared_with(ids));
    if let Some(results) = &options.results {
        command.arg("--output-dir").arg(results);
    }
    // These variables are already part of that command line, or would mean something else there.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("BENCH_") && !PASSED_ON.contains(&&*text) {
            command.env_remove(&name);
        }
    }
    Ok(command)
}

/// Runs `bench compare`. Returns its exit code.
///
/// # Errors
/// When it cannot be started.
pub(super) fn exit_code(command: &mut Command) -> Result<u8, RunError> {
    let status = command
        .status()
        .map_err(|error| RunError::io("run the `bench` command", command.get_program(), error))?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(exit::FAILED))
}

/// Returns the requested arguments, or else the package and bench targets of these programs, as far as cargo has
/// reported them.
fn cargo_arguments(flags: &Flags, programs: &[Opened]) -> Vec<String> {
    if let Some(arguments) = &flags.cargo_args {
        return arguments.split_whitespace().map(str::to_owned).collect();
    }
    let mut arguments = Vec::new();
    let package = std::env::var("CARGO_PKG_NAME").ok();
    for opened in programs {
        // A worker without a runner is an executable that cargo has started, and that has handed over to `bench run`.
        let is_built = match opened.program.kind() {
            Kind::Own | Kind::BenchTarget | Kind::Adapted => true,
            Kind::Executable => package.is_some(),
            Kind::Python => false,
        };
        if is_built {
            arguments.extend(["--bench".to_owned(), opened.program.name().to_owned()]);
        }
    }
    if let Some(package) = package {
        arguments.extend(["-p".to_owned(), package]);
    }
    arguments
}
