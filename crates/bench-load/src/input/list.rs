//! Lists of inputs that exist already.

use bench_core::Error;

use super::{Describe, InputError, Inputs, Prepared};

/// A list of inputs. `Vec<T>` and `[T; N]` are inputs, too; this type can also have other inputs for the warm-up.
///
/// ```
/// # use bench_load::input::{Inputs, List};
/// let list = List::new(["Good morning.", "Good night."]).warm_up(["Good evening."]);
/// assert_eq!(list.prepare()?.warm_up, ["Good evening."]);
/// # Ok::<(), bench_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List<T> {
    measured: Vec<T>,
    warm_up: Vec<T>,
}

impl<T> List<T> {
    /// Uses these inputs, in this order.
    pub fn new(items: impl IntoIterator<Item = T>) -> Self {
        List { measured: items.into_iter().collect(), warm_up: Vec::new() }
    }

    /// Sets other inputs for the warm-up, which should have the same shapes. Without them, the warm-up uses those
    /// of the list, and the caches of a server are warm from the first request on.
    #[must_use]
    pub fn warm_up(self, items: impl IntoIterator<Item = T>) -> Self {
        List { warm_up: items.into_iter().collect(), ..self }
    }
}

impl<T: Describe + Send + Sync> Inputs for List<T> {
    type Item = T;

    fn prepare(self) -> Result<Prepared<T>, Error> {
        if self.measured.is_empty() {
            return Err(InputError::EmptyList.into());
        }
        Ok(Prepared { measured: self.measured, warm_up: self.warm_up })
    }
}

impl<T: Describe + Send + Sync> Inputs for Vec<T> {
    type Item = T;

    fn prepare(self) -> Result<Prepared<T>, Error> {
        List::new(self).prepare()
    }
}

impl<T: Describe + Send + Sync, const N: usize> Inputs for [T; N] {
    type Item = T;

    fn prepare(self) -> Result<Prepared<T>, Error> {
        List::new(self).prepare()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_kept_as_it_is() {
        let wanted = Prepared { measured: vec!["b", "a"], warm_up: vec![] };
        assert_eq!(["b", "a"].prepare().expect("inputs"), wanted);
        assert_eq!(vec!["b", "a"].prepare().expect("inputs"), wanted);
        assert_eq!(List::new(["b"]).warm_up(["c"]).prepare().expect("inputs").warm_up, ["c"]);
    }

    #[test]
    fn an_empty_list_is_an_error() {
        for error in [Vec::<String>::new().prepare(), List::new([]).warm_up([String::new()]).prepare()] {
            let message = error.expect_err("empty").to_string();
            assert_eq!(message, "the list of inputs is empty: a load needs at least 1");
        }
    }
}
