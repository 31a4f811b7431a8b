//! [`VisionTower`]: the half that encodes pictures.

use candle_core::{DType, Device, Tensor};
use candle_nn::{Embedding, LayerNorm, Linear, Module, VarBuilder};

use super::config::Vision;
use super::patches::Patches;

/// Epsilon of the normalizations, as published.
const EPSILON: f64 = 1e-6;

/// Base of the angles of rotary positions, as published.
const THETA: f32 = 10_000.0;

pub(super) struct VisionTower {
    patches: Linear,
    positions: Embedding,
    blocks: Vec<Block>,
    projector: Projector,
    deepstack: Vec<(usize, Projector)>,
    config: Vision,
}

impl VisionTower {
    /// Creates the tower; `outputs` is the width of the language model.
    pub(super) fn new(config: Vision, outputs: usize, weights: VarBuilder<'_>) -> candle_core::Result<Self> {
        let weights = weights.pp("model").pp("visual");
        let Vision { hidden, patch, frames, positions, .. } = config;
        // A convolution whose stride is its kernel is a product of matrices.
        let convolution = weights.pp("patch_embed").pp("proj");
        let kernel = convolution.get((hidden, 3, frames, patch, patch), "weight")?;
        let kernel = kernel.reshape((hidden, config.patch_values()))?;
        let blocks = (0..config.blocks).map(|block| Block::new(&config, weights.pp("blocks").pp(block)));
        let deepstack = config.deepstack.iter().enumerate().map(|(at, &block)| {
            let weights = weights.pp("deepstack_merger_list").pp(at);
            Ok((block, Projector::new(&config, outputs, Normalised::Tokens, weights)?))
        });
        Ok(VisionTower {
            patches: Linear::new(kernel, Some(convolution.get(hidden, "bias")?)),
            positions: candle_nn::embedding(positions * positions, hidden, weights.pp("pos_embed"))?,
            blocks: blocks.collect::<candle_core::Result<_>>()?,
            projector: Projector::new(&config, outputs, Normalised::Patches, weights.pp("merger"))?,
            deepstack: deepstack.collect::<candle_core::Result<_>>()?,
            config,
        })
    }

    /// Returns the tokens of a picture, of shape `(tokens, outputs)`, and as many features for each of the first layers
    /// of the language model.
    pub(super) fn forward(&self, patches: &Patches) -> candle_core::Result<(Tensor, Vec<Tensor>)> {
        let device = self.positions.embeddings().device();
        let dtype = self.positions.embeddings().dtype();
        let places = places(patches.rows, patches.columns, self.config.merge);
        let states = self.patches.forward(&patches.values.to_device(device)?.to_dtype(dtype)?)?;
        let mut states = (states + self.learnt_positions(&places, patches.rows, patches.columns)?)?;
        let rotations = self.rotations(&places, device)?;
        let mut features = Vec::with_capacity(self.deepstack.len());
        for (at, block) in self.blocks.iter().enumerate() {
            states = block.forward(&states, &rotations)?;
            if let Some((_, projector)) = self.deepstack.iter().find(|(block, _)| *block == at) {
                features.push(projector.forward(&states)?);
            }
        }
        Ok((self.projector.forward(&states)?, features))
    }

    /// Returns the positions of a picture, each interpolated from the four around it on the square grid that is learnt.
    fn learnt_positions(
        &self,
        places: &[(usize, usize)],
        rows: usize,
        columns: usize,
    ) -> candle_core::Result<Tensor> {
        let table = self.positions.embeddings();
        let last = self.config.positions - 1;
        let scaled =
            |at: usize, of: usize| if of == 1 { 0.0 } else { at as f32 * last as f32 / (of - 1) as f32 };
        let mut sum: Option<Tensor> = None;
        for (down, right) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let corner = |value: f32, next: usize| {
                let share = value.fract();
                let at = (value as usize + next).min(last);
                (at, if next == 0 { 1.0 - share } else { share })
            };
            let (indices, shares): (Vec<u32>, Vec<f32>) = places
                .iter()
                .map(|&(row, column)| {
                    let (row, row_share) = corner(scaled(row, rows), down);
                    let (column, column_share) = corner(scaled(column, columns), right);
                    ((row * self.config.positions + column) as u32, row_share * column_share)
                })
                .unzip();
            let count = places.len();
            let indices = Tensor::from_vec(indices, count, table.device())?;
            let shares = Tensor::from_vec(shares, (count, 1), table.device())?.to_dtype(table.dtype())?;
            let weighted = table.index_select(&indices, 0)?.broadcast_mul(&shares)?;
            sum = Some(match sum {
                None => weighted,
                Some(sum) => (sum + weighted)?,
            });
        }
        sum.ok_or_else(|| candle_core::Error::Msg("a grid has four corners".to_owned()))
    }

    /// Returns cosines and sines, f32, of shape `(patches, head / 2)`: the first half of the angles follows the row,
    /// the second the column.
    fn rotations(&self, places: &[(usize, usize)], device: &Device) -> candle_core::Result<(Tensor, Tensor)> {
        let quarter = self.config.hidden / self.config.heads / 4;
        let frequency = |i: usize| THETA.powf(-(i as f32) / quarter as f32);
        let angles = places.iter().flat_map(|&(row, column)| {
            [row, column].into_iter().flat_map(move |at| (0..quarter).map(move |i| at as f32 * frequency(i)))
        });
        let angles = Tensor::from_vec(angles.collect::<Vec<f32>>(), (places.len(), 2 * quarter), device)?;
        Ok((angles.cos()?, angles.sin()?))
    }
}

/// Returns row and column of each patch, in the order of [`Patches`]: the patches of a token are next to each other.
fn places(rows: usize, columns: usize, merge: usize) -> Vec<(usize, usize)> {
    let mut places = Vec::with_capacity(rows * columns);
    for top in (0..rows).step_by(merge) {
        for left in (0..columns).step_by(merge) {
            for row in top..top + merge {
                places.extend((left..left + merge).map(|column| (row, column)));
            }
        }
    }
    places
}

struct Block {
    attention_norm: LayerNorm,
    projections: Linear,
    output: Linear,
    feed_forward_norm: LayerNorm,
    up: Linear,
    down: Linear,
    heads: usize,
}

impl Block {
    fn new(config: &Vision, weights: VarBuilder<'_>) -> candle_core::Result<Self> {
        let Vision { hidden, feed_forward, heads, .. } = *config;
        let (attention, mlp) = (weights.pp("attn"), weights.pp("mlp"));
        Ok(Block {
            attention_norm: candle_nn::layer_norm(hidden, EPSILON, weights.pp("norm1"))?,
            projections: candle_nn::linear(hidden, 3 * hidden, attention.pp("qkv"))?,
            output: candle_nn::linear(hidden, hidden, attention.pp("proj"))?,
            feed_forward_norm: candle_nn::layer_norm(hidden, EPSILON, weights.pp("norm2"))?,
            up: candle_nn::linear(hidden, feed_forward, mlp.pp("linear_fc1"))?,
            down: candle_nn::linear(feed_forward, hidden, mlp.pp("linear_fc2"))?,
            heads,
        })
    }

    /// Computes states of shape `(patches, hidden)` from such states; each patch attends to all.
    fn forward(&self, states: &Tensor, rotations: &(Tensor, Tensor)) -> candle_core::Result<Tensor> {
        let states = (states + self.attend(&self.attention_norm.forward(states)?, rotations)?)?;
        let up = self.up.forward(&self.feed_forward_norm.forward(&states)?)?;
        // The published activation is the approximation by a hyperbolic tangent.
        states + self.down.forward(&up.gelu()?)?
    }

    fn attend(&self, states: &Tensor, (cosines, sines): &(Tensor, Tensor)) -> candle_core::Result<Tensor> {
        let (patches, hidden) = states.dims2()?;
        let head = hidden / self.heads;
        // Queries, keys and values of each head: (3, heads, patches, head).
        let all = self.projections.forward(states)?.reshape((patches, 3, self.heads, head))?;
        let all = all.permute((1, 2, 0, 3))?.contiguous()?;
        // In f32, whatever the weights: on a processor that cannot multiply f16, this is faster.
        let all = all.to_dtype(DType::F32)?;
        let rotated = |at| candle_nn::rotary_emb::rope(&all.narrow(0, at, 1)?, cosines, sines);
        let (queries, keys, values) = (rotated(0)?, rotated(1)?, all.narrow(0, 2, 1)?);
        let scores = (queries.matmul(&keys.t()?)? / (head as f64).sqrt())?;
        let attended =
            candle_nn::ops::softmax_last_dim(&scores)?.matmul(&values)?.to_dtype(states.dtype())?;
        self.output.forward(&attended.squeeze(0)?.transpose(0, 1)?.reshape((patches, hidden))?)
    }
}

/// The features over which a projector normalizes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Normalised {
    /// Each patch by itself, before they are joined.
    Patches,
    /// The patches of a token, joined.
    Tokens,
}

/// Joins the patches of a token, and makes them as wide as the language model.
struct Projector {
    norm: LayerNorm,
    normalised: Normalised,
    first: Linear,
    second: Linear,
    joined: usize,
}

impl Projector {
    fn new(
        config: &Vision,
        outputs: usize,
        normalised: Normalised,
        weights: VarBuilder<'_>,
    ) -> candle_core::Result<Self> {
        let joined = config.hidden * config.merge * config.merge;
        let over = if normalised == Normalised::Tokens { joined } else { config.hidden };
        Ok(Projector {
            norm: candle_nn::layer_norm(over, EPSILON, weights.pp("norm"))?,
            normalised,
            first: candle_nn::linear(joined, joined, weights.pp("linear_fc1"))?,
            second: candle_nn::linear(joined, outputs, weights.pp("linear_fc2"))?,
            joined,
        })
    }

    fn forward(&self, states: &Tensor) -> candle_core::Result<Tensor> {
        let states = match self.normalised {
            Normalised::Patches => self.norm.forward(states)?.reshape(((), self.joined))?,
            Normalised::Tokens => self.norm.forward(&states.reshape(((), self.joined))?)?,
        };
        self.second.forward(&self.first.forward(&states)?.gelu_erf()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_follow_the_order_of_patches() {
        assert_eq!(places(2, 4, 2), [(0, 0), (0, 1), (1, 0), (1, 1), (0, 2), (0, 3), (1, 2), (1, 3)]);
    }
}
