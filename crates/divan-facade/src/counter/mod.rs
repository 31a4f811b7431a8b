//! The work of one iteration, from which the report computes a throughput.
//!
//! ```
//! # extern crate divan_facade as divan;
//! use divan::counter::BytesCount;
//!
//! #[divan::bench]
//! fn to_vec(bencher: divan::Bencher) {
//!     let numbers: &[u32] = &[1, 2, 3];
//!     bencher.counter(BytesCount::of_slice(numbers)).bench(|| numbers.to_vec());
//! }
//! ```

mod bytes;
mod counts;
mod kind;
mod uint;

pub use bytes::{BytesCount, BytesFormat};
pub use counts::{CharsCount, CyclesCount, ItemsCount};
#[doc(hidden)]
pub use kind::Counters;
pub use kind::{Counter, IntoCounter};

pub(crate) use kind::{Kind, Sealed};
pub(crate) use uint::AsCountUInt;
