//! The axes that all models share: element type, device and threads. (The fourth, batch, is a number.)
//!
//! Each axis has a value that is measured by default, and others that are measured on request, so that a run over all
//! models stays short. All benchmarks use the same names:
//!
//! ```
//! use bench_core::prelude::*;
//! use candle_core::{DType, Tensor};
//! use models::axis::{DTYPES, DTYPES_ON_REQUEST, Place, Threads};
//!
//! #[benchmark(
//!     category = "performance",
//!     args(batch = [1, 8], dtype = DTYPES, device = Place::ALL, threads = Threads::ALL),
//!     ignore(dtype = DTYPES_ON_REQUEST, device = Place::ON_REQUEST, threads = Threads::ON_REQUEST)
//! )]
//! fn square(b: &mut Bencher, batch: usize, dtype: DType, device: Place, threads: Threads) -> Result<()> {
//!     threads.take()?; // first, before anything is computed
//!     let device = device.open(b)?;
//!     let matrices = Tensor::ones((batch, 64, 64), dtype, &device)?;
//!     b.try_iter(|| matrices.matmul(&matrices))
//! }
//! # fn main() {}
//! ```
//!
//! `--args 'dtype=f16,batch=8' --include-ignored` selects other values. Values that this machine or this build does not
//! support are skipped with the reason.

mod dtype;
mod environment;
mod place;
mod threads;

pub use dtype::{DTYPES, DTYPES_ON_REQUEST, expect_convolutions, expect_products, expect_type};
pub use place::Place;
pub use threads::Threads;
