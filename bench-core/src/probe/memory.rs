//! The probe of memory: that of the worker during the samples.

use std::time::{Duration, Instant};

use crate::probe::{Growth, Probe, ProbeFactory, process_tree, resident_bytes};
use bench_os as sys;
use bench_os::GroupMemory;
use bench_protocol::{Observation, Reading};
use bench_stats::Interval;
use bench_syntax::quantity::{Bytes, nanoseconds};

inventory::submit! { ProbeFactory::new("memory", || Box::new(Memory::new())) }

/// At most one part in this many of the time is spent on reading the files of all processes.
const SHARE: u32 = 200;

/// The share of the control group's limit from which on a warning is given.
const TIGHT: f64 = 0.9;

/// The memory of the worker, its descendants and its control group.
///
/// The peak is `VmHWM`, reset just before the first sample by writing `5` to `/proc/self/clear_refs` (proc(5)). Not
/// `ru_maxrss`, which a child inherits from its parent: a trivial child of a 500 MB parent reports 514 MB. Memory
/// that is resident when samples begin, such as weights, counts.
struct Memory {
    began: Instant,
    before: Option<Start>,
    samples: u64,
    growth: Growth,
    /// The highest peak that was read so far, in bytes; resets of `VmHWM` do not lower it.
    peak: u64,
    /// The largest total of the process and its descendants in one reading, in bytes; `None` if there were no
    /// descendants.
    tree: Option<u64>,
    next_tree: Duration,
}

struct Start {
    resident: u64,
    major_faults: u64,
}

impl Memory {
    fn new() -> Self {
        Memory {
            began: Instant::now(),
            before: None,
            samples: 0,
            growth: Growth::default(),
            peak: 0,
            tree: None,
            next_tree: Duration::ZERO,
        }
    }

    /// Reads the memory of the descendants, but less often if that takes long.
    fn look_at_tree(&mut self, own: u64) {
        let now = self.began.elapsed();
        if now < self.next_tree {
            return;
        }
        if let Some(others) = process_tree::resident_bytes() {
            self.tree = self.tree.max(Some(own + others));
        }
        let after = self.began.elapsed();
        self.next_tree = after + (after - now) * SHARE;
    }

    /// Returns the peak since `VmHWM` was last reset, in bytes, and raises the overall peak to it.
    fn raise_peak(&mut self) -> Result<u64, String> {
        let peak = sys::high_water_mark().map_err(|error| unreadable("/proc/self/status", &error))?;
        self.peak = self.peak.max(peak);
        Ok(peak)
    }
}

impl Probe for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn begin(&mut self) -> Result<(), String> {
        reset_peak()?;
        let used = sys::usage().map_err(|error| format!("getrusage: {error}"))?;
        let resident = resident_bytes().ok_or("/proc/self/statm cannot be read")?;
        self.before = Some(Start { resident, major_faults: used.major_faults });
        self.began = Instant::now();
        Ok(())
    }

    fn sample(&mut self) {
        self.samples += 1;
        let now_ns = nanoseconds(self.began.elapsed());
        if self.growth.wants(now_ns) {
            let resident = resident_bytes();
            self.growth.note(self.samples, resident);
            self.look_at_tree(resident.unwrap_or_default());
        }
    }

    fn level(&mut self, _requests: u64) -> Vec<Reading> {
        let mut readings = Vec::new();
        // The files could be read when the round began. If one cannot be read now, its figure is missing, and the round
        // goes on.
        if let Ok(peak) = self.raise_peak()
            && reset_peak().is_ok()
        {
            readings.push(Reading::new("peak_memory", "bytes", peak as f64).max());
        }
        if let Some(resident) = resident_bytes() {
            self.look_at_tree(resident);
            readings.push(Reading::new("memory_after", "bytes", resident as f64));
        }
        readings
    }

    fn end(&mut self, iterations: u64) -> Result<Observation, String> {
        let after = resident_bytes().ok_or("/proc/self/statm cannot be read")?;
        self.raise_peak()?;
        // The last reading is never omitted.
        self.next_tree = Duration::ZERO;
        self.look_at_tree(after);
        let Some(before) = &self.before else { return Ok(Observation::default()) };
        let used = sys::usage().map_err(|error| format!("getrusage: {error}"))?;
        let faults = used.major_faults.saturating_sub(before.major_faults);
        let bytes = |metric, value: u64| Reading::new(metric, "bytes", value as f64);
        let mut seen = Observation::from(vec![
            bytes("peak_memory", self.peak).max(),
            bytes("memory_before", before.resident),
            bytes("memory_after", after),
            Reading::new("major_faults", "1", faults as f64).max(),
        ]);
        if self.samples > 0
            && let Some((slope, interval)) = self.growth.slope()
        {
            // Readings are numbered by samples, all of which have the same number of iterations.
            let per_iteration = self.samples as f64 / iterations.max(1) as f64;
            let Interval { low, high } = interval;
            let interval = Interval { low: low * per_iteration, high: high * per_iteration };
            if interval.low > 0.0 {
                let total = Bytes(after.saturating_sub(before.resident));
                seen.notes.push(format!(
                    "resident memory grows with every iteration ({total} over {iterations} of them): a leak, or a cache that \
                     is never full"
                ));
            }
            let growth = Reading::new("memory_growth", "bytes/iteration", slope * per_iteration);
            seen.readings.push(growth.with_interval(Some(interval)));
        }
        if let Some(tree) = self.tree {
            seen.readings.push(bytes("peak_memory_tree", tree.max(self.peak)).max());
        }
        if let Some(GroupMemory { used, limit, .. }) = GroupMemory::own() {
            seen.readings.push(bytes("group_memory", used).max());
            if let Some(limit) = limit {
                seen.readings.push(bytes("group_memory_limit", limit));
                if used as f64 > TIGHT * limit as f64 {
                    seen.notes.push(format!(
                        "the control group uses {} of its limit of {}: to make room, the kernel drops cached pages \
                         of files, which must be read again",
                        Bytes(used),
                        Bytes(limit)
                    ));
                }
            }
        }
        Ok(seen)
    }
}

/// Resets `VmHWM` to the memory that is resident now.
fn reset_peak() -> Result<(), String> {
    sys::reset_high_water_mark().map_err(|error| unreadable("/proc/self/clear_refs", &error))
}

/// Returns the reason why a file of `/proc` cannot be used.
fn unreadable(path: &str, error: &std::io::Error) -> String {
    if error.kind() == std::io::ErrorKind::Unsupported {
        return error.to_string();
    }
    if !std::path::Path::new("/proc/self").exists() {
        return "/proc is not mounted, so memory cannot be read: mount -t proc proc /proc".to_owned();
    }
    match error.kind() {
        std::io::ErrorKind::NotFound => {
            format!("there is no {path}: this kernel or sandbox does not provide it")
        }
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
            format!(
                "{path} cannot be read by this process ({error}): /proc is restricted by the container or sandbox"
            )
        }
        _ => format!("{path}: {error}"),
    }
}
