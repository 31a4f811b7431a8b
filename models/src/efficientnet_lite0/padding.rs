//! TensorFlow's padding, which these weights were trained with.

use candle_core::{D, Tensor};

/// Zeros at the two ends of a row or column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Padding {
    /// Above, or to the left.
    pub before: usize,
    /// Below, or to the right.
    pub after: usize,
}

impl Padding {
    /// Computes the padding by TensorFlow's rule "SAME": as many zeros as ⌈side / stride⌉ outputs need, and if their
    /// number is odd, the additional one comes after. PyTorch's padding is the same at both ends, and with a stride of
    /// 2 would shift every output by a pixel.
    pub fn same(side: usize, kernel: usize, stride: usize) -> Self {
        let outputs = side.div_ceil(stride);
        let zeros = (outputs.saturating_sub(1) * stride + kernel).saturating_sub(side);
        Padding { before: zeros / 2, after: zeros - zeros / 2 }
    }
}

/// Returns `images` with this padding, of shape `(batch, channels, height, width)`.
///
/// # Errors
/// When `images` has fewer than two dimensions, or the device cannot hold the result.
pub fn pad(images: &Tensor, kernel: usize, stride: usize) -> candle_core::Result<Tensor> {
    let mut padded = images.clone();
    for dim in [D::Minus2, D::Minus1] {
        let zeros = Padding::same(padded.dim(dim)?, kernel, stride);
        if zeros != (Padding { before: 0, after: 0 }) {
            padded = padded.pad_with_zeros(dim, zeros.before, zeros.after)?;
        }
    }
    Ok(padded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_that_of_tensorflow() {
        // (side, kernel, stride) and the zeros before and after, as tf.nn.conv2d computes them.
        for ((side, kernel, stride), (before, after)) in [
            ((224, 3, 2), (0, 1)),
            ((112, 5, 2), (1, 2)),
            ((14, 5, 1), (2, 2)),
            ((7, 1, 1), (0, 0)),
            ((5, 3, 2), (1, 1)),
            ((8, 1, 2), (0, 0)),
        ] {
            assert_eq!(
                Padding::same(side, kernel, stride),
                Padding { before, after },
                "{side}, {kernel}, {stride}"
            );
        }
    }
}
