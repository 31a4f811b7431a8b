//! [`Normalisation`]: turns pixels into the numbers that a network was trained on.

use candle_core::{Device, Tensor};

use crate::photograph::{Interpolation, Photograph, PhotographError};

/// The shorter side of a photograph before torchvision cuts out its middle, in pixels.
const TORCHVISION_SHORT_SIDE: u32 = 256;

/// Width and height of the square that torchvision cuts out, in pixels.
const TORCHVISION_SIDE: u32 = 224;

/// Prepares a photograph as torchvision does for its classifiers: shorter side to 256 pixels, the middle 224 × 224,
/// ImageNet's means and deviations. Shape `(1, 3, 224, 224)`.
///
/// # Errors
/// When the photograph is empty, or the device cannot hold the tensor.
pub fn as_torchvision(photograph: &Photograph, device: &Device) -> Result<Tensor, PhotographError> {
    let cut = photograph
        .with_short_side(TORCHVISION_SHORT_SIDE, Interpolation::Bilinear)?
        .centre_crop(TORCHVISION_SIDE)?;
    Ok(Normalisation::IMAGENET.apply(&cut, device)?)
}

/// Subtracts a mean from every colour and divides by a standard deviation, after scaling bytes to [0, 1].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalisation {
    /// Mean of red, green and blue.
    pub mean: [f32; 3],
    /// Standard deviation of red, green and blue.
    pub std: [f32; 3],
}

impl Normalisation {
    /// Means and deviations of ImageNet's pictures, as torchvision's models use them.
    pub const IMAGENET: Normalisation =
        Normalisation { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

    /// The normalization (byte − 127) / 128, which EfficientNet-Lite's authors chose so that quantized input needs no
    /// arithmetic.
    pub const LITE: Normalisation = Normalisation { mean: [127.0 / 255.0; 3], std: [128.0 / 255.0; 3] };

    /// Returns the picture as an f32 tensor of shape `(1, 3, height, width)`.
    ///
    /// # Errors
    /// When the device cannot hold it.
    pub fn apply(&self, photograph: &Photograph, device: &Device) -> candle_core::Result<Tensor> {
        let (width, height) = photograph.size();
        let plane = width as usize * height as usize;
        let mut values = vec![0f32; 3 * plane];
        for (channel, plane) in values.chunks_exact_mut(plane.max(1)).enumerate() {
            let scale = 1.0 / (255.0 * self.std[channel]);
            let shift = self.mean[channel] / self.std[channel];
            let bytes = photograph.bytes().iter().skip(channel).step_by(3);
            for (value, &byte) in plane.iter_mut().zip(bytes) {
                *value = f32::from(byte) * scale - shift;
            }
        }
        Tensor::from_vec(values, (1, 3, height as usize, width as usize), device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two pixels: (0, 127, 255) and (255, 255, 255).
    fn two_pixels() -> Photograph {
        Photograph::from_rgb(2, 1, vec![0, 127, 255, 255, 255, 255]).expect("a picture of two pixels")
    }

    fn normalised(by: Normalisation) -> Vec<f32> {
        let tensor = by.apply(&two_pixels(), &Device::Cpu).expect("normalised");
        assert_eq!(tensor.dims(), [1, 3, 1, 2]);
        tensor.flatten_all().and_then(|t| t.to_vec1()).expect("values")
    }

    #[test]
    fn a_photograph_of_any_proportions_becomes_a_square() {
        for (width, height) in [(80, 60), (60, 80), (30, 30)] {
            let image =
                as_torchvision(&Photograph::synthetic(width, height), &Device::Cpu).expect("prepared");
            assert_eq!(image.dims(), [1, 3, 224, 224]);
        }
        assert!(as_torchvision(&Photograph::synthetic(0, 4), &Device::Cpu).is_err());
    }

    fn assert_close(found: &[f32], wanted: &[f32]) {
        assert_eq!(found.len(), wanted.len());
        for (found, wanted) in found.iter().zip(wanted) {
            assert!((found - wanted).abs() < 1e-5, "{found} is not {wanted}");
        }
    }

    #[test]
    fn lite_is_byte_less_127_over_128_colour_by_colour() {
        assert_close(&normalised(Normalisation::LITE), &[-127.0 / 128.0, 1.0, 0.0, 1.0, 1.0, 1.0]);
    }

    #[test]
    fn imagenet_is_that_of_torchvision() {
        // By hand: (0 − 0.485) / 0.229, (1 − 0.485) / 0.229, (127/255 − 0.456) / 0.224, …
        assert_close(
            &normalised(Normalisation::IMAGENET),
            &[-2.117_904, 2.248_908, 0.187_675_1, 2.428_571, 2.64, 2.64],
        );
    }
}
