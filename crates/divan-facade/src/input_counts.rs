//! The counters of inputs.

use std::sync::{Mutex, PoisonError};

use crate::counter::{IntoCounter, Kind, Sealed};

/// A function that returns the count of an input.
pub(crate) type CountOf<I> = Box<dyn Fn(&I) -> u64 + Sync>;

/// The counters of inputs of the type `I`.
pub trait InputCounts<I>: Sized + Sync {
    /// Returns the kinds that are counted.
    fn kinds(&self) -> Vec<Kind>;

    /// Returns the counts of an input, in the order of the kinds.
    fn of(&self, input: &I) -> Vec<u64>;

    /// Returns these counters with `count` added, which replaces the counter of the same kind.
    fn with_count(self, kind: Kind, count: CountOf<I>) -> CountsOf<I>;

    /// Returns these counters with one added that `make_counter` creates from each input.
    fn with<C: IntoCounter>(self, make_counter: impl Fn(&I) -> C + Sync + 'static) -> CountsOf<I> {
        let count = move |input: &I| make_counter(input).into_counter().count();
        self.with_count(<C::Counter as Sealed>::KIND, Box::new(count))
    }
}

/// No counters.
#[derive(Debug)]
pub struct NoCounts;

impl<I> InputCounts<I> for NoCounts {
    fn kinds(&self) -> Vec<Kind> {
        Vec::new()
    }

    fn of(&self, _input: &I) -> Vec<u64> {
        Vec::new()
    }

    fn with_count(self, kind: Kind, count: CountOf<I>) -> CountsOf<I> {
        CountsOf(vec![(kind, count)])
    }
}

/// At most one count of each kind.
pub struct CountsOf<I>(Vec<(Kind, CountOf<I>)>);

impl<I> InputCounts<I> for CountsOf<I> {
    fn kinds(&self) -> Vec<Kind> {
        self.0.iter().map(|(kind, _)| *kind).collect()
    }

    fn of(&self, input: &I) -> Vec<u64> {
        self.0.iter().map(|(_, count)| count(input)).collect()
    }

    fn with_count(mut self, kind: Kind, count: CountOf<I>) -> CountsOf<I> {
        self.0.retain(|(other, _)| *other != kind);
        self.0.push((kind, count));
        self
    }
}

/// The sums of the counts of inputs, over all threads.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<Sums>);

#[derive(Debug, Default)]
struct Sums {
    inputs: u128,
    counts: Vec<u128>,
}

impl Tally {
    /// Counts the input, and returns it.
    pub(crate) fn counted<I>(&self, counts: &impl InputCounts<I>, input: I) -> I {
        let found = counts.of(&input);
        if !found.is_empty() {
            let mut sums = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            sums.inputs += 1;
            sums.counts.resize(found.len(), 0);
            for (sum, count) in sums.counts.iter_mut().zip(found) {
                *sum += u128::from(count);
            }
        }
        input
    }

    /// Returns the mean count of each kind, rounded down.
    pub(crate) fn per_input(&self, kinds: Vec<Kind>) -> Vec<(Kind, u64)> {
        let sums = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mean = |sum: &u128| u64::try_from(sum / sums.inputs.max(1)).unwrap_or(u64::MAX);
        kinds.into_iter().zip(sums.counts.iter().map(mean)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counter::{BytesCount, CharsCount};

    #[test]
    fn the_mean_of_each_kind_is_reported() {
        let counts = InputCounts::<String>::with(NoCounts, BytesCount::of_str::<String>)
            .with(|_| 1_u8)
            .with(CharsCount::of_str::<String>)
            .with(|text| BytesCount::new(2 * text.len()));
        let tally = Tally::default();
        for text in ["a", "tür"] {
            assert_eq!(tally.counted(&counts, text.to_owned()), text);
        }
        let expected = [(Kind::Items, 1), (Kind::Chars, 2), (Kind::Bytes, 5)];
        assert_eq!(tally.per_input(counts.kinds()), expected);
        let nothing = Tally::default();
        assert_eq!(nothing.counted(&NoCounts, 1), 1);
        assert!(nothing.per_input(InputCounts::<u8>::kinds(&NoCounts)).is_empty());
    }
}
