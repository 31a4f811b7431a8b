//! [`Divan`], which a `main` with its own configuration calls.

use std::process::{ExitCode, exit};
use std::time::Duration;

use bench_core::dynamic;

use crate::cases::{Cases, RunIgnored};
use crate::counter::{BytesCount, BytesFormat, CharsCount, CyclesCount, IntoCounter, ItemsCount};
use crate::filter::{Filter, IntoRegex};
use crate::options::Options;
use crate::registry::targets;
use crate::variables;

/// Runs the benchmarks of this executable. Its options override those of the attributes.
///
/// ```no_run
/// # extern crate divan_facade as divan;
/// fn main() {
///     divan::Divan::from_args().sample_count(50).skip_exact("sorts::slow").main();
/// }
/// ```
#[derive(Debug, Default)]
pub struct Divan {
    options: Options,
    skip: Vec<Filter>,
    run_ignored: RunIgnored,
}

impl Divan {
    /// Returns the default, with [`config_with_args`](Self::config_with_args).
    pub fn from_args() -> Self {
        Divan::default().config_with_args()
    }

    /// Reads divan's environment variables (`DIVAN_SAMPLE_COUNT`, `DIVAN_MAX_TIME`, …). The runner reads the command
    /// line itself.
    #[must_use]
    pub fn config_with_args(self) -> Self {
        match variables::options(|name| std::env::var(name).ok()) {
            Ok(options) => Divan { options: options.within(&self.options), ..self },
            Err(message) => {
                eprintln!("error: {message}");
                exit(2);
            }
        }
    }

    /// Does what the command line of this process asks for: measures a case, lists all cases, runs each once, or lets
    /// the runner measure them. May exit the process instead of returning.
    pub fn main(&self) {
        dynamic::begin(true);
        for target in targets() {
            dynamic::target(&target.name, target.entry.meta.file, &mut || {
                let mut cases = Cases {
                    path: &target.path,
                    options: target.options(&self.options),
                    skip: &self.skip,
                    run_ignored: self.run_ignored,
                };
                (target.entry.register)(&mut cases);
            });
        }
        if dynamic::end() != ExitCode::SUCCESS {
            exit(1);
        }
    }

    /// Same as [`main`](Self::main): the command line decides.
    pub fn run_benches(&self) {
        self.main();
    }

    /// Same as [`main`](Self::main): the command line decides.
    pub fn test_benches(&self) {
        self.main();
    }

    /// Same as [`main`](Self::main): the command line decides.
    pub fn list_benches(&self) {
        self.main();
    }

    /// Has no effect: use `--color`.
    #[must_use]
    pub fn color(self, _yes: impl Into<Option<bool>>) -> Self {
        self
    }

    /// Runs benchmarks that are marked `ignore` like all others.
    #[must_use]
    pub fn run_ignored(self) -> Self {
        Divan { run_ignored: RunIgnored::Alike, ..self }
    }

    /// Keeps only benchmarks that are marked `ignore`.
    #[must_use]
    pub fn run_only_ignored(self) -> Self {
        Divan { run_ignored: RunIgnored::Only, ..self }
    }

    /// Leaves out benchmarks whose paths match.
    ///
    /// # Panics
    /// When the expression cannot be parsed. Without the feature `regex`, only plain text is accepted.
    #[must_use]
    #[track_caller]
    pub fn skip_regex(mut self, filter: impl IntoRegex) -> Self {
        self.skip.push(filter.into_filter());
        self
    }

    /// Leaves out the benchmark with this path.
    #[must_use]
    pub fn skip_exact(mut self, filter: impl Into<String>) -> Self {
        self.skip.push(Filter::Exact(filter.into()));
        self
    }

    /// Sets the number of samples of each benchmark, over all its rounds.
    pub fn sample_count(mut self, count: u32) -> Self {
        self.options.sample_count = Some(count);
        self
    }

    /// Has no effect: the sampler fits the iterations of a sample to the clock.
    pub fn sample_size(mut self, count: u32) -> Self {
        self.options.sample_size = Some(count);
        self
    }

    /// Sets the numbers of threads on which each benchmark runs at once; each number is a case, and 0 stands for all
    /// that are available.
    pub fn threads<T>(mut self, threads: T) -> Self
    where
        T: IntoIterator<Item = usize>,
    {
        self.options.threads = Some(threads.into_iter().collect());
        self
    }

    /// Sets the time that a benchmark takes if there is no [`max_time`](Self::max_time).
    pub fn min_time(mut self, time: Duration) -> Self {
        self.options.min_time = Some(time);
        self
    }

    /// Sets the time that a benchmark takes, all its rounds together.
    pub fn max_time(mut self, time: Duration) -> Self {
        self.options.max_time = Some(time);
        self
    }

    /// Has no effect: times include everything that a benchmark does.
    pub fn skip_ext_time(mut self, skip: bool) -> Self {
        self.options.skip_ext_time = Some(skip);
        self
    }

    /// Sets a counter of each benchmark: the work of one iteration.
    pub fn counter<C: IntoCounter>(mut self, counter: C) -> Self {
        self.options.counters = self.options.counters.with(counter);
        self
    }

    /// Sets the number of items in one iteration.
    pub fn items_count<C: Into<ItemsCount>>(self, count: C) -> Self {
        self.counter(count.into())
    }

    /// Sets the number of bytes in one iteration.
    pub fn bytes_count<C: Into<BytesCount>>(self, count: C) -> Self {
        self.counter(count.into())
    }

    /// Has no effect: the runner chooses the prefixes.
    pub fn bytes_format(self, _format: BytesFormat) -> Self {
        self
    }

    /// Sets the number of characters in one iteration.
    pub fn chars_count<C: Into<CharsCount>>(self, count: C) -> Self {
        self.counter(count.into())
    }

    /// Sets the number of cycles in one iteration.
    pub fn cycles_count<C: Into<CyclesCount>>(self, count: C) -> Self {
        self.counter(count.into())
    }
}
