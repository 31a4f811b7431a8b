//! The folder of weights and photographs, and the errors of weight files.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use candle_core::Device;

use crate::memory::{MemoryError, expect_bytes};

/// The variable that names the folder of weights; `models/weights` if it is not set.
pub const WEIGHTS_DIR_VARIABLE: &str = "BENCH_WEIGHTS_DIR";

/// The variable that names the folder of photographs; `images` below the weights if it is not set.
pub const IMAGES_DIR_VARIABLE: &str = "BENCH_IMAGES_DIR";

/// The reasons why a model could not be made from a file of weights.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The file does not exist. Benchmarks are skipped then, see [`or_skip`](Self::or_skip).
    #[error("no weights for {model} at {}: run `models/weights/fetch --only {model}`", path.display())]
    Missing {
        /// The model whose weights are wanted; also the name that `models/weights/fetch` knows.
        model: &'static str,
        /// The path at which they were expected.
        path: PathBuf,
    },
    /// The file is neither here nor available from the Hugging Face Hub, or is not the expected one.
    #[cfg(feature = "hub")]
    #[error(
        "no weights for {model}: `{file}` of {repository} on the Hugging Face Hub {problem}: run \
         `models/weights/fetch --only {model}`"
    )]
    NotFromHub {
        /// The model whose weights are wanted; also the name that `models/weights/fetch` knows.
        model: &'static str,
        /// The file's path in the repository.
        file: &'static str,
        /// The repository.
        repository: &'static str,
        /// The fault.
        problem: String,
    },
    /// The operating system could not read the file.
    #[error("cannot read the weights in {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The file does not have the format of the model's weights, or is truncated.
    #[error("{} is not a complete {format} file ({reason}): remove it and fetch it again", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// `safetensors` or `GGUF`.
        format: &'static str,
        /// The message of the parser.
        reason: String,
    },
    /// A tensor that the model needs is not in the file: weights of another architecture.
    #[error("{} contains no tensor `{tensor}` of shape {shape:?}: these are not the weights of {model}", path.display())]
    MissingTensor {
        /// The model.
        model: &'static str,
        /// The file.
        path: PathBuf,
        /// The name of the tensor.
        tensor: String,
        /// The shape that the model needs.
        shape: Vec<usize>,
    },
    /// The file contains tensors that the model does not have: weights of another architecture.
    #[error("{} contains {count} tensors that {model} does not have, such as `{example}`: these are not its weights", path.display())]
    SpareTensors {
        /// The model.
        model: &'static str,
        /// The file.
        path: PathBuf,
        /// The number of these tensors.
        count: usize,
        /// The first of them, by name.
        example: String,
    },
    /// A tensor has the wrong shape: weights of another variant.
    #[error("`{tensor}` in {} has shape {found:?}, but {model} needs {expected:?}", path.display())]
    WrongShape {
        /// The model.
        model: &'static str,
        /// The file.
        path: PathBuf,
        /// The name of the tensor.
        tensor: String,
        /// The shape that the model needs.
        expected: Vec<usize>,
        /// The shape in the file.
        found: Vec<usize>,
    },
    /// A tensor has the wrong element type.
    #[error("`{tensor}` in {} has elements of type {found}, but {model} needs {expected}", path.display())]
    WrongDtype {
        /// The model.
        model: &'static str,
        /// The file.
        path: PathBuf,
        /// The name of the tensor.
        tensor: String,
        /// The element type that the model needs.
        expected: String,
        /// The element type in the file.
        found: String,
    },
    /// The file's description of the weights is not that of the model: another architecture, another size, a
    /// vocabulary that contradicts itself.
    #[error("`{key}` in {} is {found}, but {model} needs {expected}", path.display())]
    WrongMetadata {
        /// The model.
        model: &'static str,
        /// The file.
        path: PathBuf,
        /// The name of the entry.
        key: String,
        /// The value that the model needs.
        expected: String,
        /// The value in the file; `missing` if there is none.
        found: String,
    },
    /// There is too little memory for the weights.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// The tensors are right, but the device could not allocate them, or the model could not be made.
    #[error("cannot make {model} of the weights in {}", path.display())]
    Unusable {
        /// The model.
        model: &'static str,
        /// The file.
        path: PathBuf,
        /// The error of candle.
        source: candle_core::Error,
    },
}

impl WeightsError {
    /// Converts the error for benchmarks: weights that were never fetched, or do not fit, skip the case; everything
    /// else fails it.
    pub fn or_skip(self) -> bench_core::Error {
        match self {
            WeightsError::Missing { model, .. } => bench_core::Error::skip(format!(
                "no weights for {model}: run `models/weights/fetch --only {model}`"
            )),
            #[cfg(feature = "hub")]
            WeightsError::NotFromHub { .. } => bench_core::Error::skip(self.to_string()),
            WeightsError::Memory(error) => error.or_skip(),
            other => other.into(),
        }
    }
}

/// Returns a model with its weights, for tests; `None`, after printing the reason, if they are missing.
#[cfg(test)]
pub(crate) fn fetched<M>(loaded: Result<M, WeightsError>) -> Option<M> {
    let absent = match loaded {
        Ok(model) => return Some(model),
        Err(error) => error.or_skip(),
    };
    println!("not tested: {}", absent.skip_reason().unwrap_or_else(|| panic!("{absent}")));
    None
}

/// Reads a file of `model`'s weights.
///
/// # Errors
/// [`Missing`](WeightsError::Missing), [`Unreadable`](WeightsError::Unreadable), or
/// [`Memory`](WeightsError::Memory) if file and tensors together would not fit.
pub(crate) fn read(model: &'static str, path: &Path) -> Result<Vec<u8>, WeightsError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => WeightsError::Missing { model, path: path.to_owned() },
        _ => WeightsError::Unreadable { path: path.to_owned(), source },
    };
    let length = fs::metadata(path).map_err(failed)?.len();
    let what = || format!("the weights in {}", path.display());
    expect_bytes(&Device::Cpu, length.saturating_mul(2), what)?;
    fs::read(path).map_err(failed)
}

/// Returns the path of the weight file of this name, in the [folder of weights](directory). With the feature `hub`, a
/// missing file comes from the Hugging Face Hub or its cache if the module `hub` knows it.
///
/// # Errors
/// With the feature `hub`, `NotFromHub` if the file cannot be obtained, or is not the expected one.
pub fn file(name: &str) -> Result<PathBuf, WeightsError> {
    let path = directory().join(name);
    #[cfg(feature = "hub")]
    if !path.exists()
        && let Some(file) = crate::hub::known(name)
    {
        return crate::hub::get(file);
    }
    Ok(path)
}

/// Returns the folder of weights: `$BENCH_WEIGHTS_DIR`, else `models/weights` of the checkout that this was compiled
/// in, else of the working directory.
pub fn directory() -> PathBuf {
    directory_from(
        env::var_os(WEIGHTS_DIR_VARIABLE).map(PathBuf::from),
        Path::new(env!("CARGO_MANIFEST_DIR")),
    )
}

/// Returns the folder of photographs: `$BENCH_IMAGES_DIR`, else `images` below [`directory`].
pub fn images_directory() -> PathBuf {
    match env::var_os(IMAGES_DIR_VARIABLE) {
        Some(chosen) if !chosen.is_empty() => chosen.into(),
        _ => directory().join("images"),
    }
}

/// Returns the folder of weights; an empty variable counts as unset, as in `models/weights/fetch`.
fn directory_from(chosen: Option<PathBuf>, manifest: &Path) -> PathBuf {
    if let Some(chosen) = chosen.filter(|chosen| !chosen.as_os_str().is_empty()) {
        return chosen;
    }
    let compiled = manifest.join("weights");
    // An executable that was moved to another machine finds its checkout through the working directory.
    let working = Path::new("models").join("weights");
    if !compiled.is_dir() && working.is_dir() { working } else { compiled }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_wins_unless_it_is_empty() {
        let manifest = tempfile::tempdir().expect("temporary folder");
        std::fs::create_dir(manifest.path().join("weights")).expect("folder of weights");
        let compiled = manifest.path().join("weights");
        assert_eq!(directory_from(Some("/elsewhere".into()), manifest.path()), Path::new("/elsewhere"));
        assert_eq!(directory_from(Some("".into()), manifest.path()), compiled);
        assert_eq!(directory_from(None, manifest.path()), compiled);
    }

    #[test]
    fn only_missing_weights_skip() {
        let missing = WeightsError::Missing { model: "efficientnet_lite0", path: "there".into() };
        assert_eq!(
            missing.or_skip().skip_reason(),
            Some("no weights for efficientnet_lite0: run `models/weights/fetch --only efficientnet_lite0`")
        );
        let malformed = WeightsError::Malformed {
            path: "there".into(),
            format: "safetensors",
            reason: "no header".into(),
        };
        assert_eq!(malformed.or_skip().skip_reason(), None);
    }
}
