//! When bytes arrived at a socket: a process that reads them late still learns it from the kernel.

#[cfg(all(target_os = "linux", not(bench_portable)))]
mod linux;
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
mod portable;

use std::time::Duration;

#[cfg(all(target_os = "linux", not(bench_portable)))]
pub use linux::{note_arrivals, receive};
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
pub use portable::{note_arrivals, receive};

/// Whether [`receive`] works on this system.
pub const CAN_SEE_ARRIVALS: bool = !crate::IS_PORTABLE;

/// Bytes that were read from a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// Their number; 0 if the other side has closed the connection.
    pub bytes: usize,
    /// How long ago the last of them had arrived when they were read, by the system's clock, which may have been set in
    /// between; `None` if the kernel does not say it.
    pub waited: Option<Duration>,
}
