//! [`Photograph`]: a decoded picture, cropped and scaled as models need it.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{ImageFormat, ImageReader, RgbImage};

use crate::weights::images_directory;

/// A picture of 8-bit RGB pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Photograph {
    pixels: RgbImage,
}

/// The weights of neighbouring pixels when a picture changes its size. Both filters widen with the factor by which a
/// picture shrinks, so that nothing aliases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    /// A triangle, as torchvision's transforms do by default.
    Bilinear,
    /// Catmull and Rom's cubic, as EfficientNet's authors and Pillow's `BICUBIC` do.
    Bicubic,
}

impl From<Interpolation> for FilterType {
    fn from(interpolation: Interpolation) -> Self {
        match interpolation {
            Interpolation::Bilinear => FilterType::Triangle,
            Interpolation::Bicubic => FilterType::CatmullRom,
        }
    }
}

/// The reasons why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum PhotographError {
    /// The file does not exist. Benchmarks that need it are skipped then, see [`or_skip`](Self::or_skip).
    #[error("no photograph at {}: run `models/weights/fetch --only photographs`", path.display())]
    Missing {
        /// The path at which it was expected.
        path: PathBuf,
    },
    /// The operating system could not read the file.
    #[error("cannot read the photograph {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// Neither JPEG nor PNG.
    #[error("{name} is not a picture: it is neither JPEG nor PNG")]
    NotAPicture {
        /// The path of the file, or the name given to the bytes.
        name: String,
    },
    /// A picture of which a part is missing.
    #[error("{name} is a picture cut short: its last bytes are missing")]
    Truncated {
        /// The path of the file, or the name given to the bytes.
        name: String,
    },
    /// A picture that cannot be decoded.
    #[error("{name} is a damaged picture")]
    Damaged {
        /// The path of the file, or the name given to the bytes.
        name: String,
        /// The error of the decoder.
        source: image::ImageError,
    },
    /// A size that no picture can have, or a cut larger than the picture.
    #[error("cannot make {wanted} × {wanted} pixels of a picture of {width} × {height}")]
    WrongSize {
        /// The side that was asked for, in pixels.
        wanted: u32,
        /// Width of the picture, in pixels.
        width: u32,
        /// Height of the picture, in pixels.
        height: u32,
    },
    /// Another number of bytes than three for every pixel.
    #[error("{width} × {height} pixels of RGB are not {found} bytes")]
    WrongByteCount {
        /// Width of the picture, in pixels.
        width: u32,
        /// Height of the picture, in pixels.
        height: u32,
        /// The number of bytes given.
        found: usize,
    },
    /// The device could not allocate the picture.
    #[error("cannot make a tensor of the picture")]
    Tensor(#[from] candle_core::Error),
    /// A picture that cannot be written as JPEG.
    #[error("cannot encode the picture as JPEG")]
    Encoding(#[source] image::ImageError),
}

impl PhotographError {
    /// Converts the error for benchmarks: a photograph that was never fetched skips the case, everything else fails
    /// it.
    pub fn or_skip(self) -> bench_core::Error {
        match self {
            PhotographError::Missing { path } => {
                let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
                bench_core::Error::skip(format!(
                    "no photograph {name}: run `models/weights/fetch --only photographs`"
                ))
            }
            other => other.into(),
        }
    }
}

/// Reads a photograph's file, without decoding it; `name` is looked for in [`images_directory`].
///
/// # Errors
/// [`Missing`](PhotographError::Missing) or [`Unreadable`](PhotographError::Unreadable).
pub fn read_file(name: &str) -> Result<Vec<u8>, PhotographError> {
    read_path(&images_directory().join(name))
}

fn read_path(path: &Path) -> Result<Vec<u8>, PhotographError> {
    fs::read(path).map_err(|source| match source.kind() {
        ErrorKind::NotFound => PhotographError::Missing { path: path.to_owned() },
        _ => PhotographError::Unreadable { path: path.to_owned(), source },
    })
}

impl Photograph {
    /// Reads and decodes a JPEG or PNG file, whatever its extension.
    ///
    /// # Errors
    /// Same as [`read_file`] and [`decode`](Self::decode).
    pub fn read(path: &Path) -> Result<Self, PhotographError> {
        Photograph::decode(&path.display().to_string(), &read_path(path)?)
    }

    /// Decodes the bytes of a JPEG or PNG; `name` is for errors.
    ///
    /// # Errors
    /// [`NotAPicture`](PhotographError::NotAPicture), [`Truncated`](PhotographError::Truncated) or
    /// [`Damaged`](PhotographError::Damaged).
    pub fn decode(name: &str, bytes: &[u8]) -> Result<Self, PhotographError> {
        let Ok(format @ (ImageFormat::Jpeg | ImageFormat::Png)) = image::guess_format(bytes) else {
            return Err(PhotographError::NotAPicture { name: name.to_owned() });
        };
        // The decoder fills the missing part of a truncated JPEG with grey, without an error.
        if format == ImageFormat::Jpeg && !has_end_of_image(bytes) {
            return Err(PhotographError::Truncated { name: name.to_owned() });
        }
        match ImageReader::with_format(io::Cursor::new(bytes), format).decode() {
            Ok(picture) => Ok(Photograph { pixels: picture.into_rgb8() }),
            Err(source) => Err(PhotographError::Damaged { name: name.to_owned(), source }),
        }
    }

    /// Creates a picture from these bytes, three for every pixel, row by row: see [`bytes`](Self::bytes).
    ///
    /// # Errors
    /// [`WrongByteCount`](PhotographError::WrongByteCount).
    pub fn from_rgb(width: u32, height: u32, bytes: Vec<u8>) -> Result<Self, PhotographError> {
        let found = bytes.len();
        let exact = u64::from(width) * u64::from(height) * 3 == found as u64;
        match RgbImage::from_raw(width, height, bytes).filter(|_| exact) {
            Some(pixels) => Ok(Photograph { pixels }),
            None => Err(PhotographError::WrongByteCount { width, height, found }),
        }
    }

    /// Creates a picture of smooth gradients and edges that compresses about as well as a photograph does; for
    /// benchmarks that need a picture and must not depend on a file.
    pub fn synthetic(width: u32, height: u32) -> Self {
        let pixels = RgbImage::from_fn(width, height, |x, y| {
            let stripe = if (x / 16 + y / 24) % 2 == 0 { 40 } else { 0 };
            let gradient = |at: u32, of: u32| (at * 200 / of.max(1)) as u8;
            // Grain, as from a sensor.
            let grain = (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(2_246_822_519)) >> 29;
            let grain = grain as u8;
            image::Rgb([
                gradient(x, width) + stripe + grain,
                gradient(y, height) + grain,
                200 - gradient(x, width) + stripe,
            ])
        });
        Photograph { pixels }
    }

    /// Encodes the picture as JPEG, at quality 90.
    ///
    /// # Errors
    /// When the picture has no pixels, or more than 65 535 in a row or column.
    pub fn to_jpeg(&self) -> Result<Vec<u8>, PhotographError> {
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, 90)
            .encode_image(&self.pixels)
            .map_err(PhotographError::Encoding)?;
        Ok(bytes)
    }

    /// Returns width and height, in pixels.
    pub fn size(&self) -> (u32, u32) {
        self.pixels.dimensions()
    }

    /// Returns the pixels: red, green and blue of the upper left one first, then row by row.
    pub fn bytes(&self) -> &[u8] {
        self.pixels.as_raw()
    }

    /// Scales so that the shorter side has `short` pixels; the longer one is rounded down, as
    /// torchvision's `Resize` does.
    ///
    /// # Errors
    /// [`WrongSize`](PhotographError::WrongSize) when `short` is zero or the picture is empty.
    pub fn with_short_side(&self, short: u32, interpolation: Interpolation) -> Result<Self, PhotographError> {
        let (width, height) = self.size();
        let least = width.min(height);
        if short == 0 || least == 0 {
            return Err(PhotographError::WrongSize { wanted: short, width, height });
        }
        let scaled = |side: u32| (u64::from(side) * u64::from(short) / u64::from(least)) as u32;
        let pixels = imageops::resize(&self.pixels, scaled(width), scaled(height), interpolation.into());
        Ok(Photograph { pixels })
    }

    /// Scales to `side` × `side` pixels, without regard to the proportions.
    ///
    /// # Errors
    /// [`WrongSize`](PhotographError::WrongSize) when `side` is zero or the picture is empty.
    pub fn resized(&self, side: u32, interpolation: Interpolation) -> Result<Self, PhotographError> {
        self.resized_to(side, side, interpolation)
    }

    /// Scales to `wide` × `high` pixels, without regard to the proportions.
    ///
    /// # Errors
    /// [`WrongSize`](PhotographError::WrongSize) when a side is zero or the picture is empty.
    pub fn resized_to(
        &self,
        wide: u32,
        high: u32,
        interpolation: Interpolation,
    ) -> Result<Self, PhotographError> {
        let (width, height) = self.size();
        let wanted = wide.min(high);
        if wanted == 0 || width == 0 || height == 0 {
            return Err(PhotographError::WrongSize { wanted, width, height });
        }
        Ok(Photograph { pixels: imageops::resize(&self.pixels, wide, high, interpolation.into()) })
    }

    /// Returns the `side` × `side` pixels in the middle.
    ///
    /// # Errors
    /// [`WrongSize`](PhotographError::WrongSize) when `side` is zero or larger than the picture.
    pub fn centre_crop(&self, side: u32) -> Result<Self, PhotographError> {
        let (width, height) = self.size();
        if side == 0 || side > width || side > height {
            return Err(PhotographError::WrongSize { wanted: side, width, height });
        }
        let cut = imageops::crop_imm(&self.pixels, (width - side) / 2, (height - side) / 2, side, side);
        Ok(Photograph { pixels: cut.to_image() })
    }
}

/// Whether the marker that ends a JPEG comes after the one that begins its (last) scan. Programs append data to
/// pictures, so it need not be at the very end; the end of an embedded thumbnail comes before the scan.
fn has_end_of_image(bytes: &[u8]) -> bool {
    let last = |marker: u8| bytes.windows(2).rposition(|pair| pair == [0xff, marker]);
    matches!((last(0xda), last(0xd9)), (Some(scan), Some(end)) if scan < end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jpeg_comes_back_about_as_it_was() {
        let picture = Photograph::synthetic(48, 32);
        let decoded = Photograph::decode("synthetic", &picture.to_jpeg().expect("encoded")).expect("decoded");
        assert_eq!(decoded.size(), (48, 32));
        let difference: u64 =
            picture.bytes().iter().zip(decoded.bytes()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        let mean = difference as f64 / picture.bytes().len() as f64;
        assert!(mean < 4.0, "{mean}");
    }

    #[test]
    fn the_shorter_side_decides_the_scale() {
        for ((width, height), short, wanted) in [
            ((64, 48), 24, (32, 24)),
            ((48, 64), 24, (24, 32)),
            ((64, 43), 25, (37, 25)),
            ((10, 10), 30, (30, 30)),
        ] {
            let picture = Photograph::synthetic(width, height);
            let scaled = picture.with_short_side(short, Interpolation::Bilinear).expect("scaled");
            assert_eq!(scaled.size(), wanted, "{width} × {height} to {short}");
        }
    }

    #[test]
    fn scaling_keeps_the_mean() {
        let picture = Photograph::synthetic(96, 64);
        let mean =
            |p: &Photograph| p.bytes().iter().map(|&b| f64::from(b)).sum::<f64>() / p.bytes().len() as f64;
        for interpolation in [Interpolation::Bilinear, Interpolation::Bicubic] {
            let scaled = picture.resized(32, interpolation).expect("scaled");
            assert_eq!(scaled.size(), (32, 32));
            assert!((mean(&scaled) - mean(&picture)).abs() < 1.5, "{interpolation:?}");
        }
    }

    #[test]
    fn the_crop_is_the_middle() {
        let bytes = (0..7).flat_map(|y| (0..5).flat_map(move |x| [x, y, 0])).collect();
        let crop =
            Photograph::from_rgb(5, 7, bytes).and_then(|picture| picture.centre_crop(3)).expect("cropped");
        assert_eq!(&crop.bytes()[..3], [1, 2, 0]);
        assert_eq!(&crop.bytes()[crop.bytes().len() - 3..], [3, 4, 0]);
    }

    #[test]
    fn impossible_sizes_are_refused() {
        let picture = Photograph::synthetic(8, 6);
        assert!(matches!(
            picture.centre_crop(7),
            Err(PhotographError::WrongSize { wanted: 7, width: 8, height: 6 })
        ));
        assert!(picture.centre_crop(0).is_err());
        assert!(picture.with_short_side(0, Interpolation::Bilinear).is_err());
        assert!(Photograph::synthetic(0, 4).resized(4, Interpolation::Bilinear).is_err());
        for bytes in [11, 13] {
            let error = Photograph::from_rgb(2, 2, vec![0; bytes]).expect_err("not 12 bytes");
            assert!(matches!(error, PhotographError::WrongByteCount { .. }), "{error}");
        }
    }

    #[test]
    fn what_is_no_picture_says_so() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("notes.jpg");
        fs::write(&path, "not a picture").expect("written");
        let error = Photograph::read(&path).expect_err("text is no picture");
        assert!(matches!(error, PhotographError::NotAPicture { .. }), "{error}");
        assert!(error.to_string().contains("notes.jpg"), "{error}");

        let absent = Photograph::read(&folder.path().join("absent.jpg")).expect_err("absent");
        let skipped = absent.or_skip();
        assert_eq!(
            skipped.skip_reason(),
            Some("no photograph absent.jpg: run `models/weights/fetch --only photographs`")
        );
        assert_eq!(error.or_skip().skip_reason(), None);
    }

    #[test]
    fn a_jpeg_cut_short_is_refused_and_one_with_a_trailer_is_not() {
        let mut jpeg = Photograph::synthetic(32, 32).to_jpeg().expect("encoded");
        for length in [jpeg.len() - 1, jpeg.len() / 2, 40] {
            let error = Photograph::decode("cut", &jpeg[..length]).expect_err("cut short");
            assert!(matches!(error, PhotographError::Truncated { .. }), "{length} bytes: {error}");
        }
        jpeg.extend_from_slice(b"appended by a camera");
        assert!(Photograph::decode("trailer", &jpeg).is_ok());
    }
}
