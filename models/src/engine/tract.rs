//! The network on tract.

use std::sync::Arc;

use tract_onnx::prelude::{
    Framework, InferenceModelExt, IntoRunnable, IntoTValue, TVec, Tensor, TractResult, TypedRunnableModel,
};

use super::{Engine, EngineError, Network};

pub(super) struct Tract {
    model: Arc<TypedRunnableModel>,
    shape: [usize; 4],
}

impl Tract {
    pub(super) fn load(file: &[u8], shape: [usize; 4]) -> Result<Self, EngineError> {
        let load = || -> TractResult<Arc<TypedRunnableModel>> {
            let model = tract_onnx::onnx().model_for_read(&mut &file[..])?;
            model.into_optimized()?.into_runnable()
        };
        Ok(Tract { model: load().map_err(refused)?, shape })
    }
}

impl Network for Tract {
    fn run(&mut self, images: &[f32]) -> Result<Vec<f32>, EngineError> {
        EngineError::expect_input(images, self.shape)?;
        let run = || -> TractResult<Vec<f32>> {
            let images = Tensor::from_shape(&self.shape, images)?;
            let outputs: TVec<_> = self.model.run([images.into_tvalue()].into_iter().collect())?;
            let mut logits = Vec::new();
            for output in &outputs {
                logits.extend_from_slice(output.try_as_plain_ram()?.as_slice::<f32>()?);
            }
            Ok(logits)
        };
        run().map_err(refused)
    }
}

fn refused(error: impl std::fmt::Display) -> EngineError {
    // With all causes.
    EngineError::Refused { engine: Engine::Tract, reason: format!("{error:#}") }
}
