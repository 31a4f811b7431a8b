//! Whether a model fits into the memory there is, asked before any of it is allocated.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use candle_core::{DType, Device, Shape, Tensor};
use candle_nn::var_builder::SimpleBackend;
use candle_nn::{Init, VarBuilder};

/// Why a model is not allocated.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// The machine has too little.
    #[error(
        "{model} needs {:.1} GB for its {:.0} million parameters in {dtype}, but {:.1} GB of memory are available: \
         choose a smaller configuration or element type, or a machine with more memory",
        *.needed_bytes as f64 / 1e9,
        *.parameters as f64 / 1e6,
        *.available_bytes as f64 / 1e9
    )]
    TooLittle {
        /// The model, and its configuration.
        model: String,
        /// Its parameters.
        parameters: u64,
        /// The type of their elements.
        dtype: &'static str,
        /// What they take.
        needed_bytes: u64,
        /// What can be had without swapping.
        available_bytes: u64,
    },
    /// The model's layers cannot be made, whatever the memory.
    #[error("cannot count the parameters of {model}")]
    Uncountable {
        /// The model, and its configuration.
        model: String,
        /// What candle said.
        source: candle_core::Error,
    },
}

impl MemoryError {
    /// For benchmarks: a machine that is too small skips the case, everything else fails it.
    pub fn or_skip(self) -> bench_core::Error {
        match self {
            MemoryError::TooLittle { .. } => bench_core::Error::skip(self.to_string()),
            MemoryError::Uncountable { .. } => self.into(),
        }
    }
}

/// Whether the parameters of what `build` makes fit into memory as `dtype`. `build` is run on tensors
/// that take no memory. Where the system does not say how much there is, everything fits.
///
/// # Errors
/// [`TooLittle`](MemoryError::TooLittle), or what `build` says.
pub fn expect_room_for<M>(
    model: &str,
    dtype: DType,
    build: impl FnOnce(VarBuilder<'static>) -> candle_core::Result<M>,
) -> Result<(), MemoryError> {
    expect_room_in(available_bytes(), model, dtype, build)
}

fn expect_room_in<M>(
    available_bytes: Option<u64>,
    model: &str,
    dtype: DType,
    build: impl FnOnce(VarBuilder<'static>) -> candle_core::Result<M>,
) -> Result<(), MemoryError> {
    let parameters =
        parameters(build).map_err(|source| MemoryError::Uncountable { model: model.to_owned(), source })?;
    let needed_bytes = parameters * dtype.size_in_bytes() as u64;
    match available_bytes {
        Some(available_bytes) if available_bytes < needed_bytes => Err(MemoryError::TooLittle {
            model: model.to_owned(),
            parameters,
            dtype: dtype.as_str(),
            needed_bytes,
            available_bytes,
        }),
        _ => Ok(()),
    }
}

/// How many parameters `build` asks for, without allocating them.
///
/// # Errors
/// What `build` says.
pub fn parameters<M>(
    build: impl FnOnce(VarBuilder<'static>) -> candle_core::Result<M>,
) -> candle_core::Result<u64> {
    let counted = Arc::new(AtomicU64::new(0));
    build(VarBuilder::from_backend(Box::new(Counter(counted.clone())), DType::F32, Device::Cpu))?;
    Ok(counted.load(Ordering::Relaxed))
}

/// Gives a single zero, stretched to every shape that is asked for.
struct Counter(Arc<AtomicU64>);

impl SimpleBackend for Counter {
    fn get(
        &self,
        shape: Shape,
        _: &str,
        _: Init,
        dtype: DType,
        device: &Device,
    ) -> candle_core::Result<Tensor> {
        self.0.fetch_add(shape.elem_count() as u64, Ordering::Relaxed);
        Tensor::zeros((), dtype, device)?.broadcast_as(shape)
    }

    fn get_unchecked(&self, name: &str, _: DType, _: &Device) -> candle_core::Result<Tensor> {
        Err(candle_core::Error::Msg(format!("`{name}` is asked for without a shape: it cannot be counted")))
    }

    fn contains_tensor(&self, _: &str) -> bool {
        true
    }
}

/// Memory that can be had without swapping (`MemAvailable`), where the system says so.
fn available_bytes() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 999 × 1000 weights and 1000 biases.
    fn a_million(weights: VarBuilder<'static>) -> candle_core::Result<candle_nn::Linear> {
        candle_nn::linear(999, 1000, weights)
    }

    #[test]
    fn parameters_are_counted() {
        assert_eq!(parameters(a_million).expect("counted"), 1_000_000);
    }

    #[test]
    fn what_does_not_fit_says_how_much_it_needs() {
        expect_room_in(Some(4_000_000), "linear", DType::F32, a_million).expect("it just fits");
        expect_room_in(Some(2_000_000), "linear", DType::F16, a_million).expect("it just fits");
        expect_room_in(None, "linear", DType::F32, a_million).expect("nobody knows");
        let error = expect_room_in(Some(3_999_999), "linear", DType::F32, a_million).expect_err("too little");
        assert!(
            error.to_string().starts_with("linear needs 0.0 GB for its 1 million parameters in f32"),
            "{error}"
        );
        assert!(error.or_skip().skip_reason().is_some());
    }

    #[test]
    fn a_model_larger_than_any_memory_is_refused_without_allocating_it() {
        // 4 · 10¹⁵ bytes.
        let vast = |weights| candle_nn::linear_no_bias(1 << 25, 1 << 25, weights);
        let error = expect_room_in(Some(1 << 40), "vast", DType::F32, vast).expect_err("too little");
        assert!(matches!(error, MemoryError::TooLittle { parameters: 0x4_0000_0000_0000, .. }), "{error}");
    }
}
