//! The machine that a run is measured on: its description, its quietness, and its free memory.

pub mod calibration;
pub mod checks;
mod environment;
mod system;
mod ticks;

pub use bench_os::available_memory_bytes;
pub use checks::{Diagnosis, Examination, diagnose};
pub use environment::capture;
pub use ticks::CpuTicks;

/// Returns the numbers of the processes that listen on a TCP port of this machine, as far as that can be seen.
pub fn listeners(port: u16) -> std::collections::BTreeSet<u32> {
    bench_os::Machine::this().listeners(port)
}

/// Returns the first line of a file in which this machine describes itself, without white space at its ends.
pub(crate) fn read_line(path: &str) -> Option<String> {
    bench_os::Machine::this().text(path).ok()?.lines().next().map(|line| line.trim().to_owned())
}
