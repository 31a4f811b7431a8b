//! The memory of GPUs in the last reading of the probe's own thread.

use std::sync::atomic::{AtomicU64, Ordering};

/// The value that stands for an unknown amount.
const UNKNOWN: u64 = u64::MAX;

static LAST: AtomicU64 = AtomicU64::new(UNKNOWN);

/// Returns the memory in use, by any process, on the GPUs that this process's `gpu` probe observes, in bytes. It is
/// the value of the probe's last sample, so a call costs only a load, and the value may be as old as `--gpu-interval`.
/// `None` if no GPU is observed.
pub fn gpu_memory_bytes() -> Option<u64> {
    let last = LAST.load(Ordering::Relaxed);
    (last != UNKNOWN).then_some(last)
}

/// Records a reading of memory; `None` if it can no longer be read.
pub(super) fn tell(bytes: Option<u64>) {
    LAST.store(bytes.unwrap_or(UNKNOWN), Ordering::Relaxed);
}
