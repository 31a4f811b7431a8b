//! The decoder of Mimi (Défossez et al., 2024, arXiv:2410.00037) at its published size, with generated weights: from
//! the codes that a speech model writes to samples. Its output is noise.

mod batches;
pub mod benchmarks;
mod codec;
mod convolution;
mod decoder;
mod quantizer;
mod transformer;

pub use batches::expect_batches;
pub use codec::{CODEBOOKS, CODES, FRAME_SAMPLES, Frame, SAMPLE_RATE_HZ, Stream, Vocoder, VocoderError};

/// Features of a step between the quantizer and the convolutions.
const WIDTH: usize = 512;
