//! The harnesses that are supported.

use std::fmt;
use std::str::FromStr;

use crate::adapter::Adapter;
use crate::criterion::Criterion;
use crate::divan::Divan;
use crate::google::Google;
use crate::libtest::Libtest;

/// A harness whose executables can be used as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Harness {
    /// criterion 0.3.3 and later, criterion2, CodSpeed's fork.
    Criterion,
    /// divan.
    Divan,
    /// `#[bench]` of libtest.
    Libtest,
    /// Google Benchmark.
    Google,
}

impl Harness {
    /// All harnesses, in the order in which an executable is asked: one that links criterion or divan may link libtest,
    /// too.
    pub(crate) const ALL: [Harness; 4] =
        [Harness::Criterion, Harness::Divan, Harness::Google, Harness::Libtest];

    /// Returns the name.
    pub fn name(self) -> &'static str {
        match self {
            Harness::Criterion => "criterion",
            Harness::Divan => "divan",
            Harness::Libtest => "libtest",
            Harness::Google => "google-benchmark",
        }
    }

    /// Returns texts, at least one of which every executable of the harness contains.
    pub(crate) fn traces(self) -> &'static [&'static [u8]] {
        match self {
            Harness::Criterion => &[b"CARGO_CRITERION_PORT"],
            Harness::Divan => &[b"DIVAN_SAMPLE_COUNT"],
            Harness::Libtest => &[b"RUST_TEST_THREADS"],
            // If it is a separate library, the executable contains only the name of that library.
            Harness::Google => &[b"benchmark_list_tests", b"libbenchmark."],
        }
    }

    pub(crate) fn adapter(self) -> &'static dyn Adapter {
        match self {
            Harness::Criterion => &Criterion,
            Harness::Divan => &Divan,
            Harness::Libtest => &Libtest,
            Harness::Google => &Google,
        }
    }
}

impl fmt::Display for Harness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Harness {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Harness::ALL
            .into_iter()
            .find(|harness| harness.name() == text)
            .ok_or_else(|| format!("`{text}` is not a known harness"))
    }
}
