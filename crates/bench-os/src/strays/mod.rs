//! Processes that a worker has started and that outlive it: a daemon leaves the worker's process group.

#[cfg(all(target_os = "linux", not(bench_portable)))]
mod linux;
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
mod portable;

#[cfg(all(target_os = "linux", not(bench_portable)))]
pub use linux::end_strays;
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
pub use portable::end_strays;

/// Environment variable of a worker, and so of everything that it starts: the process id of its runner, always of one
/// length, since it lies above the worker's stack.
#[cfg_attr(any(not(target_os = "linux"), bench_portable), allow(dead_code))]
pub(crate) const RUNNER_VARIABLE: &str = "BENCH_WORKER_OF";

/// A process that was ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// Its id.
    pub id: u32,
    /// What it was called.
    pub name: String,
}
