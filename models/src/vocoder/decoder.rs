//! [`Decoder`]: the part of Mimi that turns codes into sound.
//!
//! The computation is that of `candle_transformers::models::mimi` (candle-transformers 0.11, MIT or Apache-2.0,
//! copyright Kyutai): a test expects the same samples to the last bit. The part of Mimi that encodes sound as codes is
//! left out.

use candle_core::Tensor;
use candle_nn::VarBuilder;

use super::WIDTH;
use super::convolution::{Convolution, Upsampling};
use super::quantizer::Quantizer;
use super::transformer::Transformer;

/// Channels of the last layer but one.
const CHANNELS: usize = 64;

/// The factors by which each of the layers makes the signal longer.
const FACTORS: [usize; 4] = [8, 6, 5, 4];

/// Decodes codes to samples. A clone shares the weights, and continues at the position of its original.
#[derive(Clone)]
pub(super) struct Decoder {
    quantizer: Quantizer,
    upsampling: Upsampling,
    transformer: Transformer,
    first: Convolution,
    layers: Vec<Layer>,
    last: Convolution,
}

impl Decoder {
    pub(super) fn new(weights: &VarBuilder<'_>) -> candle_core::Result<Self> {
        let layers = weights.pp("decoder").pp("layers");
        let most = CHANNELS << FACTORS.len();
        let layer =
            |(number, factor): (usize, usize)| Layer::new(most >> number, factor, 3 * number + 2, &layers);
        Ok(Decoder {
            quantizer: Quantizer::new(&weights.pp("quantizer"))?,
            upsampling: Upsampling::of_each_channel(WIDTH, 2, &weights.pp("upsample"))?,
            transformer: Transformer::new(&weights.pp("decoder_transformer"))?,
            first: Convolution::new(WIDTH, most, 7, &layers.pp(0))?,
            layers: FACTORS.into_iter().enumerate().map(layer).collect::<candle_core::Result<_>>()?,
            last: Convolution::new(CHANNELS, 1, 3, &layers.pp(3 * FACTORS.len() + 2))?,
        })
    }

    /// Returns samples of shape `(batch, 1, samples)` from all codes of a sound, of shape `(batch, codebooks, frames)`.
    pub(super) fn decode(mut self, codes: &Tensor) -> candle_core::Result<Tensor> {
        let features = self.upsampling.forward(&self.quantizer.decode(codes)?)?;
        let mut signal = self.first.forward(&self.transformer.step(&features)?)?;
        for Layer { upsampling, narrower, wider } in &self.layers {
            let longer = upsampling.forward(&signal.elu(1.0)?)?;
            let inner = wider.forward(&narrower.forward(&longer.elu(1.0)?)?.elu(1.0)?)?;
            signal = (inner + longer)?;
        }
        self.last.forward(&signal.elu(1.0)?)
    }

    /// Returns the samples of the next frames of a sound.
    pub(super) fn step(&mut self, codes: &Tensor) -> candle_core::Result<Tensor> {
        let features = self.upsampling.step(&self.quantizer.decode(codes)?)?;
        let mut signal = self.first.step(&self.transformer.step(&features)?)?;
        for Layer { upsampling, narrower, wider } in &mut self.layers {
            let longer = upsampling.step(&signal.elu(1.0)?)?;
            let inner = wider.step(&narrower.step(&longer.elu(1.0)?)?.elu(1.0)?)?;
            signal = (inner + longer)?;
        }
        self.last.step(&signal.elu(1.0)?)
    }
}

/// Makes the signal longer, and adds the result of two convolutions to it.
#[derive(Clone)]
struct Layer {
    upsampling: Upsampling,
    narrower: Convolution,
    wider: Convolution,
}

impl Layer {
    /// Creates a block from `channels` channels to half as many; `place` is its first number among the weights.
    fn new(
        channels: usize,
        factor: usize,
        place: usize,
        weights: &VarBuilder<'_>,
    ) -> candle_core::Result<Self> {
        let half = channels / 2;
        let block = weights.pp(place + 1).pp("block");
        Ok(Layer {
            upsampling: Upsampling::new(channels, half, factor, &weights.pp(place))?,
            narrower: Convolution::new(half, half / 2, 3, &block.pp(1))?,
            wider: Convolution::new(half / 2, half, 1, &block.pp(3))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, StreamTensor};
    use candle_transformers::models::mimi;

    use super::*;
    use crate::seeded::Seeded;
    use crate::vocoder::{CODEBOOKS, CODES};

    #[test]
    fn the_samples_are_those_of_candle_transformers() {
        let weights = || Seeded::new(2).weights(&Device::Cpu);
        let mut theirs = mimi::Model::new(mimi::Config::v0_1(Some(CODEBOOKS)), weights()).expect("theirs");
        let mut ours = Decoder::new(&weights()).expect("ours");
        let codes = |from: u32, frames: usize| {
            let codes = (0..(CODEBOOKS * frames) as u32).map(|place| (from + 977 * place) % CODES);
            Tensor::from_vec(codes.collect::<Vec<_>>(), (1, CODEBOOKS, frames), &Device::Cpu).expect("codes")
        };
        let values = |samples: &Tensor| -> Vec<f32> {
            samples.flatten_all().and_then(|samples| samples.to_vec1()).expect("samples")
        };
        let whole = codes(7, 2);
        let expected = theirs.clone().decode(&whole).expect("samples");
        assert_eq!(values(&ours.clone().decode(&whole).expect("samples")), values(&expected));
        for part in [codes(1, 1), codes(2, 2), codes(3, 1)] {
            let expected = theirs.decode_step(&StreamTensor::from_tensor(part.clone())).expect("samples");
            let found = ours.step(&part).expect("samples");
            assert_eq!(values(&found), values(expected.as_option().expect("samples")));
        }
    }
}
