//! The network on ONNX Runtime, whose library is searched for when it is needed.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::{env, fmt};

use ort::environment::Environment;
use ort::session::Session;
use ort::value::TensorRef;

use super::{Engine, EngineError, Network};
use crate::weights;

/// The variable that names the library, as in other programs that use `ort`.
const LIBRARY_VARIABLE: &str = "ORT_DYLIB_PATH";

/// The library's file name in the folder of weights.
const LIBRARY: &str = "libonnxruntime.so";

/// Returns the path of the library: `$ORT_DYLIB_PATH`, or else below the weights, where `models/weights/fetch` puts
/// it.
pub fn library() -> PathBuf {
    match env::var_os(LIBRARY_VARIABLE) {
        Some(chosen) if !chosen.is_empty() => chosen.into(),
        _ => weights::directory().join(LIBRARY),
    }
}

/// The runtime of all sessions: a process can have only one.
static RUNTIME: Mutex<Option<Environment>> = Mutex::new(None);

/// Returns the runtime of [`library`], loaded on first use.
///
/// # Errors
/// If the library is missing, or is not an ONNX Runtime that can be used here.
pub fn runtime() -> Result<Environment, EngineError> {
    let mut runtime = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    match &*runtime {
        Some(loaded) => Ok(loaded.clone()),
        None => Ok(runtime.insert(load_library(library())?).clone()),
    }
}

fn load_library(path: PathBuf) -> Result<Environment, EngineError> {
    if !path.is_file() {
        return Err(EngineError::NoLibrary { path });
    }
    let unusable = |reason: String| EngineError::UnusableLibrary { path: path.clone(), reason };
    let environment = ort::init_from(&path).map_err(|error| unusable(error.to_string()))?;
    environment.build().map_err(|error| unusable(error.to_string()))
}

pub(super) struct OnnxRuntime {
    session: Session,
    shape: [usize; 4],
}

impl OnnxRuntime {
    pub(super) fn load(file: &[u8], shape: [usize; 4]) -> Result<Self, EngineError> {
        let mut builder = Session::builder(&runtime()?).map_err(refused)?;
        let session = builder.commit_from_memory(file).map_err(refused)?;
        Ok(OnnxRuntime { session, shape })
    }
}

impl Network for OnnxRuntime {
    fn run(&mut self, images: &[f32]) -> Result<Vec<f32>, EngineError> {
        EngineError::expect_input(images, self.shape)?;
        let images = TensorRef::from_array_view((self.shape, images)).map_err(refused)?;
        let outputs = self.session.run(ort::inputs![images]).map_err(refused)?;
        let (_, logits) = outputs[0].try_extract_tensor::<f32>().map_err(refused)?;
        Ok(logits.to_vec())
    }
}

pub(crate) fn refused(error: impl fmt::Display) -> EngineError {
    EngineError::Refused { engine: Engine::OnnxRuntime, reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_that_is_missing_or_none_is_named() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("libonnxruntime.so");
        let missing = load_library(path.clone()).map(drop).expect_err("no library");
        assert!(matches!(missing, EngineError::NoLibrary { .. }), "{missing}");
        let said = missing.to_string();
        assert!(said.contains("fetch --only onnxruntime") && said.contains("libonnxruntime.so"), "{said}");
        std::fs::write(&path, "no library").expect("written");
        let error = load_library(path).map(drop).expect_err("no library");
        assert!(matches!(error, EngineError::UnusableLibrary { .. }), "{error}");
    }
}
