//! Resolves the name of a run.

use std::path::{Path, PathBuf};

use bench_os::parent_cargo;
use bench_syntax::nearest;

use crate::RunError;
use crate::folder::{Folder, LATEST, Session, latest, names, same_session};
use crate::name;

impl Folder {
    /// Resolves `--compare NAME` before a run: [`LATEST`] is the newest run before this `cargo bench`.
    ///
    /// # Errors
    /// Same as [`resolve`].
    pub fn resolve(results: &Path, name: &str) -> Result<PathBuf, RunError> {
        let session = parent_cargo().and_then(|cargo| same_session(results, &cargo));
        match session {
            Some(Session { previous: Some(previous), .. }) if name == LATEST => Ok(previous),
            Some(Session { previous: None, .. }) if name == LATEST => Err(no_earlier_run(results)),
            _ => resolve(results, name),
        }
    }
}

/// Finds the run that `name` means: [`LATEST`], a name given with `--save-as`, a run directory's name, or a path.
///
/// # Errors
/// [`RunError::Record`] if there is none, with the names that exist.
pub fn resolve(results: &Path, name: &str) -> Result<PathBuf, RunError> {
    if name == LATEST {
        return latest(results).ok_or_else(|| no_earlier_run(results));
    }
    let inside = results.join(name);
    // A name must not lead out of the results folder; a path may lead anywhere.
    let is_name = !name.contains(['/', '\\']) && name != "." && name != "..";
    if is_name && inside.exists() {
        return Ok(name::named(results, name).unwrap_or(inside));
    }
    let path = PathBuf::from(name);
    if path.exists() && name != "." && name != ".." {
        return Ok(name::followed(&path));
    }
    let known = nearest::rank(name, names(results));
    let known = if known.is_empty() {
        "none".to_owned()
    } else {
        known.into_iter().take(10).collect::<Vec<_>>().join(", ")
    };
    Err(RunError::Record {
        path,
        reason: format!("no such file, and no run of that name in {} (existing: {known})", results.display()),
    })
}

/// Returns the error that there is no run for [`LATEST`].
pub fn no_earlier_run(results: &Path) -> RunError {
    RunError::Record {
        path: results.join(LATEST),
        reason: "there is no earlier run yet: `cargo bench` makes one, the first time without `--compare`"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RUN_FILE;

    #[test]
    fn names_that_do_not_exist_are_answered_with_those_that_do() {
        let folder = tempfile::tempdir().expect("folder");
        std::fs::create_dir(folder.path().join("baseline")).expect("folder");
        std::fs::write(folder.path().join("baseline").join(RUN_FILE), "{}").expect("file");
        let message = resolve(folder.path(), "baselin").expect_err("no such run").to_string();
        assert!(message.contains("baseline"), "{message}");
        assert!(resolve(folder.path(), "latest").expect_err("no run").to_string().contains("no earlier run"));
        assert!(resolve(folder.path(), "baseline").is_ok());
    }
}
