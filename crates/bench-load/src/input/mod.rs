//! The inputs of requests: seeded, from files, or from a list.
//!
//! | source | item |
//! |---|---|
//! | [`Texts::seeded`], [`Texts::file`], [`Texts::list`] | `String` |
//! | [`Prompts::seeded`], [`Prompts::file`], [`Prompts::list`] | `String` |
//! | [`ImageRequests::new`] | [`ImageRequest`] |
//! | `Pictures::synthetic`, `Pictures::folder` (feature `pictures`) | `Picture` |
//! | [`List::new`], `Vec<T>`, `[T; N]` | `T` |
//!
//! Your own source implements [`Inputs`], your own item [`Describe`].

mod describe;
mod distinct;
mod error;
mod image_request;
mod lines;
mod list;
#[cfg(feature = "pictures")]
mod pictures;
mod prompts;
mod random;
mod texts;

use bench_core::Error;

pub use self::error::InputError;
pub use self::image_request::{ImageRequest, ImageRequests};
pub use self::lines::Lines;
pub use self::list::List;
#[cfg(feature = "pictures")]
pub use self::pictures::{Picture, PictureFolder, Pictures};
pub use self::prompts::Prompts;
pub use self::texts::Texts;

use crate::domain::Facts;

/// A source of inputs.
pub trait Inputs {
    /// The argument of the closure, by reference.
    type Item: Describe + Send + Sync;

    /// Makes or reads all inputs, before anything is timed.
    ///
    /// # Errors
    /// When there is none, or a file cannot be read.
    fn prepare(self) -> Result<Prepared<Self::Item>, Error>;
}

/// Inputs that are ready to be sent. Request number `n` gets input number `n` modulo their count.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared<T> {
    /// The inputs of requests that count; never empty.
    pub measured: Vec<T>,
    /// The inputs for warm-up: others of the same shapes, so that no cache knows the first inputs that count. Empty if
    /// the source has no others; `measured` is then used.
    pub warm_up: Vec<T>,
}

/// Describes an input for reports.
pub trait Describe {
    /// Returns the facts known about the input.
    fn facts(&self) -> Facts {
        Facts::default()
    }
}
