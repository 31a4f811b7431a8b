//! Nine kernels of 5 to 600 µs on which the harness itself is measured: bound by the core, by
//! memory, by the allocator.
//!
//! Each module holds the work as a plain function and, in `prepared`, the work together with its
//! input: every harness times what `prepared` returns, so that all of them time the very same code
//! on the very same data. With the feature `more-work` that is about 2 % more of it, for a build that other harnesses
//! should call slower.

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

/// How much of `number` a kernel does: all of it, or, with the feature `more-work`, 2 % more, rounded down.
const fn work(number: usize) -> usize {
    if cfg!(feature = "more-work") { number + number / 50 } else { number }
}
