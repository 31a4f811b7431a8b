//! Acknowledges received data without delay.

#[cfg(all(target_os = "linux", not(bench_portable)))]
mod linux;
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
mod portable;

#[cfg(all(target_os = "linux", not(bench_portable)))]
pub use linux::acknowledge_at_once;
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
pub use portable::acknowledge_at_once;
