//! Checks out and builds one commit, in a folder in which nothing else changes it.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use crate::cargo::{self, Invocation};
use bench_record::RunError;
use bench_report::tell;
use bench_runner::program::Program;
use bench_runner::rounds::Interrupt;
use bench_syntax::UsageError;

use super::{Repository, cache, git, git_must, submodules, surroundings, text};

/// The file that marks a checkout as complete: it is written last.
const READY: &str = ".ready";

/// A commit in the cache. Locked for as long as this process lives, so that no other process removes it while it is
/// measured.
#[derive(Debug)]
pub(super) struct Sealed {
    commit: String,
    /// The folder of this commit in the cache.
    home: PathBuf,
    /// The folder of its checkout.
    tree: PathBuf,
}

impl Sealed {
    /// The folder of its checkout.
    pub(super) fn tree(&self) -> &Path {
        &self.tree
    }

    /// Opens the checkout of a commit in the cache. If there is none, checks the commit out completely: with
    /// submodules, with large files instead of pointers to them, and with the files around the repository that it
    /// needs.
    pub(super) fn open(repository: &Repository, commit: &str, folder: &Path) -> Result<Self, RunError> {
        let revisions = cache::of(&repository.top);
        fs::create_dir_all(&revisions)
            .map_err(|error| RunError::io("create the folder of built revisions", &revisions, error))?;
        let home = revisions.join(format!("{commit}-{:016x}", key(folder)));
        let lock = lock(&revisions.join(format!("{commit}.lock")))?;
        // The same depth and names as those of the user's checkout, so that relative paths lead to the same files.
        let tree = surroundings::mirrored(&home.join("root"), &repository.top);
        let sealed = Sealed { commit: commit.to_owned(), home, tree };
        if !sealed.home.join(READY).exists() {
            sealed.set_up(repository)?;
        }
        surroundings::link(&sealed.home.join("root"), &repository.top, &sealed.tree)?;
        // A revision in use must not be the oldest while others are built. If the time cannot be set, that only costs a
        // build.
        let _ = File::open(&sealed.home).and_then(|home| home.set_modified(SystemTime::now()));
        // Shared from here on, until this process ends: other processes may use the build, but not remove it.
        lock.unlock()
            .and_then(|()| lock.lock_shared())
            .map_err(|error| RunError::io("lock", &sealed.home, error))?;
        std::mem::forget(lock);
        cache::prune(&revisions, &sealed.home);
        Ok(sealed)
    }

    fn set_up(&self, repository: &Repository) -> Result<(), RunError> {
        // Removes what a killed run has left.
        let _ = fs::remove_dir_all(&self.home);
        let parent = self.tree.parent().unwrap_or(&self.home);
        fs::create_dir_all(parent).map_err(|error| RunError::io("create", parent, error))?;
        let (common, tree) = (repository.common.to_string_lossy(), self.tree.to_string_lossy());
        // Objects are borrowed: nothing is copied, and the user's repository is not changed.
        let what = "clone the repository";
        git_must(parent, &["clone", "--quiet", "--shared", "--no-checkout", &common, &tree], what)?;
        let line_ends = text(&git(&repository.top, &["config", "core.autocrlf"])?.stdout);
        let line_ends = format!("core.autocrlf={}", if line_ends.is_empty() { "false" } else { &line_ends });
        let what = format!("check out {}", self.commit);
        git_must(&self.tree, &["-c", &line_ends, "checkout", "--quiet", "--detach", &self.commit], &what)?;
        submodules::bring(&self.tree, &repository.common)?;
        self.refuse_pointers()?;
        fs::write(self.home.join(READY), "").map_err(|error| RunError::io("write", &self.home, error))
    }

    /// Refuses pointers of Git LFS: if it is not installed, it leaves a pointer in place of a large file, and a
    /// benchmark would read the pointer.
    fn refuse_pointers(&self) -> Result<(), RunError> {
        let pattern = "^version https://git-lfs.github.com/spec/v1";
        let found = git(&self.tree, &["grep", "--files-with-matches", "--text", "-e", pattern])?;
        let is_pointer = |name: &&str| {
            let small = fs::metadata(self.tree.join(name)).is_ok_and(|file| file.len() < 1024);
            small
                && fs::read(self.tree.join(name))
                    .is_ok_and(|text| text.starts_with(b"version https://git-lfs"))
        };
        match text(&found.stdout).lines().find(is_pointer) {
            Some(name) => Err(UsageError(format!(
                "{name} of {} is a Git LFS pointer whose content is not here: run `git lfs install`, then \
                 `git lfs fetch origin {}`",
                short(&self.commit),
                self.commit
            ))
            .into()),
            None => Ok(()),
        }
    }

    /// Builds the bench targets of the workspace at `inside`, a path in the tree, in this many `layouts`; `workspace`
    /// is that of the user's checkout.
    pub(super) fn build(
        &self,
        inside: &Path,
        workspace: &Path,
        arguments: &[String],
        layouts: usize,
    ) -> Result<Vec<Program>, RunError> {
        let root = self.tree.join(inside);
        self.bring_lock_file(&root, workspace)?;
        let target = self.home.join("target");
        let is_new = !target.exists();
        if is_new {
            cache::seed(&self.home, &target);
            tell(&format!("building {} in a separate checkout", short(&self.commit)));
        }
        // While this listens, Ctrl-C ends cargo and not this program.
        let interrupt = Interrupt::listen().map_err(|error| RunError::io("listen for signals", "", error))?;
        let invocation = Invocation { folder: &root, arguments, target: Some(&target) };
        let built = cargo::build(&root, arguments, Some(&target))
            .and_then(|programs| cargo::relink(programs, invocation, layouts));
        if interrupt.is_raised() {
            return Err(RunError::Interrupted);
        }
        built
    }

    /// Copies the lock file of the user's checkout if the commit has none, because git ignores it: without a lock file,
    /// each revision would get the newest dependencies.
    fn bring_lock_file(&self, root: &Path, workspace: &Path) -> Result<(), RunError> {
        let (own, todays) = (root.join("Cargo.lock"), workspace.join("Cargo.lock"));
        if own.exists() || !todays.exists() {
            return Ok(());
        }
        tell(&format!("{} has no Cargo.lock: built with the one of the checkout", short(&self.commit)));
        fs::copy(&todays, &own).map(|_| ()).map_err(|error| RunError::io("copy the lock file to", own, error))
    }
}

fn lock(path: &Path) -> Result<File, RunError> {
    File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .and_then(|file| file.lock().map(|()| file))
        .map_err(|error| RunError::io("lock", path, error))
}

fn short(commit: &str) -> &str {
    &commit[..commit.len().min(12)]
}

/// Returns a key of what decides the build besides the commit and cargo's arguments: the compiler, and cargo's
/// environment.
fn key(folder: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    let decides = |name: &str| {
        let prefixes =
            ["CARGO_PROFILE_", "CARGO_BUILD_", "CARGO_TARGET_", "CARGO_UNSTABLE_", "CARGO_ENCODED_RUSTFLAGS"];
        let whole = [
            "RUSTFLAGS",
            "RUSTC",
            "RUSTC_WRAPPER",
            "RUSTC_WORKSPACE_WRAPPER",
            "RUSTUP_TOOLCHAIN",
            "CC",
            "CFLAGS",
        ];
        (prefixes.iter().any(|prefix| name.starts_with(prefix)) || whole.contains(&name))
            && !["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR", "CARGO_BUILD_JOBS", "CARGO_TARGET_TMPDIR"]
                .contains(&name)
    };
    let mut variables: Vec<_> =
        std::env::vars_os().filter(|(name, _)| decides(&name.to_string_lossy())).collect();
    variables.sort();
    variables.hash(&mut hasher);
    let version = Command::new("rustc").arg("-vV").current_dir(folder).output();
    version.map(|output| output.stdout).unwrap_or_default().hash(&mut hasher);
    hasher.finish()
}
