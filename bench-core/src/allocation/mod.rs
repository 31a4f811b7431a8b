//! Counts the allocations of a program, on all threads.
//!
//! ```
//! use bench_core::CountingAllocator;
//!
//! #[global_allocator]
//! static ALLOCATOR: CountingAllocator = CountingAllocator::system();
//!
//! let (boxed, seen) = bench_core::allocation::count(|| Box::new([0_u8; 100]));
//! let seen = seen?;
//! assert_eq!((seen.allocations, seen.bytes, seen.peak_live_bytes), (1, 100, 100));
//! # drop(boxed);
//! # Ok::<(), bench_core::allocation::NotCounted>(())
//! ```

mod allocator;
mod count;
mod slot;
mod tally;

pub use allocator::CountingAllocator;
pub use count::{NotCounted, check, count};
pub(crate) use count::{Session, begin, end};
pub use tally::Tally;
