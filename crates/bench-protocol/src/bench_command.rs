//! Finds the `bench` command.

use std::env;
use std::path::PathBuf;

/// The variable that contains the path of the `bench` command; without it, the command is searched for.
pub const RUNNER_VARIABLE: &str = "BENCH_RUNNER";

/// The flag that makes the `bench` command print [`PROTOCOL`](crate::PROTOCOL) and do nothing else.
pub const PROTOCOL_FLAG: &str = "--protocol";

/// The way to get the `bench` command. Not from a registry: until it is published there, another project could take
/// its name.
pub const INSTALL: &str = "`cargo install --path crates/bench-cli` in a clone of its repository";

/// Returns the path of the `bench` command: the one that [`RUNNER_VARIABLE`] names, or else the first in `PATH`, or
/// else the one in cargo's folder of installed programs. `None` if there is none.
pub fn bench_command() -> Option<PathBuf> {
    if let Some(named) = env::var_os(RUNNER_VARIABLE).filter(|named| !named.is_empty()) {
        return Some(named.into());
    }
    let name = format!("bench{}", env::consts::EXE_SUFFIX);
    let on_path = env::var_os("PATH");
    let folders = on_path.iter().flat_map(env::split_paths);
    folders
        .chain(cargo_home().map(|cargo| cargo.join("bin")))
        .map(|folder| folder.join(&name))
        .find(|file| file.is_file())
}

/// Returns cargo's own folder: `CARGO_HOME`, or else `.cargo` in the user's folder; `None` if neither is known.
pub fn cargo_home() -> Option<PathBuf> {
    env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| {
        #[allow(deprecated, reason = "marked so before Rust 1.87, for what it did on Windows")]
        let home = env::home_dir()?;
        Some(home.join(".cargo"))
    })
}
