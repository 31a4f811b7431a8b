//! Devices on which a benchmark works: the clock waits for them, and `--device` chooses one.

#[cfg(feature = "candle")]
mod candle;
mod cpu;
mod queue;

#[cfg(feature = "gpu")]
pub use bench_gpu::cuda_uuid;
pub use bench_protocol::DeviceChoice;
#[cfg(feature = "candle")]
pub use candle::CandleDevice;
pub use cpu::Cpu;
pub(crate) use queue::Queue;

use crate::error::Error;

/// A device on which work is queued. [`Bencher::device`](crate::Bencher::device) makes the clock wait for it.
///
/// With the feature `candle`, `candle_core::Device` implements this trait. For another framework, write:
///
/// ```
/// use bench_core::device::Device;
///
/// struct Accelerator;
///
/// impl Device for Accelerator {
///     fn synchronize(&self) -> bench_core::Result<()> {
///         // … wait until the queue is empty …
///         Ok(())
///     }
/// }
/// ```
pub trait Device {
    /// Waits until all queued work is done. If a framework has one queue per thread, this is the queue of the
    /// calling thread.
    ///
    /// # Errors
    /// The error of the queued work. The case then fails.
    fn synchronize(&self) -> Result<(), Error>;

    /// Returns the UUID of the device in NVML, which is `GPU-` and 36 characters; `None` if it is not an NVIDIA
    /// GPU. The probe `gpu` observes these devices. If you know only the number of the device in CUDA,
    /// [`cuda_uuid`] returns its UUID (feature `gpu`).
    #[cfg_attr(not(feature = "gpu"), allow(rustdoc::broken_intra_doc_links))]
    fn uuid(&self) -> Option<String> {
        None
    }

    /// Returns the memory of the device that the framework holds; `None` if the framework does not report it.
    fn memory(&self) -> Option<DeviceMemory> {
        None
    }
}

/// Memory of a device that a framework manages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceMemory {
    /// The memory used by tensors, in bytes.
    pub used_bytes: u64,
    /// The memory reserved from the device, in bytes. The unused part is kept for later, or lost to fragmentation.
    pub reserved_bytes: u64,
}
