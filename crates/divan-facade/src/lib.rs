//! Stands in for divan by renaming one dependency:
//!
//! ```toml
//! divan = { package = "divan-facade", path = "../bench/crates/divan-facade" }
//! ```
//!
//! Benchmarks stay as they are. Each is measured in fresh processes of the same executable, which the runner of `bench-core`
//! starts: a process computes the arguments of one function, measures one of its cases, and ends.
//!
//! ```no_run
//! # extern crate divan_facade as divan;
//! fn main() {
//!     divan::main();
//! }
//!
//! #[divan::bench(args = [1_000, 10_000])]
//! fn sort(bencher: divan::Bencher, len: u32) {
//!     bencher
//!         .counter(len)
//!         .with_inputs(|| (0..len).rev().collect::<Vec<u32>>())
//!         .bench_refs(|numbers| numbers.sort());
//! }
//! ```
//!
//! Ids are the same as those of an unmodified executable of divan: `performance/krate::sort::1000`, so that a history
//! continues.
#![forbid(unsafe_code)]

mod argument;
mod bencher;
mod cases;
mod configuration;
mod contended;
pub mod counter;
mod entry;
mod filter;
mod generic;
mod input_counts;
mod options;
mod registry;
mod variables;

/// The allocator that counts the allocations of an iteration. It wraps the system's allocator or another one.
///
/// ```
/// # extern crate divan_facade as divan;
/// #[global_allocator]
/// static ALLOC: divan::AllocProfiler = divan::AllocProfiler::system();
/// # fn main() {}
/// ```
pub use bench_core::CountingAllocator as AllocProfiler;
/// Makes a function a benchmark.
///
/// Options: `name`, `crate`, `args`, `types`, `consts`, `sample_count`, `sample_size`, `threads`, `counter`,
/// `counters`, `bytes_count`, `chars_count`, `cycles_count`, `items_count`, `min_time`, `max_time`, `skip_ext_time`
/// and `ignore`, with the same meaning as in divan; the book (chapter "Criterion, divan and other harnesses") lists
/// the differences.
///
/// ```
/// # extern crate divan_facade as divan;
/// #[divan::bench(types = [Vec<u8>, String], args = [8, 64], sample_count = 50)]
/// fn with_capacity<T: Make>(len: usize) -> T {
///     T::make(len)
/// }
/// # trait Make { fn make(len: usize) -> Self; }
/// # impl Make for Vec<u8> { fn make(len: usize) -> Self { Vec::with_capacity(len) } }
/// # impl Make for String { fn make(len: usize) -> Self { String::with_capacity(len) } }
/// # fn main() {}
/// ```
pub use bench_macros::divan_bench as bench;
/// Sets options for all benchmarks of a module and its submodules, which can override them. The options are those of
/// [`macro@bench`] without `args`, `types` and `consts`.
///
/// ```
/// # extern crate divan_facade as divan;
/// #[divan::bench_group(name = "my sorts", max_time = 2)]
/// mod sorts {
///     #[divan::bench]
///     fn nothing() {}
/// }
/// # fn main() {}
/// ```
pub use bench_macros::divan_bench_group as bench_group;
pub use bencher::Bencher;
pub use configuration::Divan;
pub use std::hint::black_box;

/// The items that most files with benchmarks need.
pub mod prelude {
    #[doc(no_inline)]
    pub use crate::{AllocProfiler, Bencher, Divan, bench, bench_group, black_box, black_box_drop};
}

/// Runs the benchmarks of this executable as the command line asks, through [`Divan::main`].
pub fn main() {
    Divan::from_args().main();
}

/// Keeps a value from the optimizer, and drops it.
#[inline]
pub fn black_box_drop<T>(dummy: T) {
    drop(black_box(dummy));
}

/// The items that the code of the attributes uses.
#[doc(hidden)]
pub mod __private {
    pub use bench_core::__private::linkme;

    pub use crate::argument::{Arg, Args, Label};
    pub use crate::cases::Cases;
    pub use crate::counter::{BytesCount, CharsCount, Counters, CyclesCount, ItemsCount};
    pub use crate::entry::{ENTRIES, Entry, GROUPS, Group, Meta};
    pub use crate::generic::Generic;
    pub use crate::options::{IntoDuration, IntoThreads, Options};
}
