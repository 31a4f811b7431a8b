//! The network that speaks.

use std::path::Path;

use super::SpeechError;
use super::voice::Inference;
use crate::axis::Threads;

/// The settings of a voice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scales {
    /// The variation of the sound; with 0, two runs are the same.
    pub noise: f32,
    /// How slowly it speaks: 1 as in training, 2 twice as slowly.
    pub length: f32,
    /// The variation of the lengths of sounds; with 0, two runs are the same.
    pub length_noise: f32,
}

impl Scales {
    /// The settings without anything random.
    pub const STEADY: Scales = Scales { noise: 0.0, length: 1.0, length_noise: 0.0 };
}

impl From<Inference> for Scales {
    fn from(Inference { noise_scale, length_scale, noise_w }: Inference) -> Self {
        Scales { noise: noise_scale, length: length_scale, length_noise: noise_w }
    }
}

/// A VITS network (Kim, Kong and Son, 2021, arXiv:2106.06103).
pub(super) trait Vits: Send {
    /// Returns samples from −1 to 1 of the sounds with these numbers.
    fn speak(&mut self, ids: &[i64], batch: usize, scales: Scales) -> Result<Vec<f32>, SpeechError>;
}

#[cfg(not(feature = "onnxruntime"))]
pub(super) fn load(_network: &Path, _threads: Threads) -> Result<Box<dyn Vits>, SpeechError> {
    Err(crate::engine::EngineError::NotBuilt { engine: crate::engine::Engine::OnnxRuntime }.into())
}

#[cfg(feature = "onnxruntime")]
pub(super) use on_onnx_runtime::load;

#[cfg(feature = "onnxruntime")]
mod on_onnx_runtime {
    use ort::session::Session;
    use ort::value::TensorRef;

    use super::{Path, Scales, SpeechError, Threads, Vits};
    use crate::engine::onnx_runtime::{refused, runtime};

    struct OnOnnxRuntime {
        session: Session,
    }

    /// Reads the network in the file `network`.
    ///
    /// # Errors
    /// When there is no library, or it refuses the file.
    pub(in super::super) fn load(network: &Path, threads: Threads) -> Result<Box<dyn Vits>, SpeechError> {
        let runtime = runtime()?;
        let refused = |error: ort::Error| refused(format!("{}: {error}", network.display()));
        let mut builder = Session::builder(&runtime).map_err(refused)?;
        if let Some(number) = threads.number() {
            builder = builder.with_intra_threads(number).map_err(|error| refused(error.into()))?;
        }
        let session = builder.commit_from_file(network).map_err(refused)?;
        Ok(Box::new(OnOnnxRuntime { session }))
    }

    impl Vits for OnOnnxRuntime {
        fn speak(&mut self, ids: &[i64], batch: usize, scales: Scales) -> Result<Vec<f32>, SpeechError> {
            let length = ids.len() / batch.max(1);
            let counts = vec![length as i64; batch];
            let scales = [scales.noise, scales.length, scales.length_noise];
            let inputs = ort::inputs![
                "input" => TensorRef::from_array_view(([batch, length], ids)).map_err(refused)?,
                "input_lengths" => TensorRef::from_array_view(([batch], &counts[..])).map_err(refused)?,
                "scales" => TensorRef::from_array_view(([3], &scales[..])).map_err(refused)?,
            ];
            let outputs = self.session.run(inputs).map_err(refused)?;
            let (_, samples) = outputs[0].try_extract_tensor::<f32>().map_err(refused)?;
            Ok(samples.to_vec())
        }
    }
}
