//! Code that is specific to one system stands in modules that are named after the system.
#![allow(clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

/// The crates that have a portable variant, from the root of the workspace.
const CRATES: [&str; 12] = [
    "bench-core",
    "bench-macros",
    "crates/bench-compare",
    "crates/bench-judge",
    "crates/bench-machine",
    "crates/bench-os",
    "crates/bench-protocol",
    "crates/bench-record",
    "crates/bench-report",
    "crates/bench-runner",
    "crates/bench-stats",
    "crates/bench-syntax",
];

/// Names that do not exist on every system.
const NOT_PORTABLE: [&str; 5] = ["std::os::", "libc::", "signal_hook", "rustix::", "target_os = \"linux\""];

/// The condition that selects one of the two variants.
const CHOICE: &str = "all(target_os = \"linux\", not(bench_portable))";

/// Contains instructions for valgrind, which differ by architecture, but no calls of the system.
const MARKS: &str = "bench-core/src/counting/marks.rs";

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Returns the lines of a source that are specific to one system, with their numbers. Tests may choose systems by
/// `cfg(unix)`.
fn specific(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let text = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    text.lines().enumerate().map(|(number, line)| (number + 1, line.trim())).filter(|(_, line)| {
        let code = line.replace(CHOICE, "");
        !line.starts_with("//") && NOT_PORTABLE.iter().any(|word| code.contains(word))
    })
}

#[test]
fn what_is_of_one_system_is_found() {
    let text = "use std::os::fd::AsFd;\n// libc::fork\n#[cfg(all(target_os = \"linux\", not(bench_portable)))]\n\
                #[cfg(target_os = \"linux\")]\nunsafe { libc::fork() }\n\
                #[cfg(test)]\nmod tests {\nuse libc::fork;\n}\n";
    assert_eq!(specific(text).map(|(line, _)| line).collect::<Vec<_>>(), [1, 4, 5]);
}

#[test]
fn system_calls_stand_in_modules_named_after_their_system() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    for name in CRATES {
        let source = root.join(name).join("src");
        if !source.is_dir() {
            println!("skipped: {name} is not in this checkout");
            continue;
        }
        let mut files = Vec::new();
        sources(&source, &mut files);
        assert!(!files.is_empty(), "{name}");
        files.retain(|file| file.file_stem().is_none_or(|stem| stem != "linux") && !file.ends_with(MARKS));
        for file in files {
            let text = fs::read_to_string(&file).expect("a source");
            for (number, line) in specific(&text) {
                found.push(format!("{}:{number}: {line}", file.display()));
            }
        }
    }
    assert!(
        found.is_empty(),
        "move this into a module `linux`, with a variant `portable` beside it:\n{}",
        found.join("\n")
    );
}
