//! Ctrl-C and SIGTERM.

#[cfg(all(target_os = "linux", not(bench_portable)))]
mod linux;
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
mod portable;

#[cfg(all(target_os = "linux", not(bench_portable)))]
pub use linux::{Signals, outlive_full_files};
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
pub use portable::{Signals, outlive_full_files};
