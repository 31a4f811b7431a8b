//! Counters that the kernel keeps for a thread.

#[cfg(all(target_os = "linux", not(bench_portable)))]
mod linux;
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
mod portable;

#[cfg(all(target_os = "linux", not(bench_portable)))]
pub(crate) use linux::{Counter, Event, refusal, threads};
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
pub(crate) use portable::{Counter, Event, refusal, threads};
