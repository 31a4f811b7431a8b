//! Latents as patches: [`PatchEmbedder`], [`PositionEmbedder`] and [`Unpatchifier`].
//!
//! The computation is that of `candle_transformers::models::mmdit::embedding` (candle-transformers 0.11, MIT or
//! Apache-2.0): a test expects the same values to the last bit.

use candle_core::{Error, Module, Tensor};
use candle_nn::{Conv2d, Conv2dConfig, VarBuilder};

/// Turns latents into a token for each patch.
pub struct PatchEmbedder {
    projection: Conv2d,
}

impl PatchEmbedder {
    /// Creates an embedder of patches of `side` × `side` latents of `channels` channels, to `width` features.
    ///
    /// # Errors
    /// When a tensor cannot be obtained.
    pub fn new(
        side: usize,
        channels: usize,
        width: usize,
        weights: &VarBuilder<'_>,
    ) -> candle_core::Result<Self> {
        let config = Conv2dConfig { stride: side, ..Default::default() };
        Ok(PatchEmbedder {
            projection: candle_nn::conv2d(channels, width, side, config, weights.pp("proj"))?,
        })
    }
}

impl Module for PatchEmbedder {
    fn forward(&self, latents: &Tensor) -> candle_core::Result<Tensor> {
        let features = self.projection.forward(latents)?;
        let (batch, width, rows, columns) = features.dims4()?;
        features.reshape((batch, width, rows * columns))?.transpose(1, 2)
    }
}

/// Turns patches of `side` × `side` values of `channels` channels back into a picture.
#[derive(Clone, Copy, Debug)]
pub struct Unpatchifier {
    /// Values of a patch, along each side.
    pub side: usize,
    /// Channels of the picture.
    pub channels: usize,
}

impl Unpatchifier {
    /// Returns latents of shape `(batch, channels, height, width)`, each rounded up to whole patches, from patches of
    /// shape `(batch, patches, side · side · channels)`.
    ///
    /// # Errors
    /// On another number of patches.
    pub fn unpatchify(&self, patches: &Tensor, height: usize, width: usize) -> candle_core::Result<Tensor> {
        let Unpatchifier { side, channels } = *self;
        let (batch, rows, columns) = (patches.dim(0)?, (height + 1) / side, (width + 1) / side);
        let patches = patches.reshape((batch, rows, columns, side, side, channels))?;
        patches.permute((0, 5, 1, 3, 2, 4))?.reshape((batch, channels, side * rows, side * columns))
    }
}

/// Features of the place of each patch, learnt for the largest picture and cut out of its middle for smaller ones.
pub(super) struct PositionEmbedder {
    features: Tensor,
    patch: usize,
    most: usize,
}

impl PositionEmbedder {
    /// Creates an embedder of `width` features for `most` patches along each side, of `patch` latents each.
    pub(super) fn new(
        width: usize,
        patch: usize,
        most: usize,
        weights: &VarBuilder<'_>,
    ) -> candle_core::Result<Self> {
        Ok(PositionEmbedder { features: weights.get((1, most * most, width), "pos_embed")?, patch, most })
    }

    /// Returns features of shape `(1, patches, width)` for latents of `height` × `width`.
    pub(super) fn of(&self, height: usize, width: usize) -> candle_core::Result<Tensor> {
        let (rows, columns) = ((height + 1) / self.patch, (width + 1) / self.patch);
        if rows > self.most || columns > self.most {
            return Err(Error::Msg(format!(
                "there are positions for {0} × {0} patches, not for {rows} × {columns}",
                self.most
            )));
        }
        let (top, left) = ((self.most - rows) / 2, (self.most - columns) / 2);
        let features = self.features.reshape((1, self.most, self.most, ()))?;
        features.narrow(1, top, rows)?.narrow(2, left, columns)?.reshape((1, rows * columns, ()))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use candle_transformers::models::mmdit::embedding;

    use super::*;
    use crate::seeded::Seeded;

    fn values(tensor: candle_core::Result<Tensor>) -> Vec<f32> {
        tensor.and_then(|tensor| tensor.flatten_all()?.to_vec1()).expect("values")
    }

    #[test]
    fn patches_and_positions_are_those_of_candle_transformers() {
        let weights = || Seeded::new(2).weights(&Device::Cpu);
        let latents =
            Seeded::new(1).uniform("latents", (2, 3, 6, 4), -1.0, 1.0, &Device::Cpu).expect("latents");
        let theirs = embedding::PatchEmbedder::new(2, 3, 12, weights()).expect("embedder").forward(&latents);
        let ours =
            PatchEmbedder::new(2, 3, 12, &weights()).expect("embedder").forward(&latents).expect("patches");
        assert_eq!(values(Ok(ours.clone())), values(theirs));
        let theirs = embedding::PositionEmbedder::new(12, 2, 5, weights()).expect("embedder");
        let positions = PositionEmbedder::new(12, 2, 5, &weights()).expect("embedder");
        assert_eq!(values(positions.of(6, 4)), values(theirs.get_cropped_pos_embed(6, 4)));
        let said = positions.of(12, 4).expect_err("six rows").to_string();
        assert!(said.contains("5 × 5 patches, not for 6 × 2"), "{said}");
        let theirs = embedding::Unpatchifier::new(2, 3).expect("unpatchifier").unpatchify(&ours, 6, 4);
        assert_eq!(values(Unpatchifier { side: 2, channels: 3 }.unpatchify(&ours, 6, 4)), values(theirs));
    }
}
