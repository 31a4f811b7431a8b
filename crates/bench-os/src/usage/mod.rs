//! Processor time that a process has used.

use std::time::Duration;

#[cfg(all(target_os = "linux", not(bench_portable)))]
mod linux;
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
mod portable;

#[cfg(all(target_os = "linux", not(bench_portable)))]
pub use linux::{cpu_time_of, thread_cpu_time, usage};
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
pub use portable::{cpu_time_of, thread_cpu_time, usage};

/// The processor time of a process, over all its threads, including those that have ended.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Processor time of the program itself.
    pub user: Duration,
    /// Processor time of the system on its behalf.
    pub system: Duration,
    /// Pages that had to be read from a disk.
    pub major_faults: u64,
    /// How often a thread gave up its processor because it waited for something.
    pub voluntary_switches: u64,
    /// How often a thread was suspended in favour of another.
    pub involuntary_switches: u64,
}
