//! Creates models with generated weights, if they fit into memory.

use candle_core::{DType, Device};
use candle_nn::VarBuilder;
use candle_nn::var_builder::SimpleBackend;

use crate::memory::{self, MemoryError};

/// The reasons why a model with generated weights could not be made.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The weights would not fit into memory.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// The device could not allocate the weights.
    #[error("cannot make the model")]
    Tensor(#[from] candle_core::Error),
}

impl LoadError {
    /// Converts the error for benchmarks: a machine that is too small skips the case, everything else fails it.
    pub fn or_skip(self) -> bench_core::Error {
        match self {
            LoadError::Memory(error) => error.or_skip(),
            other => other.into(),
        }
    }
}

/// Calls `build` with weights that follow from a seed in `source`, as `dtype` on `device`; the values are the same
/// everywhere and every time. `build` is called twice: the first time only to find out which weights it needs. `model`
/// is the name for errors.
///
/// # Errors
/// [`Memory`](LoadError::Memory) before anything is allocated, if the memory of the machine is used and does not
/// suffice; the error of `build`.
pub fn generated<M>(
    model: &str,
    source: impl SimpleBackend + 'static,
    dtype: DType,
    device: &Device,
    build: impl Fn(VarBuilder<'static>) -> candle_core::Result<M>,
) -> Result<M, LoadError> {
    if device.is_cpu() {
        memory::expect_room_for(model, dtype, &build)?;
    }
    Ok(build(VarBuilder::from_backend(Box::new(source), dtype, device.clone()))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seeded::Seeded;

    #[test]
    fn what_fits_is_made_and_what_does_not_is_refused_before_it_is_made() {
        let make = |side: usize| {
            let build = |weights: VarBuilder<'static>| candle_nn::linear_no_bias(side, side, weights);
            generated("square", Seeded::new(1), DType::F32, &Device::Cpu, build)
        };
        assert_eq!(make(8).expect("made").weight().dims(), [8, 8]);
        // 4 · 10¹⁵ bytes.
        let error = make(1 << 25).expect_err("too large");
        assert!(error.to_string().starts_with("square needs "), "{error}");
        assert!(error.or_skip().skip_reason().is_some());
    }

    #[test]
    fn only_a_lack_of_memory_skips() {
        let error = LoadError::from(candle_core::Error::Msg("no".to_owned()));
        assert_eq!(error.or_skip().skip_reason(), None);
    }
}
