//! [`Picture`]: a picture that a model has drawn.

use candle_core::{DType, Tensor};
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder, RgbImage};

/// A picture of 8-bit RGB pixels that a model has made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    pixels: RgbImage,
}

/// The reasons why a model's output is not a picture.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// Another shape than three colours of some height and width.
    #[error("expected pictures of shape (batch, 3, height, width), found {0:?}")]
    WrongShape(Vec<usize>),
    /// The model's output contains a NaN or an infinity.
    #[error("picture {picture} of the batch has a value of {value}: the model has overflowed")]
    NotFinite {
        /// The picture's place in the batch.
        picture: usize,
        /// NaN or an infinity.
        value: f32,
    },
    /// Every pixel is the same: nothing was drawn.
    #[error("the picture is blank: all of its {width} × {height} pixels are {pixel:?}")]
    Blank {
        /// Its width in pixels.
        width: u32,
        /// Its height in pixels.
        height: u32,
        /// Red, green and blue of all of them.
        pixel: [u8; 3],
    },
    /// Two runs on the same input did not agree.
    #[error(
        "two runs with the same seed drew pictures that differ in {count} of {of} bytes, by up to {most}"
    )]
    Unstable {
        /// The number of bytes that differ.
        count: usize,
        /// The number of bytes in the pictures.
        of: usize,
        /// The largest difference.
        most: u8,
    },
    /// A picture that cannot be written as PNG.
    #[error("cannot encode the picture as PNG")]
    Encoding(#[source] image::ImageError),
    /// The error of candle.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

impl Picture {
    /// Returns the pictures in a batch of shape `(batch, 3, height, width)`, whose values go from −1 (black) to 1;
    /// values beyond are cut off.
    ///
    /// # Errors
    /// On another shape, and on values that are not finite.
    pub fn from_batch(values: &Tensor) -> Result<Vec<Self>, PictureError> {
        let wrong_shape = || PictureError::WrongShape(values.dims().to_vec());
        let &[_, 3, height, width] = values.dims() else { return Err(wrong_shape()) };
        let flat: Vec<f32> =
            values.to_dtype(DType::F32)?.permute((0, 2, 3, 1))?.contiguous()?.flatten_all()?.to_vec1()?;
        let (picture_width, picture_height) = match (u32::try_from(width), u32::try_from(height)) {
            (Ok(picture_width), Ok(picture_height)) if width * height > 0 => (picture_width, picture_height),
            _ => return Err(wrong_shape()),
        };
        let of = |(picture, values): (usize, &[f32])| {
            if let Some(&value) = values.iter().find(|value| !value.is_finite()) {
                return Err(PictureError::NotFinite { picture, value });
            }
            let bytes = values.iter().map(|value| ((value + 1.0) * 127.5).round().clamp(0.0, 255.0) as u8);
            let pixels = RgbImage::from_raw(picture_width, picture_height, bytes.collect());
            pixels.map(|pixels| Picture { pixels }).ok_or_else(wrong_shape)
        };
        flat.chunks_exact(3 * width * height).enumerate().map(of).collect()
    }

    /// Returns width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        self.pixels.dimensions()
    }

    /// Returns red, green and blue of each pixel, row by row.
    pub fn bytes(&self) -> &[u8] {
        self.pixels.as_raw()
    }

    /// Encodes the picture as PNG.
    ///
    /// # Errors
    /// If the encoder rejects it.
    pub fn to_png(&self) -> Result<Vec<u8>, PictureError> {
        let mut bytes = Vec::new();
        let (width, height) = self.size();
        PngEncoder::new(&mut bytes)
            .write_image(self.bytes(), width, height, ExtendedColorType::Rgb8)
            .map_err(PictureError::Encoding)?;
        Ok(bytes)
    }

    /// Checks that something was drawn.
    ///
    /// # Errors
    /// [`Blank`](PictureError::Blank).
    pub fn expect_drawn(&self) -> Result<(), PictureError> {
        let (width, height) = self.size();
        let first = self.pixels.get_pixel(0, 0);
        if self.pixels.pixels().any(|pixel| pixel != first) {
            return Ok(());
        }
        Err(PictureError::Blank { width, height, pixel: first.0 })
    }

    /// Checks that another run with the same seed drew the same picture.
    ///
    /// # Errors
    /// [`Unstable`](PictureError::Unstable), or [`WrongShape`](PictureError::WrongShape) for another size.
    pub fn expect_same(&self, other: &Picture) -> Result<(), PictureError> {
        if self.size() != other.size() {
            let (width, height) = other.size();
            return Err(PictureError::WrongShape(vec![1, 3, height as usize, width as usize]));
        }
        let differences = self.bytes().iter().zip(other.bytes()).map(|(a, b)| a.abs_diff(*b));
        let count = differences.clone().filter(|difference| *difference > 0).count();
        match differences.max() {
            Some(most) if most > 0 => Err(PictureError::Unstable { count, of: self.bytes().len(), most }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    /// Two pictures of two pixels each, side by side.
    fn pictures(values: [f32; 12]) -> Result<Vec<Picture>, PictureError> {
        Picture::from_batch(&Tensor::from_slice(&values, (2, 3, 1, 2), &Device::Cpu).expect("tensor"))
    }

    #[test]
    fn values_become_bytes_colour_by_colour() {
        let pictures = pictures([-1.0, 1.0, 0.0, 0.5, -2.0, 2.0, 0., 0., 0., 0., 0., 0.]).expect("pictures");
        assert_eq!(pictures[0].size(), (2, 1));
        assert_eq!(pictures[0].bytes(), [0, 128, 0, 255, 191, 255]);
        pictures[0].expect_drawn().expect("two colours");
        let blank = pictures[1].expect_drawn().expect_err("one colour");
        assert_eq!(blank.to_string(), "the picture is blank: all of its 2 × 1 pixels are [128, 128, 128]");
        pictures[0].expect_same(&pictures[0]).expect("the same");
        let unstable = pictures[0].expect_same(&pictures[1]).expect_err("another picture");
        assert!(matches!(unstable, PictureError::Unstable { count: 5, of: 6, most: 128 }), "{unstable}");
    }

    #[test]
    fn rows_come_one_after_another() {
        // A red pixel at the top right, a blue one at the bottom left.
        let mut values = [-1.0f32; 12];
        (values[1], values[10]) = (1.0, 1.0);
        let tensor = Tensor::from_slice(&values, (1, 3, 2, 2), &Device::Cpu).expect("tensor");
        let pictures = Picture::from_batch(&tensor).expect("picture");
        assert_eq!(pictures[0].bytes(), [0, 0, 0, 255, 0, 0, 0, 0, 255, 0, 0, 0]);
    }

    #[test]
    fn what_is_no_picture_says_so() {
        let error = pictures([0., 0., 0., 0., 0., 0., 0., 0., 0., f32::NAN, 0., 0.]).expect_err("NaN");
        assert!(matches!(error, PictureError::NotFinite { picture: 1, .. }), "{error}");
        for shape in [&[1, 4, 2, 2][..], &[3, 2, 2], &[1, 3, 0, 2]] {
            let tensor = Tensor::zeros(shape, DType::F32, &Device::Cpu).expect("zeros");
            assert!(matches!(Picture::from_batch(&tensor), Err(PictureError::WrongShape(_))), "{shape:?}");
        }
    }

    #[test]
    fn a_png_holds_the_same_pixels() {
        let pictures = pictures([-1.0, 1.0, 0.0, 0.5, -2.0, 2.0, 0., 0., 0., 0., 0., 0.]).expect("pictures");
        let png = pictures[0].to_png().expect("encoded");
        let decoded = image::load_from_memory(&png).expect("decoded").to_rgb8();
        assert_eq!(decoded.as_raw(), pictures[0].bytes());
    }
}
