//! Devices that a benchmark works on: what the clock waits for, and which one was asked for.

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

/// A device that work is queued on. [`Bencher::device`](crate::Bencher::device) makes the clock wait for it.
///
/// With the feature `candle`, `candle_core::Device` is one. For another framework:
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
    /// Returns when everything that was queued has been done. Where a framework has a queue for each thread, it is that
    /// of the calling one.
    ///
    /// # Errors
    /// What queued work has failed with: the case fails.
    fn synchronize(&self) -> Result<(), Error>;

    /// The UUID by which NVML knows the device, as `GPU-` and 36 characters; none where it is not an NVIDIA GPU. The probe
    /// `gpu` observes these devices. Where all that is known is CUDA's number, [`cuda_uuid`] tells it (feature `gpu`).
    #[cfg_attr(not(feature = "gpu"), allow(rustdoc::broken_intra_doc_links))]
    fn uuid(&self) -> Option<String> {
        None
    }

    /// What the framework holds of the device's memory; none where it does not tell.
    fn memory(&self) -> Option<DeviceMemory> {
        None
    }
}

/// Memory of a device that a framework manages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceMemory {
    /// In use by tensors, in bytes.
    pub used_bytes: u64,
    /// Taken from the device, in bytes: what is not used of it is kept for later, or lost to fragmentation.
    pub reserved_bytes: u64,
}
