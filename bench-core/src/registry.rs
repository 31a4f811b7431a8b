//! The benchmarks that were collected at link time, and a check that none is missing.

use std::collections::BTreeSet;
use std::fmt;

use linkme::distributed_slice;

use crate::benchmark::{Axis, Benchmark, Ignore};
use crate::registered::Registered;
use bench_stats::seed::hash;
use bench_syntax::{UsageError, nearest};

/// The registry is empty or incomplete, or two of its cases have the same id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryError(pub(crate) String);

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RegistryError {}

#[cfg(feature = "runner")]
impl From<RegistryError> for bench_record::RunError {
    fn from(RegistryError(message): RegistryError) -> Self {
        bench_record::RunError::Registry(message)
    }
}

/// All benchmarks: the linker adds one element for each `#[benchmark]`.
#[doc(hidden)]
#[distributed_slice]
pub static BENCHMARKS: [Benchmark];

/// Returns all annotated functions that are linked into this executable, in no particular order.
pub fn benchmarks() -> &'static [Benchmark] {
    &BENCHMARKS
}

/// Returns all cases, in a stable order: by model, category, source and arguments.
///
/// `crates` are the ones that `main!` names. Each must contain at least one benchmark: otherwise, a crate that the
/// linker dropped would disappear from the report without a message.
///
/// # Errors
/// When there is no benchmark, a named crate has none, two cases share an id,
/// or `ignore` names a value that its argument never takes.
///
/// ```standalone_crate
/// use bench_core::{benchmark, registry};
///
/// #[benchmark(category = "unit", args(n = [1, 8]))]
/// fn sum(n: u64) -> u64 {
///     (0..n).sum()
/// }
///
/// # fn main() {
/// let ids: Vec<String> = registry::cases(&[]).expect("cases").iter().map(|case| case.id().to_owned()).collect();
/// assert_eq!(ids, ["unit/sum[n=1]", "unit/sum[n=8]"]);
/// # }
/// ```
pub fn cases(crates: &[&str]) -> Result<Vec<Registered>, RegistryError> {
    let found: BTreeSet<&str> = benchmarks().iter().map(|benchmark| benchmark.source.krate()).collect();
    if let Some(missing) = crates.iter().find(|name| !found.contains(*name)) {
        let found = if found.is_empty() { "none".to_owned() } else { Vec::from_iter(found).join(", ") };
        return Err(RegistryError(format!(
            "no benchmark of the crate `{missing}` is linked, although `bench_core::main!` names it (crates with \
             benchmarks here: {found}). Either it contains no `#[benchmark]`, or it is renamed in Cargo.toml: \
             write `main!({missing} = \"its_own_name\")`"
        )));
    }
    if benchmarks().is_empty() {
        return Err(RegistryError(
            "no benchmark is linked into this executable: annotate a function with `#[benchmark]`, and name the \
             crates that contain benchmarks in `bench_core::main!(…)`"
                .to_owned(),
        ));
    }
    let mut sources: Vec<&'static Benchmark> = benchmarks().iter().collect();
    sources.sort_by_key(|benchmark| {
        (benchmark.model, benchmark.category, benchmark.source.file, benchmark.source.line, benchmark.name)
    });
    let mut cases = Vec::new();
    for benchmark in sources {
        check_ignored_values(benchmark)?;
        cases.extend(Registered::all_of(benchmark));
    }
    match twins(&cases) {
        Some((first, second)) => Err(RegistryError(format!(
            "two cases have the id `{}`:\n  {}\n  {}\nGive one of them another `name`",
            second.id(),
            first.benchmark().source,
            second.benchmark().source
        ))),
        None => Ok(cases),
    }
}

/// Returns two cases with the same id, if there are any. It compares simple hashes, which are faster than those of a
/// hash map, because test runners request lists of up to ten thousand cases in every run.
fn twins(cases: &[Registered]) -> Option<(&Registered, &Registered)> {
    let mut hashes: Vec<(u64, &Registered)> = cases.iter().map(|case| (hash(case.id()), case)).collect();
    hashes.sort_by_key(|(hash, _)| *hash);
    hashes.chunk_by(|one, other| one.0 == other.0).filter(|alike| alike.len() > 1).find_map(|alike| {
        alike.iter().enumerate().find_map(|(number, (_, first))| {
            let second = alike[number + 1..].iter().find(|(_, second)| second.id() == first.id());
            second.map(|(_, second)| (*first, *second))
        })
    })
}

/// Returns the case with this id; `None` if there is none. Only benchmarks with the same name are looked at.
pub(crate) fn find(id: &str) -> Option<Registered> {
    let head = id.split('[').next().unwrap_or(id);
    benchmarks()
        .iter()
        .filter(|benchmark| Registered::head(benchmark) == head)
        .flat_map(Registered::all_of)
        .find(|case| case.id() == id)
}

fn check_ignored_values(benchmark: &Benchmark) -> Result<(), RegistryError> {
    let Ignore::When(ignored) = benchmark.ignore else { return Ok(()) };
    for axis in ignored {
        let known: Vec<String> =
            benchmark.axes.iter().filter(|other| other.name == axis.name).flat_map(labels).collect();
        if let Some(wrong) = labels(axis).find(|label| !known.contains(label)) {
            let unknown = UsageError::unknown("value", &wrong, nearest::rank(&wrong, known));
            return Err(RegistryError(format!(
                "{}: `ignore({} = …)`: {unknown}",
                benchmark.source, axis.name
            )));
        }
    }
    Ok(())
}

fn labels(axis: &Axis) -> impl Iterator<Item = String> {
    (0..axis.len).map(axis.label)
}
