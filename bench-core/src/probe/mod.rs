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

/// Observes a case while it runs. The cost of the probe is measured and recorded.
///
/// Each round creates one probe, begins it, calls it after each sample, and ends it.
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

    /// Called before the benchmark's function, and so before it loads anything.
    fn prepare(&mut self, assignment: &Assignment) {
        let _ = assignment;
    }

    /// Called if the benchmark works on the device with this UUID, which comes from
    /// [`Device::uuid`](crate::device::Device::uuid).
    fn device(&mut self, uuid: &str) {
        let _ = uuid;
    }

    /// Called just before the first sample.
    ///
    /// # Errors
    /// The reason why the probe does not work on this machine. The probe is then not called again in this round,
    /// and its columns stay empty; they are never 0.
    fn begin(&mut self) -> Result<(), String> {
        Ok(())
    }

    /// Called after each sample, outside the timed part.
    fn sample(&mut self) {}

    /// Called after each level of a case that serves requests. Returns the readings since the previous call, or
    /// since [`begin`](Self::begin); `requests` were served since then.
    fn level(&mut self, requests: u64) -> Vec<Reading> {
        let _ = requests;
        Vec::new()
    }

    /// Called after the last sample. Returns whether one more iteration should run, which is not timed and which no
    /// other probe observes. Use it for work that would disturb the times. It is called again after each such
    /// iteration.
    fn wants_another(&mut self) -> bool {
        false
    }

    /// Called after the last sample. Returns the observation over `iterations`, which may be 0 if the round has
    /// failed.
    ///
    /// # Errors
    /// The reason why there is nothing to report.
    fn end(&mut self, iterations: u64) -> Result<Observation, String>;
}

/// Registers a probe: `bench_core::inventory::submit! { ProbeFactory::new("name", || Box::new(…)) }`.
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

/// Returns the memory in use, by all processes, on the GPUs that the `gpu` probe of this process observes, in
/// bytes. The value is that of the probe's last reading, so a call is cheap, but the value may be as old as
/// `--gpu-interval`. `None` if no GPU is observed.
pub fn gpu_memory_bytes() -> Option<u64> {
    #[cfg(feature = "gpu")]
    return bench_gpu::gpu_memory_bytes();
    #[cfg(not(feature = "gpu"))]
    None
}
