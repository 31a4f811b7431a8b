//! What the standard library does not offer of the operating system: processes, descriptors, processors, and the files
//! in which a Linux machine describes itself.

mod available_memory;
pub mod cgroup;
mod group_memory;
mod machine;
mod process;
mod signal;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod unknown;

pub use available_memory::available_memory_bytes;
pub use group_memory::GroupMemory;
pub use machine::Machine;
pub use process::*;
pub use signal::Signals;
pub use unknown::Unknown;
