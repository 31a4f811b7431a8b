//! What NVIDIA GPUs do while a case runs, through NVML. NVML is asked by a thread of its own, which the benchmark's
//! thread never waits for without a bound: a call that hangs is a gap in the series, and no more.

mod bottleneck;
mod catalogue;
mod choice;
mod course;
mod cuda;
mod library;
mod memory;
mod meter;
mod nvml;
mod observe;
mod sampler;
mod tick;

pub use choice::check;
pub use cuda::cuda_uuid;
pub use memory::gpu_memory_bytes;
pub use observe::Gpu;
