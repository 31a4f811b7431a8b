//! Arguments that are computed while the program runs.

use std::borrow::Cow;
use std::fmt::Debug;

/// The values of `args`, computed once for all types and constants of a benchmark.
#[derive(Debug)]
pub struct Args<T> {
    pub(crate) values: Vec<T>,
}

impl<T> Args<T> {
    /// Computes the values.
    pub fn new<I: IntoIterator<Item = T>>(make: impl FnOnce() -> I) -> Self {
        Args { values: make().into_iter().collect() }
    }
}

/// Writes a value: by `ToString`, or else by `Debug`. The type's own method takes precedence if both exist.
#[derive(Debug)]
pub struct Label<'a, T>(pub &'a T);

impl<T: ToString> Label<'_, T> {
    /// Returns the value as text.
    #[expect(clippy::inherent_to_string, reason = "it has to outrank the trait's")]
    pub fn to_string(&self) -> String {
        self.0.to_string()
    }
}

#[expect(clippy::to_string_trait_impl, reason = "`Display` would apply to all values")]
impl<T: Debug> ToString for Label<'_, T> {
    fn to_string(&self) -> String {
        format!("{:?}", self.0)
    }
}

/// Converts a value of the list to the parameter of the function: the value itself, if it can be copied, or a reference to
/// it.
pub trait Arg<T> {
    /// Returns the argument for the function.
    fn get(this: Self) -> T;
}

impl<T> Arg<T> for T {
    fn get(this: Self) -> T {
        this
    }
}

impl<'a, T: ?Sized + ToOwned> Arg<&'a T> for &'a Cow<'a, T> {
    fn get(this: Self) -> &'a T {
        this
    }
}

impl<'a> Arg<&'a str> for &'a String {
    fn get(this: Self) -> &'a str {
        this
    }
}

impl<T: Copy> Arg<T> for &T {
    fn get(this: Self) -> T {
        *this
    }
}

impl<T: Copy> Arg<T> for &&T {
    fn get(this: Self) -> T {
        **this
    }
}

impl<T: Copy> Arg<T> for &&&T {
    fn get(this: Self) -> T {
        ***this
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct OnlyDebug;

    #[test]
    fn values_are_written_as_texts() {
        assert_eq!(Label(&1.5).to_string(), "1.5");
        assert_eq!(Label(&"text").to_string(), "text");
        assert_eq!(Label(&OnlyDebug).to_string(), "OnlyDebug");
        assert_eq!(Label(&(1, "a")).to_string(), "(1, \"a\")");
    }

    #[test]
    #[expect(clippy::needless_borrows_for_generic_args, reason = "the references are what is tested")]
    fn values_become_what_functions_take() {
        assert_eq!(Arg::<u8>::get(&7), 7);
        assert_eq!(Arg::<u8>::get(&&7), 7);
        assert_eq!(Arg::<&u8>::get(&7), &7);
        assert_eq!(Arg::<&str>::get(&"a".to_owned()), "a");
        assert_eq!(Arg::<&str>::get(&Cow::Borrowed("b")), "b");
        assert_eq!(Arg::<&str>::get(&"c"), "c");
        assert_eq!(Args::new(|| (0..3).map(|n| n * n)).values, [0, 1, 4]);
    }
}
