//! Element types, and the operations that a device supports for them.

use bench_core::{Error, Result};
use candle_core::{DType, Device, Tensor};

/// The element types of weights and activations.
pub const DTYPES: [DType; 3] = [DType::F32, DType::F16, DType::BF16];

/// The element types that are measured only on request.
pub const DTYPES_ON_REQUEST: [DType; 2] = [DType::F16, DType::BF16];

/// Checks that `device` convolves elements of type `dtype`, by trying: candle has no convolution for some types on
/// some devices.
///
/// # Errors
/// A skip with candle's message.
pub fn expect_convolutions(dtype: DType, device: &Device) -> Result<()> {
    expect("convolution", dtype, device, || {
        let image = Tensor::ones((1, 1, 3, 3), dtype, device)?;
        image.conv2d(&Tensor::ones((1, 1, 3, 3), dtype, device)?, 1, 1, 1, 1)
    })
}

/// Checks that `device` multiplies matrices of type `dtype`, by trying.
///
/// # Errors
/// A skip with candle's message.
pub fn expect_products(dtype: DType, device: &Device) -> Result<()> {
    expect("product of matrices", dtype, device, || {
        let matrix = Tensor::ones((2, 2), dtype, device)?;
        matrix.matmul(&matrix)
    })
}

/// Checks that `dtype` is `only`, the only type in which `what` can be computed.
///
/// # Errors
/// A skip with the reason.
pub fn expect_type(dtype: DType, only: DType, what: &str) -> Result<()> {
    if dtype == only {
        return Ok(());
    }
    Err(Error::skip(format!("{what} is of {}: it cannot be computed in {}", only.as_str(), dtype.as_str())))
}

fn expect(
    what: &str,
    dtype: DType,
    device: &Device,
    compute: impl FnOnce() -> candle_core::Result<Tensor>,
) -> Result<()> {
    compute().map(drop).map_err(|error| {
        let device = device.location();
        let said = error.to_string();
        // A backtrace may follow the first line.
        let said = said.lines().next().unwrap_or_default();
        Error::skip(format!("candle has no {what} of {} on {device:?}: {said}", dtype.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_that_cannot_be_computed_with_is_a_named_skip() {
        expect_convolutions(DType::F32, &Device::Cpu).expect("f32 can always be convolved");
        expect_products(DType::F32, &Device::Cpu).expect("f32 can always be multiplied");
        // candle may come to support more types, but not 8-bit floats.
        for (error, says) in [
            (
                expect_convolutions(DType::F8E4M3, &Device::Cpu),
                "candle has no convolution of f8e4m3 on Cpu: ",
            ),
            (
                expect_products(DType::F8E4M3, &Device::Cpu),
                "candle has no product of matrices of f8e4m3 on Cpu: ",
            ),
        ] {
            let error = error.expect_err("8-bit floats");
            let reason = error.skip_reason().expect("a skip");
            assert!(reason.starts_with(says) && !reason.contains('\n'), "{reason}");
        }
    }

    #[test]
    fn another_type_than_the_only_one_is_a_named_skip() {
        expect_type(DType::F32, DType::F32, "the voice").expect("its type");
        let error = expect_type(DType::F16, DType::F32, "the voice").expect_err("another");
        assert_eq!(error.skip_reason(), Some("the voice is of f32: it cannot be computed in f16"));
    }

    #[test]
    fn one_type_is_measured_unless_another_is_asked_for() {
        let usual: Vec<DType> =
            DTYPES.into_iter().filter(|dtype| !DTYPES_ON_REQUEST.contains(dtype)).collect();
        assert_eq!(usual, [DType::F32]);
    }
}
