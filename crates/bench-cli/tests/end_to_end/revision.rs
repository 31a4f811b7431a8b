//! Git revisions of a separate project.

use std::fs;

use crate::project::{EVERYTHING, Project, UNTIL_DECIDED, target};

/// A single test, because every step needs the first build.
#[test]
fn revisions_are_built_and_compared() {
    let project = Project::new();
    let building = "in a separate checkout";

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

    // The present code, and a program built from it: building a revision must not replace them.
    let forget = || fs::remove_dir_all(target().join("cache/revisions")).expect("forgotten");
    for arguments in [["compare", ".", "HEAD~1"], ["compare", "HEAD~1", "."]] {
        forget();
        let ended = project.bench(&[&arguments[..], &["spins"], &UNTIL_DECIDED].concat());
        let (code, verdict) = if arguments[1] == "." { (0, "1 faster") } else { (3, "1 slower") };
        ended.expect_code(code).expect_said(&[building, verdict]);
    }
    forget();
    let against = [&["bench", "-p", "project", "--", "--against=HEAD~1"], &UNTIL_DECIDED[..]].concat();
    let ended = project.run("cargo", &against).expect_said(&[building, ". against HEAD~1", "1 slower"]);
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
    against.expect_said(&["`no_such_branch`", "exit status: 2"]);
    project.is_clean();
}

/// Checks that `[env]` of the checkout, which cargo sets for a bench target with `--against`, does not reach the
/// revision.
#[test]
fn the_configuration_of_the_checkout_is_not_that_of_the_revision() {
    let project = Project::with_runner();
    let read = "/// Work.\npub fn turns() -> u64 {\n    \
                std::env::var(\"TEST_TURNS\").map_or(20_000, |turns| turns.parse().expect(\"a number\"))\n}\n";
    project.write("src/lib.rs", read);
    project.commit("read");
    project.write(".cargo/config.toml", "[env]\nTEST_TURNS = \"10000\"\n");
    project.commit("configured");
    let against = ["bench", "-p", "project", "--", "--against=HEAD~1", "spins"];
    let ended = project.run("cargo", &[&against, &UNTIL_DECIDED[..]].concat());
    ended.expect_code(0).expect_said(&[". against HEAD~1", "1 faster"]);
    project.is_clean();
}
