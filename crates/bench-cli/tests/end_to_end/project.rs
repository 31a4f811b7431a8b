//! A separate cargo project, under git.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::stage::Stage;
use bench_testing::{Ended, fixture_target};

/// Enough time to detect twice the work on any machine; a case stops much earlier when it is decided.
pub(crate) const UNTIL_DECIDED: [&str; 2] = ["--threshold=20%", "--max-time=20s"];

/// Arguments for cargo that build the whole workspace.
pub(crate) const EVERYTHING: [&str; 2] = ["--", "--workspace"];

/// A cargo project with one benchmark, and a commit for each amount of work.
pub(crate) struct Project {
    pub(crate) stage: Stage,
    /// Allows one project at a time: projects share the target folder and the worktree of revisions.
    _alone: MutexGuard<'static, ()>,
}

impl Project {
    /// Creates a project whose bench targets are only workers, which builds faster.
    pub(crate) fn new() -> Self {
        Project::with_features("default-features = false")
    }

    /// Creates a project whose bench targets contain the runner.
    pub(crate) fn with_runner() -> Self {
        Project::with_features("default-features = true")
    }

    fn with_features(features: &str) -> Self {
        static ALONE: Mutex<()> = Mutex::new(());
        // A failed test leaves nothing that affects the next one.
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let project = Project { stage: Stage::new(&[]), _alone: alone };
        let workspace = bench_testing::workspace();
        // Nothing is downloaded: the locked dependencies of this workspace are available.
        fs::copy(workspace.join("Cargo.lock"), project.path().join("Cargo.lock")).expect("copied");
        // Dependencies are not optimized: each revision builds them again, and the measured code is not in them.
        let core = workspace.join("bench-core");
        project.write(
            "Cargo.toml",
            &format!(
                "[package]\nname = \"project\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[lib]\nbench = false\n\n\
                 [[bench]]\nname = \"speed\"\nharness = false\n\n[dependencies]\nbench-core = {{ path = {core:?}, {features} }}\n\n\
                 [workspace]\nmembers = [\"second\"]\n\n[profile.bench.package.\"*\"]\nopt-level = 0\n"
            ),
        );
        // A second package with a bench target of the same name.
        project.write(
            "second/Cargo.toml",
            &format!(
                "[package]\nname = \"second\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[lib]\nbench = false\n\n\
                 [[bench]]\nname = \"speed\"\nharness = false\n\n[dependencies]\nbench-core = {{ path = {core:?}, {features} }}\n"
            ),
        );
        project.write("second/src/lib.rs", "");
        let benchmark = |name: &str, work: &str| {
            format!(
                "use bench_core::prelude::*;\nbench_core::main!();\n#[benchmark(category = \"unit\")]\n\
                 fn {name}() -> u64 {{\n    (0..{work}).map(black_box).sum()\n}}\n"
            )
        };
        project.write("benches/speed.rs", &benchmark("spins", "project::turns()"));
        project.write("second/benches/speed.rs", &benchmark("rests", "10_000"));
        project.write(".gitignore", "target\nbenchmark_results\n");
        project.git(&["init", "--quiet", "."]);
        project.write("src/lib.rs", &turns(10_000));
        // Updates the copied lock file; unlike `cargo metadata`, this requires no packages for other platforms.
        assert_eq!(project.run("cargo", &["tree", "--workspace", "--quiet"]).code, 0);
        project.commit("one");
        project.work(20_000, "two");
        project
    }

    /// Commits a version that does this much work, and returns its hash.
    pub(crate) fn work(&self, count: u64, message: &str) -> String {
        self.write("src/lib.rs", &(turns(count) + &format!("// {message}\n")));
        self.commit(message);
        self.head()
    }

    /// Returns the commit that is checked out.
    pub(crate) fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    pub(crate) fn path(&self) -> &Path {
        self.stage.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folder");
        fs::write(path, text).expect("written");
    }

    pub(crate) fn prepare(&self, mut command: Command) -> Command {
        command
            .env("CARGO_TARGET_DIR", target())
            .env("CARGO_NET_OFFLINE", "true")
            .env("BENCH_CACHE_DIR", target().join("cache"))
            .env("BENCH_RUNNER", env!("CARGO_BIN_EXE_bench"));
        command
    }

    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Ended {
        // Without the time limit of other tests: everything that a bench target needs is built here.
        let output = self.prepare(self.stage.command(program, arguments)).output().expect("started");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ended {
            code: output.status.code().unwrap_or(-1),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    pub(crate) fn bench(&self, arguments: &[&str]) -> Ended {
        self.run(env!("CARGO_BIN_EXE_bench"), arguments)
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
        self.run("git", &[&who, arguments].concat()).expect_code(0).stdout
    }

    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", message]);
    }

    /// Asserts that the checkout has no changes and no further worktree.
    #[track_caller]
    pub(crate) fn is_clean(&self) {
        assert_eq!(self.git(&["worktree", "list"]).lines().count(), 1);
        assert_eq!(self.git(&["status", "--short"]), "");
    }
}

/// Returns the target folder, which tests share because dependencies are the same and take long to build.
pub(crate) fn target() -> PathBuf {
    fixture_target().join("project")
}

fn turns(count: u64) -> String {
    format!("/// Work.\npub fn turns() -> u64 {{\n    {count}\n}}\n")
}
