//! Strays: processes that a worker has started and that outlive it, such as a daemon that leaves the worker's process
//! group.

#[cfg(all(target_os = "linux", not(bench_portable)))]
mod linux;
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
mod portable;

#[cfg(all(target_os = "linux", not(bench_portable)))]
pub(crate) use linux::RUNNER_VARIABLE;
#[cfg(all(target_os = "linux", not(bench_portable)))]
pub use linux::end_strays;
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
pub use portable::end_strays;

/// A process that was ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// Its id.
    pub id: u32,
    /// The name of the process.
    pub name: String,
}
