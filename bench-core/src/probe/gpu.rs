//! The probe `gpu`.

use bench_gpu::Gpu;
use bench_protocol::{Assignment, Observation, Reading};

use crate::probe::{Probe, ProbeFactory};

inventory::submit! { ProbeFactory::new("gpu", || Box::new(Gpu::default())) }

impl Probe for Gpu {
    fn name(&self) -> &'static str {
        "gpu"
    }

    fn prepare(&mut self, assignment: &Assignment) {
        self.prepare(&assignment.devices);
    }

    fn device(&mut self, uuid: &str) {
        self.device(uuid);
    }

    fn begin(&mut self) -> Result<(), String> {
        self.begin()
    }

    fn level(&mut self, _requests: u64) -> Vec<Reading> {
        self.level()
    }

    fn end(&mut self, iterations: u64) -> Result<Observation, String> {
        self.end(iterations)
    }
}
