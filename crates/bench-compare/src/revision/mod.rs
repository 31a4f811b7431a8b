//! Builds programs from another revision of the code.
//!
//! A revision is sealed: each commit has its own checkout and target folder in the user's cache, so that absolute and
//! relative paths, other programs of the package and cargo's variables are those of the commit. Both are kept.

mod cache;
mod sealed;
mod submodules;
mod surroundings;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::cargo::{self, Invocation, Workspace};
use bench_adapters::Python;
use bench_record::RunError;
use bench_runner::program::Program;
use bench_syntax::UsageError;
use serde::Serialize;

use sealed::Sealed;

/// A checkout, and the settings with which its bench targets are built.
#[derive(Clone, Debug)]
pub struct Checkout {
    root: PathBuf,
    cargo_arguments: Vec<String>,
    python: Python,
    layouts: usize,
}

/// The data of a commit that reports show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Commit {
    /// The whole hash.
    pub hash: String,
    /// The author.
    pub author: String,
    /// The date of the commit, as RFC 3339.
    pub date: String,
    /// The first line of its message.
    pub subject: String,
}

impl Checkout {
    /// Creates the checkout of the cargo workspace around `folder`; bench targets are built with these arguments of
    /// `cargo bench`, such as `-p models --bench all`.
    pub fn new(folder: impl Into<PathBuf>, cargo_arguments: &[String]) -> Self {
        Checkout {
            root: folder.into(),
            cargo_arguments: cargo_arguments.to_vec(),
            python: Python::default(),
            layouts: 1,
        }
    }

    /// Sets how Python benchmarks are run. By default, [`is_python`](bench_adapters::is_python) decides whether a
    /// folder contains Python benchmarks, and the usual interpreter runs its benchmark functions.
    #[must_use]
    pub fn with_python(self, python: Python) -> Self {
        Checkout { python, ..self }
    }

    /// Sets the number of layouts in which each program is linked, if it is more than one ([`Program::layouts`]).
    /// Python is not linked, and has no layouts.
    #[must_use]
    pub fn with_layouts(self, layouts: usize) -> Self {
        Checkout { layouts, ..self }
    }

    fn is_python(&self) -> bool {
        self.python.runs(&self.root)
    }

    /// Returns the program of the Python benchmarks at `path`, which is in this checkout or in another one of the same
    /// repository.
    fn python(&self, path: &Path) -> Result<Vec<Program>, RunError> {
        Ok(vec![self.python.program(path, &self.root)?])
    }

    /// Returns the folder in which git is run: the root may be a single file of benchmarks.
    fn folder(&self) -> &Path {
        match self.root.parent() {
            Some(parent) if self.root.is_file() && parent != Path::new("") => parent,
            Some(_) if self.root.is_file() => Path::new("."),
            _ => &self.root,
        }
    }

    /// Builds the bench targets from the files in the working tree. Python is not built.
    ///
    /// # Errors
    /// [`RunError::Usage`] if cargo fails, which has then printed the reason on stderr, if the linker cannot make the
    /// requested layouts, or if no interpreter can run Python benchmarks.
    pub fn build(&self) -> Result<Vec<Program>, RunError> {
        if self.is_python() {
            return self.python(&self.root);
        }
        let arguments = &self.cargo_arguments;
        let programs = cargo::build(&self.root, arguments, None)?;
        cargo::relink(programs, Invocation { folder: &self.root, arguments, target: None }, self.layouts)
    }

    /// Returns the hash of the commit that `revision` names; `None` if it does not name a commit.
    pub fn commit(&self, revision: &str) -> Option<String> {
        if revision.starts_with('-') {
            return None;
        }
        let name = format!("{revision}^{{commit}}");
        let output = self.git(&["rev-parse", "--verify", "--quiet", &name]).ok()?;
        let commit = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        (output.status.success() && !commit.is_empty()).then_some(commit)
    }

    /// Returns the commits after `good` up to `bad`, oldest first, along first parents: a branch that was merged
    /// counts as one.
    ///
    /// # Errors
    /// [`RunError::Usage`] if `bad` does not follow `good` along first parents.
    pub fn commits(&self, good: &str, bad: &str) -> Result<Vec<Commit>, RunError> {
        let range = format!("{good}..{bad}");
        let format = "--format=%H%x00%an%x00%aI%x00%s";
        let output = self.git(&["log", "--first-parent", "--reverse", format, &range, "--"])?;
        let commit = |line: &str| {
            let mut fields = line.split('\0').map(str::to_owned);
            Some(Commit {
                hash: fields.next()?,
                author: fields.next()?,
                date: fields.next()?,
                subject: fields.next()?,
            })
        };
        let commits: Vec<Commit> = text(&output.stdout).lines().filter_map(commit).collect();
        let follows = commits.first().and_then(|first| self.commit(&format!("{}^", first.hash))).as_deref()
            == Some(good);
        if output.status.success() && follows {
            return Ok(commits);
        }
        Err(UsageError(format!(
            "{bad} does not follow {good} along first parents: name an earlier commit first"
        ))
        .into())
    }

    /// Returns the newest commits of this checkout along first parents, oldest first; empty if there is no checkout.
    pub fn first_parents(&self) -> Vec<String> {
        // More than a history contains; listing all commits of a large repository takes seconds.
        let output = self.git(&["rev-list", "--first-parent", "--max-count=20000", "HEAD", "--"]);
        let output = output.map(|output| output.stdout).unwrap_or_default();
        let mut commits: Vec<String> = text(&output).lines().map(str::to_owned).collect();
        commits.reverse();
        commits
    }

    /// Builds the bench targets of a commit, in a separate checkout outside of this one. The checkout is kept, and
    /// everything that the programs refer to (files, other programs of the package, its folder) belongs to that
    /// commit.
    ///
    /// # Errors
    /// [`RunError::Usage`] if cargo fails, which has then printed the reason on stderr, if the linker cannot make the
    /// requested layouts, or if the commit cannot be checked out completely.
    pub fn build_revision(&self, commit: &str) -> Result<Vec<Program>, RunError> {
        if self.is_python() {
            let repository = Repository::around(self.folder())?;
            let sealed = Sealed::open(&repository, commit, self.folder())?;
            let inside = self.root.canonicalize().ok();
            let inside = inside.and_then(|root| root.strip_prefix(&repository.top).map(Path::to_owned).ok());
            let path = sealed.tree().join(inside.unwrap_or_default());
            if !path.exists() {
                return Err(UsageError(format!("{commit} contains no {}", self.root.display())).into());
            }
            return self.python(&path);
        }
        let Workspace { workspace_root, .. } = Workspace::around(&self.root)?;
        let repository = Repository::around(&self.root)?;
        let sealed = Sealed::open(&repository, commit, &self.root)?;
        let inside = workspace_root
            .canonicalize()
            .ok()
            .and_then(|root| root.strip_prefix(&repository.top).map(Path::to_owned).ok())
            .unwrap_or_default();
        sealed.build(&inside, &workspace_root, &self.cargo_arguments, self.layouts)
    }

    fn git(&self, arguments: &[&str]) -> Result<Output, RunError> {
        git(self.folder(), arguments)
    }
}

/// A git repository.
#[derive(Clone, Debug)]
struct Repository {
    /// The folder of the checkout.
    top: PathBuf,
    /// The folder that all worktrees share: `.git`, with its objects.
    common: PathBuf,
}

impl Repository {
    fn around(folder: &Path) -> Result<Self, RunError> {
        let path = |question: &str| -> Result<PathBuf, RunError> {
            let output = git(folder, &["rev-parse", "--path-format=absolute", question])?;
            let path = PathBuf::from(text(&output.stdout));
            let whole = path.canonicalize().ok().filter(|_| output.status.success());
            whole.ok_or_else(|| UsageError(format!("{} is not in a git checkout", folder.display())).into())
        };
        Ok(Repository { top: path("--show-toplevel")?, common: path("--git-common-dir")? })
    }
}

fn git(folder: &Path, arguments: &[&str]) -> Result<Output, RunError> {
    // In a git hook, these variables name the hook's repository, whose index would be used for another one.
    Command::new("git")
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .current_dir(folder)
        .args(arguments)
        .output()
        .map_err(|error| RunError::io("run", "git", error))
}

/// Same as [`git`], but fails if git does; `what` names the action in the error.
fn git_must(folder: &Path, arguments: &[&str], what: &str) -> Result<Output, RunError> {
    let output = git(folder, arguments)?;
    if output.status.success() {
        Ok(output)
    } else {
        Err(UsageError(format!("cannot {what}: {}", text(&output.stderr))).into())
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_is_no_revision() {
        assert_eq!(Checkout::new(".", &[]).commit("--all"), None);
    }
}
