//! Probes observe a worker while it measures, from outside the timed section.

mod allocations;
mod counters;
mod cpu;
#[cfg(feature = "gpu")]
mod gpu;
mod growth;
mod memory;
mod perf;
mod process_tree;
mod set;

pub use bench_protocol::{Observation, OverRounds, ProbeReport, Reading, Series};
pub use growth::{Growth, peak_resident_bytes, resident_bytes};
pub(crate) use set::ProbeSet;
pub use set::names;

use bench_protocol::Assignment;

/// Something that observes while a case runs. Its own cost is measured and recorded.
///
/// One round has one of it: made, begun, told of every sample, ended.
///
/// ```
/// use bench_core::probe::{Observation, Probe, ProbeFactory, Reading};
///
/// /// Counts samples.
/// #[derive(Default)]
/// struct Samples(u32);
///
/// impl Probe for Samples {
///     fn name(&self) -> &'static str {
///         "samples"
///     }
///     fn begin(&mut self) -> Result<(), String> {
///         Ok(())
///     }
///     fn sample(&mut self) {
///         self.0 += 1;
///     }
///     fn end(&mut self, iterations: u64) -> Result<Observation, String> {
///         Ok(vec![Reading::new("iterations_per_sample", "1", iterations as f64 / f64::from(self.0))].into())
///     }
/// }
///
/// bench_core::inventory::submit! { ProbeFactory::new("samples", || Box::new(Samples::default())) }
/// ```
pub trait Probe {
    /// The name that `--probes` and the record use.
    fn name(&self) -> &'static str;

    /// Before the benchmark's function is called, and so before it loads anything.
    fn prepare(&mut self, assignment: &Assignment) {
        let _ = assignment;
    }

    /// The benchmark works on the device of this UUID, as [`Device::uuid`](crate::device::Device::uuid) tells it.
    fn device(&mut self, uuid: &str) {
        let _ = uuid;
    }

    /// Just before the first sample.
    ///
    /// # Errors
    /// Why the machine does not have what this probe reads. It is asked nothing more in this round, and its
    /// columns stay empty; they are never 0.
    fn begin(&mut self) -> Result<(), String> {
        Ok(())
    }

    /// After each sample, outside the timed section.
    fn sample(&mut self) {}

    /// Between the levels of a case that serves requests: what was seen since the last such call, or since
    /// [`begin`](Self::begin). `requests` were served since then.
    fn level(&mut self, requests: u64) -> Vec<Reading> {
        let _ = requests;
        Vec::new()
    }

    /// After the last sample: whether one more iteration shall run, which is not timed and seen by no other probe. For what
    /// would disturb the time. Asked again after each.
    fn wants_another(&mut self) -> bool {
        false
    }

    /// After the last sample: what was seen over `iterations`, which may be 0 where a round has failed.
    ///
    /// # Errors
    /// Why there is nothing to report after all.
    fn end(&mut self, iterations: u64) -> Result<Observation, String>;
}

/// How a probe is plugged in: `bench_core::inventory::submit! { ProbeFactory::new("name", || Box::new(…)) }`.
pub struct ProbeFactory {
    name: &'static str,
    make: fn() -> Box<dyn Probe>,
}

impl ProbeFactory {
    /// Registers `make` under `name`.
    pub const fn new(name: &'static str, make: fn() -> Box<dyn Probe>) -> Self {
        ProbeFactory { name, make }
    }
}

inventory::collect!(ProbeFactory);

/// Memory in use on the GPUs that this process's `gpu` probe observes, by whomever, in bytes: as of its last sample, so
/// that asking costs a load and may be late by the interval of `--gpu-interval`. `None` if no GPU is observed.
pub fn gpu_memory_bytes() -> Option<u64> {
    #[cfg(feature = "gpu")]
    return bench_gpu::gpu_memory_bytes();
    #[cfg(not(feature = "gpu"))]
    None
}
