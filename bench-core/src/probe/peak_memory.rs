//! The worker's high-water mark of resident memory over the samples.

use crate::probe::{Observation, Probe, ProbeFactory, Reading};
use crate::sys;

inventory::submit! { ProbeFactory::new("memory", || Box::new(PeakMemory)) }

/// `VmHWM`, reset just before the first sample by writing `5` to `/proc/self/clear_refs` (proc(5)).
/// Not `ru_maxrss`, which a child inherits from its parent: a trivial child of a 500 MB parent
/// reports 514 MB. What is resident when samples begin (weights) counts, as it must.
struct PeakMemory;

impl Probe for PeakMemory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn begin(&mut self) -> Result<(), String> {
        std::fs::write("/proc/self/clear_refs", "5")
            .map_err(|error| format!("the high-water mark of memory cannot be reset: {error}"))
    }

    fn end(&mut self, _iterations: u64) -> Result<Observation, String> {
        let peak = sys::high_water_mark().map_err(|error| format!("cannot read VmHWM: {error}"))?;
        Ok(vec![Reading::new("peak_memory", "bytes", peak.0 as f64).max()].into())
    }
}
