//! The width of the terminal.

#[cfg(all(target_os = "linux", not(bench_portable)))]
mod linux;
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
mod portable;

#[cfg(all(target_os = "linux", not(bench_portable)))]
pub use linux::*;
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
pub use portable::*;
