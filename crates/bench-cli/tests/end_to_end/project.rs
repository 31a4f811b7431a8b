//! A cargo project of its own, under git.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::stage::Stage;
use bench_testing::{Ended, fixture_target};

/// Enough for twice the work to be seen on any machine: a decided case stops long before.
pub(crate) const UNTIL_DECIDED: [&str; 2] = ["--threshold=20%", "--max-time=20s"];

/// Arguments for cargo.
pub(crate) const EVERYTHING: [&str; 2] = ["--", "--workspace"];

/// A cargo project with one benchmark, and a commit for each amount of work.
pub(crate) struct Project {
    pub(crate) stage: Stage,
    /// Projects share what is built, and the worktree in which revisions are: one at a time.
    _alone: MutexGuard<'static, ()>,
}

impl Project {
    /// Its bench targets are workers alone, which are built sooner.
    pub(crate) fn new() -> Self {
        Project::with_features("default-features = false")
    }

    /// Its bench targets hold the runner.
    pub(crate) fn with_runner() -> Self {
        Project::with_features("default-features = true")
    }

    fn with_features(features: &str) -> Self {
        static ALONE: Mutex<()> = Mutex::new(());
        // A test that failed has left nothing that another one would notice.
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let project = Project { stage: Stage::new(&[]), _alone: alone };
        let workspace = bench_testing::workspace();
        // Nothing is to be downloaded: what this workspace has locked is there.
        fs::copy(workspace.join("Cargo.lock"), project.path().join("Cargo.lock")).expect("copied");
        // Not optimized: each revision builds it anew, and what is measured is not in it.
        let core = workspace.join("bench-core");
        project.write(
            "Cargo.toml",
            &format!(
                "[package]\nname = \"project\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[lib]\nbench = false\n\n\
                 [[bench]]\nname = \"speed\"\nharness = false\n\n[dependencies]\nbench-core = {{ path = {core:?}, {features} }}\n\n\
                 [workspace]\nmembers = [\"second\"]\n\n[profile.bench.package.\"*\"]\nopt-level = 0\n"
            ),
        );
        // A second package, whose bench target has the same name.
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
        // Brings the copied lock file up to date; unlike `cargo metadata`, it asks for no package of another platform.
        assert_eq!(project.run("cargo", &["tree", "--workspace", "--quiet"]).code, 0);
        project.commit("one");
        project.work(20_000, "two");
        project
    }

    /// A commit that does this much work; where no message says otherwise, the code is the same.
    pub(crate) fn work(&self, count: u64, message: &str) -> String {
        self.write("src/lib.rs", &(turns(count) + &format!("// {message}\n")));
        self.commit(message);
        self.head()
    }

    /// The commit that is checked out.
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
        // Without the limit of other tests: all that a bench target needs is built here.
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

    /// Nothing is left in the checkout, and no worktree.
    #[track_caller]
    pub(crate) fn is_clean(&self) {
        assert_eq!(self.git(&["worktree", "list"]).lines().count(), 1);
        assert_eq!(self.git(&["status", "--short"]), "");
    }
}

/// Kept from test to test, as what takes long is always the same.
pub(crate) fn target() -> PathBuf {
    fixture_target().join("project")
}

fn turns(count: u64) -> String {
    format!("/// Work.\npub fn turns() -> u64 {{\n    {count}\n}}\n")
}
