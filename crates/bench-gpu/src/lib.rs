//! Observes NVIDIA GPUs through NVML while a case runs. A separate thread calls NVML, and the benchmark's thread never
//! waits for it without a limit: a call that hangs causes only a gap in the series.

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
