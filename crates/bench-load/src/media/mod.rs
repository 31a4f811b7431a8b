//! Reads the headers of encoded audio and pictures: duration and size. No sample and no pixel is decoded for that.

#[cfg(feature = "pictures")]
pub mod picture;
pub mod wav;

#[cfg(feature = "pictures")]
pub use picture::PictureError;
pub use wav::{Wav, WavError};
