//! Converts names of benchmarks to cases, and back.

use bench_protocol::Case;
use bench_syntax::Category;

/// The category of benchmarks whose name does not contain one.
const CATEGORY: Category = Category::Performance;

/// Creates the case of a benchmark: its id is the one under which `bench import` knows it.
pub(crate) fn case(name: &str) -> Case {
    Case::named(name, CATEGORY)
}

/// Returns the possible names of the benchmark that has the case with this id, the most likely one first.
pub(crate) fn names(id: &str) -> Vec<String> {
    let within = id.strip_prefix(&format!("{CATEGORY}/")).filter(|name| Category::of_id(name).is_none());
    within.into_iter().chain([id]).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_again() {
        for name in ["fib 20", "sort/by[key]", "resnet/unit/a", "module::tests::bench", "performance/x"] {
            let case = case(name);
            assert!(names(&case.id).contains(&name.to_owned()), "{:?}", names(&case.id));
        }
        assert_eq!(names("performance/fib"), ["fib", "performance/fib"]);
        assert_eq!(names("resnet/unit/a"), ["resnet/unit/a"]);
    }
}
