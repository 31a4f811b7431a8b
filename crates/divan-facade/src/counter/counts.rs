//! Counters of characters, cycles and items.

use super::kind::{Counter, IntoCounter, Kind, Sealed};
use super::uint::{AsCountUInt, CountUInt};

macro_rules! counters {
    ($($(#[$doc:meta])* $counter:ident: $kind:ident, $what:literal;)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
            pub struct $counter {
                count: u64,
            }

            impl $counter {
                #[doc = concat!("Counts so many ", $what, ".")]
                pub fn new<N: CountUInt>(count: N) -> Self {
                    $counter { count: count.into_count() }
                }
            }

            impl<C: AsCountUInt> From<C> for $counter {
                fn from(count: C) -> Self {
                    $counter { count: count.as_count() }
                }
            }

            impl Sealed for $counter {
                const KIND: Kind = Kind::$kind;

                fn count(&self) -> u64 {
                    self.count
                }
            }

            impl Counter for $counter {}
        )+
    };
}

counters! {
    /// A number of characters.
    CharsCount: Chars, "characters";
    /// A number of cycles.
    CyclesCount: Cycles, "cycles";
    /// A number of items.
    ItemsCount: Items, "items";
}

impl CharsCount {
    /// Counts the characters of a text.
    pub fn of_str<S: ?Sized + AsRef<str>>(s: &S) -> Self {
        CharsCount::new(s.as_ref().chars().count())
    }
}

impl ItemsCount {
    /// Counts the items of an iterator.
    pub fn of_iter<T, I: IntoIterator<Item = T>>(iter: I) -> Self {
        ItemsCount::new(iter.into_iter().count())
    }
}

macro_rules! integers_count_items {
    ($($integer:ty),+) => {
        $(
            impl IntoCounter for $integer {
                type Counter = ItemsCount;

                fn into_counter(self) -> ItemsCount {
                    ItemsCount::new(self)
                }
            }
        )+
    };
}

integers_count_items!(u8, u16, u32, u64, usize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_and_items_are_counted() {
        assert_eq!(CharsCount::of_str("tür"), CharsCount::new(3_u8));
        assert_eq!(ItemsCount::of_iter([1, 2, 3].iter()), ItemsCount::from(&3_usize));
        assert_eq!(CyclesCount::from(7_u16).count(), 7);
    }
}
