//! [`Checkpoint`]: a safetensors file as the source of a model's tensors.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use candle_core::safetensors::{BufferedSafetensors, Load};
use candle_core::{DType, Device, Shape, Tensor};
use candle_nn::var_builder::SimpleBackend;
use candle_nn::{Init, VarBuilder};

use crate::weights::{self, WeightsError};

/// The element type of all files of weights.
const STORED: DType = DType::F32;

/// A file of weights, read into memory and parsed, for one model.
///
/// Stricter than `VarBuilder::from_buffered_safetensors`: names, shapes and element types must be those that the model
/// requests, and every tensor of the file must be requested. With the wrong weights, a benchmark would report a wrong
/// figure.
pub struct Checkpoint {
    model: &'static str,
    path: PathBuf,
    tensors: BufferedSafetensors,
}

impl Checkpoint {
    /// Reads the whole file.
    ///
    /// # Errors
    /// [`Missing`](WeightsError::Missing), [`Unreadable`](WeightsError::Unreadable) or
    /// [`Malformed`](WeightsError::Malformed); a truncated file is malformed.
    pub fn read(model: &'static str, path: PathBuf) -> Result<Self, WeightsError> {
        let bytes = weights::read(model, &path)?;
        match BufferedSafetensors::new(bytes) {
            Ok(tensors) => Ok(Checkpoint { model, path, tensors }),
            Err(error) => {
                Err(WeightsError::Malformed { path, format: "safetensors", reason: error.to_string() })
            }
        }
    }

    /// Builds the model: `build` requests its tensors, which are f32 in the file, and receives them as `dtype` on
    /// `device`.
    ///
    /// # Errors
    /// The fault of the first tensor that cannot be obtained as requested, tensors that were not requested, or the
    /// error of `build`.
    pub fn build<M>(
        self,
        dtype: DType,
        device: &Device,
        build: impl FnOnce(VarBuilder<'static>) -> candle_core::Result<M>,
    ) -> Result<M, WeightsError> {
        let lender = Arc::new(Lender { checkpoint: self, seen: Mutex::default() });
        let built = build(VarBuilder::from_backend(Box::new(Handle(lender.clone())), dtype, device.clone()));
        let Checkpoint { model, path, tensors } = &lender.checkpoint;
        let mut seen = lender.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(problem) = seen.problem.take() {
            return Err(problem);
        }
        let built = built.map_err(|source| WeightsError::Unusable { model, path: path.clone(), source })?;
        let spare: BTreeSet<String> = tensors
            .tensors()
            .into_iter()
            .map(|(name, _)| name)
            .filter(|name| !seen.lent.contains(name))
            .collect();
        match spare.first() {
            None => Ok(built),
            Some(example) => Err(WeightsError::SpareTensors {
                model,
                path: path.clone(),
                count: spare.len(),
                example: example.clone(),
            }),
        }
    }
}

/// Hands tensors to a model under construction. candle's errors cannot carry ours: the first of ours is kept here, and
/// candle receives its text.
struct Lender {
    checkpoint: Checkpoint,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    lent: BTreeSet<String>,
    problem: Option<WeightsError>,
}

impl Lender {
    fn lend(
        &self,
        shape: Option<&Shape>,
        name: &str,
        dtype: DType,
        device: &Device,
    ) -> candle_core::Result<Tensor> {
        let Checkpoint { model, path, tensors } = &self.checkpoint;
        let (path, tensor) = (path.clone(), name.to_owned());
        let view = match tensors.get(name) {
            Ok(view) => view,
            Err(_) => {
                let shape = shape.map(|shape| shape.dims().to_vec()).unwrap_or_default();
                return self.refuse(WeightsError::MissingTensor { model, path, tensor, shape });
            }
        };
        if let Some(shape) = shape.filter(|shape| shape.dims() != view.shape()) {
            let (expected, found) = (shape.dims().to_vec(), view.shape().to_vec());
            return self.refuse(WeightsError::WrongShape { model, path, tensor, expected, found });
        }
        if DType::try_from(view.dtype()).ok() != Some(STORED) {
            let (expected, found) = (format!("{STORED:?}"), format!("{:?}", view.dtype()));
            return self.refuse(WeightsError::WrongDtype { model, path, tensor, expected, found });
        }
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).lent.insert(tensor);
        view.load(device)?.to_dtype(dtype)
    }

    fn refuse(&self, problem: WeightsError) -> candle_core::Result<Tensor> {
        let text = candle_core::Error::Msg(problem.to_string());
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).problem.get_or_insert(problem);
        Err(text)
    }
}

/// The model's handle to the [`Lender`], which is shared so that it can be read after the model is built.
struct Handle(Arc<Lender>);

impl SimpleBackend for Handle {
    fn get(
        &self,
        shape: Shape,
        name: &str,
        _: Init,
        dtype: DType,
        device: &Device,
    ) -> candle_core::Result<Tensor> {
        self.0.lend(Some(&shape), name, dtype, device)
    }

    fn get_unchecked(&self, name: &str, dtype: DType, device: &Device) -> candle_core::Result<Tensor> {
        self.0.lend(None, name, dtype, device)
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.0.checkpoint.tensors.get(name).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::fs;
    use std::path::Path;

    use super::*;

    fn linear(vb: VarBuilder<'static>) -> candle_core::Result<candle_nn::Linear> {
        candle_nn::linear(3, 2, vb.pp("fc"))
    }

    fn save(folder: &Path, tensors: &[(&str, Tensor)]) -> PathBuf {
        let path = folder.join("fc.safetensors");
        let tensors: HashMap<&str, Tensor> = tensors.iter().cloned().collect();
        candle_core::safetensors::save(&tensors, &path).expect("saved");
        path
    }

    fn zeros(shape: &[usize], dtype: DType) -> Tensor {
        Tensor::zeros(shape, dtype, &Device::Cpu).expect("zeros")
    }

    fn refusal(path: PathBuf) -> WeightsError {
        match Checkpoint::read("fc", path)
            .and_then(|checkpoint| checkpoint.build(DType::F32, &Device::Cpu, linear))
        {
            Ok(_) => panic!("the file was accepted"),
            Err(error) => error,
        }
    }

    #[test]
    fn the_right_file_makes_the_model() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let weight = Tensor::arange(0f32, 6.0, &Device::Cpu).and_then(|t| t.reshape((2, 3))).expect("weight");
        let path = save(folder.path(), &[("fc.weight", weight), ("fc.bias", zeros(&[2], DType::F32))]);
        let model = Checkpoint::read("fc", path)
            .expect("read")
            .build(DType::F32, &Device::Cpu, linear)
            .expect("built");
        let last = model.weight().to_vec2::<f32>().expect("f32")[1][2];
        assert_eq!(last, 5.0);
    }

    #[test]
    fn a_model_of_another_type_has_the_values_of_the_file() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let weight = Tensor::full(0.1f32, (2, 3), &Device::Cpu).expect("weight");
        let path = save(folder.path(), &[("fc.weight", weight), ("fc.bias", zeros(&[2], DType::F32))]);
        let file = Checkpoint::read("fc", path).expect("read");
        let model = file.build(DType::F16, &Device::Cpu, linear).expect("built");
        assert_eq!(model.weight().dtype(), DType::F16);
        let value =
            model.weight().to_dtype(DType::F32).and_then(|w| w.to_vec2::<f32>()).expect("values")[1][2];
        assert!((value - 0.1).abs() < 1e-4, "{value}");
    }

    #[test]
    fn each_fault_has_its_own_error_that_names_the_file() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let weight = ("fc.weight", zeros(&[2, 3], DType::F32));
        let bias = ("fc.bias", zeros(&[2], DType::F32));

        let absent = refusal(folder.path().join("absent.safetensors"));
        assert!(matches!(absent, WeightsError::Missing { model: "fc", .. }), "{absent}");

        let unreadable = refusal(folder.path().to_owned());
        assert!(matches!(unreadable, WeightsError::Unreadable { .. }), "{unreadable}");

        let shape = refusal(save(folder.path(), &[("fc.weight", zeros(&[2, 4], DType::F32)), bias.clone()]));
        let text = shape.to_string();
        assert!(matches!(shape, WeightsError::WrongShape { .. }), "{text}");
        assert!(text.contains("`fc.weight`") && text.contains("[2, 4]") && text.contains("[2, 3]"), "{text}");
        assert!(text.contains("fc.safetensors"), "{text}");

        let dtype = refusal(save(folder.path(), &[weight.clone(), ("fc.bias", zeros(&[2], DType::F16))]));
        let text = dtype.to_string();
        assert!(matches!(dtype, WeightsError::WrongDtype { .. }), "{text}");
        assert!(text.contains("F16") && text.contains("F32"), "{text}");

        let other = refusal(save(folder.path(), &[("dense.weight", zeros(&[2, 3], DType::F32))]));
        let text = other.to_string();
        assert!(matches!(other, WeightsError::MissingTensor { .. }), "{text}");
        assert!(text.contains("not the weights of fc"), "{text}");

        let deeper = refusal(save(folder.path(), &[weight, bias, ("fc2.bias", zeros(&[2], DType::F32))]));
        let text = deeper.to_string();
        assert!(matches!(deeper, WeightsError::SpareTensors { count: 1, .. }), "{text}");
        assert!(text.contains("`fc2.bias`"), "{text}");
    }

    #[test]
    fn a_truncated_file_is_malformed_wherever_it_ends() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = save(folder.path(), &[("fc.weight", zeros(&[2, 3], DType::F32))]);
        let whole = fs::read(&path).expect("the file just written");
        for length in [0, 4, 20, whole.len() - 1] {
            fs::write(&path, &whole[..length]).expect("truncated");
            let error = refusal(path.clone());
            let text = error.to_string();
            assert!(matches!(error, WeightsError::Malformed { .. }), "{length} bytes: {text}");
            assert!(text.contains("fc.safetensors") && !text.contains('\n'), "{text}");
        }
    }
}
