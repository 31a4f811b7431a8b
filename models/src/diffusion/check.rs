//! Checks the output of a generator with generated weights: it has no right answer, but it must be finite and the same
//! every time.

use candle_core::{DType, Tensor};

/// A fault in a network's output.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The output contains a NaN or an infinity.
    #[error("the network's output of shape {shape:?} has a value of {value}: it has overflowed")]
    NotFinite {
        /// Shape of the output.
        shape: Vec<usize>,
        /// The first value that is not finite.
        value: f32,
    },
    /// Another shape than the input's.
    #[error("the network was given {input:?} and returned {output:?}: these shapes should be the same")]
    WrongShape {
        /// Shape of the input.
        input: Vec<usize>,
        /// Shape of the output.
        output: Vec<usize>,
    },
    /// Two runs on the same input gave different results.
    #[error("two runs on the same latents differ by up to {0}")]
    Unstable(f32),
    /// The error of candle.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

/// Checks that `output` has the shape of `input` and is finite, and that `again`, of a second run, is the same.
///
/// # Errors
/// The fault of the output.
pub fn expect_sound(input: &Tensor, output: &Tensor, again: &Tensor) -> Result<(), OutputError> {
    if input.dims() != output.dims() {
        return Err(OutputError::WrongShape { input: input.dims().into(), output: output.dims().into() });
    }
    let values = output.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()?;
    if let Some(&value) = values.iter().find(|value| !value.is_finite()) {
        return Err(OutputError::NotFinite { shape: output.dims().into(), value });
    }
    let again = again.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()?;
    let most = values.iter().zip(&again).map(|(a, b)| (a - b).abs()).fold(0f32, f32::max);
    if most > 0.0 || values.len() != again.len() { Err(OutputError::Unstable(most)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn what_overflows_differs_or_has_another_shape_is_refused() {
        let tensor = |values: [f32; 2]| Tensor::new(&values, &Device::Cpu).expect("tensor");
        let (one, other, bad) = (tensor([1.0, 2.0]), tensor([1.0, 2.5]), tensor([1.0, f32::INFINITY]));
        expect_sound(&one, &one, &one).expect("sound");
        assert!(matches!(expect_sound(&one, &one, &other), Err(OutputError::Unstable(0.5))));
        assert!(matches!(expect_sound(&one, &bad, &bad), Err(OutputError::NotFinite { .. })));
        let turned = one.unsqueeze(0).expect("turned");
        assert!(matches!(expect_sound(&one, &turned, &turned), Err(OutputError::WrongShape { .. })));
    }
}
