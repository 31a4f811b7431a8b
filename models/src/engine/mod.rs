//! The same network on several engines: candle, tract and ONNX Runtime, on identical weights.
//!
//! tract and ONNX Runtime are compiled with the features `tract` and `onnxruntime`; the library of the latter is
//! searched for when it is used.

mod agreement;
mod candle;
mod error;
#[cfg(feature = "onnxruntime")]
pub mod onnx_runtime;
#[cfg(feature = "tract")]
mod tract;

use std::fmt;

pub use agreement::{Disagreement, TOLERANCE, expect_agreement};
pub use error::EngineError;

use crate::resnet::{Depth, INPUT_SIDE};

/// The library that runs a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// candle, which runs most other models here.
    Candle,
    /// tract, on one thread.
    Tract,
    /// ONNX Runtime, on as many threads as there are cores.
    OnnxRuntime,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Engine::Candle => "candle",
            Engine::Tract => "tract",
            Engine::OnnxRuntime => "onnxruntime",
        })
    }
}

/// A network on an engine.
pub trait Network {
    /// Computes logits of shape `(batch, 1000)` from images of shape `(batch, 3, 224, 224)`, both row by row.
    ///
    /// # Errors
    /// If the number of values is not the one that the network was loaded for, and the errors of the engine.
    fn run(&mut self, images: &[f32]) -> Result<Vec<f32>, EngineError>;
}

impl Engine {
    /// Loads ResNet with generated weights, for batches of `batch`. `file` is made by
    /// [`model_file`](Self::model_file).
    ///
    /// # Errors
    /// If the engine is not compiled in, its library is missing, or it rejects the model.
    pub fn load(self, depth: Depth, batch: usize, file: &[u8]) -> Result<Box<dyn Network>, EngineError> {
        let shape = [batch, 3, INPUT_SIDE, INPUT_SIDE];
        match self {
            Engine::Candle => Ok(Box::new(candle::Candle::load(depth, shape)?)),
            #[cfg(feature = "tract")]
            Engine::Tract => Ok(Box::new(tract::Tract::load(file, shape)?)),
            #[cfg(feature = "onnxruntime")]
            Engine::OnnxRuntime => Ok(Box::new(onnx_runtime::OnnxRuntime::load(file, shape)?)),
            #[cfg(not(all(feature = "tract", feature = "onnxruntime")))]
            missing => {
                let _ = file;
                Err(EngineError::NotBuilt { engine: missing })
            }
        }
    }

    /// Checks that the engine was compiled in.
    ///
    /// # Errors
    /// [`NotBuilt`](EngineError::NotBuilt).
    pub fn expect_built(self) -> Result<(), EngineError> {
        let built = match self {
            Engine::Candle => true,
            Engine::Tract => cfg!(feature = "tract"),
            Engine::OnnxRuntime => cfg!(feature = "onnxruntime"),
        };
        if built { Ok(()) } else { Err(EngineError::NotBuilt { engine: self }) }
    }

    /// Returns the file that the engine loads: ONNX; empty for candle, which generates its weights.
    ///
    /// # Errors
    /// When the weights cannot be made.
    pub fn model_file(self, depth: Depth, batch: usize) -> candle_core::Result<Vec<u8>> {
        match self {
            Engine::Candle => Ok(Vec::new()),
            Engine::Tract | Engine::OnnxRuntime => crate::resnet::onnx(depth, batch),
        }
    }
}
