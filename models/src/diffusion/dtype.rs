//! Which element types a device can convolve.

use bench_core::{Error, Result};
use candle_core::{DType, Device, Tensor};

/// Whether `device` convolves elements of type `dtype`, found out by trying: candle has no convolution for
/// some types on some devices.
///
/// # Errors
/// A skip that says what candle said.
pub fn expect_convolutions(dtype: DType, device: &Device) -> Result<()> {
    let convolve = || {
        let image = Tensor::ones((1, 1, 3, 3), dtype, device)?;
        image.conv2d(&Tensor::ones((1, 1, 3, 3), dtype, device)?, 1, 1, 1, 1)
    };
    convolve().map(drop).map_err(|error: candle_core::Error| {
        let device = device.location();
        let said = error.to_string();
        // A backtrace may follow.
        let said = said.lines().next().unwrap_or_default();
        Error::skip(format!("candle has no convolution of {} on {device:?}: {said}", dtype.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_without_convolution_is_a_named_skip() {
        expect_convolutions(DType::F32, &Device::Cpu).expect("f32 can always be convolved");
        let error = expect_convolutions(DType::U32, &Device::Cpu).err().or_else(|| {
            // Whatever else can be convolved one day, strings of bits of 8-bit floats cannot.
            expect_convolutions(DType::F8E4M3, &Device::Cpu).err()
        });
        let reason = error.as_ref().and_then(Error::skip_reason).expect("a skip");
        assert!(reason.starts_with("candle has no convolution of "), "{reason}");
        assert!(!reason.contains('\n'), "{reason}");
    }
}
