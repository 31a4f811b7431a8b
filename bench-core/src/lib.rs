//! Benchmarks for model inference. An attribute registers functions, each round runs in a fresh process, and
//! comparisons give verdicts that you can trust.
//!
//! ```no_run
//! use bench_core::prelude::*;
//!
//! #[benchmark(category = "unit")]
//! fn sum() -> u64 {
//!     (0..black_box(1000)).sum()
//! }
//!
//! bench_core::main!();
//! ```
//!
//! [`#[benchmark]`](macro@benchmark) adds a function to the [`registry`]. For each round of each case, the runner
//! starts a worker, which is a process of the same program. In the worker, a [`Bencher`] measures the function and
//! [`probe`]s observe it.
//!
//! | to | see |
//! |---|---|
//! | write a benchmark | [`macro@benchmark`], [`Bencher`], [`Error`] |
//! | make a bench target of it | [`main!`] |
//! | run benchmarks from a program | [`Suite`] |
//! | count allocations | [`CountingAllocator`], [`allocation::count`] |
//! | wait for a GPU | [`device::Device`] |
//! | observe something else | [`probe::Probe`] |
//! | write another file or section | [`report::Exporter`], [`report::Section`] |
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `runner` | yes | the runner, linked into every bench target, so that `cargo bench` needs nothing else. Without it a bench target is a worker for the `bench` command |
//! | `gpu` | yes | what NVIDIA GPUs do while a benchmark runs, through NVML |
//! | `tokio` | no | `async` benchmarks on a tokio runtime |
//! | `candle` | no | devices of candle: what the clock waits for, and which one `--device` chooses |
#![cfg_attr(not(feature = "runner"), allow(rustdoc::broken_intra_doc_links, reason = "of the runner"))]

// Lets the attribute's default path work in this crate's own tests and documentation.
extern crate self as bench_core;

pub mod allocation;
pub mod bencher;
pub mod benchmark;
mod build;
mod channel;
mod counting;
pub mod device;
#[doc(hidden)]
pub mod dynamic;
mod entry;
pub mod error;
#[cfg(feature = "runner")]
mod in_process;
#[cfg(not(feature = "runner"))]
mod light;
mod outcome;
pub mod probe;
pub mod registered;
pub mod registry;
mod sampling;
#[cfg(feature = "runner")]
pub mod suite;
mod worker;

pub use allocation::CountingAllocator;
#[cfg(feature = "runner")]
pub use bench_machine::available_memory_bytes;
pub use bench_macros::benchmark;
/// The messages between the runner and a worker.
pub use bench_protocol as protocol;
pub use bench_protocol::Overrides;
#[cfg(feature = "runner")]
pub use bench_record::{Record, RunError};
/// Tables, sections and exporters of a run.
#[cfg(feature = "runner")]
pub use bench_report as report;
/// The signal that the user wants the run to end.
#[cfg(feature = "runner")]
pub use bench_runner::rounds::Interrupt;
/// The selection of cases, and how they are run.
#[cfg(feature = "runner")]
pub use bench_runner::{plan, selection};
/// Statistics of benchmarks.
pub use bench_stats as stats;
/// Objectives: limits on figures.
pub use bench_syntax::objective;
pub use bench_syntax::{Category, UsageError, quantity};
pub use bencher::Bencher;
pub use benchmark::{Axis, Benchmark, Ignore, Source};
pub use error::{Error, Result};
/// The registry for exporters, probes and domains: `bench_core::inventory::submit!`.
pub use inventory;
pub use std::hint::black_box;
#[cfg(feature = "runner")]
pub use suite::Suite;
pub use worker::serve_if_asked;
#[doc(hidden)]
pub use worker::serve_made;

/// The data of a run.
#[cfg(feature = "runner")]
pub mod record {
    pub use bench_judge::{Summarize, open};
    pub use bench_record::*;
}

/// Fields of work, and the metrics of each, which are computed from time and counters.
#[cfg(feature = "runner")]
pub mod domain {
    pub use bench_judge::domain::{Domain, Work};
    pub use bench_record::{Better, Metric};
}

/// The imports that a file with benchmarks needs.
pub mod prelude {
    pub use crate::{Bencher, Category, Error, Result, benchmark, black_box};
}

/// The first examples of the book, compiled.
#[cfg(doctest)]
#[doc = concat!(
    "```no_run\n",
    include_str!("../tests/book/sum.rs"),
    include_str!("../tests/book/sort.rs"),
    "bench_core::main!();\n```"
)]
mod book {}

/// Items that the expansions of `#[benchmark]` and [`main!`] use.
#[doc(hidden)]
pub mod __private {
    pub use crate::bencher::inputs_alive;
    pub use crate::benchmark::category_of;
    pub use crate::benchmark::model_of;
    pub use crate::counting::Stopwatch;
    pub use crate::entry::run;
    pub use crate::outcome::ByDebug;
    pub use crate::outcome::ByDisplay;
    pub use crate::outcome::ByTokens;
    pub use crate::outcome::Label;
    pub use crate::outcome::Returned;
    pub use crate::outcome::SettleDisplay;
    pub use crate::outcome::SettleError;
    pub use crate::outcome::SettleOpaque;
    pub use crate::outcome::SettleValue;
    pub use crate::registry::BENCHMARKS;
    pub use linkme;

    #[cfg(feature = "tokio")]
    pub use crate::bencher::block_on;

    /// Runs the future of an `async` benchmark on a separate runtime.
    #[cfg(feature = "tokio")]
    #[doc(hidden)]
    #[macro_export]
    macro_rules! __block_on {
        ($bencher:expr, $future:expr) => {
            $crate::__private::block_on($future)
        };
    }

    /// Reports a compile error: without a runtime, an `async` benchmark cannot be run.
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

/// Writes the `main` of a bench target, and links the crates that contain benchmarks.
///
/// ```ignore
/// bench_core::main!();                       // benchmarks of this file and its modules
/// bench_core::main!(models, suites);         // and of these crates
/// bench_core::main!(zoo = "model_zoo");      // a crate renamed in Cargo.toml
/// ```
///
/// A crate that nothing refers to is not linked, and its benchmarks would be missing without a message. So such crates
/// are named here, and it is an error if one of them contains no benchmark.
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

        // The compiler keeps a test only if it replaces `main` with its own test harness, which would run no benchmark
        // and report success. Cargo also does so for binaries and examples when they are tested.
        #[test]
        fn __bench_harness() {
            const _: () = ::core::assert!(
                ::core::option_env!("CARGO_BIN_NAME").is_some(),
                "a bench target needs `harness = false` in Cargo.toml, or none of its benchmarks is run: \
                 [[bench]] name = \"…\" harness = false"
            );
        }
    };
    (@name $krate:ident) => { ::core::stringify!($krate) };
    (@name $krate:ident $library:literal) => { $library };
}
