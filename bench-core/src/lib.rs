//! Criterion-style benchmarks for model inference: discovery by attribute, a process per round,
//! figures one can trust.
//!
//! ```no_run
//! use bench_core::prelude::*;
//!
//! #[benchmark(category = "unit")]
//! fn sum() -> u64 {
//!     (0..1000).sum()
//! }
//!
//! bench_core::main!();
//! ```
//!
//! The way data takes: `#[benchmark]` → [`registry`] → [`selection`] → plan → runner ⇄ worker
//! ([`bencher`], [`probe`]) → [`record`] → [`target`] → [`report`] → [`comparison`]. Each arrow is one type
//! handed over; no stage reaches back.

// Lets the attribute's default path work in this crate's own tests and documentation.
extern crate self as bench_core;

pub mod allocation;
pub mod bencher;
pub mod benchmark;
pub mod case;
#[cfg(feature = "cli")]
pub mod command_line;
pub mod comparison;
mod counting;
pub mod device;
pub mod domain;
pub mod encoding;
mod entry;
pub mod error;
pub mod exit;
mod nearest;
mod outcome;
pub mod paired;
pub mod plan;
pub mod probe;
pub mod protocol;
pub mod quantity;
pub mod quietness;
pub mod record;
mod reference;
pub mod registry;
pub mod report;
mod runner;
mod sampling;
pub mod selection;
pub mod stats;
pub mod suite;
mod sys;
pub mod target;
mod worker;

pub use allocation::CountingAllocator;
pub use bench_macros::benchmark;
pub use bencher::Bencher;
pub use benchmark::{Axis, Benchmark, Category, Ignore, Overrides, Source};
pub use error::{Error, Result, RunError, UsageError};
/// For plugging in exporters, probes and domains with `bench_core::inventory::submit!`.
pub use inventory;
pub use quietness::available_memory_bytes;
pub use record::Record;
pub use std::hint::black_box;
pub use suite::Suite;
pub use worker::serve_if_asked;

/// What a file with benchmarks needs.
pub mod prelude {
    pub use crate::{Bencher, Category, Error, Result, benchmark, black_box};
}

/// What `#[benchmark]` and [`main!`] expand to calls these.
#[doc(hidden)]
pub mod __private {
    pub use crate::benchmark::{category_of, model_of};
    pub use crate::entry::run;
    pub use crate::outcome::{
        ByDebug, ByDisplay, ByTokens, Label, Returned, SettleDisplay, SettleError, SettleOpaque, SettleValue,
    };
    pub use crate::registry::BENCHMARKS;
    pub use linkme;

    #[cfg(feature = "tokio")]
    pub use crate::bencher::block_on;

    /// Runs the future of an `async` benchmark on a runtime of its own.
    #[cfg(feature = "tokio")]
    #[doc(hidden)]
    #[macro_export]
    macro_rules! __block_on {
        ($bencher:expr, $future:expr) => {
            $crate::__private::block_on($future)
        };
    }

    /// Without a runtime an `async` benchmark cannot be run.
    #[cfg(not(feature = "tokio"))]
    #[doc(hidden)]
    #[macro_export]
    macro_rules! __block_on {
        ($bencher:expr, $future:expr) => {
            ::core::compile_error!(
                "`async` benchmarks need the `tokio` feature: bench-core = { …, features = [\"tokio\"] }"
            )
        };
    }

    pub use __block_on as block_on;
}

/// Writes the `main` of a bench target, and links the crates that hold benchmarks.
///
/// ```ignore
/// bench_core::main!();                       // benchmarks of this file and its modules
/// bench_core::main!(models, suites);         // and of these crates
/// bench_core::main!(zoo = "model_zoo");      // a crate renamed in Cargo.toml
/// ```
///
/// A crate that nothing refers to is never linked, and its benchmarks would be missing in silence: so
/// they are named here, and each must turn out to hold a benchmark.
#[macro_export]
macro_rules! main {
    ($($krate:ident $(= $library:literal)?),* $(,)?) => {
        $(
            #[allow(unused_imports)]
            use $krate as _;
        )*

        fn main() -> ::std::process::ExitCode {
            $crate::__private::run(&[$($crate::main!(@name $krate $($library)?)),*])
        }
    };
    (@name $krate:ident) => { ::core::stringify!($krate) };
    (@name $krate:ident $library:literal) => { $library };
}
