//! Cargo inside of a test.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the fixtures are built: not where this test was built, whose folder cargo has locked.
pub(crate) fn fixture_target() -> PathBuf {
    let own = Path::new(env!("CARGO_TARGET_TMPDIR"));
    // In the portable variant, where what they depend on has been built with the same flags and profile: a second copy
    // would double the time of its step in CI. Cargo waits until the folder is free.
    let shared = own.parent().filter(|_| cfg!(bench_portable));
    shared.map_or_else(|| own.join("fixtures"), Path::to_owned)
}

/// `cargo <subcommand>` on this workspace, in an environment of its own.
pub(crate) fn cargo(subcommand: &[&str]) -> Command {
    cargo_into(&fixture_target(), subcommand)
}

/// The same with a target folder of its own.
pub(crate) fn cargo_into(target: &Path, subcommand: &[&str]) -> Command {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let mut command = Command::new(env!("CARGO"));
    scrub(&mut command);
    if cfg!(bench_portable) {
        // As what this test was built with, or everything is built again.
        let shared = |name: &std::ffi::OsStr| name == "RUSTFLAGS" || name == "CARGO_PROFILE_DEV_DEBUG";
        command.envs(std::env::vars_os().filter(|(name, _)| shared(name)));
    }
    command.current_dir(root).args(subcommand).arg("--locked").arg("--target-dir").arg(target);
    command
}

/// Removes what the person, or the cargo, that started this test has set for itself.
pub(crate) fn scrub(command: &mut Command) {
    let theirs = |name: &str| {
        name.starts_with("BENCH_")
            || name.starts_with("NEXTEST")
            || name.starts_with("CARGO_") && name != "CARGO_HOME"
            || name.starts_with("GIT_")
            || matches!(name, "RUSTFLAGS" | "RUST_BACKTRACE" | "NO_COLOR" | "CLICOLOR_FORCE")
    };
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(theirs) {
            command.env_remove(&name);
        }
    }
}

/// Whether cargo-nextest is not installed; says so.
pub(crate) fn nextest_is_missing() -> bool {
    let missing = !Command::new(env!("CARGO"))
        .args(["nextest", "--version"])
        .output()
        .is_ok_and(|output| output.status.success());
    if missing {
        println!("not checked: cargo-nextest is not installed");
    }
    missing
}
