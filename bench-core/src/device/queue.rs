//! The work that a benchmark has queued on its devices, and the time to wait for it.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::device::{Device, DeviceMemory};
use crate::error::Error;
use bench_protocol::{ProbeReport, Reading};

/// The devices of a benchmark. A clone waits for the same devices.
#[derive(Clone, Default)]
pub(crate) struct Queue {
    devices: Vec<Rc<dyn Device>>,
    times: Rc<Times>,
}

/// The times of launching work and of waiting for it, added up over the samples.
#[derive(Default)]
struct Times {
    launching: Cell<Duration>,
    waiting: Cell<Duration>,
}

impl Queue {
    pub(crate) fn add(&mut self, device: Rc<dyn Device>) {
        self.devices.push(device);
    }

    /// Waits for all work that was queued before, outside the timed part.
    pub(crate) fn drain(&self) -> Result<(), Error> {
        self.devices.iter().try_for_each(|device| device.synchronize())
    }

    /// Waits for the work that took `launched` to queue; returns the sum of both times.
    pub(crate) fn settle(&self, launched: Duration) -> Result<Duration, Error> {
        if self.devices.is_empty() {
            return Ok(launched);
        }
        let start = Instant::now();
        self.drain()?;
        let waited = start.elapsed();
        let Times { launching, waiting } = &*self.times;
        launching.set(launching.get() + launched);
        waiting.set(waiting.get() + waited);
        Ok(launched + waited)
    }

    /// Forgets the times of the first call and of the warm-up.
    pub(crate) fn begin(&self) {
        self.times.launching.set(Duration::ZERO);
        self.times.waiting.set(Duration::ZERO);
    }

    /// Returns the times of launching and of synchronization per iteration, and the memory that frameworks hold; `None`
    /// without a device.
    pub(crate) fn report(&self, iterations: u64) -> Option<ProbeReport> {
        if self.devices.is_empty() {
            return None;
        }
        let mut readings = Vec::new();
        let launching = self.times.launching.get();
        if iterations > 0 && launching > Duration::ZERO {
            let each = |time: Duration| time.as_secs_f64() / iterations as f64;
            readings.push(Reading::new("launch_time", "s", each(launching)));
            readings.push(Reading::new("synchronisation_time", "s", each(self.times.waiting.get())));
        }
        let told = self.devices.iter().filter_map(|device| device.memory());
        let memory = told.reduce(|all, memory| DeviceMemory {
            used_bytes: all.used_bytes + memory.used_bytes,
            reserved_bytes: all.reserved_bytes + memory.reserved_bytes,
        });
        if let Some(DeviceMemory { used_bytes, reserved_bytes }) = memory {
            readings.push(Reading::new("device_memory_used", "bytes", used_bytes as f64).max());
            readings.push(Reading::new("device_memory_reserved", "bytes", reserved_bytes as f64).max());
            // NaN if no memory is reserved, and then left out.
            let unused = 1.0 - used_bytes as f64 / reserved_bytes as f64;
            readings.push(Reading::new("device_memory_unused", "1", unused).max());
        }
        readings.retain(|reading| reading.value.is_finite());
        Some(ProbeReport { readings, ..ProbeReport::of("device") })
    }
}
