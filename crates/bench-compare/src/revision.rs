//! Bench executables of another state of the code.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;

use bench_runner::cargo::{self, Workspace};
use bench_runner::program::Program;
use serde::Serialize;

use bench_record::RunError;
use bench_runner::rounds::Interrupt;
use bench_syntax::UsageError;

/// Revisions whose executables are kept: those that were used last.
const KEPT: usize = 20;

/// A checkout, and how its bench targets are built.
#[derive(Clone, Debug)]
pub struct Checkout {
    root: PathBuf,
    cargo_arguments: Vec<String>,
}

/// A commit, as people know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Commit {
    /// Its whole hash.
    pub hash: String,
    /// Who wrote it.
    pub author: String,
    /// When, RFC 3339.
    pub date: String,
    /// The first line of what it says.
    pub subject: String,
}

impl Checkout {
    /// The cargo workspace around `folder`; bench targets are built with these arguments of `cargo bench`,
    /// such as `-p models --bench all`.
    pub fn new(folder: impl Into<PathBuf>, cargo_arguments: &[String]) -> Self {
        Checkout { root: folder.into(), cargo_arguments: cargo_arguments.to_vec() }
    }

    /// Builds the bench targets of the files as they are.
    ///
    /// # Errors
    /// [`RunError::Usage`] when cargo fails, which has said why on stderr by then.
    pub fn build(&self) -> Result<Vec<Program>, RunError> {
        cargo::build(&self.root, &self.cargo_arguments, None)
    }

    /// The commit that `revision` names, if it names one.
    pub fn commit(&self, revision: &str) -> Option<String> {
        if revision.starts_with('-') {
            return None;
        }
        let name = format!("{revision}^{{commit}}");
        let output = self.git(&["rev-parse", "--verify", "--quiet", &name]).ok()?;
        let commit = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        (output.status.success() && !commit.is_empty()).then_some(commit)
    }

    /// The commits after `good` up to `bad`, oldest first, along first parents: a branch that was merged is one.
    ///
    /// # Errors
    /// [`RunError::Usage`] where `bad` does not follow `good` on that line.
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

    /// Builds the bench targets of a commit, in a worktree of its own that is gone afterwards. Crates that are
    /// the same in two revisions are built once; what was built before for the same arguments and compiler is
    /// not built at all.
    ///
    /// # Errors
    /// [`RunError::Usage`] when cargo fails, which has said why on stderr by then.
    pub fn build_revision(&self, commit: &str) -> Result<Vec<Program>, RunError> {
        let Workspace { target_directory, workspace_root, .. } = Workspace::around(&self.root)?;
        let kept = target_directory.join("bench").join("revisions");
        fs::create_dir_all(&kept)
            .map_err(|error| RunError::io("create the folder of built revisions", &kept, error))?;
        // Two comparisons at once must not build in one worktree.
        let lock = kept.join(".lock");
        let lock = File::create(&lock)
            .and_then(|file| file.lock().map(|()| file))
            .map_err(|error| RunError::io("lock", &lock, error))?;
        let home = kept.join(format!("{commit}-{:016x}", self.key()));
        if !home.is_dir() {
            self.build_into(commit, &workspace_root, &target_directory.join("bench"), &home)?;
            prune(&kept);
        } else {
            // While further ones are built, one that is in use must not be the oldest. A cache: that the time cannot
            // be set only costs a build.
            let _ = File::open(&home).and_then(|folder| folder.set_modified(SystemTime::now()));
        }
        drop(lock);
        let executables = fs::read_dir(&home)
            .map_err(|error| RunError::io("read the built revision", &home, error))?
            .flatten()
            .map(|entry| entry.path());
        let mut executables: Vec<PathBuf> = executables.collect();
        executables.sort();
        executables.iter().map(|executable| Program::executable(executable)).collect()
    }

    fn build_into(&self, commit: &str, root: &Path, bench: &Path, home: &Path) -> Result<(), RunError> {
        // While this listens, Ctrl-C ends cargo and not this program, which has a worktree to take away.
        let interrupt = Interrupt::listen().map_err(|error| RunError::io("listen for signals", "", error))?;
        let worktree = Worktree::add(self, commit, bench.join("worktree"))?;
        // The workspace may lie in a folder of the repository.
        let top = self.git(&["rev-parse", "--show-toplevel"]).map(|output| text(&output.stdout));
        let inside = top
            .ok()
            .and_then(|top| {
                Some(
                    root.canonicalize()
                        .ok()?
                        .strip_prefix(Path::new(&top).canonicalize().ok()?)
                        .ok()?
                        .to_owned(),
                )
            })
            .unwrap_or_default();
        bench_report::tell(&format!("building {} in a worktree of its own", &commit[..commit.len().min(12)]));
        // Cargo names what it builds by its place in the workspace, which is the same in every worktree: in the
        // checkout's own target folder, the revision would replace the program that it is to be compared with.
        let target = bench.join("build");
        let built = cargo::build(&worktree.path.join(inside), &self.cargo_arguments, Some(&target));
        if interrupt.is_raised() {
            return Err(RunError::Interrupted);
        }
        let built = built?;
        let fresh = home.with_extension("new");
        let io = |error| RunError::io("keep the built revision", home, error);
        // What a killed run has left.
        let _ = fs::remove_dir_all(&fresh);
        fs::create_dir_all(&fresh).map_err(io)?;
        for executable in built.iter().map(Program::path) {
            // Cargo's file names hold a hash: two packages may have a target of one name.
            let name = executable.file_name().unwrap_or_default();
            fs::copy(executable, fresh.join(name)).map_err(io)?;
        }
        fs::rename(&fresh, home).map_err(io)
    }

    /// What, besides the code, decides what is built.
    fn key(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.cargo_arguments.hash(&mut hasher);
        for name in
            ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC", "RUSTUP_TOOLCHAIN", "CARGO_BUILD_TARGET"]
        {
            std::env::var_os(name).hash(&mut hasher);
        }
        let version = Command::new("rustc").arg("-vV").current_dir(&self.root).output();
        version.map(|output| output.stdout).unwrap_or_default().hash(&mut hasher);
        hasher.finish()
    }

    fn git(&self, arguments: &[&str]) -> Result<Output, RunError> {
        // In a hook these name the repository whose hook it is, and the worktree would get that one's index.
        Command::new("git")
            .env_remove("GIT_DIR")
            .env_remove("GIT_WORK_TREE")
            .env_remove("GIT_INDEX_FILE")
            .current_dir(&self.root)
            .args(arguments)
            .output()
            .map_err(|error| RunError::io("run", "git", error))
    }
}

/// Files of a commit; taken away when dropped.
struct Worktree<'a> {
    checkout: &'a Checkout,
    path: PathBuf,
}

impl<'a> Worktree<'a> {
    fn add(checkout: &'a Checkout, commit: &str, path: PathBuf) -> Result<Self, RunError> {
        let worktree = Worktree { checkout, path };
        // What a killed run has left.
        worktree.remove();
        let path = worktree.path.to_string_lossy().into_owned();
        let output = checkout.git(&["worktree", "add", "--quiet", "--detach", &path, commit])?;
        if output.status.success() {
            Ok(worktree)
        } else {
            Err(UsageError(format!("cannot make a worktree of {commit}: {}", text(&output.stderr))).into())
        }
    }

    fn remove(&self) {
        if !self.path.exists() {
            return;
        }
        let path = self.path.to_string_lossy().into_owned();
        // If git does not know it, the folder alone is in the way; the next `add` says what cannot be removed.
        let _ = self.checkout.git(&["worktree", "remove", "--force", &path]);
        let _ = fs::remove_dir_all(&self.path);
        let _ = self.checkout.git(&["worktree", "prune"]);
    }
}

impl Drop for Worktree<'_> {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Forgets the revisions that were used longest ago.
fn prune(kept: &Path) {
    let used = |entry: &fs::DirEntry| entry.metadata().and_then(|metadata| metadata.modified()).ok();
    let mut folders: Vec<fs::DirEntry> =
        fs::read_dir(kept).into_iter().flatten().flatten().filter(|entry| entry.path().is_dir()).collect();
    folders.sort_by_key(|entry| std::cmp::Reverse(used(entry)));
    for old in folders.into_iter().skip(KEPT) {
        // A cache: what cannot be removed only costs space.
        let _ = fs::remove_dir_all(old.path());
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_decides_what_is_built_is_in_the_key() {
        let key = |arguments: &[&str]| {
            Checkout::new(".", &arguments.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>()).key()
        };
        assert_eq!(key(&["-p", "models"]), key(&["-p", "models"]));
        assert_ne!(key(&["-p", "models"]), key(&[]));
        assert_ne!(key(&["-p", "models"]), key(&["-pm", "odels"]));
    }

    #[test]
    fn the_newest_revisions_are_kept() {
        let kept = tempfile::tempdir().expect("folder");
        fs::write(kept.path().join(".lock"), "").expect("file");
        for age in 0..KEPT + 3 {
            let folder = kept.path().join(format!("{age:02}"));
            fs::create_dir(&folder).expect("folder");
            fs::write(folder.join("speed"), "").expect("file");
            let built = SystemTime::now() - Duration::from_secs(60 * age as u64);
            File::open(&folder).and_then(|folder| folder.set_modified(built)).expect("time");
        }
        prune(kept.path());
        let mut left: Vec<String> = fs::read_dir(kept.path())
            .expect("folder")
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        left.sort();
        let expected: Vec<String> =
            [".lock".to_owned()].into_iter().chain((0..KEPT).map(|age| format!("{age:02}"))).collect();
        assert_eq!(left, expected);
    }

    #[test]
    fn a_flag_is_no_revision() {
        assert_eq!(Checkout::new(".", &[]).commit("--all"), None);
    }
}
