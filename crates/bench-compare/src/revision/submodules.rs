//! Checks out the submodules of a checkout.

use std::path::Path;

use bench_record::RunError;

use super::{git, git_must, text};

/// Checks out the submodules of `tree`. Each comes from the repository that the user's checkout has for it (below
/// `modules` of `common`), so that nothing is fetched, or from its own address if there is no such repository.
pub(super) fn bring(tree: &Path, common: &Path) -> Result<(), RunError> {
    if !tree.join(".gitmodules").exists() {
        return Ok(());
    }
    let listed = git(tree, &["config", "--file", ".gitmodules", "--name-only", "--get-regexp", r"\.path$"])?;
    for name in text(&listed.stdout).lines() {
        let Some(name) = name.strip_prefix("submodule.").and_then(|name| name.strip_suffix(".path")) else {
            continue;
        };
        let path =
            text(&git(tree, &["config", "--file", ".gitmodules", &format!("submodule.{name}.path")])?.stdout);
        let known = common.join("modules").join(name);
        let what = format!("check out the submodule {path}");
        if known.is_dir() {
            let url = format!("submodule.{name}.url={}", known.display());
            git_must(
                tree,
                &[
                    "-c",
                    "protocol.file.allow=always",
                    "-c",
                    &url,
                    "submodule",
                    "update",
                    "--init",
                    "--",
                    &path,
                ],
                &what,
            )?;
        } else {
            git_must(
                tree,
                &["-c", "protocol.file.allow=always", "submodule", "update", "--init", "--", &path],
                &what,
            )?;
        }
        bring(&tree.join(&path), &known)?;
    }
    Ok(())
}
