//! [`Cache`]: keys and values of the tokens that have been read.

use candle_core::{DType, Device, Tensor};

/// Keys and values of one layer, in memory that is allocated once: adding a token copies that token only.
pub(super) struct Cache {
    keys: Tensor,
    values: Tensor,
}

impl Cache {
    /// Allocates keys and values of `shape`: batch, heads, tokens, width of a head.
    pub(super) fn new(shape: [usize; 4], dtype: DType, device: &Device) -> candle_core::Result<Self> {
        Ok(Cache {
            keys: Tensor::zeros(&shape, dtype, device)?,
            values: Tensor::zeros(&shape, dtype, device)?,
        })
    }

    /// Writes keys and values after those of the first `length` tokens; returns all keys and values so far.
    pub(super) fn append(
        &self,
        length: usize,
        keys: &Tensor,
        values: &Tensor,
    ) -> candle_core::Result<(Tensor, Tensor)> {
        self.keys.slice_set(&keys.contiguous()?, 2, length)?;
        self.values.slice_set(&values.contiguous()?, 2, length)?;
        let all = length + keys.dim(2)?;
        Ok((self.keys.narrow(2, 0, all)?, self.values.narrow(2, 0, all)?))
    }
}
