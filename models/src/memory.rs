//! Checks whether a model fits into the available memory, before any of it is allocated.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bench_core::available_memory_bytes;
use candle_core::{DType, Device, Shape, Tensor};
use candle_nn::var_builder::SimpleBackend;
use candle_nn::{Init, VarBuilder};

/// The reasons why memory is not allocated.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// There is too little memory for a model's weights.
    #[error(
        "{model} needs {:.1} GB for its {:.0} million parameters in {dtype}, but {:.1} GB of memory are available: \
         choose a smaller configuration or element type, or a machine with more memory",
        gigabytes(.needed_bytes),
        *.parameters as f64 / 1e6,
        gigabytes(.available_bytes)
    )]
    TooLittle {
        /// The model, and its configuration.
        model: String,
        /// The number of its parameters.
        parameters: u64,
        /// The type of their elements.
        dtype: &'static str,
        /// The memory for the parameters, and for making them.
        needed_bytes: u64,
        /// The available memory.
        available_bytes: u64,
    },
    /// There is too little memory for the tensors that a model computes with.
    #[error(
        "{what} need about {:.1} GB, but {:.1} GB of memory are available: choose a smaller batch, picture or \
         element type, or a machine with more memory",
        gigabytes(.needed_bytes),
        gigabytes(.available_bytes)
    )]
    NoRoom {
        /// The use of the memory, in the plural.
        what: String,
        /// The memory that is needed.
        needed_bytes: u64,
        /// The available memory.
        available_bytes: u64,
    },
    /// The model's layers cannot be made, whatever the memory.
    #[error("cannot count the parameters of {model}")]
    Uncountable {
        /// The model, and its configuration.
        model: String,
        /// The error of candle.
        source: candle_core::Error,
    },
}

fn gigabytes(bytes: &u64) -> f64 {
    *bytes as f64 / 1e9
}

impl MemoryError {
    /// Converts the error for benchmarks: a machine that is too small skips the case, everything else fails it.
    pub fn or_skip(self) -> bench_core::Error {
        match self {
            MemoryError::TooLittle { .. } | MemoryError::NoRoom { .. } => {
                bench_core::Error::skip(self.to_string())
            }
            MemoryError::Uncountable { .. } => self.into(),
        }
    }
}

/// Checks that the parameters of the model that `build` makes, stored as `dtype`, fit into the memory of this machine
/// and its control group. `build` is run on tensors that take no memory. If the system does not report its memory,
/// everything fits.
///
/// # Errors
/// [`TooLittle`](MemoryError::TooLittle), or the error of `build`.
pub fn expect_room_for<M>(
    model: &str,
    dtype: DType,
    build: impl FnOnce(VarBuilder<'static>) -> candle_core::Result<M>,
) -> Result<(), MemoryError> {
    expect_room_in(available_memory_bytes(), model, dtype, build)
}

fn expect_room_in<M>(
    available_bytes: Option<u64>,
    model: &str,
    dtype: DType,
    build: impl FnOnce(VarBuilder<'static>) -> candle_core::Result<M>,
) -> Result<(), MemoryError> {
    let Count { parameters, largest } =
        count(build).map_err(|source| MemoryError::Uncountable { model: model.to_owned(), source })?;
    // Weights are generated in f32, tensor by tensor, and then converted to `dtype`.
    let generating = if dtype == DType::F32 { 0 } else { largest.saturating_mul(4) };
    let needed_bytes = parameters.saturating_mul(dtype.size_in_bytes() as u64).saturating_add(generating);
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

/// Checks that `needed_bytes` fit into the memory of this machine and its control group, if `device` is the processor.
/// `what` names their use, in the plural.
///
/// # Errors
/// [`NoRoom`](MemoryError::NoRoom).
pub fn expect_bytes(
    device: &Device,
    needed_bytes: u64,
    what: impl FnOnce() -> String,
) -> Result<(), MemoryError> {
    match available_memory_bytes() {
        Some(available_bytes) if device.is_cpu() && available_bytes < needed_bytes => {
            Err(MemoryError::NoRoom { what: what(), needed_bytes, available_bytes })
        }
        _ => Ok(()),
    }
}

/// Counts the parameters that `build` requests, without allocating them.
///
/// # Errors
/// The error of `build`.
pub fn parameters<M>(
    build: impl FnOnce(VarBuilder<'static>) -> candle_core::Result<M>,
) -> candle_core::Result<u64> {
    Ok(count(build)?.parameters)
}

/// Parameters of a model.
struct Count {
    parameters: u64,
    /// The size of the largest tensor.
    largest: u64,
}

fn count<M>(build: impl FnOnce(VarBuilder<'static>) -> candle_core::Result<M>) -> candle_core::Result<Count> {
    let counter = Arc::new(Counter::default());
    build(VarBuilder::from_backend(Box::new(Handle(counter.clone())), DType::F32, Device::Cpu))?;
    Ok(Count {
        parameters: counter.parameters.load(Ordering::Relaxed),
        largest: counter.largest.load(Ordering::Relaxed),
    })
}

/// Counts the requested tensors.
#[derive(Default)]
struct Counter {
    parameters: AtomicU64,
    largest: AtomicU64,
}

/// Supplies a single zero, broadcast to each requested shape.
struct Handle(Arc<Counter>);

impl SimpleBackend for Handle {
    fn get(
        &self,
        shape: Shape,
        _: &str,
        _: Init,
        dtype: DType,
        device: &Device,
    ) -> candle_core::Result<Tensor> {
        // A made-up shape may have more elements than a u64 can count.
        let elements = shape.dims().iter().fold(1, |all: u64, side| all.saturating_mul(*side as u64));
        self.0.parameters.fetch_add(elements, Ordering::Relaxed);
        self.0.largest.fetch_max(elements, Ordering::Relaxed);
        Tensor::zeros((), dtype, device)?.broadcast_as(shape)
    }

    fn get_unchecked(&self, name: &str, _: DType, _: &Device) -> candle_core::Result<Tensor> {
        Err(candle_core::Error::Msg(format!("`{name}` is requested without a shape: it cannot be counted")))
    }

    fn contains_tensor(&self, _: &str) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Creates a layer of 999 × 1000 weights and 1000 biases.
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
        // 2 MB, and 4 MB for the largest tensor, 999 × 1000 weights, while it is f32.
        expect_room_in(Some(5_996_000), "linear", DType::F16, a_million).expect("it just fits");
        expect_room_in(Some(5_995_999), "linear", DType::F16, a_million).expect_err("too little to make it");
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
