//! Where processes of other harnesses take turns.

use std::env;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use bench_os::turns::{INTERPOSER, Turns};
use bench_stats::seed;

/// A table of turns, with the library that processes need to sit down at it; its folder goes when this is dropped.
pub(super) struct Table {
    turns: Arc<Turns>,
    _folder: Folder,
}

impl Table {
    /// Compiles the library, which takes less than a second, and sets the table.
    ///
    /// # Errors
    /// Why samples of other harnesses cannot take turns here, and what follows.
    pub(super) fn set() -> Result<Self, String> {
        Self::try_set().map_err(|why| {
            format!(
                "samples of both sides did not take turns, whole rounds did: a change has to be larger to be seen ({why})"
            )
        })
    }

    fn try_set() -> Result<Self, String> {
        if bench_os::IS_PORTABLE {
            return Err("only Linux can make processes wait for each other".to_owned());
        }
        let folder = Folder::new().map_err(|error| format!("no temporary folder can be made: {error}"))?;
        let (source, library) = (folder.0.join("interposer.rs"), folder.0.join("libinterposer.so"));
        fs::write(&source, INTERPOSER)
            .map_err(|error| format!("{} cannot be written: {error}", source.display()))?;
        let compiler = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let mut command = Command::new(&compiler);
        command.args(["--edition", "2021", "--crate-type", "cdylib", "--crate-name", "interposer"]);
        command.args(["-O", "-C", "panic=abort", "-C", "strip=symbols", "-o"]).arg(&library).arg(&source);
        // A toolchain that a project asks for may be an old one.
        command.current_dir(&folder.0);
        let compiler = compiler.to_string_lossy();
        let compiled = command
            .output()
            .map_err(|error| format!("`{compiler}`, which their turns need, cannot be started: {error}"))?;
        if !compiled.status.success() {
            let said = String::from_utf8_lossy(&compiled.stderr);
            let said = said.lines().find(|line| line.starts_with("error")).unwrap_or("and says nothing");
            return Err(format!("`{compiler}`, which their turns need, fails: {said}"));
        }
        let turns = Turns::set(&folder.0.join("table"), &library)
            .map_err(|error| format!("their table cannot be set: {error}"))?;
        Ok(Table { turns: Arc::new(turns), _folder: folder })
    }

    pub(super) fn turns(&self) -> &Arc<Turns> {
        &self.turns
    }
}

/// A folder of this process alone, removed when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> io::Result<Self> {
        // Whoever else may write there must not have made it: what lies in it is loaded into processes.
        let name = format!("bench-turns-{}-{:016x}", std::process::id(), seed::clock_seed());
        let folder = env::temp_dir().join(name);
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&folder)?;
        Ok(Folder(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left is small, and in a folder for such.
        let _ = fs::remove_dir_all(&self.0);
    }
}
