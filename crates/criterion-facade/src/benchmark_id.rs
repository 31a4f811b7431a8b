//! The names of benchmarks.

use std::fmt::Display;

/// The name of a benchmark within its group: a function, a parameter, or both.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct BenchmarkId {
    pub(crate) function: Option<String>,
    pub(crate) parameter: Option<String>,
}

impl BenchmarkId {
    /// Names a function with a parameter.
    pub fn new<S: Into<String>, P: Display>(function_name: S, parameter: P) -> BenchmarkId {
        BenchmarkId { function: Some(function_name.into()), parameter: Some(parameter.to_string()) }
    }

    /// Names a parameter, for a group that contains one function.
    pub fn from_parameter<P: Display>(parameter: P) -> BenchmarkId {
        BenchmarkId { function: None, parameter: Some(parameter.to_string()) }
    }

    /// Returns the name of the benchmark in a group: `group/function/parameter`, without a missing part.
    pub(crate) fn in_group(&self, group: &str) -> String {
        [&self.function, &self.parameter].into_iter().flatten().fold(group.to_owned(), |mut name, part| {
            name.push('/');
            name.push_str(part);
            name
        })
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::BenchmarkId {}
    impl<S: Into<String>> Sealed for S {}
}

/// A type that can name a benchmark: a text, or a [`BenchmarkId`].
pub trait IntoBenchmarkId: sealed::Sealed {
    /// Returns the name.
    fn into_benchmark_id(self) -> BenchmarkId;
}

impl IntoBenchmarkId for BenchmarkId {
    fn into_benchmark_id(self) -> BenchmarkId {
        self
    }
}

impl<S: Into<String>> IntoBenchmarkId for S {
    fn into_benchmark_id(self) -> BenchmarkId {
        BenchmarkId { function: Some(self.into()), parameter: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_criterion() {
        assert_eq!("f".into_benchmark_id().in_group("g"), "g/f");
        assert_eq!(BenchmarkId::new("f", 8).in_group("g"), "g/f/8");
        assert_eq!(BenchmarkId::from_parameter("p/q").in_group("g"), "g/p/q");
    }
}
