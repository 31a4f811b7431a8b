//! Nine kernels of 5 to 600 µs on which the harness itself is measured: bound by the core, by
//! memory, by the allocator.
//!
//! Each module holds the work as a plain function and, in `prepared`, the work together with its
//! input: every harness times what `prepared` returns, so that all of them time the very same code
//! on the very same data.

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
