//! Pictures to be classified or described.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use bench_core::Error;
use image::{ImageFormat, Rgb, RgbImage};

use super::random::Random;
use super::{Describe, InputError, Inputs, Prepared};
use crate::domain::Facts;
use crate::media::{PictureError, picture};

/// Longest side of a synthetic picture, in pixels.
const LONGEST_SIDE: u32 = 16_384;

/// A picture, encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The name of its file.
    pub name: String,
    /// The file.
    pub bytes: Vec<u8>,
    /// The encoding: `png`, `jpeg`, `webp`.
    pub format: &'static str,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
}

impl Picture {
    /// Returns all pixels, as rows from the top, three bytes (red, green, blue) each. Within a request, decoding is
    /// part of its latency.
    ///
    /// # Errors
    /// Never for a picture of [`Pictures`] or [`PictureFolder`]: all of those have been decoded once.
    pub fn rgb(&self) -> Result<Vec<u8>, PictureError> {
        picture::rgb(&self.bytes)
    }

    fn read(name: String, bytes: Vec<u8>) -> Result<Self, PictureError> {
        let picture::Header { width, height, format } = picture::header(&bytes)?;
        let picture = Picture { name, bytes, format, width, height };
        picture.rgb()?;
        Ok(picture)
    }
}

/// Uses the name in place of a text.
impl Describe for Picture {
    fn facts(&self) -> Facts {
        Facts { text: Some(self.name.clone()), bytes: Some(self.bytes.len() as u64), ..Facts::default() }
    }
}

/// Seeded pictures as PNG: colour gradients with a little noise.
///
/// ```
/// # use bench_load::input::{Inputs, Pictures};
/// let pictures = Pictures::synthetic(2, 32, 24).prepare()?;
/// assert_eq!(pictures.measured[0].rgb()?.len(), 32 * 24 * 3);
/// # Ok::<(), bench_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pictures {
    variations: usize,
    width: u32,
    height: u32,
    seed: u64,
}

impl Pictures {
    /// Generates this many pictures of this size in pixels, and as many others for the warm-up. The default seed is
    /// 0.
    pub fn synthetic(variations: usize, width: u32, height: u32) -> Self {
        Pictures { variations, width, height, seed: 0 }
    }

    /// Sets the seed, for other pictures of the same kind.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Pictures { seed, ..self }
    }

    /// Reads the pictures of a folder.
    pub fn folder(path: impl Into<PathBuf>) -> PictureFolder {
        PictureFolder { path: path.into() }
    }
}

impl Inputs for Pictures {
    type Item = Picture;

    fn prepare(self) -> Result<Prepared<Picture>, Error> {
        let sides = 1..=LONGEST_SIDE;
        if !sides.contains(&self.width) || !sides.contains(&self.height) {
            return Err(InputError::Value {
                what: "picture size",
                found: format!("{} × {}", self.width, self.height),
                wanted: "1 to 16384 pixels per side",
            }
            .into());
        }
        if self.variations == 0 {
            return Err(InputError::NoneWanted("pictures").into());
        }
        let mut random = Random::seeded(self.seed);
        let mut all = |kind: &str| -> Result<Vec<Picture>, InputError> {
            let one = |n| synthetic(&mut random, format!("{kind}-{n}.png"), self.width, self.height);
            (0..self.variations).map(one).collect()
        };
        Ok(Prepared { measured: all("synthetic")?, warm_up: all("warm-up")? })
    }
}

/// Generates a picture: each corner has a random colour, and colours in between are interpolated with whole numbers
/// only, so that the picture is the same on every machine.
fn synthetic(random: &mut Random, name: String, width: u32, height: u32) -> Result<Picture, InputError> {
    let corners = [(); 4].map(|()| random.next().to_le_bytes());
    let (w, h) = (u64::from(width), u64::from(height));
    let pixels = RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (u64::from(x), u64::from(y));
        let weights = [(w - x) * (h - y), x * (h - y), (w - x) * y, x * y];
        let noise = random.next().to_le_bytes();
        Rgb([0, 1, 2].map(|channel| {
            let sum: u64 =
                weights.iter().zip(corners).map(|(weight, corner)| weight * u64::from(corner[channel])).sum();
            ((sum / (w * h)) as u8).saturating_add(noise[channel] % 16)
        }))
    });
    let mut bytes = Cursor::new(Vec::new());
    let encoded = pixels.write_to(&mut bytes, ImageFormat::Png);
    encoded.map_err(|error| InputError::Encode(error.to_string()))?;
    Ok(Picture { name, bytes: bytes.into_inner(), format: "png", width, height })
}

/// All pictures of a folder, sorted by name: files that end in `.png`, `.jpg`, `.jpeg` or `.webp`, in upper or lower
/// case. Subfolders are not read. There are no other pictures for the warm-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureFolder {
    path: PathBuf,
}

impl Inputs for PictureFolder {
    type Item = Picture;

    fn prepare(self) -> Result<Prepared<Picture>, Error> {
        let cannot_read = |path: &Path| {
            let path = path.to_owned();
            move |source| InputError::Read { path, source }
        };
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(cannot_read(&self.path))? {
            let path = entry.map_err(cannot_read(&self.path))?.path();
            let is_picture = |ending: &str| ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending));
            if path.extension().and_then(|ending| ending.to_str()).is_some_and(is_picture) && !path.is_dir() {
                files.push(path);
            }
        }
        if files.is_empty() {
            return Err(InputError::NoPicture(self.path).into());
        }
        files.sort_unstable();
        let read = |path: PathBuf| -> Result<Picture, InputError> {
            let bytes = fs::read(&path).map_err(cannot_read(&path))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Picture::read(name, bytes).map_err(|source| InputError::Picture { path, source })
        };
        let measured = files.into_iter().map(read).collect::<Result<_, _>>()?;
        Ok(Prepared { measured, warm_up: Vec::new() })
    }
}

const ENDINGS: [&str; 4] = ["png", "jpg", "jpeg", "webp"];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use tempfile::TempDir;

    use super::*;
    use crate::media::picture::tests::encoded;

    fn folder(files: &[(&str, &[u8])]) -> TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, bytes) in files {
            fs::write(folder.path().join(name), bytes).expect("written");
        }
        folder
    }

    #[test]
    fn the_same_seed_makes_the_same_pictures() {
        let pictures = |seed| Pictures::synthetic(3, 20, 10).seed(seed).prepare().expect("pictures");
        assert_eq!(pictures(0), Pictures::synthetic(3, 20, 10).prepare().expect("pictures"));
        assert_ne!(pictures(0).measured[0].bytes, pictures(1).measured[0].bytes);
        let all = pictures(0);
        let different: HashSet<_> =
            all.measured.iter().chain(&all.warm_up).map(|picture| picture.rgb().expect("pixels")).collect();
        assert_eq!(different.len(), 6);
        let first = &all.measured[0];
        assert_eq!(
            (first.name.as_str(), first.format, first.width, first.height),
            ("synthetic-0.png", "png", 20, 10)
        );
        // This must never change: figures are only comparable over the same pictures.
        assert_eq!(first.rgb().expect("pixels")[..6], [186, 209, 37, 188, 201, 50]);
        assert_eq!(picture::header(&first.bytes).expect("a header").width, 20);
    }

    #[test]
    fn a_folder_is_read_in_the_order_of_names() {
        let (png, jpeg) = (encoded(30, 20, ImageFormat::Png), encoded(8, 9, ImageFormat::Jpeg));
        let folder = folder(&[("b.png", &png), ("a.JPG", &jpeg), ("notes.txt", b"no picture"), ("c", &png)]);
        fs::create_dir(folder.path().join("more.png")).expect("a folder");
        let pictures = Pictures::folder(folder.path()).prepare().expect("pictures");
        let wanted = [
            Picture { name: "a.JPG".to_owned(), bytes: jpeg, format: "jpeg", width: 8, height: 9 },
            Picture { name: "b.png".to_owned(), bytes: png.clone(), format: "png", width: 30, height: 20 },
        ];
        assert_eq!(pictures, Prepared { measured: wanted.to_vec(), warm_up: vec![] });
        let facts = pictures.measured[1].facts();
        assert_eq!((facts.text.as_deref(), facts.bytes), (Some("b.png"), Some(png.len() as u64)));
        assert_eq!(facts.characters, None);
    }

    #[test]
    fn a_picture_that_cannot_be_read_is_named() {
        let png = encoded(30, 20, ImageFormat::Png);
        let error = |files: &[(&str, &[u8])]| {
            Pictures::folder(folder(files).path()).prepare().expect_err("no pictures").to_string()
        };
        let half = error(&[("a.png", &png), ("b.png", &png[..png.len() / 2])]);
        assert!(half.contains("b.png: a png picture that is damaged"), "{half}");
        let other = error(&[("a.png", b"hello")]);
        assert!(other.contains("a.png: not a picture"), "{other}");
        assert!(error(&[("a.txt", b"hello")]).starts_with("no picture in "));
        let missing = Pictures::folder("no/such/folder").prepare().expect_err("missing").to_string();
        assert!(missing.starts_with("cannot read no/such/folder: "), "{missing}");
    }

    #[test]
    fn what_cannot_be_made_says_why() {
        let error = |pictures: Pictures| pictures.prepare().expect_err("no pictures").to_string();
        assert_eq!(error(Pictures::synthetic(0, 1, 1)), "0 pictures were asked for: a load needs at least 1");
        for (width, height) in [(0, 9), (9, 0), (u32::MAX, 1), (1, LONGEST_SIDE + 1)] {
            let error = error(Pictures::synthetic(1, width, height));
            assert_eq!(
                error,
                format!("picture size {width} × {height}: expected 1 to 16384 pixels per side")
            );
        }
    }
}
