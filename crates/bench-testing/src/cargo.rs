//! Cargo commands inside a test.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Returns the folder where fixtures are built: not that of this test's build, which cargo has locked.
pub fn fixture_target() -> PathBuf {
    let own = scratch();
    // The portable variant shares the folder: the dependencies were built there with the same flags and profile, and a
    // second build would double the time of the step in CI. Cargo waits until the folder is free.
    let shared = own.parent().filter(|_| cfg!(bench_portable));
    shared.map_or_else(|| own.join("fixtures"), Path::to_owned)
}

/// Returns the folder for files of integration tests, which they know as `CARGO_TARGET_TMPDIR`; it lies next to the
/// folder of the profile, which contains this test's executable in `deps`.
pub fn scratch() -> PathBuf {
    let executable = std::env::current_exe().expect("the path of this test");
    let folder = executable.ancestors().nth(3).expect("the target folder").join("tmp");
    std::fs::create_dir_all(&folder).expect("folder");
    folder
}

/// Returns the root of this workspace.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the workspace")
}

/// Returns the command `cargo <subcommand>` for this workspace, without the variables that [`scrub`] removes.
pub fn cargo(subcommand: &[&str]) -> Command {
    cargo_into(&fixture_target(), subcommand)
}

/// Same as [`cargo`], with a separate target folder.
pub(crate) fn cargo_into(target: &Path, subcommand: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO"));
    scrub(&mut command);
    if cfg!(bench_portable) {
        // The same as for the build of this test, otherwise everything would be built again.
        const SHARED: [&str; 3] = ["RUSTFLAGS", "CARGO_PROFILE_DEV_DEBUG", "CARGO_INCREMENTAL"];
        command.envs(std::env::vars_os().filter(|(name, _)| SHARED.iter().any(|shared| name == shared)));
    }
    command.current_dir(workspace()).args(subcommand).arg("--locked").arg("--target-dir").arg(target);
    command
}

/// Removes the variables that the user, or the cargo that started this test, has set.
pub fn scrub(command: &mut Command) {
    let theirs = |name: &str| {
        name.starts_with("BENCH_")
            || name.starts_with("NEXTEST")
            || name.starts_with("CARGO_") && name != "CARGO_HOME"
            || name.starts_with("GIT_")
            || ["SLURM_", "OMPI_", "PMI_", "PMIX_"].iter().any(|engine| name.starts_with(engine))
            || name == "JOB_COMPLETION_INDEX"
            || matches!(name, "RUSTFLAGS" | "RUST_BACKTRACE" | "NO_COLOR" | "CLICOLOR_FORCE")
    };
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(theirs) {
            command.env_remove(&name);
        }
    }
}
