//! Bytes.

use super::kind::{Counter, Kind, Sealed};
use super::uint::{AsCountUInt, CountUInt};

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BytesCount {
    count: u64,
}

impl BytesCount {
    /// Counts this many bytes.
    pub fn new<N: CountUInt>(count: N) -> Self {
        BytesCount { count: count.into_count() }
    }

    /// Counts the size of a type.
    pub const fn of<T>() -> Self {
        BytesCount { count: size_of::<T>() as u64 }
    }

    /// Counts the size of `n` values of a type.
    ///
    /// # Panics
    /// When that is more than a `u64` can hold.
    pub const fn of_many<T>(n: usize) -> Self {
        match (size_of::<T>() as u64).checked_mul(n as u64) {
            Some(count) => BytesCount { count },
            #[expect(clippy::panic, reason = "divan does so")]
            None => panic!("the values have more bytes than a u64 can count"),
        }
    }

    /// Counts the size of a value.
    pub fn of_val<T: ?Sized>(val: &T) -> Self {
        BytesCount { count: size_of_val(val) as u64 }
    }

    /// Counts the size of all items of an iterator.
    pub fn of_iter<T, I: IntoIterator<Item = T>>(iter: I) -> Self {
        BytesCount::of_many::<T>(iter.into_iter().count())
    }

    /// Counts the bytes of a text.
    pub fn of_str<S: ?Sized + AsRef<str>>(s: &S) -> Self {
        BytesCount::of_val(s.as_ref())
    }

    /// Counts the bytes of a slice.
    pub fn of_slice<T, S: ?Sized + AsRef<[T]>>(s: &S) -> Self {
        BytesCount::of_val(s.as_ref())
    }
}

macro_rules! of_types {
    ($($ty:ident),+) => {
        impl BytesCount {
            $(
                #[doc = concat!("Counts the size of `n` values of the type `", stringify!($ty), "`.")]
                pub const fn $ty(n: usize) -> Self {
                    BytesCount::of_many::<$ty>(n)
                }
            )+
        }
    };
}

of_types!(f32, f64, i8, u8, i16, u16, i32, u32, i64, u64, i128, u128, isize, usize);

impl<C: AsCountUInt> From<C> for BytesCount {
    fn from(count: C) -> Self {
        BytesCount { count: count.as_count() }
    }
}

impl Sealed for BytesCount {
    const KIND: Kind = Kind::Bytes;

    fn count(&self) -> u64 {
        self.count
    }
}

impl Counter for BytesCount {}

/// The prefixes of bytes in divan's table. Has no effect: the runner chooses.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum BytesFormat {
    /// Powers of 1000.
    #[default]
    Decimal,
    /// Powers of 1024.
    Binary,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_counted() {
        let count = |bytes: BytesCount| bytes.count();
        assert_eq!(count(BytesCount::of_slice(&vec![1_u32, 2, 3])), 12);
        assert_eq!(count(BytesCount::of_str(&"tür".to_owned())), 4);
        assert_eq!(count(BytesCount::of_iter::<i16, _>([1, 2])), 4);
        assert_eq!((count(BytesCount::of::<u64>()), count(BytesCount::u128(2))), (8, 32));
        assert_eq!(BytesCount::of_val("abc"), BytesCount::from(3_u8));
    }
}
