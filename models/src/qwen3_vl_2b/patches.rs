//! [`Patches`]: a photograph in the form that the vision tower takes.

use candle_core::{DType, Device, Tensor};

use super::config::Config;
use crate::generation::GenerationError;
use crate::normalisation::Normalisation;
use crate::photograph::{Interpolation, Photograph};
use crate::seeded::Seeded;

/// Fewest and most pixels of a picture after scaling, as published.
const PIXELS: (usize, usize) = (256 * 256, 4096 * 4096);

/// The largest ratio of the longer side to the shorter one, as published.
const MOST_ELONGATED: usize = 200;

/// (byte / 255 − 0.5) / 0.5, as published.
const NORMALISATION: Normalisation = Normalisation { mean: [0.5; 3], std: [0.5; 3] };

/// Squares of a picture. The four that become one token are next to each other.
#[derive(Clone, Debug)]
pub struct Patches {
    pub(super) values: Tensor,
    pub(super) rows: usize,
    pub(super) columns: usize,
    width: u32,
    height: u32,
}

impl Patches {
    /// Scales the photograph so that both sides are whole tokens and its proportions are approximately kept, and cuts
    /// it into patches. The values have shape `(patches, colours · frames · patch · patch)` and type f32.
    ///
    /// # Errors
    /// [`PictureSize`](GenerationError::PictureSize) for one that is empty or more than 200 times longer than wide.
    pub fn of(photograph: &Photograph, config: &Config, device: &Device) -> Result<Self, GenerationError> {
        let (width, height) = photograph.size();
        let side = config.token_side();
        let (width, height) = scaled_size(width as usize, height as usize, side)?;
        let scaled = photograph.resized_to(width as u32, height as u32, Interpolation::Bicubic)?;
        let image = NORMALISATION.apply(&scaled, device)?;
        let patch = config.vision.patch;
        Patches::cut(&image, (height / patch, width / patch), config)
    }

    /// Creates a square picture of noise, `side` pixels wide.
    ///
    /// # Errors
    /// [`PictureSize`](GenerationError::PictureSize) if `side` is not a multiple of the side of a token.
    pub fn noise(side: usize, config: &Config, device: &Device) -> Result<Self, GenerationError> {
        if side == 0 || !side.is_multiple_of(config.token_side()) {
            let wanted = format!("both have to be a multiple of {}", config.token_side());
            return Err(GenerationError::PictureSize { width: side, height: side, wanted });
        }
        let image = Seeded::new(1).uniform("picture", (1, 3, side, side), -1.0, 1.0, device)?;
        Patches::cut(&image, (side / config.vision.patch, side / config.vision.patch), config)
    }

    /// Cuts an image of shape `(1, 3, height, width)` into rows × columns patches.
    fn cut(
        image: &Tensor,
        (rows, columns): (usize, usize),
        config: &Config,
    ) -> Result<Self, GenerationError> {
        let (patch, merge, frames) = (config.vision.patch, config.vision.merge, config.vision.frames);
        // Colour; row of tokens, row of patches, row of pixels; the same for columns.
        let cut = image.reshape(&[3, rows / merge, merge, patch, columns / merge, merge, patch][..])?;
        // Tokens, patches in them, then colour, frame and pixels.
        let cut = cut.permute(vec![1, 4, 2, 5, 0, 3, 6])?.reshape((rows * columns, 3, 1, patch * patch))?;
        let values =
            cut.repeat((1, 1, frames, 1))?.reshape((rows * columns, config.vision.patch_values()))?;
        let (width, height) = ((columns * patch) as u32, (rows * patch) as u32);
        Ok(Patches { values: values.to_dtype(DType::F32)?, rows, columns, width, height })
    }

    /// Returns width and height after scaling, in pixels.
    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }
}

/// Returns both sides as multiples of `side`, with about the same proportions and not too few or too many pixels: the
/// `smart_resize` of the published preprocessor.
fn scaled_size(width: usize, height: usize, side: usize) -> Result<(usize, usize), GenerationError> {
    let (long, short) = (width.max(height), width.min(height));
    if short == 0 || long > MOST_ELONGATED * short {
        let wanted = format!("neither may be 0, or more than {MOST_ELONGATED} times the other");
        return Err(GenerationError::PictureSize { width, height, wanted });
    }
    let pixels = (width * height) as f64;
    let all = |sides: [f64; 2]| sides.map(|cells| (cells as usize).max(1) * side);
    let cells = [width, height].map(|length| length as f64 / side as f64);
    let [w, h] = all(cells.map(f64::round_ties_even));
    let [w, h] = if w * h > PIXELS.1 {
        all(cells.map(|cells| (cells / (pixels / PIXELS.1 as f64).sqrt()).floor()))
    } else if w * h < PIXELS.0 {
        all(cells.map(|cells| (cells * (PIXELS.0 as f64 / pixels).sqrt()).ceil()))
    } else {
        [w, h]
    };
    Ok((w, h))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_become_multiples_of_a_token_within_the_published_limits() {
        for ((width, height), wanted) in [
            ((640, 427), (640, 416)),
            ((256, 256), (256, 256)),
            ((40, 30), (320, 224)),
            // Half a token is rounded to the even number.
            ((336, 272), (320, 256)),
            ((10_000, 5_000), (5792, 2880)),
            ((6_400, 32), (6400, 32)),
        ] {
            assert_eq!(scaled_size(width, height, 32).expect("a size"), wanted, "{width} × {height}");
        }
    }

    #[test]
    fn a_picture_that_cannot_be_looked_at_is_refused() {
        for (width, height) in [(0, 4), (6_432, 32)] {
            let error = scaled_size(width, height, 32).expect_err("refused");
            assert!(error.to_string().contains(&format!("{width} × {height}")), "{error}");
        }
        let error =
            Patches::noise(48, &Config::REDUCED, &Device::Cpu).expect_err("48 is not a multiple of 32");
        assert_eq!(
            error.to_string(),
            "cannot take a picture of 48 × 48 pixels: both have to be a multiple of 32"
        );
    }

    #[test]
    fn the_patches_of_a_token_stand_together() {
        // Each pixel holds the number of its patch, in rows of six.
        let (rows, columns, patch) = (4, 6, 16);
        let number = |y: usize, x: usize| (y / patch * columns + x / patch) as f32;
        let plane: Vec<f32> =
            (0..rows * patch).flat_map(|y| (0..columns * patch).map(move |x| number(y, x))).collect();
        let image = Tensor::from_vec([&plane[..], &plane, &plane].concat(), (1, 3, 64, 96), &Device::Cpu);
        let patches =
            Patches::cut(&image.expect("image"), (rows, columns), &Config::REDUCED).expect("patches");
        let values: Vec<Vec<f32>> = patches.values.to_vec2().expect("values");
        assert!(
            values.iter().all(|patch| patch.len() == 1536 && patch.iter().all(|value| *value == patch[0]))
        );
        let order: Vec<f32> = values.iter().map(|patch| patch[0]).collect();
        assert_eq!(order[..8], [0.0, 1.0, 6.0, 7.0, 2.0, 3.0, 8.0, 9.0]);
        assert_eq!(order[12..16], [12.0, 13.0, 18.0, 19.0]);
        assert_eq!(patches.size(), (96, 64));
    }
}
