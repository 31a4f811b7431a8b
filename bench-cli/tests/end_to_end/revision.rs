//! Git revisions of a project of somebody's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{Ended, fixture_target};
use crate::stage::Stage;

/// Enough for twice the work to be seen on any machine: a decided case stops long before.
const UNTIL_DECIDED: [&str; 2] = ["--threshold=20%", "--max-time=20s"];

/// Arguments for cargo.
const EVERYTHING: [&str; 2] = ["--", "--workspace"];

/// A cargo project with one benchmark, and a commit for each amount of work.
struct Project {
    stage: Stage,
}

impl Project {
    fn new() -> Self {
        let project = Project { stage: Stage::new(&[]) };
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
        // Nothing is to be downloaded: what this workspace has locked is there.
        fs::copy(workspace.join("Cargo.lock"), project.path().join("Cargo.lock")).expect("copied");
        let core = workspace.join("bench-core");
        project.write(
            "Cargo.toml",
            &format!(
                "[package]\nname = \"project\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[lib]\nbench = false\n\n\
                 [[bench]]\nname = \"speed\"\nharness = false\n\n[dependencies]\nbench-core = {{ path = {core:?} }}\n\n\
                 [workspace]\nmembers = [\"second\"]\n"
            ),
        );
        // A second package, whose bench target has the same name.
        project.write(
            "second/Cargo.toml",
            &format!(
                "[package]\nname = \"second\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[lib]\nbench = false\n\n\
                 [[bench]]\nname = \"speed\"\nharness = false\n\n[dependencies]\nbench-core = {{ path = {core:?} }}\n"
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
        project.write("src/lib.rs", &turns(20_000));
        project.commit("two");
        project
    }

    fn path(&self) -> &Path {
        self.stage.path()
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folder");
        fs::write(path, text).expect("written");
    }

    fn prepare(&self, mut command: Command) -> Command {
        command.env("CARGO_TARGET_DIR", target()).env("CARGO_NET_OFFLINE", "true");
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Ended {
        // Without the limit of other tests: all that a bench target needs is built here.
        let output = self.prepare(self.stage.command(program, arguments)).output().expect("started");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ended {
            code: output.status.code().unwrap_or(-1),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    fn bench(&self, arguments: &[&str]) -> Ended {
        self.run(env!("CARGO_BIN_EXE_bench"), arguments)
    }

    fn git(&self, arguments: &[&str]) -> String {
        let who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
        self.run("git", &[&who, arguments].concat()).expect_code(0).stdout
    }

    fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", message]);
    }

    /// Nothing is left in the checkout, and no worktree.
    #[track_caller]
    fn is_clean(&self) {
        assert_eq!(self.git(&["worktree", "list"]).lines().count(), 1);
        assert_eq!(self.git(&["status", "--short"]), "");
        assert!(!target().join("bench/worktree").exists());
    }
}

/// Kept from test to test, as what takes long is always the same.
fn target() -> PathBuf {
    fixture_target().join("project")
}

fn turns(count: u64) -> String {
    format!("/// Work.\npub fn turns() -> u64 {{\n    {count}\n}}\n")
}

/// One test, as all of it needs what is built first.
#[test]
fn revisions_are_built_and_compared() {
    let project = Project::new();
    let building = "in a worktree of its own";

    let ended = project.bench(&[&["compare", "HEAD~1", "HEAD"], &UNTIL_DECIDED[..], &EVERYTHING].concat());
    ended.expect_code(3).expect_said(&[
        building,
        "HEAD against HEAD~1, paired",
        "unit/spins",
        "1 slower",
        "unit/rests",
    ]);
    project.is_clean();

    let again =
        project.bench(&[&["compare", "HEAD", "HEAD~1", "spins"], &UNTIL_DECIDED[..], &EVERYTHING].concat());
    let again = again.expect_code(0).expect_said(&["1 faster"]);
    assert!(!again.stderr.contains(building), "{}", again.stderr);

    // The code as it is, and a program that was built from it: a revision must not take their place.
    let forget = || fs::remove_dir_all(target().join("bench/revisions")).expect("forgotten");
    for arguments in [["compare", ".", "HEAD~1"], ["compare", "HEAD~1", "."]] {
        forget();
        let ended = project.bench(&[&arguments[..], &["spins"], &UNTIL_DECIDED].concat());
        let (code, verdict) = if arguments[1] == "." { (0, "1 faster") } else { (3, "1 slower") };
        ended.expect_code(code).expect_said(&[building, verdict]);
    }
    forget();
    let against = [&["bench", "-p", "project", "--", "--against=HEAD~1"], &UNTIL_DECIDED[..]].concat();
    let ended =
        project.run("cargo", &against).expect_said(&[building, "this build against HEAD~1", "1 slower"]);
    assert!(ended.stderr.contains("exit status: 3"), "{}", ended.said());
    project.is_clean();

    project.write("src/lib.rs", "pub fn turns() -> u64 { no such thing }\n");
    project.commit("three");
    let ended = project.bench(&["compare", "HEAD~1", "HEAD"]).expect_code(2);
    assert!(
        ended.stderr.contains("error: expected") && ended.stderr.contains("src/lib.rs"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("error: `cargo bench --no-run` failed"), "{}", ended.stderr);
    project.is_clean();

    let nowhere = project.bench(&["compare", "HEAD~1", "no_such_branch"]).expect_code(2);
    nowhere.expect_said(&["`no_such_branch`", "nor a git revision"]);
    project.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    let against = project.run("cargo", &["bench", "-p", "project", "--", "--against=no_such_branch"]);
    against.expect_said(&["`no_such_branch` is no revision", "exit status: 2"]);
    project.is_clean();
}
