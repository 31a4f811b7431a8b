//! `--against REV`: this program and one built from another revision, in turns.

use crate::error::{RunError, UsageError};
use crate::paired::{self, Checkout, Progress, Side};
use crate::report::{self, Style, print, tell};
use crate::runner;
use crate::suite::Suite;

use super::flags::Flags;
use super::workspace_root;

/// Builds the revision, compares, reports. Returns the exit code.
pub(super) fn run(flags: &Flags, suite: &Suite, revision: &str, style: Style) -> Result<u8, RunError> {
    let rules = flags.rules()?;
    // A filter that matches nothing should not cost a build.
    suite.cases()?;
    let checkout = Checkout::new(workspace_root(), &cargo_arguments(flags));
    let Some(commit) = checkout.commit(revision) else {
        return Err(UsageError(format!(
            "`{revision}` is no revision that git knows here: wanted a branch, a tag or a commit. An earlier run is \
             compared with `--compare`"
        ))
        .into());
    };
    let own = std::env::current_exe().map_err(|error| RunError::io("find the own executable", "", error))?;
    let base = Side::open_built(revision, &checkout.build_revision(&commit)?)?;
    let candidate = Side::open("this build", &[own])?;
    let comparison = {
        let mut progress = Progress::new(flags.quiet || flags.no_progress);
        paired::compare(&base, &candidate, &suite.selection, &rules, &mut progress)?
    };
    // A full disk must not swallow what was measured: shown first, complained of afterwards.
    let written = suite.results.as_deref().map(|results| comparison.write(results)).transpose();
    print(&report::paired::render(&comparison, style))?;
    if let Some(folder) = written? {
        tell(&format!("report: {}", folder.display()));
    }
    Ok(comparison.exit_code(flags.fail_on_regression.unwrap_or_default(), flags.strict))
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
    arguments.extend(["--bench".to_owned(), runner::own_target()]);
    arguments
}
