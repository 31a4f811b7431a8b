//! The reasons why there are no inputs.

use std::io;
use std::path::PathBuf;

#[cfg(feature = "pictures")]
use crate::media::PictureError;

/// The reasons why inputs cannot be made or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// A number of 0.
    #[error("0 {0} were asked for: a load needs at least 1")]
    NoneWanted(&'static str),
    /// A list without an item.
    #[error("the list of inputs is empty: a load needs at least 1")]
    EmptyList,
    /// A range of lengths that is empty or begins at 0.
    #[error("texts of {low}..={high} characters: the range must not be empty, nor begin below 1")]
    Lengths {
        /// The beginning of the range.
        low: usize,
        /// The end of the range.
        high: usize,
    },
    /// There are fewer different inputs than requested, or they are too rare to find.
    #[error(
        "there are fewer than {wanted} different {kind} and as many more for the warm-up: request fewer, or longer ones"
    )]
    TooMany {
        /// The kind of input.
        kind: &'static str,
        /// The number that was requested.
        wanted: usize,
    },
    /// A file or folder that cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// A file without a line of text.
    #[error("{} contains no text: expected one on each line", .0.display())]
    NoLine(PathBuf),
    /// A folder without a picture.
    #[error("no picture in {}: expected files ending in .png, .jpg, .jpeg or .webp", .0.display())]
    NoPicture(PathBuf),
    /// A picture that cannot be decoded.
    #[cfg(feature = "pictures")]
    #[error("the picture {}", path.display())]
    Picture {
        /// Its file.
        path: PathBuf,
        /// The fault.
        source: PictureError,
    },
    /// A synthetic picture that could not be encoded.
    #[error("cannot encode a synthetic picture: {0}")]
    Encode(String),
    /// A value that is not valid.
    #[error("{what} {found}: expected {wanted}")]
    Value {
        /// The name of the setting.
        what: &'static str,
        /// The number.
        found: String,
        /// The allowed values.
        wanted: &'static str,
    },
}
