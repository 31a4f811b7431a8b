//! The times at which bytes arrived at a socket. The kernel records them, so they are right even if a process reads
//! late.

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
    /// How long the last of them had waited when they were read, by the system's clock, which may have been set in
    /// between; `None` if the kernel does not report it.
    pub waited: Option<Duration>,
}
