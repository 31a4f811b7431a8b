//! Checks that records can be extended: a new field or variant must not break a crate that uses them.

use std::fs;
use std::path::{Path, PathBuf};

use bench_testing::workspace;

/// Returns the names of the public types of `source` that cannot be extended: structs with public fields, and enums,
/// without `#[non_exhaustive]`. An enum is allowed if its doc comment explains why it is exhaustive.
fn rigid(source: &str) -> Vec<String> {
    let (mut above, mut found) = (String::new(), Vec::new());
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("///") || line.starts_with("#[") {
            above.push_str(line);
            continue;
        }
        let above = std::mem::take(&mut above);
        let name_of = |keyword| Some(line.strip_prefix(keyword)?.strip_suffix(" {")?.to_owned());
        if above.contains("#[non_exhaustive]") {
            continue;
        }
        if let Some(name) = name_of("pub struct ") {
            let mut body = lines.by_ref().take_while(|line| *line != "}");
            if body.any(|line| line.starts_with("    pub ")) {
                found.push(name);
            }
        } else if let Some(name) = name_of("pub enum ")
            && !above.contains("/// Exhaustive: ")
        {
            found.push(name);
        }
    }
    found
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

#[test]
fn every_type_of_a_record_may_grow() {
    for path in sources(&workspace().join("crates/bench-record/src")) {
        let source = fs::read_to_string(&path).expect("a source");
        assert_eq!(rigid(&source), [""; 0], "{}: neither #[non_exhaustive] nor explained", path.display());
    }
}

#[test]
fn a_type_that_may_not_grow_is_found() {
    let source = "\
/// A struct.
#[derive(Debug)]
pub struct Open {
    /// A field.
    pub field: u8,
}

pub struct Closed {
    field: u8,
}

#[non_exhaustive]
pub struct Growing {
    pub field: u8,
}

/// Exhaustive: each has a sign.
pub enum Explained {
    One,
}

pub enum Rigid {
    One,
}
";
    assert_eq!(rigid(source), ["Open", "Rigid"]);
}
