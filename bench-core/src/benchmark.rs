//! The output of `#[benchmark]`: one const [`Benchmark`] per annotated function.

use bench_protocol::Overrides;
use bench_syntax::Category;
use std::fmt;

use crate::bencher::Bencher;
use crate::error::Error;
use bench_syntax::objective::Objective;

/// An annotated function, as the attribute describes it. Const, so that collecting thousands of
/// them costs nothing at start-up.
#[derive(Debug)]
pub struct Benchmark {
    /// The function's name, or the attribute's `name`.
    pub name: &'static str,
    /// The model it belongs to; `None` if it has none.
    pub model: Option<&'static str>,
    /// Its category.
    pub category: Category,
    /// Free labels to filter by.
    pub tags: &'static [&'static str],
    /// Limits that each run checks.
    pub targets: &'static [Objective],
    /// Type and value arguments, in the order of the attribute; types first.
    pub axes: &'static [Axis],
    /// The settings of the attribute that control how to measure.
    pub settings: Overrides,
    /// The cases that are left out by default.
    pub ignore: Ignore,
    /// The place in the source code.
    pub source: Source,
    /// Calls the function with the value of each axis chosen by its index.
    ///
    /// # Errors
    /// The error that the function returns.
    pub call: fn(&mut Bencher, &[usize]) -> Result<(), Error>,
}

/// One argument of a benchmark and the values it takes.
#[derive(Debug)]
pub struct Axis {
    /// The parameter's name.
    pub name: &'static str,
    /// The number of its values.
    pub len: usize,
    /// The text of value number `i` (`i < len`), as it appears in case ids.
    pub label: fn(usize) -> String,
}

/// The cases of a benchmark that are left out unless `--ignored` or `--include-ignored` asks for them.
#[derive(Debug)]
pub enum Ignore {
    /// No cases.
    No,
    /// All cases, with the reason if one was given.
    Always(Option<&'static str>),
    /// The cases in which an argument has one of the listed values.
    When(&'static [Axis]),
}

/// The place in the source code where a benchmark was written. Never part of its id: moving a file must not break its
/// history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// `module_path!()`; its first segment is the crate.
    pub module: &'static str,
    /// `file!()`.
    pub file: &'static str,
    /// `line!()`.
    pub line: u32,
}

impl Source {
    /// Returns the crate that contains the benchmark.
    pub fn krate(&self) -> &'static str {
        self.module.split("::").next().unwrap_or(self.module)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Returns the segments before and after `benchmarks` in a module path `…::<model>::benchmarks::<category>`, or `None`
/// if the path does not follow the convention. Const, so that the attribute's defaults are decided, and their absence
/// reported, at compile time.
const fn convention(module: &str) -> Option<(&str, &str)> {
    let bytes = module.as_bytes();
    let mut model = None;
    let mut previous_was_benchmarks = false;
    let mut before = "";
    let mut start = 0;
    let mut at = 0;
    while at <= bytes.len() {
        let ends = at == bytes.len() || bytes[at] == b':';
        if ends {
            let (head, _) = bytes.split_at(at);
            let (_, segment) = head.split_at(start);
            let segment = match std::str::from_utf8(segment) {
                Ok(segment) => segment,
                Err(_) => return None,
            };
            if previous_was_benchmarks && let Some(model) = model {
                return Some((model, segment));
            }
            previous_was_benchmarks = same(segment, "benchmarks");
            if previous_was_benchmarks && !before.is_empty() {
                model = Some(before);
            }
            before = segment;
            at += 2;
            start = at;
        } else {
            at += 1;
        }
    }
    None
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// Returns the category that the module path gives by convention, as the attribute's default; `None` if it gives none.
#[doc(hidden)]
pub const fn category_of(module: &str) -> Option<Category> {
    let Some((_, segment)) = convention(module) else { return None };
    let mut i = 0;
    while i < Category::ALL.len() {
        if same(segment, Category::ALL[i].name()) {
            return Some(Category::ALL[i]);
        }
        i += 1;
    }
    None
}

/// Returns the model that the module path gives by convention, as the attribute's default; `None` if it gives none.
#[doc(hidden)]
pub const fn model_of(module: &'static str) -> Option<&'static str> {
    match (category_of(module), convention(module)) {
        (Some(_), Some((model, _))) => Some(model),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn convention_names_model_and_category() {
        assert_eq!(model_of("models::resnet::benchmarks::unit"), Some("resnet"));
        assert_eq!(category_of("models::resnet::benchmarks::unit"), Some(Category::Unit));
        assert_eq!(model_of("a::b::resnet::benchmarks::performance::sweep"), Some("resnet"));
        assert_eq!(category_of("a::resnet::benchmarks::performance::sweep"), Some(Category::Performance));
    }

    #[test]
    fn other_paths_name_nothing() {
        for path in [
            "models",
            "models::resnet",
            "models::resnet::benchmarks",
            "benchmarks::unit",
            "models::resnet::benchmarks::helpers",
            "",
        ] {
            assert_eq!(category_of(path), None, "{path}");
            assert_eq!(model_of(path), None, "{path}");
        }
    }
}
