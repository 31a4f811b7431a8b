//! Files outside a repository that belong to its build: path dependencies that lead out of the repository, and cargo's
//! configuration in the folders above it.

use std::fs;
use std::path::{Component, Path, PathBuf};

use bench_protocol::cargo_home;
use bench_record::RunError;
use bench_report::tell;

/// Returns the place of `path` below `root`, at the same depth: `/home/me/project` is `root/home/me/project`.
pub(super) fn mirrored(root: &Path, path: &Path) -> PathBuf {
    let names = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name),
        _ => None,
    });
    names.fold(root.to_owned(), |path, name| path.join(name))
}

/// Makes links below `root` to the files outside of `tree` to which its manifests refer, and to cargo's configuration
/// in the folders above `top`, so that the same relative paths lead to them.
pub(super) fn link(root: &Path, top: &Path, tree: &Path) -> Result<(), RunError> {
    let home = cargo_home();
    for above in top.ancestors().skip(1) {
        let configuration = above.join(".cargo");
        // Cargo reads its home's configuration anyway.
        if configuration.is_dir() && home.as_deref() != Some(&*configuration) {
            link_to(&configuration, &mirrored(root, &configuration))?;
        }
    }
    for manifest in manifests(tree) {
        let text = fs::read_to_string(&manifest).unwrap_or_default();
        let folder = manifest.parent().unwrap_or(tree);
        let inside = folder.strip_prefix(tree).unwrap_or(Path::new(""));
        for path in paths(&text).filter(|path| Path::new(path).is_relative()) {
            let meant = normalized(&top.join(inside).join(path));
            if meant.starts_with(top) {
                continue;
            }
            let Some(outermost) = outermost(top, &meant) else { continue };
            if link_to(&outermost, &mirrored(root, &outermost))? {
                tell(&format!("{path} leads out of the repository: taken from {}", outermost.display()));
            }
        }
    }
    Ok(())
}

/// Makes a link; returns `false` if there is one already, or nothing to link to.
fn link_to(meant: &Path, place: &Path) -> Result<bool, RunError> {
    if !meant.exists() || fs::symlink_metadata(place).is_ok() {
        return Ok(false);
    }
    let io = |error| RunError::io("link", place, error);
    place.parent().map_or(Ok(()), fs::create_dir_all).map_err(io)?;
    bench_os::link(meant, place).map_err(io)?;
    Ok(true)
}

/// Returns the folder right below the innermost one that contains both `top` and `path`, on the way to `path`. Files
/// next to a dependency to which it refers are then found too.
fn outermost(top: &Path, path: &Path) -> Option<PathBuf> {
    let common = path.ancestors().find(|above| top.starts_with(above))?;
    let name = path.strip_prefix(common).ok()?.components().next()?;
    Some(common.join(name))
}

/// Returns the path without `.` and `..`; links are not followed.
fn normalized(path: &Path) -> PathBuf {
    let mut whole = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                whole.pop();
            }
            Component::CurDir => {}
            other => whole.push(other),
        }
    }
    whole
}

/// Returns all manifests of a tree except those in `target` folders.
fn manifests(tree: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![tree.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_folder && name != ".git" && name != "target" {
                open.push(path);
            } else if name == "Cargo.toml" {
                found.push(path);
            }
        }
    }
    found
}

/// Returns the values of the keys `path` in a manifest, wherever they are: a wrong match only makes a needless link.
fn paths(manifest: &str) -> impl Iterator<Item = &str> {
    manifest.split("path").skip(1).filter_map(|rest| {
        let rest = rest.trim_start().strip_prefix('=')?.trim_start();
        let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        rest[1..].split(quote).next()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_a_manifest_are_found_however_they_are_written() {
        let manifest = "a = { path = \"../a\", version = \"1\" }\n[dependencies.b]\npath='../../b'\n# path\n";
        assert_eq!(paths(manifest).collect::<Vec<_>>(), ["../a", "../../b"]);
    }

    #[test]
    fn what_lies_outside_is_linked_at_its_outermost_folder() {
        let top = Path::new("/home/me/project");
        let of = |path: &str| outermost(top, &normalized(&top.join(path)));
        assert_eq!(of("../bench/bench-core"), Some("/home/me/bench".into()));
        assert_eq!(of("sub/../../../shared/x"), Some("/home/shared".into()));
        assert_eq!(mirrored(Path::new("/cache/root"), top), Path::new("/cache/root/home/me/project"));
    }

    #[test]
    fn a_dependency_beside_the_repository_is_found_from_the_copy() {
        let folder = tempfile::tempdir().expect("folder");
        let folder = folder.path().canonicalize().expect("folder");
        let (top, root) = (folder.join("me/project"), folder.join("cache/root"));
        let tree = mirrored(&root, &top);
        for made in [&top, &tree, &folder.join("me/bench/core"), &folder.join("me/.cargo")] {
            fs::create_dir_all(made).expect("folder");
        }
        fs::write(folder.join("me/bench/core/Cargo.toml"), "here").expect("file");
        fs::write(tree.join("Cargo.toml"), "core = { path = \"../bench/core\" }\n").expect("file");
        link(&root, &top, &tree).expect("linked");
        assert_eq!(fs::read_to_string(tree.join("../bench/core/Cargo.toml")).expect("found"), "here");
        assert!(tree.join("../.cargo").is_dir());
        link(&root, &top, &tree).expect("once is enough");
    }
}
