//! Ctrl-C and SIGTERM: the run ends, its record is sealed.

#[cfg(all(target_os = "linux", not(bench_portable)))]
mod linux;
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
mod portable;

#[cfg(all(target_os = "linux", not(bench_portable)))]
pub use linux::Interrupt;
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
pub use portable::Interrupt;
