//! [`SpeechError`].

use std::io;
use std::path::PathBuf;

use crate::engine::EngineError;
use crate::weights::WeightsError;

/// The reasons why nothing is spoken.
#[derive(Debug, thiserror::Error)]
pub enum SpeechError {
    /// The voice does not exist.
    #[error("no voice at {}: run `models/weights/fetch --only piper_tts`", path.display())]
    NoVoice {
        /// The path at which it was expected.
        path: PathBuf,
    },
    /// The voice cannot be obtained.
    #[error(transparent)]
    Weights(#[from] Box<WeightsError>),
    /// The network exists, but its description does not.
    #[error(
        "the voice {} lacks its description, {}: without it, it is unknown which sound has which number. \
         Put the .onnx.json of the same voice beside it, or run `models/weights/fetch --only piper_tts`",
        network.display(),
        path.display()
    )]
    NoDescription {
        /// The network.
        network: PathBuf,
        /// The path at which its description was expected.
        path: PathBuf,
    },
    /// The description does not describe a voice.
    #[error("{} does not describe a Piper voice: {reason}", path.display())]
    BadDescription {
        /// The description.
        path: PathBuf,
        /// The fault.
        reason: String,
    },
    /// A file that cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// espeak-ng is not installed.
    #[error("{program} is not installed: it converts text to phonemes (Debian: `apt-get install espeak-ng`)")]
    NoEspeak {
        /// The program that was not found.
        program: String,
    },
    /// espeak-ng failed.
    #[error("{program} failed on the voice `{voice}`: {reason}")]
    Espeak {
        /// The program.
        program: String,
        /// Its voice.
        voice: String,
        /// The message of the program.
        reason: String,
    },
    /// No part of the text can be pronounced.
    #[error("there is nothing to say in {0:?}")]
    Nothing(String),
    /// The error of the engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl SpeechError {
    /// Converts the error for benchmarks: voices that were never fetched and programs that are not installed skip the
    /// case, everything else fails it.
    pub fn or_skip(self) -> bench_core::Error {
        match self {
            SpeechError::NoVoice { .. } | SpeechError::NoEspeak { .. } => {
                bench_core::Error::skip(self.to_string())
            }
            SpeechError::Engine(error) => error.or_skip(),
            SpeechError::Weights(error) => error.or_skip(),
            other => other.into(),
        }
    }
}
