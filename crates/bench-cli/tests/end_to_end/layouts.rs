//! Layouts of code: the same object files, linked in several orders.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::project::{Project, target};
use crate::stage::Stage;

/// Enough time to draw every layout several times. Three layouts are too few to decide anything.
const PAIRS: [&str; 3] = ["spins", "--layouts=3", "--max-time=5s"];

fn layouts_of(side: &Value) -> Vec<PathBuf> {
    let files = side["layouts"].as_array().expect("layouts");
    files.iter().map(|file| file.as_str().expect("a path").into()).collect()
}

/// Returns the symbols of an executable with the sizes that `nm` prints, and their order by address; `None` without
/// `nm`.
fn symbols(executable: &PathBuf) -> Option<(BTreeSet<String>, Vec<String>)> {
    let output = std::process::Command::new("nm").arg("-nS").arg(executable).output().ok()?;
    let text = String::from_utf8(output.stdout).expect("text");
    let sized: Vec<String> = text
        .lines()
        .filter_map(|line| match line.split(' ').collect::<Vec<_>>()[..] {
            [_, size, "t" | "T", name] => Some(format!("{size} {name}")),
            _ => None,
        })
        .collect();
    Some((sized.iter().cloned().collect(), sized))
}

/// A single test, because every step needs the first build.
#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn a_revision_and_the_working_tree_are_compared_in_three_layouts_of_each() {
    let project = Project::new();
    let compare = [&["compare", "HEAD~1", "."], &PAIRS[..]].concat();
    let ended = project.bench(&compare).expect_said(&[
        "linking 3 layouts of speed-",
        "3 layouts of the code of each side, drawn again for every process pair",
        "layouts: unit/spins: base differs by",
        "too few layouts to detect anything",
        "more layouts may settle it (`--layouts`)",
    ]);
    assert!(!ended.said().contains("rests on one layout"), "{}", ended.said());
    let comparison = project.stage.comparison();
    assert_eq!(comparison["layouts"], 3);
    for side in ["base", "candidate"] {
        let files = layouts_of(&comparison[side]);
        assert_eq!(files.len(), 3, "{files:?}");
        let contents: BTreeSet<Vec<u8>> = files.iter().map(|file| fs::read(file).expect("a file")).collect();
        assert_eq!(contents.len(), 3, "three different executables of the {side}");
        // The layouts have the same functions in different orders: nothing was compiled again.
        let plain = PathBuf::from(comparison[side]["executables"][0].as_str().expect("a path"));
        if let Some((own, own_order)) = symbols(&plain) {
            for file in &files {
                let (sized, order) = symbols(file).expect("nm");
                assert!(own.len() > 100 && sized == own, "{}", file.display());
                assert!(order != own_order, "{}", file.display());
            }
        }
        let pairs = comparison["cases"][0]["pairs"].as_array().expect("pairs");
        let drawn: BTreeSet<u64> =
            pairs.iter().map(|pair| pair["layouts"][side].as_u64().expect("a layout")).collect();
        assert_eq!(drawn, BTreeSet::from([1, 2, 3]), "{} pairs", pairs.len());
    }
    follows_its_schema(&comparison);

    // If nothing has changed, nothing is linked again, and cargo's own executable stays the same.
    let again = project.bench(&compare);
    assert!(!again.stderr.contains("linking 3 layouts"), "{}", again.said());
    assert!(!again.stderr.contains("Compiling"), "{}", again.said());
    let plain = project.bench(&["compare", ".", ".", "spins", "--max-time=1ms"]);
    assert!(!plain.stderr.contains("Compiling"), "{}", plain.said());
    assert!(!plain.stdout.contains("layouts"), "{}", plain.said());
    project.is_clean();

    // The other commands that compare builds have the flag, too.
    let flags = ["--layouts=3", "--max-time=1ms"];
    let against = project.bench(&[&["run", "--against", "HEAD~1", "spins"], &flags[..]].concat());
    against.expect_said(&["3 layouts of the code of each side"]);
    let bisect = [&["bisect", "HEAD~1", "HEAD", "--case", "unit/spins"], &flags[..]].concat();
    project.bench(&bisect).expect_code(4).expect_said(&["linking 3 layouts of speed-"]);

    a_linker_that_cannot_is_named(&project);
}

/// Checks the error for a linker that cannot order functions: GNU ld, which comes with every C compiler.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn a_linker_that_cannot_is_named(project: &Project) {
    // Set by a build script: flags in cargo's configuration would build every dependency again.
    project
        .write("build.rs", "fn main() {\n    println!(\"cargo::rustc-link-arg-benches=-fuse-ld=bfd\");\n}\n");
    let ended = project.bench(&["compare", ".", ".", "spins", "--layouts=3", "--max-time=1ms"]);
    ended.expect_code(2).expect_said(&[
        "the linker of speed-",
        "did not put its sections in 3 orders",
        "unrecognized option '--shuffle-sections",
        "-fuse-ld=lld",
        "leave `--layouts` out",
    ]);
    let built = target().join("release/deps");
    let left = fs::read_dir(built).expect("a folder").flatten().map(|entry| entry.file_name());
    let tools: Vec<_> = left.filter(|name| name.to_string_lossy().starts_with("bench-layouts-")).collect();
    assert!(tools.is_empty(), "{tools:?}");
    // A plain build still works.
    let plain = project.bench(&["compare", ".", ".", "spins", "--max-time=1ms"]);
    assert!(!plain.stderr.contains("Compiling"), "{}", plain.said());
    plain.expect_code(0);
}

#[track_caller]
fn follows_its_schema(comparison: &Value) {
    let text = fs::read_to_string(bench_testing::workspace().join("docs/comparison.schema.json"));
    let schema = serde_json::from_str(&text.expect("schema")).expect("JSON");
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    let wrong: Vec<String> =
        schema.iter_errors(comparison).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_cargo_does_not_link_has_no_layouts() {
    let stage = Stage::new(&["base"]);
    stage
        .bench(&["compare", "./base", "./base", "--layouts=2"])
        .expect_code(2)
        .expect_said(&["`./base` is an executable", "name a folder with a Cargo.toml or a git revision"]);
    for number in ["0", "65", "-1"] {
        let ended = stage.bench(&["compare", "./base", "./base", &format!("--layouts={number}")]);
        assert_eq!(ended.code, 2, "{number}: {}", ended.said());
    }
    let unlinked = stage.bench(&["run", "./base", "--layouts=2"]).expect_code(2);
    unlinked.expect_said(&["--layouts needs code that is linked for the comparison: add --against REV"]);
    assert!(!stage.results().exists());
}
