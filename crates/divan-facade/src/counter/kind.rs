//! The kinds of counters, and a counter of each kind.

use std::any::Any;

/// The kind of a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Bytes.
    Bytes,
    /// Characters.
    Chars,
    /// Cycles.
    Cycles,
    /// Items.
    Items,
}

impl Kind {
    /// All kinds.
    pub(crate) const ALL: [Kind; 4] = [Kind::Bytes, Kind::Chars, Kind::Cycles, Kind::Items];

    /// Returns the unit in reports, such as `bytes`, whose throughput is in `bytes/s`.
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Kind::Bytes => "bytes",
            Kind::Chars => "chars",
            Kind::Cycles => "cycles",
            Kind::Items => "items",
        }
    }
}

/// The content of a counter, which only this crate uses.
pub trait Sealed {
    /// The kind of the counter.
    const KIND: Kind;

    /// Returns the count.
    fn count(&self) -> u64;
}

/// A number of bytes, characters, cycles or items that an iteration handles.
pub trait Counter: Sized + Any + Sealed {}

/// A value that can be made into a [`Counter`]: an unsigned integer counts items.
pub trait IntoCounter {
    /// The counter.
    type Counter: Counter;

    /// Makes the counter.
    fn into_counter(self) -> Self::Counter;
}

impl<C: Counter> IntoCounter for C {
    type Counter = C;

    fn into_counter(self) -> C {
        self
    }
}

/// At most one counter of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters([Option<u64>; Kind::ALL.len()]);

impl Counters {
    /// Returns these counters, in which `counter` replaces the one of its kind.
    #[must_use]
    pub fn with(mut self, counter: impl IntoCounter) -> Self {
        let (kind, count) = read(counter);
        self.0[kind as usize] = Some(count);
        self
    }

    /// Returns these counters, and those of `outer` of other kinds.
    pub(crate) fn within(mut self, outer: Counters) -> Self {
        for (own, outer) in self.0.iter_mut().zip(outer.0) {
            *own = own.or(outer);
        }
        self
    }

    /// Returns the kind and the count of each counter.
    pub(crate) fn iter(self) -> impl Iterator<Item = (Kind, u64)> {
        Kind::ALL.into_iter().zip(self.0).filter_map(|(kind, count)| Some((kind, count?)))
    }
}

/// Returns the kind of a counter, and its count.
pub(crate) fn read<C: IntoCounter>(counter: C) -> (Kind, u64) {
    (C::Counter::KIND, counter.into_counter().count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counter::{BytesCount, CharsCount};

    #[test]
    fn the_inner_counter_of_a_kind_counts() {
        let outer = Counters::default().with(BytesCount::new(1_u8)).with(8_u64);
        let inner = Counters::default().with(CharsCount::new(3_u32)).with(BytesCount::new(2_usize));
        let counters: Vec<(Kind, u64)> = inner.within(outer).iter().collect();
        assert_eq!(counters, [(Kind::Bytes, 2), (Kind::Chars, 3), (Kind::Items, 8)]);
        assert_eq!(Counters::default().iter().count(), 0);
    }
}
