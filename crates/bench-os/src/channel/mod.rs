//! The private channel between a runner and its worker: an inherited Unix socket on Linux, a TCP connection on loopback
//! elsewhere. A worker on Linux accepts both.

mod loopback;
mod token;

#[cfg(all(target_os = "linux", not(bench_portable)))]
mod linux;
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
mod portable;

#[cfg(all(target_os = "linux", not(bench_portable)))]
pub use linux::adopt;
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
pub use portable::adopt;

#[cfg(all(target_os = "linux", not(bench_portable)))]
pub(crate) use linux::inherit;

pub use loopback::{Listener, connect};
pub use token::{TOKEN_LENGTH, Token};

use std::io::{Read, Write};

/// The worker's end of a channel.
pub struct Connection {
    /// Reads the runner's messages; ends when the runner has closed its end.
    pub reader: Box<dyn Read + Send>,
    /// Writes messages to the runner.
    pub writer: Box<dyn Write + Send>,
    /// A second writer, for a process that was forked from this one.
    pub spare: Option<Box<dyn Write + Send>>,
}
