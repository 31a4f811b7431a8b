//! [`EngineError`].

use std::path::PathBuf;

use super::Engine;
use crate::load::LoadError;

/// The reasons why an engine gives no answer.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The engine is not part of this build.
    #[error("this was built without {engine}: build with `--features {engine}`")]
    NotBuilt {
        /// The engine; its name is also that of the feature.
        engine: Engine,
    },
    /// The library of the engine is missing.
    #[error(
        "no ONNX Runtime at {}: run `models/weights/fetch --only onnxruntime`, or name a library in ORT_DYLIB_PATH",
        path.display()
    )]
    NoLibrary {
        /// The path at which it was expected.
        path: PathBuf,
    },
    /// The library of the engine cannot be used.
    #[error("{} is not an ONNX Runtime of version 1.23 or newer: {reason}", path.display())]
    UnusableLibrary {
        /// The library.
        path: PathBuf,
        /// The message of the loader.
        reason: String,
    },
    /// The engine does not support the model, or cannot run it.
    #[error("{engine} refuses the model: {reason}")]
    Refused {
        /// The engine.
        engine: Engine,
        /// The message of the engine.
        reason: String,
    },
    /// Another number of values than the network was loaded for.
    #[error("a batch of shape {shape:?} has {} values, not {found}", shape.iter().product::<usize>())]
    WrongInput {
        /// The input shape of the network.
        shape: [usize; 4],
        /// The number of values given.
        found: usize,
    },
    /// The model could not be made on candle.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The error of candle.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

impl EngineError {
    /// Converts the error for benchmarks: a missing engine, or a model that does not fit, skips the case; everything
    /// else fails it.
    pub fn or_skip(self) -> bench_core::Error {
        match self {
            EngineError::NotBuilt { .. } | EngineError::NoLibrary { .. } => {
                bench_core::Error::skip(self.to_string())
            }
            EngineError::Load(error) => error.or_skip(),
            other => other.into(),
        }
    }

    /// Checks that `images` has as many values as `shape`.
    pub(super) fn expect_input(images: &[f32], shape: [usize; 4]) -> Result<(), EngineError> {
        if images.len() == shape.iter().product::<usize>() {
            return Ok(());
        }
        Err(EngineError::WrongInput { shape, found: images.len() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_absent_engine_skips() {
        let absent = EngineError::NotBuilt { engine: Engine::Tract };
        let reason = "this was built without tract: build with `--features tract`";
        assert_eq!(absent.or_skip().skip_reason(), Some(reason));
        assert!(EngineError::NoLibrary { path: "there".into() }.or_skip().skip_reason().is_some());
        let refused = EngineError::Refused { engine: Engine::Tract, reason: "what is a Gemm?".to_owned() };
        assert_eq!(refused.or_skip().skip_reason(), None);
    }
}
