//! [`JointBlock`]: one layer of the transformer, with a stream of tokens for the prompt and one for the picture.

use candle_core::{Module, Tensor};
use candle_nn::{Linear, VarBuilder};

use super::attention::{JointAttention, Projections};
use super::modulation::{Modulation, modulate};

/// Two linear layers, the inner one four times as wide, with GELU between them.
#[derive(Debug)]
pub struct FeedForward {
    widen: Linear,
    narrow: Linear,
}

impl FeedForward {
    /// Creates layers from `width` to `width` features.
    ///
    /// # Errors
    /// When a tensor cannot be obtained.
    pub fn new(width: usize, weights: &VarBuilder<'_>) -> candle_core::Result<Self> {
        let weights = weights.pp("mlp");
        Ok(FeedForward {
            widen: candle_nn::linear(width, 4 * width, weights.pp("fc1"))?,
            narrow: candle_nn::linear(4 * width, width, weights.pp("fc2"))?,
        })
    }
}

impl Module for FeedForward {
    fn forward(&self, features: &Tensor) -> candle_core::Result<Tensor> {
        // candle's `gelu` is the approximation by tanh that these models were trained with.
        self.narrow.forward(&self.widen.forward(features)?.gelu()?)
    }
}

/// The parts of a stream before and after the joint attention.
#[derive(Debug)]
struct Stream {
    modulation: Modulation,
    projections: Projections,
    /// `None` if the stream ends.
    feed_forward: Option<FeedForward>,
}

impl Stream {
    fn new(width: usize, ends: bool, weights: &VarBuilder<'_>) -> candle_core::Result<Self> {
        Ok(Stream {
            modulation: Modulation::new(width, if ends { 2 } else { 6 }, weights)?,
            projections: Projections::new(width, !ends, weights)?,
            feed_forward: (!ends).then(|| FeedForward::new(width, weights)).transpose()?,
        })
    }

    /// Returns the stream's part of the attention's input, and the modulation that [`after`](Self::after) needs.
    fn before(&self, features: &Tensor, embedding: &Tensor) -> candle_core::Result<(Tensor, Vec<Tensor>)> {
        let mut parts = self.modulation.forward(embedding)?;
        let rest = parts.split_off(2);
        let [shift, scale] = &parts[..] else { return Err(too_few_parts(parts.len())) };
        Ok((self.projections.inwards(&modulate(features, shift, scale)?)?, rest))
    }

    /// Returns the stream's features after the block; `None` if the stream ends.
    fn after(
        &self,
        features: &Tensor,
        attended: &Tensor,
        rest: &[Tensor],
    ) -> candle_core::Result<Option<Tensor>> {
        let (Some(seen), Some(feed_forward)) = (self.projections.outwards(attended)?, &self.feed_forward)
        else {
            return Ok(None);
        };
        let [gate, shift, scale, feed_forward_gate] = rest else { return Err(too_few_parts(rest.len())) };
        let features = (features + seen.broadcast_mul(gate)?)?;
        let thought = feed_forward.forward(&modulate(&features, shift, scale)?)?;
        Ok(Some((features + thought.broadcast_mul(feed_forward_gate)?)?))
    }
}

fn too_few_parts(found: usize) -> candle_core::Error {
    candle_core::Error::Msg(format!("a modulation came in {found} parts"))
}

/// One layer: each stream has its own weights, and both share the attention.
#[derive(Debug)]
pub struct JointBlock {
    picture: Stream,
    prompt: Stream,
    attention: JointAttention,
}

impl JointBlock {
    /// Creates a block of `width` features, with the weights below `weights`; in the `last` one the prompt's stream
    /// ends.
    ///
    /// # Errors
    /// When a tensor cannot be obtained.
    pub fn new(
        width: usize,
        heads: usize,
        last: bool,
        weights: &VarBuilder<'_>,
    ) -> candle_core::Result<Self> {
        Ok(JointBlock {
            picture: Stream::new(width, false, &weights.pp("x_block"))?,
            prompt: Stream::new(width, last, &weights.pp("context_block"))?,
            attention: JointAttention { heads },
        })
    }

    /// Returns prompt and picture, each of shape `(batch, tokens, width)`, after this layer; `embedding` is that of
    /// time and prompt, of shape `(batch, width)`. The last block returns no prompt.
    ///
    /// # Errors
    /// On shapes that do not match.
    pub fn forward(
        &self,
        prompt: &Tensor,
        picture: &Tensor,
        embedding: &Tensor,
    ) -> candle_core::Result<(Option<Tensor>, Tensor)> {
        let (of_prompt, prompt_rest) = self.prompt.before(prompt, embedding)?;
        let (of_picture, picture_rest) = self.picture.before(picture, embedding)?;
        let (prompt_seen, picture_seen) = self.attention.forward(&of_prompt, &of_picture)?;
        let next = self.picture.after(picture, &picture_seen, &picture_rest)?;
        let next =
            next.ok_or_else(|| candle_core::Error::Msg("the picture's stream has ended".to_owned()))?;
        Ok((self.prompt.after(prompt, &prompt_seen, &prompt_rest)?, next))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};
    use candle_transformers::models::mmdit::blocks::{self, JointBlock as _};

    use super::*;
    use crate::seeded::Seeded;

    const WIDTH: usize = 16;

    fn input(name: &str, tokens: usize) -> Tensor {
        let shape = (2, tokens, WIDTH);
        Seeded::new(1).uniform(name, shape, -1.7, 1.7, &Device::Cpu).expect("input")
    }

    fn expect_close(found: &Tensor, wanted: &Tensor) {
        let most = (found - wanted).and_then(|d| d.abs()?.max_all()?.to_scalar::<f32>()).expect("difference");
        assert!(most < 1e-4, "{most}");
    }

    #[test]
    fn blocks_compute_what_those_of_candle_do() {
        let weights = Seeded::new(2).without(&["ln_k.weight"]).weights_as(DType::F32, &Device::Cpu);
        let (prompt, picture) = (input("prompt", 3), input("picture", 5));
        let embedding = input("embedding", 1).squeeze(1).expect("embedding");
        let ours = JointBlock::new(WIDTH, 4, false, &weights).expect("block");
        let theirs = blocks::MMDiTJointBlock::new(WIDTH, 4, false, weights.clone()).expect("block");
        let (next_prompt, next) = ours.forward(&prompt, &picture, &embedding).expect("output");
        let (their_prompt, their_next) = theirs.forward(&prompt, &picture, &embedding).expect("output");
        expect_close(&next, &their_next);
        expect_close(&next_prompt.expect("the prompt goes on"), &their_prompt);

        let ours = JointBlock::new(WIDTH, 4, true, &weights).expect("block");
        let theirs = blocks::ContextQkvOnlyJointBlock::new(WIDTH, 4, false, weights).expect("block");
        let (ended, next) = ours.forward(&prompt, &picture, &embedding).expect("output");
        assert!(ended.is_none());
        expect_close(&next, &theirs.forward(&prompt, &picture, &embedding).expect("output"));
    }
}
