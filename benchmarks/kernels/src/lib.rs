//! Nine kernels of 5 to 600 µs for measuring the harness itself: bound by the core, by memory, or by the allocator.
//!
//! Each module contains the work as a plain function and, in `prepared`, the work together with its input. Every
//! harness times the closure that `prepared` returns, so that all of them time the same code on the same data. With the
//! feature `more-work`, a kernel does about 2 % more work, for a build that harnesses should report as slower.

#![forbid(unsafe_code)]

pub mod allocation;
pub mod dot_product;
pub mod formatting;
pub mod hash;
pub mod hash_map;
pub mod matrix_product;
pub mod memory_stream;
pub mod pointer_chase;
pub mod random;
pub mod sort;

/// Returns the amount of work of a kernel: `number`, or with the feature `more-work` 2 % more, rounded down.
const fn work(number: usize) -> usize {
    if cfg!(feature = "more-work") { number + number / 50 } else { number }
}
