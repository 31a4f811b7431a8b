//! Resident memory while requests are served: does it grow with them?

use std::cell::RefCell;
use std::fs::File;
use std::os::unix::fs::FileExt;

use bench_core::stats::{self, Interval};

/// Distance between two looks at first, in nanoseconds: one look costs about a microsecond.
const EVERY_NS: u64 = 5_000_000;

/// Looks that are kept; when there are more, every other one goes.
const MOST: usize = 256;

/// Growth of less than this in all, in bytes, cannot be told from what the allocator keeps.
const LEAST: f64 = 4.0 * 1024.0 * 1024.0;

/// Fewer looks than this tell nothing of growth.
const FEWEST: usize = 20;

/// Resident memory of this process, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resident {
    /// Now: the second field of `/proc/self/statm` (proc(5)), in pages.
    pub(crate) now_bytes: u64,
    /// At most since the measured part began: `VmHWM` of `/proc/self/status`.
    pub(crate) peak_bytes: Option<u64>,
}

/// Looks at this process. Both files stay open, which saves most of what a look costs.
pub(crate) fn resident() -> Option<Resident> {
    thread_local! {
        static STATM: RefCell<Option<File>> = const { RefCell::new(None) };
        static STATUS: RefCell<Option<File>> = const { RefCell::new(None) };
    }
    let statm = STATM.with_borrow_mut(|file| text(file, "/proc/self/statm"))?;
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    let status = STATUS.with_borrow_mut(|file| text(file, "/proc/self/status"));
    Some(Resident {
        now_bytes: pages * rustix::param::page_size() as u64,
        peak_bytes: status.as_deref().and_then(high_water_mark),
    })
}

fn text(file: &mut Option<File>, path: &str) -> Option<String> {
    if file.is_none() {
        *file = File::open(path).ok();
    }
    let mut text = [0; 4096];
    let length = file.as_ref()?.read_at(&mut text, 0).ok()?;
    String::from_utf8(text.get(..length)?.to_vec()).ok()
}

/// `VmHWM:     1234 kB`, in bytes.
fn high_water_mark(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

/// Looks at memory, and how many requests had been served by then.
#[derive(Debug)]
pub(crate) struct Growth {
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
    pub(crate) fn wants(&self, now_ns: u64) -> bool {
        now_ns >= self.next_ns
    }

    pub(crate) fn note(&mut self, requests: u64, resident: Option<u64>) {
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
        self.looks.push((requests as f64, bytes as f64));
    }

    /// Bytes per request, with the 95 % interval; `None` where there are too few looks.
    pub(crate) fn slope(&self) -> Option<(f64, Interval)> {
        // What the first requests bring up is no leak: caches fill, pools grow.
        let settled = &self.looks[self.looks.len() / 5..];
        if settled.len() < FEWEST {
            return None;
        }
        let (requests, bytes): (Vec<f64>, Vec<f64>) = settled.iter().copied().unzip();
        let grown = bytes.last().zip(bytes.first()).map_or(0.0, |(last, first)| (last - first).abs());
        if grown < LEAST {
            return None;
        }
        stats::least_squares_slope(&requests, &bytes)
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

    #[test]
    fn memory_is_read() {
        let before = resident().expect("/proc");
        let block = std::hint::black_box(vec![1u8; 32 << 20]);
        let with = resident().expect("/proc");
        assert!(with.now_bytes >= before.now_bytes + (16 << 20));
        drop(block);
        let peak = resident().expect("/proc").peak_bytes.expect("VmHWM");
        // The kernel counts pages by the processor, and adds them up when there are many.
        assert!(peak >= before.now_bytes + (16 << 20), "{peak} {before:?}");
    }

    #[test]
    fn the_high_water_mark_is_found_among_the_rest() {
        let status = "Name:\tx\nVmPeak:\t  9999 kB\nVmHWM:\t    1234 kB\nVmRSS:\t   12 kB\n";
        assert_eq!(high_water_mark(status), Some(1234 * 1024));
        assert_eq!(high_water_mark("VmRSS:\t 12 kB\n"), None);
    }
}
