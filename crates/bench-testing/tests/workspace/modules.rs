//! Checks that the modules of a crate form no cycles.
//!
//! The modules of each folder are compared with each other: a use of `a::x` in `b::y` is a use of `a` by `b`. A parent may
//! re-export its children, and a child may use the items of its parent.

use std::collections::{BTreeMap, BTreeSet};

use crate::package::packages;
use crate::source_tree::SourceTree;

/// Uses that form a cycle but are allowed: the crate, the user, and the used module.
const ALLOWED: [(&str, &str, &str); 5] = [
    // A benchmark holds the pointer to a function that takes a `Bencher`.
    ("core", "benchmark", "bencher"),
    // The first benchmark that registers may find that its process is to list or to run all of them.
    ("core", "dynamic", "entry"),
    ("core", "dynamic", "light"),
    // The interface is that of criterion, whose types create each other.
    ("criterion-facade", "bencher", "async_bencher"),
    ("criterion-facade", "benchmark_group", "criterion"),
];

/// The folders, by path; for each module of a folder, the siblings that it uses, each with an example of a used path.
type Uses = BTreeMap<Vec<String>, BTreeMap<String, BTreeMap<String, String>>>;

fn uses(tree: &SourceTree) -> Uses {
    let mut uses = Uses::new();
    for (user, module) in &tree.modules {
        for path in &module.references {
            let Some(used) = tree.holder(path) else { continue };
            let common = user.iter().zip(&used).take_while(|(a, b)| a == b).count();
            if let (Some(from), Some(to)) = (user.get(common), used.get(common)) {
                let folder = uses.entry(user[..common].to_vec()).or_default();
                let reason = format!("{} uses {}", user.join("::"), path.join("::"));
                folder.entry(from.clone()).or_default().entry(to.clone()).or_insert(reason);
            }
        }
    }
    uses
}

/// Returns each use that is part of a cycle.
fn cycles(uses: &Uses, allowed: &[(&str, &str)]) -> Vec<String> {
    let mut found = Vec::new();
    for folder in uses.values() {
        let next = |from: &str| {
            let used = folder.get(from).into_iter().flatten().map(|(to, _)| to.as_str());
            used.filter(|to| !allowed.contains(&(from, to))).collect::<Vec<&str>>()
        };
        for (from, used) in folder {
            let closing = used.iter().filter(|(to, _)| {
                let within: BTreeSet<&str> = next(from).into_iter().collect();
                within.contains(to.as_str()) && reaches(to, from, &next)
            });
            found.extend(closing.map(|(_, reason)| reason.clone()));
        }
    }
    found
}

fn reaches<'a>(from: &'a str, wanted: &str, next: &impl Fn(&str) -> Vec<&'a str>) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(at) = open.pop() {
        if at == wanted {
            return true;
        }
        if seen.insert(at) {
            open.extend(next(at));
        }
    }
    false
}

#[test]
fn no_modules_use_each_other_in_a_circle() {
    let mut found = Vec::new();
    for package in packages() {
        let allowed = ALLOWED.iter().filter(|(name, ..)| *name == package.name);
        let allowed: Vec<(&str, &str)> = allowed.map(|&(_, user, used)| (user, used)).collect();
        let tree = SourceTree::of_package(&package.folder);
        assert!(!tree.modules.is_empty(), "nothing read of {}", package.name);
        found.extend(
            cycles(&uses(&tree), &allowed).into_iter().map(|cycle| format!("{}: {cycle}", package.name)),
        );
    }
    assert!(found.is_empty(), "uses that close a cycle:\n{}", found.join("\n"));
}

#[test]
fn what_is_allowed_is_there() {
    for (name, user, used) in ALLOWED {
        let package = packages().into_iter().find(|package| package.name == name).expect(name);
        let uses = uses(&SourceTree::of_package(&package.folder));
        assert!(uses[&Vec::new()][user].contains_key(used), "{name}: {user} does not use {used}");
    }
}

#[track_caller]
fn assert_cycles(text: &str, expected: &[&str]) {
    assert_eq!(cycles(&uses(&SourceTree::of_text(text)), &[]), expected, "{text}");
}

#[test]
fn cycles_are_found_however_they_are_written() {
    let both = ["a uses b::B", "b uses a::A"];
    assert_cycles("mod a { use crate::b::B; struct A; } mod b { use crate::a::A; struct B; }", &both);
    assert_cycles("mod a { use super::{b::B as C}; } mod b { fn f() -> Vec<crate::a::A> {} }", &both);
    assert_cycles(
        "pub use a::A; pub use b::*; mod a { use crate::B; } mod b { pub struct B; use super::A; }",
        &["a uses B", "b uses A"],
    );
    assert_cycles(
        "mod a { use crate::b; } mod b { use crate::c; } mod c { mod d { use super::super::a; } }",
        &["a uses b", "b uses c", "c::d uses a"],
    );
    assert_cycles(
        "mod x { mod a { use super::b; } mod b { use crate::x::a; } }",
        &["x::a uses x::b", "x::b uses x::a"],
    );
}

#[test]
fn what_is_no_cycle_is_not_found() {
    for text in [
        "mod a { use crate::b; } mod b { use crate::c; } mod c {}",
        "pub use a::A; mod a { pub struct A; use crate::Root; } struct Root;",
        "mod a { use crate::b; #[cfg(test)] mod tests { } } mod b { #[cfg(test)] mod tests { use crate::a; } }",
        "mod a { use crate::b; } mod b { #[cfg(test)] use crate::{a, c}; fn f() { let _ = \"crate::a\"; } }",
        "mod a { macro_rules! m { () => { $crate::b::f() } } } mod b { use crate::a; }",
        "pub use outside::Name; mod a { use crate::b; } mod b { use crate::Name; }",
    ] {
        assert_cycles(text, &[]);
    }
}
