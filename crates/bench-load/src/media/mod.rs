//! What encoded audio and pictures say of themselves: how long, how large. No sample and no pixel is
//! decoded for that.

pub mod picture;
pub mod wav;

pub use picture::PictureError;
pub use wav::{Wav, WavError};
