//! The growth of resident memory with the number of iterations or requests.

use bench_os as sys;
use bench_stats as stats;
use bench_stats::Interval;

/// The initial time between two readings, in nanoseconds: one reading costs about a microsecond.
const EVERY_NS: u64 = 5_000_000;

/// The largest number of readings that are kept; beyond it, every other reading is dropped.
const MOST: usize = 256;

/// The smallest total growth, in bytes, that can be distinguished from memory that the allocator keeps.
const LEAST: f64 = 4.0 * 1024.0 * 1024.0;

/// The number of readings below which growth cannot be estimated.
const FEWEST: usize = 20;

/// Returns the resident memory of this process, in bytes; `None` if the system does not report it.
pub fn resident_bytes() -> Option<u64> {
    sys::own_resident_memory()
}

/// Returns the peak of this process's resident memory since the measured part began, in bytes: `VmHWM` of
/// `/proc/self/status` (proc(5)), which opens a file and so costs some ten microseconds.
pub fn peak_resident_bytes() -> Option<u64> {
    sys::high_water_mark().ok()
}

/// Readings of resident memory, with the number of iterations or requests that had been done by then.
#[derive(Debug)]
pub struct Growth {
    next_ns: u64,
    every_ns: u64,
    looks: Vec<(f64, f64)>,
}

impl Default for Growth {
    fn default() -> Self {
        Growth { next_ns: 0, every_ns: EVERY_NS, looks: Vec::new() }
    }
}

impl Growth {
    /// Returns whether it is time for another reading, `now_ns` nanoseconds after the beginning.
    pub fn wants(&self, now_ns: u64) -> bool {
        now_ns >= self.next_ns
    }

    /// Adds a reading of `resident` bytes after `done` iterations or requests; `None` if the memory is not known.
    pub fn note(&mut self, done: u64, resident: Option<u64>) {
        self.next_ns = self.next_ns.saturating_add(self.every_ns);
        let Some(bytes) = resident else { return };
        if self.looks.len() == MOST {
            let mut keep = false;
            self.looks.retain(|_| {
                keep = !keep;
                keep
            });
            self.every_ns *= 2;
        }
        self.looks.push((done as f64, bytes as f64));
    }

    /// Returns the growth in bytes per iteration or request, with the 95 % interval; `None` if there are too few
    /// readings, or if the total growth is at most 4 MiB, which cannot be distinguished from what an allocator keeps.
    pub fn slope(&self) -> Option<(f64, Interval)> {
        // Growth in the first readings is not a leak: caches fill, pools grow.
        let settled = &self.looks[self.looks.len() / 5..];
        if settled.len() < FEWEST {
            return None;
        }
        let (done, bytes): (Vec<f64>, Vec<f64>) = settled.iter().copied().unzip();
        let grown = bytes.last().zip(bytes.first()).map_or(0.0, |(last, first)| (last - first).abs());
        if grown < LEAST {
            return None;
        }
        stats::least_squares_slope(&done, &bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leak_has_a_slope_and_a_plateau_has_none() {
        let slope = |bytes: fn(u64) -> u64| -> Option<(f64, Interval)> {
            let mut growth = Growth::default();
            for k in 0..1000 {
                if growth.wants(k * EVERY_NS) {
                    growth.note(k, Some(bytes(k)));
                }
            }
            growth.slope()
        };
        let (leak, interval) = slope(|k| 1_000_000 + 16_384 * k + k % 3 * 512).expect("a leak");
        assert!((leak - 16_384.0).abs() < 10.0 && interval.low > 16_000.0, "{leak} {interval:?}");
        assert_eq!(slope(|k| 1_000_000 + k.min(50) * 4096 + k * 7919 % 13 * 4096), None);
    }

    #[cfg(all(target_os = "linux", not(bench_portable)))]
    #[test]
    fn memory_is_read() {
        let before = resident_bytes().expect("/proc");
        let block = std::hint::black_box(vec![1u8; 32 << 20]);
        assert!(resident_bytes().expect("/proc") >= before + (16 << 20));
        drop(block);
    }
}
