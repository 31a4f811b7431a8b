//! The `#[benchmark]` attribute of `bench-core`, which re-exports it, and the attributes of the facades, which re-export
//! them under the names that other harnesses use.
#![forbid(unsafe_code)]

mod arguments;
mod attribute;
mod axis;
mod call;
mod diagnostics;
mod divan;
mod expand;
mod function;
mod key;
mod libtest;
mod target;
mod ty;
mod written;

use proc_macro::TokenStream;

/// Turns a free function into a benchmark.
///
/// The function itself does not change and can be called as before. The attribute adds a const descriptor that the
/// linker collects: nothing runs, and nothing is allocated, before a benchmark is selected.
///
/// # What is measured
///
/// **A plain function** is measured whole, once per iteration. It may return `()`, a value (kept from
/// the optimizer) or a `Result` under any alias and with any error type, whose first `Err` ends the
/// case as failed.
///
/// ```
/// # use bench_core::prelude::*;
/// #[benchmark(category = "unit")]
/// fn parse() -> std::result::Result<f64, std::num::ParseFloatError> {
///     black_box("3.1415926").parse()
/// }
/// ```
///
/// **A function whose first parameter is `&mut Bencher`** decides itself which part is timed; the rest is setup.
///
/// ```
/// # use bench_core::prelude::*;
/// #[benchmark(category = "unit")]
/// fn sort(b: &mut Bencher) {
///     b.iter_batched(|| vec![3, 1, 2], |mut values| {
///         values.sort();
///         values
///     });
/// }
/// ```
///
/// **An `async fn`** can have either form, with the feature `tokio` of `bench-core`.
///
/// ```ignore (needs the feature tokio)
/// #[benchmark(category = "unit")]
/// async fn request() -> Result<Reply> {
///     client().get("/health").await
/// }
/// ```
///
/// # Identity
///
/// ### `name = "text"`
/// The name in reports and filters, instead of the function's: letters, digits, `_`, `-`, `.` and `+`.
///
/// ```
/// # use bench_core::prelude::*;
/// #[benchmark(category = "unit", name = "softmax-v2")]
/// fn softmax() {}
/// ```
///
/// ### `category = "unit" | "integration" | "performance"`
/// Without it, the module path decides: `…::<model>::benchmarks::<category>`. If it does not follow that convention,
/// leaving `category` out is an error.
///
/// ```
/// # use bench_core::prelude::*;
/// mod resnet50 {
///     pub mod benchmarks {
///         pub mod unit {
///             use bench_core::prelude::*;
///
///             #[benchmark] // model `resnet50`, category `unit`
///             fn softmax() {}
///         }
///     }
/// }
/// ```
///
/// ### `model = "text"`
/// The model that the benchmark belongs to, with the same characters as `name`. Without it, the module path decides by
/// the same convention; a benchmark may also have no model.
///
/// ```
/// # use bench_core::prelude::*;
/// #[benchmark(category = "performance", model = "resnet50")]
/// fn forward() {}
/// ```
///
/// ### `tags("text", …)` or `tags = ["text", …]`
/// Free labels to filter by.
///
/// ```
/// # use bench_core::prelude::*;
/// #[benchmark(category = "unit", tags("gpu", "slow"))]
/// fn convolution() {}
/// ```
///
/// # Targets
///
/// ### `targets("NAME OP VALUE", …)` or `targets = ["NAME OP VALUE", …]`
/// Limits that every run checks against the whole 95 % interval: met, missed or unsure. `OP` is one of `<=`, `<`, `>=`
/// and `>`. `VALUE` is a decimal number in the metric's own unit, or with one of `ns`, `us`, `µs`, `ms`, `s`, `m`, `h`,
/// `B`, `KB`, `MB`, `GB`, `TB`, `KiB`, `MiB`, `GiB`, `%` and `x`. `NAME` is a metric's name in snake case: `median`,
/// `mean`, `min`, `max`, `p95`, `p99`, `first_call`, `load`, `cpu_time`, `peak_memory`, `throughput`, any metric of the
/// workload's domain, or `speedup(OTHER)`, where `OTHER` is another case of the run, with or without its arguments, or
/// `run:NAME`, an earlier run. After `@` come the arguments, or the settings of a level of load, to which the target is
/// restricted.
///
/// ```
/// # use bench_core::prelude::*;
/// #[benchmark(category = "performance", model = "unet", args(batch = [1, 8]), count(images = batch),
///             targets("median <= 5s", "throughput >= 100 @ batch=8", "peak_memory <= 8GiB",
///                     "speedup(run:before) >= 1.2"))]
/// fn step(batch: usize) {}
/// ```
///
/// # Arguments
///
/// ### `args(name = [value, …], …)`
/// Runs a case for every combination of the values. Each entry gives values to the parameter of that name; each
/// parameter, other than the leading bencher, needs an entry. Values are any expressions that a constant can hold, of a
/// type that is `Clone`. A constant array or slice can replace the list.
///
/// ```
/// # use bench_core::prelude::*;
/// const SIZES: [usize; 3] = [1 << 10, 1 << 15, 1 << 20];
///
/// #[benchmark(category = "unit", args(size = SIZES, text = ["short", "not so short"]))]
/// fn repeat(text: &str, size: usize) -> String {
///     text.repeat(size / text.len())
/// }
/// ```
///
/// The case id (`repeat[size=1024,text=short]`) contains a value's `Display`, or its `Debug` in lower case, or its
/// tokens as they are written.
///
/// ### `types(f32, …)` or `types(T = [f32, …], U = […])`
/// Runs a case for every combination of the types, too. Every type parameter needs a list of types.
///
/// ```
/// # use bench_core::prelude::*;
/// #[benchmark(category = "unit", types(f32, f64))]
/// fn add<T: Default + std::ops::Add<Output = T>>() -> T {
///     black_box(T::default()) + black_box(T::default())
/// }
///
/// #[benchmark(category = "unit", types(From = [u8, u16], To = [u32, u64]), args(value = [7]))]
/// fn widen<From: TryFrom<u64>, To: TryFrom<u64>>(value: u64) -> (Option<From>, Option<To>) {
///     (From::try_from(value).ok(), To::try_from(value).ok())
/// }
/// ```
///
/// # Throughput
///
/// ### `items = expression` and `bytes = expression`
/// The work of one iteration, for items/s and bytes/s. The expression may contain the arguments and the type
/// parameters, and is converted with `as usize`.
///
/// ```
/// # use bench_core::prelude::*;
/// #[benchmark(category = "unit", args(len = [64, 4096]), types(u8, u64), items = len, bytes = len * size_of::<T>())]
/// fn fill<T: Clone + Default>(len: usize) -> Vec<T> {
///     vec![T::default(); len]
/// }
/// ```
///
/// ### `count(unit = expression, …)`
/// The work of one iteration in any other unit, which is named in the plural.
///
/// ```
/// # use bench_core::prelude::*;
/// #[benchmark(category = "unit", args(batch = [1, 8]), count(images = batch, tokens = batch * 77))]
/// fn caption(batch: usize) {}
/// ```
///
/// # How to measure
///
/// ### `warmup = 10`
/// Iterations before measuring begins. Without it, warm-up lasts until times are steady.
///
/// ### `samples = 50`
/// Samples of a case, over all its rounds; at least 1. `repeats`, its earlier name, means the same.
///
/// ### `rounds = 5`
/// Processes in which a case is measured, one after another; at least 1.
///
/// ### `max_time = "3s"`
/// The time that a case may take, over all its rounds. Times are a decimal number with one of the units
/// `ns`, `us`, `ms`, `s`, `m` and `h`.
///
/// ### `timeout = "5m"`
/// The time after which a case has failed.
///
/// ```
/// # use bench_core::prelude::*;
/// #[benchmark(category = "performance", warmup = 10, samples = 50, rounds = 5, max_time = "1.5s", timeout = "5m")]
/// fn forward() {}
/// ```
///
/// # Leaving out
///
/// ### `ignore`, `ignore = "reason"`, `ignore(name = [value, …], …)`
/// The case is left out unless `--ignored` or `--include-ignored` is given: always, or only if an argument has one of
/// the values (or a type parameter one of the types). A constant array or slice can stand for the values, as in
/// `args`.
///
/// ```
/// # use bench_core::prelude::*;
/// #[benchmark(category = "performance", ignore = "needs 40 GB")]
/// fn large() {}
///
/// #[benchmark(category = "performance", args(batch = [1, 8, 32]), ignore(batch = [32]))]
/// fn forward(batch: usize) {}
/// ```
///
/// `#[cfg(…)]` on the function works as usual: without the function there is no benchmark.
///
/// # Where `bench_core` is
///
/// ### `crate = path::to::bench_core`
/// The path by which the generated code finds `bench_core`, for a crate that re-exports it under another path. The
/// path may also be a string.
///
/// ```
/// mod testing {
///     pub use bench_core as bench;
/// }
///
/// #[testing::bench::benchmark(category = "unit", crate = crate::testing::bench)]
/// fn softmax() {}
/// # fn main() {}
/// ```
#[proc_macro_attribute]
pub fn benchmark(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expand::benchmark(attribute.into(), item.into()).into()
}

/// `#[bench]` of libtest, which `libtest-facade` re-exports under that name.
///
/// The function takes `&mut Bencher` and may return the same types as any benchmark. The facade is found under the name
/// `test`; `#[bench(crate = path)]` names another path.
#[proc_macro_attribute]
pub fn libtest_bench(attribute: TokenStream, item: TokenStream) -> TokenStream {
    libtest::bench(attribute.into(), item.into()).into()
}

/// `#[divan::bench]`, which `divan-facade` re-exports under that name and documents.
#[proc_macro_attribute]
pub fn divan_bench(attribute: TokenStream, item: TokenStream) -> TokenStream {
    divan::bench(attribute.into(), item.into()).into()
}

/// `#[divan::bench_group]`, which `divan-facade` re-exports under that name and documents.
#[proc_macro_attribute]
pub fn divan_bench_group(attribute: TokenStream, item: TokenStream) -> TokenStream {
    divan::group(attribute.into(), item.into()).into()
}
