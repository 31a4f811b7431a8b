//! The options of a benchmark, from its attribute, its groups and a [`Divan`](crate::Divan).

use std::borrow::Borrow;
use std::num::NonZeroUsize;
use std::thread::available_parallelism;
use std::time::Duration;

use bench_core::Overrides;

use crate::counter::Counters;

/// The shortest `min_time` or `max_time` that means "no limit": a year.
const UNBOUNDED: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The options of a benchmark; `None` for those that are not given. The generated code writes the fields by their names, which
/// are those of the options.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The number of samples of the benchmark, over all its rounds.
    pub sample_count: Option<u32>,
    /// The number of iterations of a sample. Has no effect: the sampler fits them to the clock.
    pub sample_size: Option<u32>,
    /// The numbers of threads on which the benchmark runs at once; each number is a case, and 0 stands for all that
    /// are available.
    pub threads: Option<Vec<usize>>,
    /// The work of one iteration.
    pub counters: Counters,
    /// The time that the benchmark takes if there is no `max_time`.
    pub min_time: Option<Duration>,
    /// The longest time that it may take, for all rounds together.
    pub max_time: Option<Duration>,
    /// Has no effect: budgets cover the whole time.
    pub skip_ext_time: Option<bool>,
    /// Whether the benchmark is left out by default.
    pub ignore: Option<bool>,
}

impl Options {
    /// Returns these options, completed from `outer`.
    #[must_use]
    pub(crate) fn within(self, outer: &Options) -> Options {
        Options {
            sample_count: self.sample_count.or(outer.sample_count),
            sample_size: self.sample_size.or(outer.sample_size),
            threads: self.threads.or_else(|| outer.threads.clone()),
            counters: self.counters.within(outer.counters),
            min_time: self.min_time.or(outer.min_time),
            max_time: self.max_time.or(outer.max_time),
            skip_ext_time: self.skip_ext_time.or(outer.skip_ext_time),
            ignore: self.ignore.or(outer.ignore),
        }
    }

    /// Returns the settings for the runner. `min_time` stands in for `max_time`, since a benchmark of divan with a `min_time`
    /// usually takes that long.
    pub(crate) fn overrides(&self) -> Overrides {
        let is_bounded = |time: &Duration| !time.is_zero() && *time < UNBOUNDED;
        let longest = self.max_time.filter(is_bounded);
        Overrides {
            repeats: self.sample_count.map(|count| u64::from(count.max(1))),
            max_time: longest.or(self.min_time.filter(is_bounded)),
            ..Overrides::NONE
        }
    }

    /// Returns the numbers of threads, in ascending order and without duplicates; at least one number.
    pub(crate) fn thread_counts(&self) -> Vec<NonZeroUsize> {
        let threads = self.threads.as_deref().unwrap_or_default();
        let available = || available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let mut counts: Vec<NonZeroUsize> =
            threads.iter().map(|count| NonZeroUsize::new(*count).unwrap_or_else(available)).collect();
        counts.sort_unstable();
        counts.dedup();
        if counts.is_empty() {
            counts.push(NonZeroUsize::MIN);
        }
        counts
    }
}

/// A value of `threads`: a number, a list of numbers, or whether to use all. The constant keeps the implementations for
/// numbers and for lists apart, which would overlap without it.
pub trait IntoThreads<const KIND: u32> {
    /// Returns the numbers of threads; 0 stands for all that are available.
    fn into_threads(self) -> Vec<usize>;
}

impl IntoThreads<0> for usize {
    fn into_threads(self) -> Vec<usize> {
        vec![self]
    }
}

impl IntoThreads<0> for bool {
    fn into_threads(self) -> Vec<usize> {
        vec![if self { 0 } else { 1 }]
    }
}

impl<I: IntoIterator<Item: Borrow<usize>>> IntoThreads<1> for I {
    fn into_threads(self) -> Vec<usize> {
        self.into_iter().map(|count| *count.borrow()).collect()
    }
}

/// A value of `min_time` or `max_time`: a duration, or a number of seconds.
pub trait IntoDuration {
    /// Returns the duration.
    fn into_duration(self) -> Duration;
}

impl IntoDuration for Duration {
    fn into_duration(self) -> Duration {
        self
    }
}

impl IntoDuration for u64 {
    fn into_duration(self) -> Duration {
        Duration::from_secs(self)
    }
}

impl IntoDuration for f64 {
    fn into_duration(self) -> Duration {
        Duration::from_secs_f64(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_benchmark_outranks_its_group() {
        let outer = Options {
            sample_count: Some(50),
            ignore: Some(true),
            counters: Counters::default().with(1_u8),
            ..Options::default()
        };
        let own = Options { sample_count: Some(10), ignore: Some(false), ..Options::default() };
        let both = own.within(&outer);
        assert_eq!((both.sample_count, both.ignore, both.counters), (Some(10), Some(false), outer.counters));
        assert_eq!(Options::default().within(&outer), outer);
    }

    #[test]
    fn times_are_budgets() {
        let budget = |min: Option<u64>, max: Option<Duration>| {
            let min_time = min.map(IntoDuration::into_duration);
            Options { min_time, max_time: max, ..Options::default() }.overrides().max_time
        };
        let second = Duration::from_secs(1);
        assert_eq!(budget(Some(3), Some(second)), Some(second), "as in divan, the upper bound comes first");
        assert_eq!(budget(Some(1), None), Some(second));
        assert_eq!((budget(None, Some(Duration::MAX)), budget(Some(0), Some(Duration::ZERO))), (None, None));
        assert_eq!(Options::default().overrides(), Overrides::NONE);
        assert_eq!(0.5.into_duration(), Duration::from_millis(500));
    }

    #[test]
    fn threads_are_numbers_lists_or_all() {
        let counts = |threads: Vec<usize>| {
            let counts = Options { threads: Some(threads), ..Options::default() }.thread_counts();
            counts.into_iter().map(NonZeroUsize::get).collect::<Vec<usize>>()
        };
        assert_eq!(counts(IntoThreads::into_threads([4, 1, 4])), [1, 4]);
        assert_eq!(counts(IntoThreads::into_threads(7)), [7]);
        assert_eq!(counts(IntoThreads::into_threads(false)), [1]);
        assert_eq!(counts(IntoThreads::into_threads(&[2_usize][..])), [2]);
        assert_eq!(counts(Vec::new()), [1]);
        let all = available_parallelism().expect("a number").get();
        assert_eq!(counts(IntoThreads::into_threads(true)), [all]);
        assert_eq!(Options::default().thread_counts(), [NonZeroUsize::MIN]);
    }
}
