//! Benchmarks of libtest on stable Rust: `#[bench]` and [`Bencher`] with the interface of the unstable crate `test`.
//!
//! With the dependency `test = { package = "libtest-facade", … }`, a file of benchmarks that needs a nightly compiler
//! changes in three lines: `#![feature(test)]` is removed, `#[macro_use]` is added before `extern crate test;` so that
//! `#[bench]` is this crate's, and [`main!`] is added at the end, since the target has `harness = false`. The
//! functions do not change.
//!
//! ```no_run
//! # extern crate libtest_facade as test;
//! use test::{Bencher, bench, black_box};
//!
//! #[bench]
//! fn sum(b: &mut Bencher) {
//!     let numbers: Vec<u64> = (0..1000).collect();
//!     b.bytes = 8000;
//!     b.iter(|| black_box(&numbers).iter().sum::<u64>());
//! }
//!
//! test::main!();
//! ```
//!
//! Ids are the same as those of an unmodified executable of libtest: `performance/module::sum`, without the name of
//! the bench target, so that a history continues.
#![forbid(unsafe_code)]

/// Makes a function a benchmark: `fn sort(b: &mut Bencher)`. The attributes `#[ignore]` and `#[ignore = "reason"]`
/// below it have the same meaning as in libtest.
///
/// The generated code looks for this crate under the name `test`. Under another name, give the path: `#[bench(crate =
/// path::to::it)]`.
pub use bench_macros::libtest_bench as bench;
pub use std::hint::black_box;

/// The argument of a benchmark, which marks the part to time.
#[derive(Debug)]
pub struct Bencher<'a> {
    driver: Driver<'a>,
    /// The number of bytes that an iteration handles, for bytes/s; 0 if they are not counted.
    pub bytes: u64,
}

/// The bencher of this framework, which measures.
struct Driver<'a>(&'a mut bench_core::Bencher);

impl std::fmt::Debug for Driver<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Driver")
    }
}

/// The return value of a routine, which may have any type: libtest times even an error or a future.
struct Output<T>(#[allow(dead_code, reason = "it is kept from the optimizer, and dropped")] T);

impl Bencher<'_> {
    /// Times `inner`, whose output is kept from the optimizer and dropped inside the timed part. A benchmark calls it
    /// once.
    pub fn iter<T, F: FnMut() -> T>(&mut self, mut inner: F) {
        self.driver.0.iter(|| Output(inner()));
    }
}

/// Writes the `main` of a bench target with `harness = false`.
#[macro_export]
macro_rules! main {
    () => {
        $crate::__private::main!();
    };
}

/// Items that the expansions of `#[bench]` and [`main!`] use.
#[doc(hidden)]
pub mod __private {
    pub use bench_core::__private::{
        BENCHMARKS, Returned, SettleDisplay, SettleError, SettleOpaque, SettleValue, linkme,
    };
    pub use bench_core::{Bencher as Driver, Benchmark, Error, Ignore, Source, main};

    /// Creates the benchmark of a function whose full path is `path`.
    pub const fn benchmark(
        path: &'static str,
        source: Source,
        ignore: Ignore,
        call: fn(&mut Driver, &[usize]) -> Result<(), Error>,
    ) -> Benchmark {
        Benchmark {
            name: within_crate(path),
            model: None,
            category: bench_core::Category::Performance,
            tags: &[],
            targets: &[],
            axes: &[],
            settings: bench_core::Overrides::NONE,
            ignore,
            source,
            call,
        }
    }

    /// Returns the path without the name of the crate, as libtest prints it.
    const fn within_crate(path: &str) -> &str {
        let bytes = path.as_bytes();
        let mut at = 0;
        while at + 1 < bytes.len() {
            if bytes[at] == b':' && bytes[at + 1] == b':' {
                return path.split_at(at + 2).1;
            }
            at += 1;
        }
        path
    }

    /// Calls a benchmark with a bencher that has the interface of libtest's.
    ///
    /// # Errors
    /// The error that the benchmark returns.
    pub fn with(
        driver: &mut Driver,
        call: impl FnOnce(&mut super::Bencher<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut bencher = super::Bencher { driver: super::Driver(driver), bytes: 0 };
        call(&mut bencher)?;
        let super::Bencher { driver, bytes } = bencher;
        if let Ok(bytes) = usize::try_from(bytes)
            && bytes > 0
        {
            driver.0.bytes(bytes);
        }
        Ok(())
    }
}
