//! The packages of this workspace, as their manifests describe them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use bench_testing::workspace;
use toml::Table;

/// A package whose dependencies are restricted.
#[derive(Clone, Debug)]
pub(crate) struct Package {
    /// The name, without `bench-`.
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    manifest: Table,
}

impl Package {
    fn read(folder: PathBuf) -> Self {
        let manifest = read(&folder.join("Cargo.toml"));
        let name = manifest["package"]["name"].as_str().expect("a name");
        Package { name: short(name).to_owned(), folder, manifest }
    }

    /// Returns the packages of this workspace that the package is built with: normal, optional, build and platform
    /// dependencies.
    pub(crate) fn uses(&self) -> BTreeSet<String> {
        let shared = read(&workspace().join("Cargo.toml"));
        let shared = shared["workspace"]["dependencies"].as_table().expect("dependencies");
        used(&self.manifest, shared)
    }
}

/// Returns `bench-core`, `bench-macros` and all packages below `crates/`.
pub(crate) fn packages() -> Vec<Package> {
    let below = fs::read_dir(workspace().join("crates")).expect("crates").flatten();
    let folders = below.map(|entry| entry.path()).filter(|folder| folder.join("Cargo.toml").exists());
    let top = ["bench-core", "bench-macros"].map(|name| workspace().join(name));
    top.into_iter().chain(folders).map(Package::read).collect()
}

/// Returns the dependencies of a manifest that are in this workspace. `shared` are those that `workspace = true` refers
/// to.
pub(crate) fn used(manifest: &Table, shared: &Table) -> BTreeSet<String> {
    let platforms = manifest.get("target").and_then(toml::Value::as_table).into_iter().flatten();
    let tables = platforms.filter_map(|(_, platform)| platform.as_table()).chain([manifest]);
    tables
        .flat_map(|table| ["dependencies", "build-dependencies"].map(|section| table.get(section)))
        .flatten()
        .filter_map(toml::Value::as_table)
        .flatten()
        .filter_map(|(key, wanted)| {
            let inherited = wanted.get("workspace").is_some();
            let described = if inherited { shared.get(key)? } else { wanted };
            described.get("path")?;
            let name = described.get("package").and_then(toml::Value::as_str).unwrap_or(key);
            Some(short(name).to_owned())
        })
        .collect()
}

/// Returns the name of a package as in `ARCHITECTURE.md`.
fn short(name: &str) -> &str {
    name.strip_prefix("bench-").unwrap_or(name)
}

fn read(manifest: &Path) -> Table {
    let text = fs::read_to_string(manifest).expect("a manifest");
    text.parse().unwrap_or_else(|error| panic!("{}: {error}", manifest.display()))
}
