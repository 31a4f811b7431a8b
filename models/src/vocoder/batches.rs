//! Checks that a device convolves the members of a batch as it convolves each alone.

use bench_core::{Error, Result};
use candle_core::{Device, Tensor};

use crate::seeded::Seeded;

/// Checks that transposed convolutions, of which the codec consists, give the same result for a batch as for each of
/// its members alone, by trying: in candle 0.11.1 they do not on processors.
///
/// # Errors
/// A skip with the reason.
pub fn expect_batches(device: &Device) -> Result<()> {
    let inputs = Seeded::new(1).uniform("inputs", (2, 8, 5), -1.0, 1.0, device)?;
    let kernel = Seeded::new(1).uniform("kernel", (8, 4, 3), -1.0, 1.0, device)?;
    let convolve = |inputs: &Tensor| inputs.conv_transpose1d(&kernel, 0, 0, 1, 1, 1);
    let together = convolve(&inputs)?.narrow(0, 1, 1)?;
    expect_same(&together, &convolve(&inputs.narrow(0, 1, 1)?)?)
}

fn expect_same(together: &Tensor, alone: &Tensor) -> Result<()> {
    let apart: Vec<f32> = (together - alone)?.abs()?.flatten_all()?.to_vec1()?;
    // NaN is not a match.
    let Some(off) = apart.into_iter().find(|off| off.is_nan() || *off > 1e-4) else { return Ok(()) };
    let device = together.device().location();
    Err(Error::skip(format!(
        "candle's transposed convolution of a batch is not that of its members on {device:?} (off by {off}): only \
         batches of 1 come out right"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_a_named_skip() {
        let tensor = |value| Tensor::new(&[1f32, value], &Device::Cpu).expect("tensor");
        expect_same(&tensor(2.0), &tensor(2.00001)).expect("rounding");
        for other in [2.5, f32::NAN] {
            let error = expect_same(&tensor(2.0), &tensor(other)).expect_err("another value");
            let reason = error.skip_reason().expect("a skip");
            assert!(
                reason.starts_with("candle's transposed convolution of a batch is not that of"),
                "{reason}"
            );
        }
    }
}
