//! [`LoadError`]: why a model with generated weights could not be made.

use crate::memory::MemoryError;

/// Why a model with generated weights could not be made.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It would not fit.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// The device could not hold the weights.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

impl LoadError {
    /// For benchmarks: a machine that is too small skips the case, everything else fails it.
    pub fn or_skip(self) -> bench_core::Error {
        match self {
            LoadError::Memory(error) => error.or_skip(),
            LoadError::Tensor(error) => error.into(),
        }
    }
}
