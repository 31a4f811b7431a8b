//! Functions that the expansion of `#[benchmark]` calls; do not call them by hand.
//!
//! A benchmark may return `()`, a value, or a `Result` under any alias, with any error type. The macro cannot see which
//! of them a type is, so method lookup on the concrete type decides. It tries fewer dereferences first, so an impl for
//! `&&Wrapper<..>` wins over one for `&Wrapper<..>`, which wins over one for `Wrapper<..>` (autoref specialisation).
//! The macro calls `(&&&&Returned::new(value)).settle()` and `(&&&Label(&value)).label(..)`.

use std::cell::Cell;
use std::fmt::{Debug, Display};
use std::hint::black_box;

use crate::error::Error;

/// A value that a benchmark has returned.
pub struct Returned<T>(Cell<Option<T>>);

impl<T> Returned<T> {
    /// Wraps the value.
    #[inline]
    pub fn new(value: T) -> Self {
        Returned(Cell::new(Some(value)))
    }
}

impl<T, E> Returned<Result<T, E>> {
    #[inline]
    fn err(&self) -> Option<E> {
        match self.0.take()? {
            Ok(value) => {
                drop(black_box(value));
                None
            }
            Err(error) => Some(error),
        }
    }
}

/// A `Result` whose error is an [`Error`] or converts into one.
pub trait SettleError {
    /// # Errors
    /// The benchmark's own error.
    fn settle(&self) -> Result<(), Error>;
}

impl<T, E: Into<Error>> SettleError for &&&Returned<Result<T, E>> {
    #[inline]
    fn settle(&self) -> Result<(), Error> {
        self.err().map_or(Ok(()), |error| Err(error.into()))
    }
}

/// A `Result` whose error implements `Display`, but not `Error`: `Box<dyn Error>`, `anyhow::Error`, `String`.
pub trait SettleDisplay {
    /// # Errors
    /// The benchmark's own error, as text.
    fn settle(&self) -> Result<(), Error>;
}

impl<T, E: Display> SettleDisplay for &&Returned<Result<T, E>> {
    #[inline]
    fn settle(&self) -> Result<(), Error> {
        // The alternate form of `anyhow::Error` contains the whole chain of causes.
        self.err().map_or(Ok(()), |error| Err(Error::failure(format!("{error:#}"))))
    }
}

/// A `Result` whose error cannot be shown.
pub trait SettleOpaque {
    /// # Errors
    /// A message that there was an error, with its type.
    fn settle(&self) -> Result<(), Error>;
}

impl<T, E> SettleOpaque for &Returned<Result<T, E>> {
    #[inline]
    fn settle(&self) -> Result<(), Error> {
        self.err().map_or(Ok(()), |_| {
            Err(Error::failure(format!("returned Err of {}", std::any::type_name::<E>())))
        })
    }
}

/// Any other value, which is kept from the optimizer.
pub trait SettleValue {
    /// # Errors
    /// None.
    fn settle(&self) -> Result<(), Error>;
}

impl<T> SettleValue for Returned<T> {
    #[inline]
    fn settle(&self) -> Result<(), Error> {
        drop(black_box(self.0.take()));
        Ok(())
    }
}

/// The text of an argument's value in case ids: `Display` if the type has it, or else `Debug` in lower case
/// (`DType::F32` is `f32`), or else the tokens as written.
pub struct Label<'a, T>(pub &'a T);

/// Names values of types with `Display`.
pub trait ByDisplay {
    /// The label.
    fn label(&self, written: &str) -> String;
}

/// Names values of types with `Debug` only.
pub trait ByDebug {
    /// The label.
    fn label(&self, written: &str) -> String;
}

/// Names values of all other types.
pub trait ByTokens {
    /// The label.
    fn label(&self, written: &str) -> String;
}

impl<T: Display> ByDisplay for &&Label<'_, T> {
    fn label(&self, _written: &str) -> String {
        self.0.to_string()
    }
}

impl<T: Debug> ByDebug for &Label<'_, T> {
    fn label(&self, _written: &str) -> String {
        format!("{:?}", self.0).to_lowercase()
    }
}

impl<T> ByTokens for Label<'_, T> {
    fn label(&self, written: &str) -> String {
        written.to_owned()
    }
}

#[cfg(test)]
// The macro writes the same borrows: it cannot know which of them a type needs.
#[expect(clippy::needless_borrow)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_error_ends_the_case() {
        struct Mute;
        let own: Result<u8, Error> = Err(Error::skip("no weights"));
        let std: Result<u8, std::fmt::Error> = Err(std::fmt::Error);
        let boxed: Result<u8, Box<dyn std::error::Error>> = Err("boxed".into());
        let text: Result<u8, String> = Err("text".to_owned());
        let mute: Result<u8, Mute> = Err(Mute);
        assert_eq!((&&&&Returned::new(own)).settle().expect_err("own").skip_reason(), Some("no weights"));
        assert!((&&&&Returned::new(std)).settle().is_err());
        assert_eq!((&&&&Returned::new(boxed)).settle().expect_err("boxed").to_string(), "boxed");
        assert_eq!((&&&&Returned::new(text)).settle().expect_err("text").to_string(), "text");
        assert!((&&&&Returned::new(mute)).settle().expect_err("mute").to_string().contains("Mute"));
    }

    #[test]
    fn values_settle() {
        assert!((&&&&Returned::new(())).settle().is_ok());
        assert!((&&&&Returned::new(vec![1])).settle().is_ok());
        assert!((&&&&Returned::new(Some(1))).settle().is_ok());
        assert!((&&&&Returned::new(Ok::<u8, String>(1))).settle().is_ok());
    }

    #[test]
    fn labels_prefer_display_then_debug_then_tokens() {
        #[derive(Debug)]
        struct F32;
        struct Plain;
        assert_eq!((&&&Label(&1_000)).label("1_000"), "1000");
        assert_eq!((&&&Label(&F32)).label("DType::F32"), "f32");
        assert_eq!((&&&Label(&Plain)).label("Plain"), "Plain");
    }
}
