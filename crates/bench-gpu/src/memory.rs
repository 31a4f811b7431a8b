//! Memory of GPUs, as the probe's own thread last saw it.

use std::sync::atomic::{AtomicU64, Ordering};

/// Nothing is known.
const UNKNOWN: u64 = u64::MAX;

static LAST: AtomicU64 = AtomicU64::new(UNKNOWN);

/// Memory in use on the GPUs that this process's `gpu` probe observes, by whomever, in bytes: as of its last sample, so
/// that asking costs a load and may be late by the interval of `--gpu-interval`. None if no GPU is observed.
pub fn gpu_memory_bytes() -> Option<u64> {
    let last = LAST.load(Ordering::Relaxed);
    (last != UNKNOWN).then_some(last)
}

/// Records a reading of memory; `None` if it can no longer be read.
pub(super) fn tell(bytes: Option<u64>) {
    LAST.store(bytes.unwrap_or(UNKNOWN), Ordering::Relaxed);
}
