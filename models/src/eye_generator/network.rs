//! The network, and noise to make eyes from.

use std::path::PathBuf;

use candle_core::{DType, Device, Module, ModuleT, Tensor};
use candle_nn::{BatchNorm, BatchNormConfig, ConvTranspose2d, ConvTranspose2dConfig, VarBuilder};

use super::colour::Colour;
use crate::checkpoint::Checkpoint;
use crate::picture::{Picture, PictureError};
use crate::seeded::Seeded;
use crate::weights::{self, WeightsError};

/// The number of noise values for each eye.
pub const NOISE: usize = 100;

/// Width and height of a picture, in pixels.
pub const SIDE: usize = 128;

/// The number of features after each layer but the last, which has three: the colours.
pub const FEATURES: [usize; 5] = [1024, 512, 256, 128, 64];

/// The name of the model in `models/weights/fetch`.
const NAME: &str = "eye_generator";

/// The configuration that doubles width and height.
const DOUBLING: ConvTranspose2dConfig =
    ConvTranspose2dConfig { padding: 1, output_padding: 0, stride: 2, dilation: 1 };

/// The configuration that spreads a single place to 4 × 4.
const SPREADING: ConvTranspose2dConfig =
    ConvTranspose2dConfig { padding: 0, output_padding: 0, stride: 1, dilation: 1 };

/// The generator of a DCGAN (Radford, Metz and Chintala, 2015, arXiv:1511.06434) with a colour as its condition.
#[derive(Debug)]
pub struct EyeGenerator {
    layers: Vec<(ConvTranspose2d, BatchNorm)>,
    last: ConvTranspose2d,
    dtype: DType,
}

/// A difference between the drawn eye and the known one.
#[derive(Debug, thiserror::Error)]
pub enum UnknownEye {
    /// A wrong value.
    #[error(
        "of a known blue eye, colour {colour} of the pixel in row {row} and column {column} should be {expected:.4}, \
         and is {found:.4}: these weights, or the layers, are not those of the published generator"
    )]
    WrongValue {
        /// 0 red, 1 green, 2 blue.
        colour: usize,
        /// The row, from the top.
        row: usize,
        /// The column, from the left.
        column: usize,
        /// The value of the published network, from −1 to 1.
        expected: f32,
        /// The value here.
        found: f32,
    },
    /// The error of candle.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

impl EyeGenerator {
    /// Reads the trained weights, as `dtype` on `device`.
    ///
    /// # Errors
    /// If they are missing, damaged, or not those of this network.
    pub fn load(dtype: DType, device: &Device) -> Result<Self, WeightsError> {
        Self::read(weights::directory().join(format!("{NAME}.safetensors")), dtype, device)
    }

    /// Reads the weights in `path`.
    ///
    /// # Errors
    /// Same as [`load`](Self::load).
    pub fn read(path: PathBuf, dtype: DType, device: &Device) -> Result<Self, WeightsError> {
        Checkpoint::read(NAME, path)?.build(dtype, device, |weights| Self::new(&weights))
    }

    /// Creates the network from the weights below `weights`, under the names of the published network.
    ///
    /// # Errors
    /// When a tensor cannot be obtained.
    pub fn new(weights: &VarBuilder<'_>) -> candle_core::Result<Self> {
        Self::of_width(FEATURES, weights)
    }

    fn of_width(features: [usize; 5], weights: &VarBuilder<'_>) -> candle_core::Result<Self> {
        /// Places of the convolutions in the published list of layers; a normalization follows each.
        const PLACES: [usize; 5] = [0, 4, 7, 10, 13];
        let weights = weights.pp("main");
        let (mut layers, mut inputs, mut config) = (Vec::new(), NOISE + Colour::ALL.len(), SPREADING);
        for (place, outputs) in PLACES.into_iter().zip(features) {
            let convolution = convolution(inputs, outputs, config, weights.pp(place))?;
            let normalisation =
                candle_nn::batch_norm(outputs, BatchNormConfig::default(), weights.pp(place + 1))?;
            layers.push((convolution, normalisation));
            (inputs, config) = (outputs, DOUBLING);
        }
        Ok(EyeGenerator {
            layers,
            last: convolution(inputs, 3, DOUBLING, weights.pp(16))?,
            dtype: weights.dtype(),
        })
    }

    /// Returns eyes of `colours` from f32 `noise` of shape `(eyes, 100)`, a row for each; the result has the shape
    /// `(eyes, 3, 128, 128)` and the type of the weights, with values from −1 to 1.
    ///
    /// # Errors
    /// On another shape, or another number of rows than of colours.
    pub fn forward(&self, noise: &Tensor, colours: &[Colour]) -> candle_core::Result<Tensor> {
        let known = Colour::ALL;
        let labels: Vec<f32> = colours
            .iter()
            .flat_map(|colour| known.map(|label| if label == *colour { 1.0 } else { 0.0 }))
            .collect();
        let labels = Tensor::from_vec(labels, (colours.len(), known.len()), noise.device())?;
        let features = Tensor::cat(&[noise, &labels], 1)?.to_dtype(self.dtype)?;
        let mut features = features.unsqueeze(2)?.unsqueeze(3)?;
        for (convolution, normalisation) in &self.layers {
            features = normalisation.forward_t(&convolution.forward(&features)?, false)?.relu()?;
        }
        self.last.forward(&features)?.tanh()
    }

    /// Draws eyes of `colours`, which depend only on `seed`.
    ///
    /// # Errors
    /// When the device cannot hold them, or they are not finite.
    pub fn draw(&self, colours: &[Colour], seed: u64, device: &Device) -> Result<Vec<Picture>, PictureError> {
        Picture::from_batch(&self.forward(&noise(seed, colours.len(), device)?, colours)?)
    }

    /// Checks that the network draws an eye as the published one does.
    ///
    /// # Errors
    /// [`WrongValue`](UnknownEye::WrongValue) for the first value that differs by more than 10⁻³ in f32, 10⁻² in f16 or
    /// 5 · 10⁻² in bf16.
    pub fn expect_known_eye(&self, device: &Device) -> Result<(), UnknownEye> {
        /// Row, column, and red, green and blue there, computed with the published layers in NumPy, in 64-bit floats.
        const KNOWN: [(usize, usize, [f32; 3]); 3] = [
            (0, 0, [-0.185_557_8, -0.346_070_4, -0.443_209]),
            (64, 64, [-0.388_402_4, -0.373_729_1, -0.249_686_4]),
            (100, 30, [-0.024_406_6, -0.339_666_8, -0.414_901_7]),
        ];
        let noise: Vec<f32> = (0..NOISE).map(|i| ((37 * i) % 101) as f32 / 50.0 - 1.0).collect();
        let noise = Tensor::from_vec(noise, (1, NOISE), device)?;
        let tolerance = match self.dtype {
            DType::F32 => 1e-3,
            DType::F16 => 1e-2,
            _ => 5e-2,
        };
        let eye =
            self.forward(&noise, &[Colour::Blue])?.squeeze(0)?.to_dtype(DType::F32)?.to_vec3::<f32>()?;
        for (row, column, pixel) in KNOWN {
            for (colour, expected) in pixel.into_iter().enumerate() {
                let found = eye[colour][row][column];
                // NaN differs from everything.
                if (found - expected).abs() > tolerance || found.is_nan() {
                    return Err(UnknownEye::WrongValue { colour, row, column, expected, found });
                }
            }
        }
        Ok(())
    }
}

fn convolution(
    inputs: usize,
    outputs: usize,
    config: ConvTranspose2dConfig,
    weights: VarBuilder<'_>,
) -> candle_core::Result<ConvTranspose2d> {
    candle_nn::conv_transpose2d_no_bias(inputs, outputs, 4, config, weights)
}

/// Returns noise for `eyes` eyes, of shape `(eyes, 100)`, approximately normal with a standard deviation of one: the
/// sum of twelve uniform values, which is the same on every machine.
///
/// # Errors
/// When the device cannot hold it.
pub fn noise(seed: u64, eyes: usize, device: &Device) -> candle_core::Result<Tensor> {
    Seeded::new(seed).uniform("noise", (eyes, NOISE, 12), -0.5, 0.5, device)?.sum(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Creates a network with few features: unoptimized, the whole one takes many seconds.
    fn seeded() -> EyeGenerator {
        EyeGenerator::of_width([16, 16, 8, 8, 4], &Seeded::new(1).weights(&Device::Cpu)).expect("model")
    }

    #[test]
    fn every_colour_and_every_noise_is_another_picture() {
        let model = seeded();
        let draw = |colour, seed| model.draw(&[colour], seed, &Device::Cpu).expect("drawn").remove(0);
        let first = draw(Colour::Blue, 1);
        assert_eq!(first.size(), (128, 128));
        first.expect_same(&draw(Colour::Blue, 1)).expect("the same twice");
        assert!(first.expect_same(&draw(Colour::Red, 1)).is_err());
        assert!(first.expect_same(&draw(Colour::Blue, 2)).is_err());
    }

    #[test]
    fn the_noise_is_about_normal() {
        let noise: Vec<f32> =
            noise(1, 100, &Device::Cpu).and_then(|noise| noise.flatten_all()?.to_vec1()).expect("noise");
        let n = noise.len() as f32;
        let (mean, square) = (noise.iter().sum::<f32>() / n, noise.iter().map(|x| x * x).sum::<f32>() / n);
        // 10 000 values: standard errors of 0.01 and 0.014.
        assert!(mean.abs() < 0.05 && (square - 1.0).abs() < 0.07, "{mean} {square}");
        let beyond = noise.iter().filter(|x| x.abs() > 1.96).count();
        assert!((400..600).contains(&beyond), "{beyond} of 10 000 beyond the middle 95 %");
    }

    #[test]
    fn trained_weights_draw_the_known_eye_and_others_do_not() {
        let error = seeded().expect_known_eye(&Device::Cpu).expect_err("generated weights");
        assert!(matches!(error, UnknownEye::WrongValue { .. }), "{error}");
        if let Some(model) = crate::weights::fetched(EyeGenerator::load(DType::F32, &Device::Cpu)) {
            model.expect_known_eye(&Device::Cpu).expect("the known eye");
        }
    }

    #[test]
    fn weights_that_are_not_its_own_are_refused_by_name() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("eye_generator.safetensors");
        let refused = |shape: (usize, usize, usize, usize), dtype| {
            let weight = Tensor::zeros(shape, dtype, &Device::Cpu).expect("zeros");
            candle_core::safetensors::save(&[("main.0.weight", weight)].into(), &path).expect("saved");
            EyeGenerator::read(path.clone(), DType::F32, &Device::Cpu)
                .expect_err("not its weights")
                .to_string()
        };
        let text = refused((100, 1024, 4, 4), DType::F32);
        assert!(
            text.contains("has shape [100, 1024, 4, 4], but eye_generator needs [108, 1024, 4, 4]"),
            "{text}"
        );
        let text = refused((108, 1024, 4, 4), DType::F16);
        assert!(text.contains("has elements of type F16, but eye_generator needs F32"), "{text}");
        let text = refused((108, 1024, 4, 4), DType::F32);
        assert!(text.contains("these are not the weights of eye_generator"), "{text}");
        let whole = std::fs::read(&path).expect("the file");
        std::fs::write(&path, &whole[..whole.len() / 2]).expect("cut");
        let error = EyeGenerator::read(path, DType::F32, &Device::Cpu).expect_err("cut short");
        assert!(matches!(error, WeightsError::Malformed { .. }), "{error}");
    }
}
