//! [`Place`]: the kind of device that a model is computed on.

use std::fmt;

use bench_core::device::{CandleDevice as _, DeviceChoice};
use bench_core::{Bencher, Error, Result};
use candle_core::Device;
use candle_core::utils::{cuda_is_available, metal_is_available};

/// The kind of device that a model is computed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The processor.
    Cpu,
    /// An NVIDIA GPU: the first, or the one that `--device cuda:N` names.
    Cuda,
    /// The GPU of a Mac.
    Metal,
}

impl Place {
    /// All kinds of device.
    pub const ALL: [Place; 3] = [Place::Cpu, Place::Cuda, Place::Metal];

    /// The places that are measured only on request.
    pub const ON_REQUEST: [Place; 2] = [Place::Cuda, Place::Metal];

    /// Opens the device, and makes the clock wait for its queue from now on.
    ///
    /// # Errors
    /// A skip that names the missing part, if this build or this machine has no such device.
    pub fn open(self, b: &mut Bencher) -> Result<Device> {
        let device = self.device(b.wanted_device())?;
        b.device(&device);
        Ok(device)
    }

    /// Checks that this is the processor, the only place where `what` can be computed.
    ///
    /// # Errors
    /// A skip with the reason.
    pub fn expect_processor(self, what: &str) -> Result<()> {
        match self {
            Place::Cpu => Ok(()),
            other => Err(Error::skip(format!("{what} is computed on the processor only, not on {other}"))),
        }
    }

    /// Returns the device; `wanted` selects one of several GPUs of the same kind.
    fn device(self, wanted: DeviceChoice) -> Result<Device> {
        let choice = match (self, wanted) {
            (Place::Cpu, _) => DeviceChoice::Cpu,
            (Place::Cuda, DeviceChoice::Cuda(number)) => DeviceChoice::Cuda(number),
            (Place::Cuda, _) => DeviceChoice::Cuda(0),
            (Place::Metal, _) => DeviceChoice::Metal,
        };
        let built = match self {
            Place::Cpu => true,
            Place::Cuda => cuda_is_available(),
            Place::Metal => metal_is_available(),
        };
        if !built {
            return Err(Error::skip(format!(
                "this was built without {self}: build with `--features candle-core/{self},candle-nn/{self}`"
            )));
        }
        choice.candle().map_err(|error| Error::skip(error.to_string()))
    }
}

/// Writes the text that ids contain.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Place::Cpu => "cpu",
            Place::Cuda => "cuda",
            Place::Metal => "metal",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_taken_whatever_device_was_asked_for() {
        for wanted in [DeviceChoice::Auto, DeviceChoice::Cuda(1)] {
            assert!(Place::Cpu.device(wanted).expect("a processor").is_cpu());
        }
    }

    #[test]
    fn what_runs_on_the_processor_only_skips_elsewhere() {
        Place::Cpu.expect_processor("the voice").expect("the processor");
        let error = Place::Cuda.expect_processor("the voice").expect_err("elsewhere");
        assert_eq!(error.skip_reason(), Some("the voice is computed on the processor only, not on cuda"));
    }

    #[test]
    fn a_device_that_is_not_built_in_is_a_named_skip() {
        let without = Place::ON_REQUEST.into_iter().filter(|place| match place {
            Place::Cuda => !cuda_is_available(),
            _ => !metal_is_available(),
        });
        for place in without {
            let error = place.device(DeviceChoice::Auto).expect_err("not built in");
            let reason = error.skip_reason().expect("a skip");
            let says = format!("this was built without {place}: build with `--features candle-core/{place},");
            assert!(reason.starts_with(&says), "{reason}");
        }
    }
}
