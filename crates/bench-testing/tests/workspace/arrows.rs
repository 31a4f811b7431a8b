//! Checks which crates each crate may use.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use bench_testing::workspace;

use crate::package::{packages, used};

/// A row of the table.
struct Row {
    floor: u32,
    may_use: BTreeSet<String>,
}

/// Reads the table in `ARCHITECTURE.md`, by the names of crates.
fn table(text: &str) -> BTreeMap<String, Row> {
    let (_, rows) = text.split_once("| floor | crate | may use |\n|---|---|---|\n").expect("the table");
    let rows = rows.lines().take_while(|line| line.starts_with('|')).map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [floor, name, may_use] = cells[..] else { panic!("not three columns: {line}") };
        let may_use = may_use.split(", ").filter(|name| !name.is_empty()).map(str::to_owned).collect();
        (name.to_owned(), Row { floor: floor.parse().expect(line), may_use })
    });
    rows.collect()
}

/// Returns each difference between the manifests and the table.
fn deviations(rows: &BTreeMap<String, Row>, uses: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut found = Vec::new();
    for (name, uses) in uses {
        let Some(row) = rows.get(name) else {
            found.push(format!("`{name}` has no row in the table"));
            continue;
        };
        found.extend(uses.difference(&row.may_use).map(|other| format!("`{name}` must not use `{other}`")));
        found.extend(
            row.may_use
                .difference(uses)
                .map(|other| format!("`{name}` does not use `{other}`: narrow its row")),
        );
        for other in &row.may_use {
            if rows.get(other).is_none_or(|other| other.floor >= row.floor) {
                found.push(format!("`{other}` is not below `{name}`"));
            }
        }
    }
    found.extend(
        rows.keys().filter(|name| !uses.contains_key(*name)).map(|name| format!("no crate `{name}`")),
    );
    found
}

#[test]
fn crates_use_what_the_table_allows() {
    let text = fs::read_to_string(workspace().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let uses = packages().into_iter().map(|package| (package.name.clone(), package.uses())).collect();
    let found = deviations(&table(&text), &uses);
    assert!(found.is_empty(), "ARCHITECTURE.md and the manifests differ:\n{}", found.join("\n"));
}

#[test]
fn every_deviation_is_found() {
    let rows = table(
        "| floor | crate | may use |\n|---|---|---|\n| 1 | a | |\n| 2 | b | a, c |\n| 2 | c | |\n| 3 | gone | |\n",
    );
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<String>>();
    let uses = [("a", names(&["b"])), ("b", names(&["c"])), ("c", names(&[])), ("new", names(&[]))]
        .map(|(name, uses)| (name.to_owned(), uses));
    assert_eq!(
        deviations(&rows, &uses.into()),
        [
            "`a` must not use `b`",
            "`b` does not use `a`: narrow its row",
            "`c` is not below `b`",
            "`new` has no row in the table",
            "no crate `gone`",
        ]
    );
}

#[test]
fn dependencies_of_every_kind_are_read() {
    let manifest = "
        [dependencies]
        serde = '1'
        models.workspace = true
        bench-a = { workspace = true, optional = true }
        b = { package = 'bench-b', path = '../bench-b' }
        [build-dependencies]
        bench-c = { path = '../bench-c' }
        [target.'cfg(unix)'.dependencies]
        bench-d.workspace = true
        [dev-dependencies]
        bench-e.workspace = true
    ";
    let shared = "
        serde = { version = '1' }
        models = { path = 'models' }
        bench-a = { path = 'a' }
        bench-d = { path = 'd' }
        bench-e = { path = 'e' }
    ";
    let found = used(&manifest.parse().expect("TOML"), &shared.parse().expect("TOML"));
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["a", "b", "c", "d", "models"]);
}
