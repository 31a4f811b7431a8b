//! Encoded pictures: PNG, JPEG and WebP.

use std::io::Cursor;

use image::{ImageError, ImageFormat, ImageReader};

/// The content of a picture's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// The encoding: `png`, `jpeg`, `webp`.
    pub format: &'static str,
}

/// The reasons why bytes cannot be read as a picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// Bytes that are not a picture; contains the first of them.
    #[error("not a picture: expected PNG, JPEG or WebP, found data that begins with `{}`", .0.escape_ascii())]
    OtherKind(Vec<u8>),
    /// A picture of a format that cannot be read here.
    #[error("the picture has the format {0}: expected PNG, JPEG or WebP")]
    OtherFormat(&'static str),
    /// A picture that is damaged.
    #[error("a {format} picture that is damaged: {reason}")]
    Damaged {
        /// How it is encoded.
        format: &'static str,
        /// The fault.
        reason: String,
    },
}

/// Reads size and format from the header: everything after it may be missing or damaged.
///
/// ```
/// use bench_load::media::picture;
///
/// assert!(picture::header(b"GIF89a").is_err());
/// ```
///
/// # Errors
/// If the bytes are not a picture, or are one of another format, or have a damaged header.
pub fn header(bytes: &[u8]) -> Result<Header, PictureError> {
    let (reader, format) = open(bytes)?;
    let (width, height) = reader.into_dimensions().map_err(|error| damaged(format, error))?;
    Ok(Header { width, height, format })
}

/// Decodes all pixels, as rows from the top, three bytes (red, green, blue) each.
///
/// ```
/// use bench_load::media::picture;
///
/// assert!(picture::rgb(b"no picture").is_err());
/// ```
///
/// # Errors
/// If the bytes are not a picture, or are one of another format, or damaged.
pub fn rgb(bytes: &[u8]) -> Result<Vec<u8>, PictureError> {
    let (reader, format) = open(bytes)?;
    Ok(reader.decode().map_err(|error| damaged(format, error))?.into_rgb8().into_raw())
}

type Reader<'a> = ImageReader<Cursor<&'a [u8]>>;

fn open(bytes: &[u8]) -> Result<(Reader<'_>, &'static str), PictureError> {
    let format = image::guess_format(bytes)
        .map_err(|_| PictureError::OtherKind(bytes.iter().take(12).copied().collect()))?;
    let name = match format {
        ImageFormat::Png => "png",
        ImageFormat::Jpeg => "jpeg",
        ImageFormat::WebP => "webp",
        other => return Err(PictureError::OtherFormat(other.extensions_str().first().unwrap_or(&"unknown"))),
    };
    Ok((ImageReader::with_format(Cursor::new(bytes), format), name))
}

fn damaged(format: &'static str, error: ImageError) -> PictureError {
    PictureError::Damaged { format, reason: error.to_string() }
}

#[cfg(test)]
pub(crate) mod tests {
    use image::RgbImage;
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn encoded(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, 7]))
            .write_to(&mut bytes, format)
            .expect("encodes");
        bytes.into_inner()
    }

    const FORMATS: [(ImageFormat, &str); 3] =
        [(ImageFormat::Png, "png"), (ImageFormat::Jpeg, "jpeg"), (ImageFormat::WebP, "webp")];

    #[test]
    fn size_and_format_are_read() {
        for (format, name) in FORMATS {
            let read = header(&encoded(30, 20, format)).expect(name);
            assert_eq!(read, Header { width: 30, height: 20, format: name });
        }
    }

    #[test]
    fn the_header_is_enough_for_the_size_but_not_for_the_pixels() {
        let bytes = encoded(30, 20, ImageFormat::Png);
        assert_eq!(rgb(&bytes).expect("whole")[..6], [0, 0, 7, 1, 0, 7]);
        let cut = &bytes[..bytes.len() / 2];
        assert_eq!(header(cut).expect("a header").width, 30);
        let error = rgb(cut).expect_err("half a picture");
        assert!(matches!(error, PictureError::Damaged { format: "png", .. }), "{error}");
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let error = |bytes: &[u8]| header(bytes).expect_err("no picture").to_string();
        assert!(error(b"hello").contains("begins with `hello`"), "{}", error(b"hello"));
        assert!(error(b"GIF89a\x01\0\x01\0").contains("format gif"), "{}", error(b"GIF89a\x01\0\x01\0"));
        assert!(error(b"").starts_with("not a picture"));
        for (format, name) in FORMATS {
            let bytes = encoded(30, 20, format);
            assert!(error(&bytes[..12]).contains(name));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = header(&bytes);
            let _ = rgb(&bytes);
        }

        #[test]
        fn no_damage_makes_it_panic(
            which in 0..FORMATS.len(),
            damage in prop::collection::vec((12..100usize, any::<u8>()), 1..6),
            length in 0..400usize,
        ) {
            let mut bytes = encoded(5, 4, FORMATS[which].0);
            for (at, byte) in damage {
                if let Some(place) = bytes.get_mut(at) {
                    *place = byte;
                }
            }
            bytes.truncate(length);
            let _ = header(&bytes);
        }
    }
}
