//! Speech from text with a trained voice: espeak-ng finds the pronunciation of the text, and a VITS network of the
//! Piper project speaks it, sentence by sentence. The network runs on ONNX Runtime.

pub mod benchmarks;
mod error;
mod phonemes;
mod recording;
mod sentences;
mod speaker;
mod vits;
mod voice;

pub use error::SpeechError;
pub use phonemes::Phonemiser;
pub use recording::{Recording, UnlikelySpeech};
pub use sentences::{Clause, clauses, sentences};
pub use speaker::Speaker;
pub use vits::Scales;
pub use voice::Voice;
