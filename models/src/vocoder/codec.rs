//! [`Vocoder`]: the codec, at once or as a stream.

use candle_core::{DType, Device, Shape, Tensor};
use candle_nn::var_builder::SimpleBackend;
use candle_nn::{Init, VarBuilder};

use super::decoder::Decoder;
use crate::load::{LoadError, generated};
use crate::seeded::Seeded;

/// The sample rate.
pub const SAMPLE_RATE_HZ: u32 = 24_000;

/// The number of samples in a frame: there are 12.5 frames in a second.
pub const FRAME_SAMPLES: usize = 1920;

/// Codes in a frame. Mimi was trained with up to 32; Moshi, the speech model it was made for, writes 8.
pub const CODEBOOKS: usize = 8;

/// The number of values that a code can have.
pub const CODES: u32 = 2048;

/// The maximum number of frames that are decoded at once: there are angles for 8192 positions, two for each frame.
const MOST_FRAMES: usize = 4096;

/// The seed of the weights. Another one would make figures incomparable with earlier ones.
const SEED: u64 = 0x0003_1313;

/// The codes of 80 ms.
pub type Frame = [u32; CODEBOOKS];

/// The reasons why there is no sound.
#[derive(Debug, thiserror::Error)]
pub enum VocoderError {
    /// There is no frame to decode.
    #[error("there is no frame to decode")]
    NoFrame,
    /// More frames than can be decoded at once.
    #[error("{0} frames are more than the {MOST_FRAMES} that can be decoded at once: decode them in parts")]
    TooManyFrames(usize),
    /// Frames that cannot be divided evenly: sounds of a batch have the same length.
    #[error("{frames} frames cannot be shared out evenly among a batch of {batch}")]
    UnevenBatch {
        /// The number of frames of all sounds.
        frames: usize,
        /// The number of sounds expected.
        batch: usize,
    },
    /// A number that is not a code.
    #[error("frame {frame} contains the code {code}: they go from 0 to {}", CODES - 1)]
    UnknownCode {
        /// The frame's place.
        frame: usize,
        /// The number.
        code: u32,
    },
    /// The output contains a NaN or an infinity.
    #[error("sample {sample} is {value}: the codec has overflowed")]
    NotFinite {
        /// The sample's place.
        sample: usize,
        /// NaN or an infinity.
        value: f32,
    },
    /// Two runs on the same codes gave different results.
    #[error("two runs on the same codes give different sounds")]
    Unstable,
    /// The error of candle.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

/// The decoder of the codec, which has about half of its 80 million parameters.
pub struct Vocoder {
    /// A decoder that has decoded nothing: each call decodes with a clone, which shares the weights.
    fresh: Decoder,
    device: Device,
}

impl Vocoder {
    /// Generates the weights as `dtype` on `device`; the same values everywhere and every time.
    ///
    /// # Errors
    /// When they do not fit into memory, or the device cannot hold them.
    pub fn load(dtype: DType, device: &Device) -> Result<Self, LoadError> {
        let build = |weights: VarBuilder<'static>| Decoder::new(&weights);
        let fresh = generated("vocoder", CodecWeights(Seeded::new(SEED)), dtype, device, build)?;
        Ok(Vocoder { fresh, device: device.clone() })
    }

    /// Returns all samples of these frames, [`FRAME_SAMPLES`] each.
    ///
    /// # Errors
    /// No frames, too many, or unknown codes; [`NotFinite`](VocoderError::NotFinite).
    pub fn decode(&self, frames: &[Frame]) -> Result<Vec<f32>, VocoderError> {
        self.decode_batch(frames, 1)
    }

    /// Decodes `batch` sounds of the same number of frames, one after the other in `frames` and in the result.
    ///
    /// # Errors
    /// Same as [`decode`](Self::decode); frames that cannot be divided evenly.
    pub fn decode_batch(&self, frames: &[Frame], batch: usize) -> Result<Vec<f32>, VocoderError> {
        samples(&self.fresh.clone().decode(&codes(frames, batch, &self.device)?)?)
    }

    /// Creates a stream in which nothing has been decoded yet.
    pub fn stream(&self) -> Stream {
        Stream { codec: self.fresh.clone(), device: self.device.clone(), decoded: 0 }
    }
}

/// Decodes frames as they arrive, and keeps the state that it needs from earlier ones.
pub struct Stream {
    codec: Decoder,
    device: Device,
    decoded: usize,
}

impl Stream {
    /// Decodes the next frames, and returns their samples.
    ///
    /// # Errors
    /// Same as [`Vocoder::decode`].
    pub fn push(&mut self, frames: &[Frame]) -> Result<Vec<f32>, VocoderError> {
        self.decoded += frames.len();
        if self.decoded > MOST_FRAMES {
            return Err(VocoderError::TooManyFrames(self.decoded));
        }
        samples(&self.codec.step(&codes(frames, 1, &self.device)?)?)
    }
}

/// Returns codes of shape `(batch, codebooks, frames)`.
fn codes(frames: &[Frame], batch: usize, device: &Device) -> Result<Tensor, VocoderError> {
    if frames.is_empty() {
        return Err(VocoderError::NoFrame);
    }
    if batch == 0 || !frames.len().is_multiple_of(batch) {
        return Err(VocoderError::UnevenBatch { frames: frames.len(), batch });
    }
    let length = frames.len() / batch;
    if length > MOST_FRAMES {
        return Err(VocoderError::TooManyFrames(length));
    }
    for (at, frame) in frames.iter().enumerate() {
        if let Some(&code) = frame.iter().find(|code| **code >= CODES) {
            return Err(VocoderError::UnknownCode { frame: at, code });
        }
    }
    let flat: Vec<u32> = frames
        .chunks(length)
        .flat_map(|sound| (0..CODEBOOKS).flat_map(move |book| sound.iter().map(move |frame| frame[book])))
        .collect();
    Ok(Tensor::from_vec(flat, (batch, CODEBOOKS, length), device)?)
}

fn samples(audio: &Tensor) -> Result<Vec<f32>, VocoderError> {
    let samples: Vec<f32> = audio.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?;
    match samples.iter().enumerate().find(|(_, value)| !value.is_finite()) {
        None => Ok(samples),
        Some((sample, &value)) => Err(VocoderError::NotFinite { sample, value }),
    }
}

/// Gives tensors the distributions that the codec does not name when it requests them. Around zero, codebooks would be
/// divided by next to nothing, and the kernels of fourteen convolutions in a row would each amplify.
struct CodecWeights(Seeded);

impl SimpleBackend for CodecWeights {
    fn get(
        &self,
        shape: Shape,
        name: &str,
        init: Init,
        dtype: DType,
        device: &Device,
    ) -> candle_core::Result<Tensor> {
        let init = match name.rsplit('.').next() {
            Some("cluster_usage") => Init::Const(1.0),
            Some("embed_sum") => Init::Randn { mean: 0.0, stdev: 1.0 },
            Some("weight") if shape.rank() == 3 => candle_nn::init::DEFAULT_KAIMING_NORMAL,
            _ => init,
        };
        self.0.get(shape, name, init, dtype, device)
    }

    fn get_unchecked(&self, name: &str, dtype: DType, device: &Device) -> candle_core::Result<Tensor> {
        self.0.get_unchecked(name, dtype, device)
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.0.contains_tensor(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocoder::benchmarks::frames;
    use crate::vocoder::expect_batches;

    #[test]
    fn a_stream_gives_the_samples_that_come_of_all_frames_at_once() {
        let vocoder = Vocoder::load(DType::F32, &Device::Cpu).expect("vocoder");
        let frames = frames(3);
        let at_once = vocoder.decode(&frames).expect("samples");
        assert_eq!(at_once.len(), 3 * FRAME_SAMPLES);
        let mut stream = vocoder.stream();
        let mut streamed = Vec::new();
        for part in [&frames[..1], &frames[1..]] {
            let heard = stream.push(part).expect("samples");
            assert_eq!(heard.len(), part.len() * FRAME_SAMPLES);
            streamed.extend(heard);
        }
        let loudest = at_once.iter().fold(0f32, |loudest, sample| loudest.max(sample.abs()));
        assert!((0.001..10.0).contains(&loudest), "{loudest}");
        let difference = at_once.iter().zip(&streamed).fold(0f32, |most, (a, b)| most.max((a - b).abs()));
        assert!(difference < 1e-3 * loudest, "{difference} of {loudest}");
        // Other frames give other samples, and earlier ones leave no trace.
        assert_eq!(vocoder.decode(&frames).expect("samples"), at_once);
        assert_ne!(vocoder.decode(&frames[1..]).expect("samples")[..9], at_once[..9]);
    }

    #[test]
    fn a_batch_is_laid_out_sound_by_sound() {
        let frames = frames(6);
        let codes =
            codes(&frames, 2, &Device::Cpu).and_then(|codes| Ok(codes.to_vec3::<u32>()?)).expect("codes");
        assert_eq!((codes.len(), codes[0].len(), codes[0][0].len()), (2, CODEBOOKS, 3));
        // The second sound begins with the fourth frame.
        assert_eq!(codes[1][7], [frames[3][7], frames[4][7], frames[5][7]]);
    }

    #[test]
    fn each_sound_of_a_batch_is_what_it_is_alone() {
        if let Err(error) = expect_batches(&Device::Cpu) {
            return println!("not tested: {error}");
        }
        let vocoder = Vocoder::load(DType::F32, &Device::Cpu).expect("vocoder");
        let frames = frames(2);
        let both = vocoder.decode_batch(&frames, 2).expect("samples");
        let alone = vocoder.decode(&frames[1..]).expect("samples");
        let loudest = alone.iter().fold(0f32, |loudest, sample| loudest.max(sample.abs()));
        let apart = both[FRAME_SAMPLES..].iter().zip(&alone);
        let difference = apart.fold(0f32, |most, (a, b)| most.max((a - b).abs()));
        assert!(difference < 1e-3 * loudest, "{difference} of {loudest}");
    }

    #[test]
    fn frames_that_cannot_be_decoded_are_refused() {
        let refusal = |frames: &[Frame]| codes(frames, 1, &Device::Cpu).expect_err("refused").to_string();
        assert_eq!(refusal(&[]), "there is no frame to decode");
        let uneven = codes(&frames(3), 2, &Device::Cpu).expect_err("refused").to_string();
        assert_eq!(uneven, "3 frames cannot be shared out evenly among a batch of 2");
        let mut frames = frames(2);
        frames[1][7] = CODES;
        assert_eq!(refusal(&frames), "frame 1 contains the code 2048: they go from 0 to 2047");
        let said = refusal(&vec![frames[0]; MOST_FRAMES + 1]);
        assert!(said.starts_with("4097 frames are more than the 4096"), "{said}");
        let audio = Tensor::new(&[0.0, f32::NAN], &Device::Cpu).expect("audio");
        assert!(matches!(samples(&audio), Err(VocoderError::NotFinite { sample: 1, .. })));
    }
}
