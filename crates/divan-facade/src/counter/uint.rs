//! Integers that can be counts.

/// An unsigned integer of at most 64 bits.
pub trait CountUInt: Copy {
    /// Returns the integer as a `u64`.
    fn into_count(self) -> u64;
}

/// An unsigned integer of at most 64 bits, or a reference to one.
pub trait AsCountUInt {
    /// Returns the integer as a `u64`.
    fn as_count(&self) -> u64;
}

impl<T: AsCountUInt> AsCountUInt for &T {
    fn as_count(&self) -> u64 {
        T::as_count(self)
    }
}

macro_rules! unsigned {
    ($($integer:ty),+) => {
        $(
            impl CountUInt for $integer {
                fn into_count(self) -> u64 {
                    self as u64
                }
            }

            impl AsCountUInt for $integer {
                fn as_count(&self) -> u64 {
                    *self as u64
                }
            }
        )+
    };
}

unsigned!(u8, u16, u32, u64, usize);
